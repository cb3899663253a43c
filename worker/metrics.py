"""What a run's child says of itself in `metrics.jsonl` (docs/seams.md §3), copied into rows while it runs."""

import json
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.tables import Metric


class Point(NamedTuple):
    name: str
    step: int
    value: float


class Tail:
    """The new complete lines of a metrics file. A resumed child rewinds the file by replacing it: then all of it is
    new again, which storing tolerates."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = self._offset = 0

    def read(self) -> list[Point]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return []
        with file:
            status = os.fstat(file.fileno())
            if status.st_ino != self._inode or status.st_size < self._offset:
                self._inode, self._offset = status.st_ino, 0
            file.seek(self._offset)
            complete, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        return [point for line in complete.splitlines() for point in _points(line)]


def _points(line: bytes) -> Iterator[Point]:
    try:
        values = json.loads(line)
        step = int(values.pop("step"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # half a line that a kill left behind: the child writes that step again
    for name, value in values.items():
        # JSON for the browser has no NaN, and a chart no place for it.
        if isinstance(value, int | float) and math.isfinite(value):
            yield Point(name, step, float(value))


def store(session: Session, run_id: str, points: Sequence[Point]) -> None:
    """Into rows, in bulk; the same point again is the same row."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = {(point.name, point.step): point.value for point in points}  # one statement may not touch a row twice
    values = [
        {"training_run_id": run_id, "name": name, "step": step, "value": value} for (name, step), value in rows.items()
    ]
    for start in range(0, len(values), 1000):
        statement = insert(Metric).values(values[start : start + 1000])
        keys = [Metric.training_run_id, Metric.name, Metric.step]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"value": statement.excluded.value}))
