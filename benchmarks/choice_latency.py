"""From key press to recorded choice: PUT /turns/{id}/comparison by twenty people at once, over loopback.

    python -m benchmarks.choice_latency        (make bench-web; with TEST_DATABASE_URL on that PostgreSQL, too)

A real web process as `./run` starts it, on a database with some history. Everybody is signed in and has conversations
of four turns whose last one is ready; each choice is the first on its turn, so that every request writes.

Three measurements: everybody at their own pace (a choice every half second each, faster than anybody reads), everybody
in the same instant, round after round, and everybody as fast as they can, which gives the most choices per second.
"""

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

PEOPLE = 20
PACE = 0.5  # seconds from one choice to the next
EARLIER_TURNS = 3


@dataclass
class Person:
    cookie: str
    choices: Iterator[tuple[str, str]]
    """Turn and candidate to pick, each once."""


class Choosing:
    """One person's browser: a connection that stays open, and the milliseconds of each choice."""

    def __init__(self, url: str, person: Person) -> None:
        self.person, self.milliseconds = person, list[float]()
        self.http = http.client.HTTPConnection(urlsplit(url).netloc)
        self.http.connect()
        assert self.http.sock is not None
        self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as browsers do
        self.headers = {"Cookie": person.cookie, "X-CSRF-Token": "csrf", "Content-Type": "application/json"}

    def choose(self) -> None:
        turn, picked = next(self.person.choices)
        body = json.dumps({"picked": picked, "strength": random.randint(1, 4)})
        began = time.perf_counter()
        self.http.request("PUT", f"/api/v1/turns/{turn}/comparison", body, self.headers)
        response = self.http.getresponse()
        answer = response.read()
        self.milliseconds.append(1000 * (time.perf_counter() - began))
        if response.status != 200:
            raise SystemExit(f"A choice was answered with {response.status}: {answer.decode()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choices", type=int, default=40, help="of each person, in each of the three measurements")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        measure("sqlite", f"sqlite:///{directory}/turnwise.db", directory, options.choices)
        if postgresql := os.environ.get("TEST_DATABASE_URL"):
            measure("postgresql", postgresql, directory, options.choices)


def measure(name: str, database: str, directory: str, choices: int) -> None:
    environment = os.environ | {"DATABASE_URL": database, "DATA_DIR": directory, "REDIS_URL": "redis://127.0.0.1:9/0"}
    people = prepared(environment, choices)
    with web(environment) as (url, cpu):
        browsers = [Choosing(url, person) for person in people]
        for browser in browsers:  # the first request of a process compiles its statements
            browser.choose()
        paced = run(browsers, choices, at_their_own_pace)
        instant = run(browsers, choices, in_the_same_instant)
        before, began = cpu(), time.perf_counter()
        run(browsers, choices, as_fast_as_they_can)
        seconds, busy = time.perf_counter() - began, cpu() - before
    print(f"\n{name}: {PEOPLE} people, {choices} choices each")
    print(f"{'':32}{'p50':>8}{'p95':>8}{'worst':>8}  ms")
    for what, times in (("at their own pace", paced), ("all in the same instant", instant)):
        print(f"  {what:30}{percentile(times, 50):8.1f}{percentile(times, 95):8.1f}{max(times):8.1f}")
    rate = len(browsers) * choices / seconds
    print(f"  as fast as they can: {rate:.0f} choices/s, {1000 * busy / choices / PEOPLE:.1f} ms of CPU each\n")
    for figure, value, unit in (
        ("web.choice_p50_ms", percentile(paced, 50), "ms"),
        ("web.choice_p95_ms", percentile(paced, 95), "ms"),
        ("web.choice_instant_p95_ms", percentile(instant, 95), "ms"),
        ("web.choices_per_s", rate, "1/s"),
    ):
        line = {"figure": figure, "value": round(value, 1), "unit": unit, "database": name, "people": PEOPLE}
        print(json.dumps(line), flush=True)


Regime = Callable[[Choosing, int, Barrier], None]


def run(browsers: list[Choosing], choices: int, regime: Regime) -> list[float]:
    for browser in browsers:
        browser.milliseconds.clear()
    together = Barrier(len(browsers))
    with ThreadPoolExecutor(len(browsers)) as pool:
        for done in [pool.submit(regime, browser, choices, together) for browser in browsers]:
            done.result()
    return [milliseconds for browser in browsers for milliseconds in browser.milliseconds]


