"""The formats in which comparisons leave Turnwise. A new one is a line in FORMATS, from where the command line, the job
and the page know it."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tranches.export_hh import write_hh
from app.tranches.scope import Scope
from app.tranches.whole_file import Sink, whole_file


class NothingToExport(DomainError):
    status = 409


class Format(NamedTuple):
    words: str
    """What it is and for whom, one sentence."""
    suffix: str
    """Of the files that the job writes; one that ends in .gz is compressed."""
    write: Callable[[Session, Scope, Sink], Iterator[int]]
    """Write comparisons, some at a time, and say each time how many."""


FORMATS = {
    "hh": Format(
        "The published HH format: JSON lines with the transcripts “chosen” and “rejected”.", ".jsonl.gz", write_hh
    ),
}


def export(session: Session, path: Path, format: str, scope: Scope) -> int:
    """Write a file, whole or not at all; how many comparisons."""
    return sum(exporting(session, path, format, scope))


def exporting(session: Session, path: Path, format: str, scope: Scope) -> Generator[int, None, None]:
    """The same, some comparisons at a time and how many each time. Whoever stops asking leaves no file behind."""
    count = 0
    with whole_file(path) as file:
        for written in FORMATS[format].write(session, scope, file):
            count += written
            yield written
        if not count:
            raise NothingToExport("There is nothing to export: no settled comparison matches.")
