"""Copies of what a person had erased: rewritten in run directories, in evaluations, and in the live tails of turns.

A run that is at work keeps its inputs until it ends, and what was being written when the rows were blanked may still
come: so an erasure is done only when it was carried out some minutes later too, with nobody at work. Every step may
be repeated, and each file is replaced as a whole.
"""

import fcntl
import gzip
import json
import logging
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.accounts.own_data.erasure import erase_samples, prompt_hash
from app.settings import get_settings
from app.tables import Conversation, Erasure, Evaluation, RunStatus, TrainingRun, Turn
from models.run import file_atomically, write_atomically
from worker import exports

SETTLED_AFTER = timedelta(minutes=10)
"""By then whoever was sampling a turn or copying rows into a run directory when the rows were blanked has ended."""
FORGOTTEN = 3600.0
"""Seconds after which a half-written file belongs to nobody: its writer was killed."""

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What a line raises that is no JSON, or JSON of another shape than its file's."""

Row = dict[str, Any]

log = logging.getLogger(__name__)


class Erased(NamedTuple):
    conversations: set[str]
    prompts: set[str]

    def has_comparison(self, row: Row) -> bool:
        return row.get("id") in self.conversations

    def has_prompt(self, row: Row) -> bool:
        prompt = row["prompt"]
        said = [prompt] if isinstance(prompt, str) else [m["content"] for m in prompt if m["role"] != "system"]
        return prompt_hash(said) in self.prompts


def erase_copies(erasure_id: str) -> None:
    """Carry an erasure out, as far as it is possible now."""
    with db.reading() as session:
        erasure = session.get(Erasure, erasure_id)
        if erasure is None or erasure.done_at is not None:
            return
        turns = _turns(session, erasure)
    settled = erasure.created_at < db.now() - SETTLED_AFTER
    erased = Erased(
        {one["id"] for one in erasure.conversations},
        {prompt for one in erasure.conversations for prompt in one["prompts"]},
    )
    _delete_tails(turns)
    exports.sweep()
    overwrite_words()
    with db.writing() as session:
        _erase_from_evaluations(session, erased)
        erase_samples(session, erased.prompts)
    held = [directory for directory in _run_directories() if not _erase_from_directory(directory, erased)]
    if settled and not held:
        with db.writing() as session:
            row = session.get_one(Erasure, erasure_id)
            row.done_at = db.now()
            row.conversations = [{**one, "prompts": []} for one in row.conversations]


def waiting() -> list[str]:
    """Erasures that can now be brought to their end. While a run is at work they could not."""
    with db.reading() as session:
        if session.scalar(select(TrainingRun.id).where(TrainingRun.status == RunStatus.RUNNING).limit(1)) is not None:
            return []
        undone = select(Erasure.id).where(Erasure.done_at.is_(None), Erasure.created_at < db.now() - SETTLED_AFTER)
        return list(session.scalars(undone.order_by(Erasure.created_at)))


def _turns(session: Session, erasure: Erasure) -> list[str]:
    """Of what was said in the hour before: older tails have expired (`app/chat/tail.py`)."""
    since = erasure.created_at - timedelta(hours=2)
    erased_then = select(Turn.id).join(Conversation).where(Conversation.erased_at.is_not(None), Turn.created_at > since)
    return list(session.scalars(erased_then))


def _delete_tails(turn_ids: list[str]) -> None:
    if turn_ids:
        with Redis.from_url(get_settings().redis_url, socket_timeout=5) as redis:
            redis.delete(*(f"turn:{id}:{what}" for id in turn_ids for what in ("events", "reader")))


MERGED_AT_ONCE = 500
"""Pages of the index of words that are rewritten under one lock: some hundredths of a second."""


def overwrite_words() -> None:
    """On SQLite: make the index of words anew without what was taken out of it. FTS5 only marks that, and lets it go
    when it happens to merge the part where it stands; until then the file would still hold the words."""
    if db.get_engine().dialect.name != "sqlite":
        return
    pages = -MERGED_AT_ONCE  # negative: all parts of the index, and not only those whose turn it is
    while True:
        with db.writing() as session:
            connection = session.connection()
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
            merge = "INSERT INTO catalogue_words (catalogue_words, rank) VALUES ('merge', ?)"
            connection.exec_driver_sql(merge, (pages,))
            after = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        if after - before < 2:  # FTS5's own sign that there is nothing left to merge
            return
        pages = MERGED_AT_ONCE


