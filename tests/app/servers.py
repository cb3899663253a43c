"""Real servers for tests that stream: uvicorn in a thread, or a process that can be killed."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from app import db
from inference.main import create_app as inference_app
from inference.scripted import Script, ScriptedBackend
from tests.app.clients import signed_in
from tests.conftest import free_port
from tests.factories import make_account


@contextlib.contextmanager
def served(app: FastAPI, port: int = 0) -> Iterator[str]:
    """The app on a port of this machine; its URL."""
    port = port or free_port()
    config = uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        server.should_exit = True
        thread.join()


def scripted(**script: Any) -> contextlib.AbstractContextManager[str]:
    return served(inference_app(ScriptedBackend(Script(**script))))


# A killed web process keeps its turns for the rest of a lease: tests do not wait 15 s for it.
WEB_WITH_SHORT_LEASES = """
import sys, uvicorn
from datetime import timedelta
from app.chat import lease
lease.LENGTH, lease.RENEW_EVERY = timedelta(seconds=1.5), 0.4
uvicorn.run("app.main:app", port=int(sys.argv[-1]), log_level="warning", timeout_graceful_shutdown=1)
"""


class Process:
    """A server of its own process: `python …`, ready when it answers."""

    def __init__(self, *command: str, port: int) -> None:
        self.command, self.port, self.url = command, port, f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, *self.command, "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL)
        try:
            wait_for(self.url)
        except AssertionError:
            self.kill()  # nobody else would: the test has not got it yet
            raise

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def wait_for(url: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{url}/health")
            return
        time.sleep(0.02)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@dataclass
class Event:
    id: str
    kind: str
    data: dict[str, Any]


class Crowdworker:
    """A browser's side of the chat, over real HTTP."""

    def __init__(self, url: str, task: str = "helpfulness") -> None:
        with db.writing() as session:
            account = make_account(session, red_team_opt_in_at=db.now())
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30, headers=signed_in(account))
        assignment = self.http.post("/assignments", json={"task": task}).raise_for_status().json()
        self.conversation: str = assignment["conversation_id"]

    def say(self, text: str, client_id: str = "") -> dict[str, Any]:
        body = {"client_id": client_id or os.urandom(8).hex(), "text": text}
        answer = self.http.post(f"/conversations/{self.conversation}/turns", json=body)
        turn: dict[str, Any] = answer.raise_for_status().json()
        return turn

    def turn(self, turn_id: str) -> dict[str, Any]:
        turn: dict[str, Any] = self.http.get(f"/turns/{turn_id}").raise_for_status().json()
        return turn

    def choose(self, turn: dict[str, Any], shown: str = "a", strength: int = 3) -> httpx.Response:
        picked = next(candidate["id"] for candidate in turn["candidates"] if candidate["shown"] == shown)
        return self.http.put(f"/turns/{turn['id']}/comparison", json={"picked": picked, "strength": strength})

    def follow(self, turn_id: str, after: str | None = None) -> Iterator[Event]:
        headers = {"Last-Event-ID": after} if after else {}
        with self.http.stream("GET", f"/turns/{turn_id}/events", headers=headers) as response:
            response.raise_for_status()
            yield from parse(response)

    def wait(self, turn_id: str, seconds: float = 30) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (turn := self.turn(turn_id))["status"] != "generating":
                return turn
            time.sleep(0.1)
        raise AssertionError(f"the turn did not end within {seconds} s")


def parse(response: httpx.Response) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
            fields = {}


def texts_of(events: list[Event]) -> dict[str, str]:
    """What a browser shows after these events."""
    texts: dict[str, str] = {}
    for event in events:
        if event.kind in ("state", "done"):
            texts = {candidate["shown"]: candidate["text"] for candidate in event.data["candidates"]}
        elif event.kind == "delta":
            texts[event.data["candidate"]] += event.data["text"]
        elif event.kind == "reset":
            texts = {"a": "", "b": ""}
    return texts
