"""Many writers at once: each waits for its turn, none is lost, and whoever goes away lets the next one write."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import anyio
import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from app import db, errors, sqlite
from app.deps import Writing
from app.tables import Account, AuditEvent
from tests.factories import make_account

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(engine: Engine) -> str:
    """A row whose username is a number; its id."""
    with db.writing() as session:
        return make_account(session, username="0").id


def count_on(counter: str) -> None:
    with db.writing() as session:
        account = session.scalars(select(Account).where(Account.id == counter).with_for_update()).one()
        account.username = str(int(account.username) + 1)


def counted(counter: str) -> int:
    with db.reading() as session:
        return int(session.get_one(Account, counter).username)


@pytest.fixture
def impatient(engine: Engine) -> Iterator[None]:
    """SQLite says "locked" at once instead of polling."""

    @event.listens_for(engine, "checkout")
    def _(connection: sqlite.Queueing, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    yield
    event.remove(engine, "checkout", _)


def test_sixty_writers_at_once_all_write(counter: str) -> None:
    with ThreadPoolExecutor(60) as pool:
        list(pool.map(lambda _: count_on(counter), range(60)))
    assert counted(counter) == 60


@only_sqlite
def test_writers_of_one_process_never_meet_in_sqlite(counter: str, impatient: None) -> None:
    """Where they did, one would sleep for up to 0.1 s; here it would fail."""
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: count_on(counter), range(200)))
    assert counted(counter) == 200


def test_a_writer_that_fails_lets_the_next_one_write(counter: str) -> None:
    with pytest.raises(IntegrityError), db.writing() as session:
        session.execute(update(Account).values(username=None))
    count_on(counter)
    assert counted(counter) == 1


@only_sqlite
@pytest.mark.parametrize("end", ["close", "invalidate"])
def test_a_connection_that_goes_away_lets_the_next_one_write(counter: str, engine: Engine, end: str) -> None:
    connection = engine.execution_options(writes=True).connect()
    connection.execute(update(Account).values(username="99"))
    getattr(connection, end)()
    count_on(counter)
    assert counted(counter) == 1


@only_sqlite
def test_who_waits_too_long_for_another_thread_is_told_so(counter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as pool, db.writing() as session:
        session.execute(update(Account).values(username="5"))
        with pytest.raises(OperationalError, match="locked"):
            pool.submit(count_on, counter).result()
    count_on(counter)
    assert counted(counter) == 6


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@only_sqlite
def test_another_process_is_waited_for_and_refused_in_the_same_words(
    counter: str, engine: Engine, impatient: None
) -> None:
    command = [sys.executable, "-c", HOLD, str(engine.url.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(OperationalError, match="locked"):
            count_on(counter)
        event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=15000"))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(count_on, counter)
            time.sleep(0.1)
            assert not waiting.done()
            other.communicate()
            waiting.result()
    assert counted(counter) == 1


def test_a_cancelled_request_lets_the_next_one_write(counter: str) -> None:
    """Cancelled while it writes, or while it waits for who does: what it had begun is undone or done, never held."""
    app, writing, go_on = FastAPI(), Event(), Event()
    errors.install(app)

    @app.post("/slow")
    def slow(session: Writing) -> str:
        session.scalars(select(Account).where(Account.id == counter).with_for_update()).one()
        writing.set()
        go_on.wait(30)
        return "stored"

    @app.post("/quick")
    def quick(session: Writing) -> str:
        account = session.scalars(select(Account).where(Account.id == counter).with_for_update()).one()
        account.username = str(int(account.username) + 1)
        return "stored"

    async def requests() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
            async with anyio.create_task_group() as group, anyio.create_task_group() as cancelled:
                cancelled.start_soon(client.post, "/slow")
                await anyio.to_thread.run_sync(writing.wait, 30)
                cancelled.start_soon(client.post, "/quick")
                group.start_soon(client.post, "/quick")
                await anyio.sleep(0.05)
                cancelled.cancel_scope.cancel()
                go_on.set()
            return (await client.post("/quick")).status_code

    assert anyio.run(requests) == 200
    assert counted(counter) >= 2, "the one that nobody cancelled, and the last"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_stored_and_said_where_it_is(engine: Engine, number: float) -> None:
    before = {"measures": {"kl": [0.5, number]}, "words": "NaN"}
    sentence = rf"^measures\.kl\.1 is {number}, and only a finite number can be stored\.$"
    with pytest.raises(db.NotStorable, match=sentence) as refused, db.writing() as session:
        session.add(AuditEvent(action="iterate", subject="iteration:1", before=before))
    assert refused.value.status == 422
    with db.reading() as session:
        assert session.scalars(select(AuditEvent)).all() == []
    with db.writing() as session:
        session.add(AuditEvent(action="iterate", subject="iteration:1", before={"words": "NaN", "kl": 0.5}))
    with db.reading() as session:
        assert session.scalars(select(AuditEvent.before)).one() == {"words": "NaN", "kl": 0.5}


def test_an_error_of_the_database_does_not_tell_what_people_wrote(engine: Engine) -> None:
    with db.writing() as session:
        make_account(session, username="ada-lovelace")
    with pytest.raises(IntegrityError) as raised, db.writing() as session:
        session.execute(insert(Account).values(username="ada-lovelace", password_hash="hush-hush", role="crowdworker"))
    assert "hush-hush" not in str(raised.value)
