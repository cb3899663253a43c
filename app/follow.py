"""An iteration watched from a terminal: a line when something changes, then the gate's sentences and the verdict."""

import sys
import time
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from app.db import reading
from app.iterations import queries
from app.iterations.schemas import Iteration, Stage
from app.tables import IterationStatus, StageStatus

EXIT = {IterationStatus.DEPLOYED: 0, IterationStatus.HELD: 2}  # anything else that ends is 1
POLL_SECONDS = 1.0
LINE_EVERY = 30.0  # seconds between progress lines where the output is no terminal
PATIENCE = 60.0  # seconds that the database may be away (a restart) before we give up


def follow(iteration_id: str) -> int:
    """Print until the iteration ends; the exit code says how."""
    printed: dict[str, tuple[int, StageStatus]] = {}
    live = _Live()
    while True:
        iteration = _read(iteration_id)
        for stage in iteration.stages:
            if printed.get(stage.stage) != (stage.attempt, stage.status) and stage.attempt:
                printed[stage.stage] = (stage.attempt, stage.status)
                live.end()
                print(_line(stage), flush=True)
                for sentence in _gate_lines(stage):
                    print(f"    {sentence}", flush=True)
            if stage.status == StageStatus.RUNNING and stage.progress:
                live.show(stage)
        if iteration.status != IterationStatus.RUNNING:
            live.end()
            print(_verdict(iteration), flush=True)
            return EXIT.get(iteration.status, 1)
        time.sleep(POLL_SECONDS)


def _read(iteration_id: str) -> Iteration:
    """The database may restart while we watch."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with reading() as session:
                return queries.shown(session, [queries.get(session, iteration_id)])[0]
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def _line(stage: Stage) -> str:
    attempt = f" (attempt {stage.attempt})" if stage.attempt > 1 else ""
    took = ""
    if stage.started_at and stage.finished_at:
        took = f" in {_duration((stage.finished_at - stage.started_at).total_seconds())}"
    words = {StageStatus.PENDING: "waits for a worker", StageStatus.SUCCEEDED: f"done{took}"}
    error = f": {stage.error}" if stage.error else ""
    return f"{_clock()}  {stage.stage:<16} {words.get(stage.status, str(stage.status))}{attempt}{error}"


def _gate_lines(stage: Stage) -> list[str]:
    if stage.stage != "gate" or stage.status != StageStatus.SUCCEEDED:
        return []
    lines = (stage.result or {}).get("lines", [])
    return [f"{line['verdict']:<15}  {line['check']}: {line['sentence']}" for line in lines]


def _verdict(iteration: Iteration) -> str:
    seconds = ((iteration.finished_at or datetime.now(UTC)) - iteration.created_at).total_seconds()
    reason = f": {iteration.reason}" if iteration.reason else "."
    return f"Iteration {iteration.name} is {iteration.status} after {_duration(seconds)}{reason}"


class _Live:
    """The progress of the stage at work: one line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.open = False
        self.last = ("", 0.0)  # phase, when it was printed

    def show(self, stage: Stage) -> None:
        assert stage.progress is not None
        at = stage.progress
        left = f", {_duration(at.seconds_left)} left" if at.seconds_left is not None else ""
        text = f"{_clock()}  {stage.stage:<16} {at.phase} {at.done}/{at.total}{left}"
        if self.terminal:
            print(f"\r\x1b[K{text}", end="", flush=True)
            self.open = True
        elif self.last[0] != at.phase or time.monotonic() - self.last[1] > LINE_EVERY:
            print(text, flush=True)
            self.last = (at.phase, time.monotonic())

    def end(self) -> None:
        if self.open:
            print()
            self.open = False


def _clock() -> str:
    return f"{datetime.now():%H:%M:%S}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