def at_their_own_pace(browser: Choosing, choices: int, together: Barrier) -> None:
    together.wait()
    due = time.monotonic() + random.uniform(0, PACE)
    for _ in range(choices):
        time.sleep(max(0, due - time.monotonic()))
        browser.choose()
        due += random.uniform(0.5, 1.5) * PACE


def in_the_same_instant(browser: Choosing, choices: int, together: Barrier) -> None:
    for _ in range(choices):
        together.wait()
        browser.choose()


def as_fast_as_they_can(browser: Choosing, choices: int, together: Barrier) -> None:
    together.wait()
    for _ in range(choices):
        browser.choose()


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@contextmanager
def web(environment: dict[str, str]) -> Iterator[tuple[str, Callable[[], float]]]:
    """The web process: its URL, and the seconds of CPU it has used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port), "--no-access-log"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}", lambda: cpu_seconds(process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("The web process did not start; `python -m uvicorn app.main:app` says why.")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def prepared(environment: dict[str, str], choices: int) -> list[Person]:
    """Tables with rows, made by a process of its own, whose settings are those of the web process."""
    made = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.choice_latency import make_rows; make_rows({3 * choices + 1})"],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [Person(cookie, iter([tuple(pair) for pair in pairs])) for cookie, pairs in json.loads(made.stdout)]


def make_rows(conversations: int) -> None:
    """Everybody with so many conversations, in each of which the last of four turns waits for its choice."""
    from sqlalchemy import insert, select, text

    from app import db, seed, tables
    from app.deps import COOKIE, token_hash

    if db.get_engine().dialect.name == "postgresql":
        with db.writing() as session:
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
    db.Base.metadata.create_all(db.get_engine())
    people = []
    with db.writing() as session:
        seed.ensure_defaults(session)
        task = session.scalars(select(tables.Task).where(tables.Task.slug == "helpfulness")).one()
        deployment = session.scalars(select(tables.Deployment).where(tables.Deployment.task_id == task.id)).one()
        for person in range(PEOPLE):
            account = tables.Account(
                username=f"person-{person}", password_hash="-", role=tables.Role.CROWDWORKER, consent_version=1
            )
            session.add(account)
            session.flush()
            sign_in = {"account_id": account.id, "csrf_token": "csrf", "expires_at": db.now() + timedelta(days=1)}
            session.add(tables.SignIn(token_hash=token_hash(f"token-{person}"), **sign_in))
            rows: dict[type[db.Base], list[dict[str, object]]] = {
                tables.Conversation: [], tables.Turn: [], tables.Candidate: [], tables.Comparison: []
            }  # fmt: skip
            waiting = []
            for _ in range(conversations):
                conversation = db.new_id()
                of = {"task_id": task.id, "account_id": account.id, "system": task.system, "propensity": 1.0}
                rows[tables.Conversation].append({"id": conversation, **of})
                for position in range(EARLIER_TURNS + 1):
                    turn, a, b = db.new_id(), db.new_id(), db.new_id()
                    said = {"client_id": f"c{position}", "text": "How do I " * 20, "status": "ready"}
                    at = {"conversation_id": conversation, "position": position, "ready_at": db.now()}
                    rows[tables.Turn].append({"id": turn, **at, **said})
                    for id, shown in ((a, "a"), (b, "b")):
                        by = {"snapshot_id": deployment.snapshot_id, "deployment_id": deployment.id, "status": "done"}
                        words = {"text": "First, you " * 50, "finish": "stop", "sampling": {"best_of": 1}}
                        rows[tables.Candidate].append({"id": id, "turn_id": turn, "shown": shown, **by, **words})
                    if position < EARLIER_TURNS:
                        chosen = {"picked_id": a, "other_id": b, "strength": 3, "choice_direction": "pick-better"}
                        of = {"turn_id": turn, "account_id": account.id, "kind": "base", "propensity": 1.0}
                        rows[tables.Comparison].append(of | chosen)
                waiting.append((turn, a))
            for table, new in rows.items():
                session.execute(insert(table), new)
            people.append((f"{COOKIE}=token-{person}", waiting))
    print(json.dumps(people))


if __name__ == "__main__":
    main()
