"""Comparisons written as a published HH file: imported lines as they came, collected ones rendered from their rows."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import Comparison, Conversation, Import, Task, TaskKind
from app.tranches.datasheet import named
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, read_dialogues
from app.tranches.queries import left_out_because, visible_comparisons
from app.tranches.transcripts import render_line


class NothingToExport(DomainError):
    status = 409


class NotWritten(DomainError):
    """The disk or the path is to blame; the file that was there before, if any, is untouched."""

    status = 507


def export_hh(session: Session, path: Path, task: TaskKind | None = None, tranche: str | None = None) -> int:
    """Write the comparisons of a tranche, or all that are frozen or could be now; return how many. Imported files come
    first, each in its own order, then what crowdworkers chose, oldest first. The file is whole or it is not there."""
    count = 0
    with _whole_file(path) as file:
        for line in hh_lines(session, task, tranche):
            file.write(line.encode() + b"\n")
            count += 1
        if not count:
            raise NothingToExport("There is nothing to export: no settled comparison matches.")
    return count


def hh_lines(session: Session, task: TaskKind | None = None, tranche: str | None = None) -> Iterator[str]:
    comparisons = visible_comparisons().outerjoin(Import, Comparison.import_id == Import.id)
    if task:
        comparisons = comparisons.where(Task.kind == task)
    if tranche:
        comparisons = comparisons.where(Comparison.tranche_id == named(session, tranche).id)
    else:
        comparisons = comparisons.where(left_out_because().is_(None))
    in_order = comparisons.with_only_columns(Comparison.id, Comparison.import_raw, Conversation.id).order_by(
        Comparison.import_id.is_(None), Import.created_at, Comparison.import_id, Comparison.import_line,
        Comparison.created_at, Comparison.id,
    )  # fmt: skip
    for rows in session.execute(in_order.execution_options(yield_per=CONVERSATIONS_AT_A_TIME)).partitions():
        rendered = _render(session, {conversation_id: None for _, raw, conversation_id in rows if raw is None})
        for comparison_id, raw, _ in rows:
            yield rendered[comparison_id] if raw is None else raw


def _render(session: Session, conversation_ids: dict[str, None]) -> dict[str, str]:
    """The lines of all comparisons of these conversations, by comparison."""
    return {
        turn.choice.id: render_line(
            dialogue.before(position), turn.replies[turn.choice.chosen].text, turn.replies[turn.choice.rejected].text
        )
        for dialogue in read_dialogues(session, list(conversation_ids))
        for position, turn in enumerate(dialogue.turns)
        if turn.choice
    }


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Written beside its place, renamed into it; compressed when the name ends in .gz (each time to the same bytes)."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
                    yield zipped
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise NotWritten(f"{path} was not written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            partial.unlink()