def _erase_from_evaluations(session: Session, erased: Erased) -> None:
    for row in session.scalars(select(Evaluation).where(Evaluation.kind == "evaluate_policy")):
        if (result := _without_prompts(row.result, erased)) is not None:
            row.result = result


def _without_prompts(result: Row, erased: Erased) -> Row | None:
    """An evaluation's report without the answers to erased prompts; None if it shows none."""
    shown = result.get("side_by_side", [])
    kept = [entry for entry in shown if not erased.has_prompt(entry)]
    return {**result, "side_by_side": kept} if len(kept) < len(shown) else None


def _run_directories() -> list[Path]:
    return sorted(path for path in get_settings().runs_dir.glob("*/*") if path.is_dir())


def _erase_from_directory(directory: Path, erased: Erased) -> bool:
    """False: a process is at work there, which reads its inputs again when it is resumed, or may be writing them."""
    with (directory / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        # First: a file that gets its name from now on is read below, or was begun after the rows were blanked.
        settled = _sweep(directory)
        # Checkpoints belong to the inputs they were made from. A run that is complete needs none; one that is not
        # begins again with what is left. They go first: if we are killed in between, the inputs still tell us to come.
        for name, is_erased in (
            ("comparisons.jsonl", erased.has_comparison),
            ("prompts.jsonl", erased.has_prompt),
            ("samples.jsonl", erased.has_prompt),
        ):
            for path in (directory / name, directory / f"{name}.gz"):
                if path.exists() and (erased_lines := _erased_lines(path, is_erased)):
                    shutil.rmtree(directory / "checkpoints", ignore_errors=True)
                    _rewrite(path, erased_lines)
        _erase_from_result(directory / "result.json", erased)
    return settled


def _erased_lines(path: Path, is_erased: Callable[[Row], bool]) -> set[int]:
    """Numbers of the lines to go. Those that cannot be read are among them: nobody can say whose words they hold, and
    no training run could have read them either."""
    numbers = set()
    for number, line in enumerate(_lines(path), 1):
        try:
            if is_erased(json.loads(line)):
                numbers.add(number)
        except UNREADABLE:
            log.warning("%s line %d cannot be read: it may hold what is to be erased, and is deleted.", path, number)
            numbers.add(number)
    return numbers


def _rewrite(path: Path, erased_lines: set[int]) -> None:
    with file_atomically(path) as file, _compressed_like(path, file) as out:
        for number, line in enumerate(_lines(path), 1):
            if number not in erased_lines:
                out.write(line)


def _lines(path: Path) -> Iterator[bytes]:
    """Where a compressed file breaks off, a last line that cannot be read stands for the rest."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from (line for line in file if line.strip())
    except (EOFError, gzip.BadGzipFile, zlib.error):
        yield b"..."


@contextmanager
def _compressed_like(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
        yield zipped  # type: ignore[misc]  # a GzipFile writes bytes, whatever its stub says


def _erase_from_result(path: Path, erased: Erased) -> None:
    if not path.exists():
        return
    try:
        result = _without_prompts(json.loads(path.read_text()), erased)
    except UNREADABLE:
        log.warning("%s cannot be read: it may hold what is to be erased, and is deleted.", path)
        path.unlink()
        return
    if result is not None:
        write_atomically(path, json.dumps(result, ensure_ascii=False) + "\n")


def _sweep(directory: Path) -> bool:
    """What killed writers left behind may hold anything, and so may what is being written. False: there is such a file,
    which is too young to be nobody's."""
    settled = True
    for name in ("comparisons.jsonl", "prompts.jsonl", "samples.jsonl", "result.json"):
        for path in directory.glob(f".{name}*"):
            with suppress(FileNotFoundError):  # it has just got its name
                if path.stat().st_mtime < time.time() - FORGOTTEN:
                    path.unlink()
                else:
                    settled = False
    return settled
