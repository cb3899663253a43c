"""The job that writes exports: progress, cancelling, dead workers, full disks, erasures; and the sweep after it."""

import errno
import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db, jobs
from app.accounts.own_data import erasure
from app.exports import files, service
from app.settings import get_settings
from app.tables import (
    Account,
    ConversationStatus,
    Export,
    ExportStatus,
    Iteration,
    Task,
    TaskKind,
)
from app.tranches import formats
from app.tranches.formats import Format
from app.tranches.scope import Scope
from app.tranches.service import freeze
from tests.app.tranches.test_freeze import make_iteration
from tests.factories import make_account, make_comparison, make_conversation, make_task, make_turn
from worker import exports


class Rows:
    """Ada and Bob, a comparison each that is frozen, and one of Bob's that is not yet."""

    def __init__(self) -> None:
        with db.writing() as session:
            self.task: Task = make_task(session, slug="talk")
            self.red_team = make_task(session, TaskKind.RED_TEAM, slug="attack")
            self.ada, self.bob = make_account(session, username="ada"), make_account(session, username="bob")
            self.say(session, self.ada, "Ada asks.")
            self.say(session, self.bob, "Bob attacks.", self.red_team)
            self.iteration: Iteration = make_iteration(session)
            (self.tranche,) = freeze(session, self.iteration)
            self.say(session, self.bob, "Bob asks.")

    def say(self, session: Session, account: Account, text: str, task: Task | None = None) -> None:
        conversation = make_conversation(session, task or self.task, account, status=ConversationStatus.COMPLETED)
        make_comparison(session, make_turn(session, conversation, text=text))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    jobs_sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "send", lambda *job: jobs_sent.append(job))
    return jobs_sent


@pytest.fixture
def rows(engine: Engine, sent: list[Any]) -> Rows:
    return Rows()


def asked(**fields: Any) -> str:
    with db.writing() as session:
        export = Export(format="hh", **fields)
        session.add(export)
        session.flush()
        return export.id


def found(id: str) -> Export:
    with db.reading() as session:
        return session.get_one(Export, id)


def lines(export: Export) -> list[str]:
    return gzip.decompress(files.path_of(export).read_bytes()).decode().splitlines()


def left_behind() -> list[str]:
    return [path.name for path in files.directory().glob("*")]


