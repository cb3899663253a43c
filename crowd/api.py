"""The public HTTP API as a crowdworker's browser uses it, with patience: a server that restarts is waited for.

Every request may be sent twice. The API makes that harmless (client ids, choices and completions that repeat are the
same), and this file relies on it: what was not answered is sent again, unchanged.
"""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import httpx

RETRY_FIRST, RETRY_MOST = 0.2, 5.0  # seconds between attempts, doubling


class Refused(Exception):
    """The server said no (4xx); asking again will not help."""

    def __init__(self, status: int, type: str, detail: str) -> None:
        super().__init__(f"{status} {type}: {detail}")
        self.status = status
        self.type = type


class GaveUp(Exception):
    """Patience ran out."""


class Event(NamedTuple):
    name: str
    data: dict[str, Any]
    id: str


class Api:
    def __init__(self, url: str, patience: float, transport: httpx.BaseTransport | None = None) -> None:
        self.http = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", timeout=30, transport=transport)
        self.patience = patience
        self.repeated = 0  # requests that were sent again

    def close(self) -> None:
        self.http.close()

    def sign_up(self, username: str, password: str) -> None:
        """A new account, signed in. If the answer to an earlier attempt was lost, the account is there: sign in."""
        try:
            session = self.post("/accounts", {"username": username, "password": password, "consent": True})
        except Refused as refused:
            if refused.type != "username-taken":
                raise
            session = self.post("/session", {"username": username, "password": password})
        self.http.headers["X-CSRF-Token"] = session["csrf_token"]

    def agree(self) -> None:
        """To the newest consent text."""
        self.post("/account/consent", {"version": self.get("/consent")["version"]})

    def get(self, path: str) -> Any:
        return self._request("GET", path, None)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._request("POST", path, body)

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("PUT", path, body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        for attempt in _Patience(self.patience):
            try:
                response = self.http.request(method, path, json=body)
            except httpx.TransportError as error:
                attempt.failed(f"{method} {path}: {error or type(error).__name__}")
            else:
                if response.status_code == 429:
                    attempt.failed(f"{method} {path}: too many requests", _retry_after(response))
                elif response.status_code >= 500:
                    attempt.failed(f"{method} {path}: {response.status_code}")
                else:
                    try:
                        return _answer(response)
                    except Refused as refused:
                        if refused.type != "consent-needed":
                            raise
                    self.agree()  # there is a new text since the last one
                    attempt.failed(f"{method} {path}: consent is asked for again and again", pause=0)
                    continue
            self.repeated += 1
        raise AssertionError("patience ends with an exception")

    def answered(self, turn_id: str) -> dict[str, Any] | None:
        """Read the turn's stream to its end, over as many connections as it takes: the finished turn, None if it
        failed. Patience counts from the last sign of life, for a policy on a busy machine may be slow."""
        last_id, patience = "", _Patience(self.patience)
        for attempt in patience:
            try:
                headers = {"Last-Event-ID": last_id} if last_id else {}
                with self.http.stream("GET", f"/turns/{turn_id}/events", headers=headers, timeout=60) as response:
                    if response.status_code >= 500:
                        raise httpx.RemoteProtocolError(f"status {response.status_code}")
                    if response.status_code >= 400:
                        response.read()
                        _answer(response)
                    for event in events(response.iter_lines()):
                        last_id = event.id or last_id
                        patience.renew()
                        if event.name == "done":
                            return event.data
                        if event.name == "error":
                            return None
                attempt.failed(f"the stream of turn {turn_id} ended early")
            except httpx.TransportError as error:
                attempt.failed(f"the stream of turn {turn_id} broke: {error or type(error).__name__}")
            self.repeated += 1
        raise AssertionError("patience ends with an exception")


class _Patience:
    """Attempts, until too much time has passed since the first one (or since `renew`)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.renew()

    def renew(self) -> None:
        self.began, self.pause = time.monotonic(), RETRY_FIRST

    def __iter__(self) -> Iterator["_Patience"]:
        while True:
            yield self

    def failed(self, why: str, pause: float | None = None) -> None:
        """Wait before the next attempt."""
        if time.monotonic() - self.began > self.seconds:
            raise GaveUp(f"Gave up after {self.seconds:g} s: {why}.")
        time.sleep(pause if pause is not None else self.pause)
        self.pause = min(2 * self.pause, RETRY_MOST)


def _answer(response: httpx.Response) -> Any:
    if response.status_code < 400:
        return response.json() if response.content else None
    try:
        problem = response.json()
        raise Refused(response.status_code, problem["type"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        raise Refused(response.status_code, "unknown", response.text[:200]) from None


def _retry_after(response: httpx.Response) -> float:
    try:
        return min(float(response.headers["Retry-After"]), RETRY_MOST)
    except (KeyError, ValueError):
        return RETRY_MOST


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events; a blank line ends one. Comments (keep-alives) and unfinished events are nothing."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if fields.get("data"):
            name, id = fields.get("event", ["message"])[-1], fields.get("id", [""])[-1]
            yield Event(name, json.loads("\n".join(fields["data"])), id)
        fields = {}