def test_everything_that_is_frozen_or_could_be_is_written_with_its_size_and_hash(rows: Rows) -> None:
    id = asked()
    exports.make(id)
    export = found(id)
    assert (export.status, export.rows_done, export.rows_total) == ("done", 3, 3)
    content = files.path_of(export).read_bytes()
    assert (export.bytes, export.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert export.file_name == "turnwise-all-hh.jsonl.gz"
    assert export.expires_at == (export.finished_at or db.now()) + timedelta(days=get_settings().export_days)
    assert [("Ada" in line, "attacks" in line) for line in lines(export)] == [
        (True, False), (False, True), (False, False),
    ]  # fmt: skip
    assert left_behind() == [f"{id}-1.jsonl.gz"]
    exports.make(id)
    assert found(id).attempt == 1, "a second delivery does nothing"


def test_a_tranche_an_iteration_and_a_task_are_scopes(rows: Rows) -> None:
    ids = [
        asked(tranche_id=rows.tranche.id),
        asked(iteration_id=rows.iteration.id, task_kind=TaskKind.RED_TEAM),
        asked(task_kind=TaskKind.HELPFULNESS),
    ]
    for id in ids:
        exports.make(id)
    assert [found(id).rows_done for id in ids] == [2, 1, 2]
    assert [found(id).file_name for id in ids] == [
        "turnwise-2026-w48-base-hh.jsonl.gz",
        "turnwise-2026-w48-all-tranches-red-team-hh.jsonl.gz",
        "turnwise-all-helpfulness-hh.jsonl.gz",
    ]


def test_nothing_to_export_is_one_sentence_and_no_file(engine: Engine, sent: list[Any]) -> None:
    id = asked()
    exports.make(id)
    export = found(id)
    assert (export.status, export.reason) == ("failed", "There is nothing to export: no settled comparison matches.")
    assert left_behind() == []


def test_one_is_written_at_a_time_and_the_next_is_sent_after_it(rows: Rows, sent: list[tuple[str, ...]]) -> None:
    first, second = asked(), asked(task_kind=TaskKind.RED_TEAM)
    with db.writing() as session:
        other = session.get_one(Export, first)
        other.status, other.attempt, other.heartbeat_at = ExportStatus.RUNNING, 1, db.now()
    exports.make(second)
    assert found(second).status == "waiting"
    with db.writing() as session:
        session.get_one(Export, first).status = ExportStatus.CANCELLED
    third = asked(task_kind=TaskKind.HELPFULNESS)
    exports.make(second)
    assert sent[-1] == ("make_export", third)


class Slow:
    """A format that writes a row at a time and lets something happen between two of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
        self.happens = happens
        monkeypatch.setitem(formats.FORMATS, "hh", Format("", ".jsonl", self.write))

    def write(self, session: Session, scope: Scope, file: BinaryIO) -> Iterator[int]:
        inner = formats.write_hh(session, scope, file)
        for written in inner:
            file.write(b"half a ")
            file.flush()
            yield written
            self.happens()


def test_one_that_is_cancelled_in_the_middle_leaves_no_file(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BEAT_EVERY", 0.01)
    id = asked()
    with db.writing() as session:
        rosa = make_account(session)

    def endless(session: Session, scope: Scope, file: BinaryIO) -> Iterator[int]:
        yield 1
        with db.writing() as writer:
            service.cancel(writer, id, rosa)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            time.sleep(0.02)
            yield 1

    monkeypatch.setitem(formats.FORMATS, "hh", Format("", ".jsonl", endless))
    exports.make(id)
    assert (found(id).status, found(id).reason) == ("cancelled", "Cancelled.")
    assert left_behind() == []


def test_a_full_disk_in_the_middle_is_one_sentence_and_nothing_is_left(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        assert left_behind() != [], "it had begun"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    Slow(monkeypatch, full)
    id = asked()
    exports.make(id)
    export = found(id)
    assert (export.status, export.reason) == (
        "failed",
        "The file could not be written: No space left on device. Nothing of it was left behind.",
    )
    assert left_behind() == []


def test_a_directory_that_cannot_be_made_is_told_in_the_same_sentence(rows: Rows) -> None:
    files.directory().parent.mkdir(parents=True, exist_ok=True)
    files.directory().write_text("in the way")
    id = asked()
    exports.make(id)
    export = found(id)
    assert (export.status, export.reason) == (
        "failed",
        "The file could not be written: File exists. Nothing of it was left behind.",
    )


def test_a_worker_that_was_killed_is_followed_by_another_that_begins_anew(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kill -9` of a real process in the middle of its file."""
    id = asked()
    script = (
        "import sys, time\n"
        "from app.tranches import formats\n"
        "from worker import exports\n"
        "def write(session, scope, file):\n"
        "    file.write(b'half'); file.flush(); yield 1\n"
        "    print('begun', flush=True); time.sleep(600)\n"
        "formats.FORMATS['hh'] = formats.Format('', '.jsonl.gz', write)\n"
        "exports.make(sys.argv[1])\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script, id], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"begun\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert [name.startswith(f".{id}-1.") for name in left_behind()] == [True]
    exports.make(id)
    assert found(id).attempt == 1, "its heart may still beat"
    with db.writing() as session:
        session.get_one(Export, id).heartbeat_at = db.now() - timedelta(minutes=5)
    assert exports.waiting() == [id]
    exports.make(id)
    assert (found(id).status, found(id).attempt, len(lines(found(id)))) == ("done", 2, 3)
    exports.sweep()
    assert left_behind() == [f"{id}-2.jsonl.gz"]


def test_after_three_deaths_it_is_given_up_with_a_sentence(rows: Rows) -> None:
    long_ago = db.now() - timedelta(minutes=5)
    id = asked(status=ExportStatus.RUNNING, attempt=3, heartbeat_at=long_ago)
    exports.make(id)
    assert (found(id).status, found(id).reason) == ("failed", "Its worker died 3 times while it was written.")


def test_who_lost_the_row_to_another_worker_publishes_nothing(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    id = asked()

    def taken_over() -> None:
        with db.writing() as session:
            session.get_one(Export, id).attempt = 2

    Slow(monkeypatch, taken_over)
    exports.make(id)
    assert (found(id).status, found(id).attempt, found(id).sha256) == ("running", 2, None)
    assert left_behind() == []


def test_an_erasure_in_the_middle_begins_it_again_without_the_words(
    rows: Rows, sent: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = asked()

    def erase() -> None:
        with db.writing() as session:
            erasure.erase(session, rows.bob.id)

    slow = Slow(monkeypatch, erase)
    exports.make(id)
    assert (found(id).status, left_behind()) == ("waiting", [])
    assert ("make_export", id) in sent
    slow.happens = lambda: None
    exports.make(id)
    export = found(id)
    assert (export.status, export.rows_done, export.erasures_seen) == ("done", 1, 1)
    assert b"Bob" not in files.path_of(export).read_bytes()


def test_files_go_when_their_time_is_over_or_somebody_has_left(rows: Rows) -> None:
    old, kept = asked(), asked(task_kind=TaskKind.HELPFULNESS)
    exports.make(old)
    exports.make(kept)
    with db.writing() as session:
        session.get_one(Export, old).expires_at = db.now() - timedelta(seconds=1)
    exports.sweep()
    assert (found(old).status, found(old).reason) == ("deleted", "Its 7 days are over.")
    assert left_behind() == [f"{kept}-1.jsonl.gz"]
    with db.writing() as session:
        erasure.erase(session, rows.ada.id)
    exports.sweep()
    assert (found(kept).status, found(kept).reason) == ("deleted", service.ERASED_SINCE)
    assert left_behind() == []
