"""A run: one child process that trains or evaluates in a run directory (docs/seams.md §3), and its row.

The row is the truth about who owns the directory: one running row per slot, a heartbeat, an attempt. Whoever is killed
here loses nothing: the child notices that its stdin closed, the heartbeat goes stale, and the next one to take the row
up starts the same command in the same directory, which goes on from its checkpoint.
"""

import fcntl
import json
import logging
import mmap
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, NoResultFound, OperationalError
from sqlalchemy.orm import Session

from app import db
from app.settings import get_settings
from app.tables import Iteration, RunStatus, StageRun, TrainingRun, Turn, TurnStatus
from models.run import BAD_INPUT, INTERRUPTED, OUTCOME, PREEMPTED, Outcome, write_atomically
from worker import metrics

log = logging.getLogger(__name__)

POLL_EVERY = 0.5  # seconds between looks at the child
BEAT_EVERY = 5.0  # seconds between heartbeats when there is nothing else to write
GRACE = 30.0  # seconds between SIGTERM, at which the child writes a checkpoint, and SIGKILL
CANCEL_GRACE = 3.0  # nobody will want that checkpoint
MAX_ATTEMPTS = 3  # starts that ended in a crash or with a lost owner; a preempted start is not counted
QUIET_FOR = timedelta(seconds=60)  # no turn was sampled for so long: nobody is chatting

_stopping = mmap.mmap(-1, 1)
"""One byte shared with the forked pool: Celery tells only its main process that the worker is asked to stop."""


class RunFailed(Exception):
    """The run cannot go on; the message is one sentence."""


class RunCancelled(Exception):
    """Somebody asked for the end."""


class RunPreempted(Exception):
    """This worker is shutting down; the run waits for the next one, which goes on from the checkpoint."""


class SlotTaken(RunPreempted):
    """Another worker's run is in the way."""


class TakenOver(RunPreempted):
    """This worker was stalled for so long that another one has taken its stage and its run up."""


def stop_soon() -> None:
    """Called in the worker's main process on SIGTERM: the runs below it are preempted."""
    _stopping[0] = 1


def find_or_create(module: str, directory: Path, stage_run_id: str) -> TrainingRun:
    """The row of this directory, which a resumed stage finds again; it becomes the stage's current run."""
    relative = str(directory.relative_to(get_settings().runs_dir))
    with db.writing() as session:
        run = session.scalar(select(TrainingRun).where(TrainingRun.directory == relative))
        if run is None:
            run = TrainingRun(module=module, directory=relative)
            session.add(run)
            session.flush()
        elif run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            # The stage is tried again: from the last checkpoint, with fresh attempts.
            run.status, run.attempt, run.error, run.cancel_requested = RunStatus.QUEUED, 0, None, False
        session.execute(update(StageRun).where(StageRun.id == stage_run_id).values(training_run_id=run.id))
        return run


def find(session: Session, directory: Path) -> TrainingRun:
    """The row of a run directory."""
    relative = str(directory.relative_to(get_settings().runs_dir))
    return session.scalars(select(TrainingRun).where(TrainingRun.directory == relative)).one()


def carry_out(run: TrainingRun, stage_run_id: str, arguments: Sequence[str]) -> None:
    """Run `python -m models.<module> <arguments>` to its end, following it into rows. Returns when it succeeded, at
    once if it had already. Raises RunFailed, RunCancelled or RunPreempted."""
    directory = get_settings().runs_dir / run.directory
    while _claim(run.id):
        with _sigterm_preempts():
            code = _follow_child(run, stage_run_id, directory, arguments)
        outcome = _outcome(directory, code)
        if outcome is None or outcome.code == INTERRUPTED:
            # A crash (out of memory, a fault): again from the last checkpoint, until _claim says that it was enough.
            why = outcome.sentence if outcome else f"models.{run.module} ended unexpectedly ({_ending(code)})."
            _settle(run.id, RunStatus.QUEUED, why)
        elif outcome.code == PREEMPTED:  # somebody sent SIGTERM to the child alone
            _give_back(run.id)
        elif outcome.code == BAD_INPUT:
            sentence = outcome.sentence or f"models.{run.module} refused its input."
            _settle(run.id, RunStatus.FAILED, sentence)
            raise RunFailed(sentence)
        else:
            _settle(run.id, RunStatus.SUCCEEDED)
            return


def _outcome(directory: Path, code: int) -> Outcome | None:
    """How a child ended, by what it said itself: the exit code may be its launcher's. None: it crashed."""
    if outcome := Outcome.read(directory):
        return outcome
    # It was refused before it had the directory. A 0 would be a launcher's that overlooked the end of its child.
    return Outcome(code, _last_line(directory / "log.txt")) if code == BAD_INPUT else None


@contextmanager
def _sigterm_preempts() -> Iterator[None]:
    """A supervisor that signals the whole process group reaches this pool process too, not only Celery's main one."""
    before = signal.signal(signal.SIGTERM, lambda *_: stop_soon())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _claim(run_id: str) -> bool:
    """Take the run and its slot. False: it has succeeded already."""
    with db.writing() as session:
        slot = session.scalars(select(TrainingRun.slot).where(TrainingRun.id == run_id)).one()
        mark_lost(session, slot)
        run = session.scalars(select(TrainingRun).where(TrainingRun.id == run_id).with_for_update()).one()
        if run.status == RunStatus.SUCCEEDED:
            return False
        if run.status == RunStatus.RUNNING:
            raise SlotTaken(f"Run {run.directory} is at work on {run.owner}.")
        if run.cancel_requested:
            run.status, run.finished_at = RunStatus.CANCELLED, db.now()
        elif run.attempt >= MAX_ATTEMPTS:
            run.status, run.finished_at = RunStatus.FAILED, db.now()
            run.error = f"{run.error or 'Its worker was lost.'} That was attempt {run.attempt} of {MAX_ATTEMPTS}."
        else:
            try:
                with session.begin_nested():
                    run.status = RunStatus.RUNNING
                    session.flush()
            except IntegrityError:
                raise SlotTaken(f"Another run is at work in slot {slot}.") from None
            run.attempt += 1
            run.owner = _owner()
            run.started_at = run.started_at or db.now()
            run.heartbeat_at = db.now()
            run.error = run.finished_at = None
        status, error = run.status, run.error
    if status == RunStatus.CANCELLED:
        raise RunCancelled
    if status == RunStatus.FAILED:
        raise RunFailed(error or "")
    return True


def stale_before() -> datetime:
    """A heartbeat older than this has no heart behind it."""
    return db.now() - timedelta(seconds=get_settings().stale_after)


def mark_lost(session: Session, slot: str | None = None) -> None:
    """Runs whose heartbeat went stale have no owner any more."""
    stale = update(TrainingRun).where(
        TrainingRun.status == RunStatus.RUNNING, TrainingRun.heartbeat_at < stale_before()
    )
    if slot is not None:
        stale = stale.where(TrainingRun.slot == slot)
    session.execute(stale.values(status=RunStatus.LOST, error="Its worker was lost."))


def _settle(run_id: str, status: RunStatus, error: str | None = None) -> None:
    with db.writing() as session:
        finished = None if status == RunStatus.QUEUED else db.now()
        session.execute(
            update(TrainingRun)
            .where(TrainingRun.id == run_id)
            .values(status=status, error=error, finished_at=finished, owner=None)
        )


def _give_back(run_id: str) -> None:
    with db.writing() as session:
        session.execute(
            update(TrainingRun)
            .where(TrainingRun.id == run_id, TrainingRun.status == RunStatus.RUNNING)
            .values(status=RunStatus.QUEUED, attempt=TrainingRun.attempt - 1, owner=None)
        )


def _follow_child(run: TrainingRun, stage_run_id: str, directory: Path, arguments: Sequence[str]) -> int:
    """Start the child, copy what it says into rows until it ends, and return its exit code."""
    tail, threads = metrics.Tail(directory / "metrics.jsonl"), Threads(directory / "threads")
    new: list[metrics.Point] = []
    tried_at, beaten_at = 0.0, time.monotonic()
    beat_every = min(BEAT_EVERY, get_settings().stale_after / 4)
    if not _lock_is_free(directory):
        _give_back(run.id)
        raise SlotTaken(f"Another process is still at work in {directory}.")
    (directory / OUTCOME).unlink(missing_ok=True)  # else a child that never comes so far would seem to end as the last
    threads.write()
    with _child(run.module, directory, arguments) as child:
        while True:
            code = _wait(child, POLL_EVERY)
            new += tail.read()
            if new or code is not None or time.monotonic() - tried_at > beat_every:
                tried_at = time.monotonic()
                try:
                    with db.writing() as session:
                        cancelled = _beat(session, run.id, stage_run_id, _progress(directory))
                        metrics.store(session, run.id, new)
                    new, beaten_at = [], time.monotonic()
                    threads.write()
                except OperationalError:
                    # A database that is busy or restarted shall not cost a night's training, while the run is ours.
                    if time.monotonic() - beaten_at > get_settings().stale_after:
                        raise
                    log.warning("run %s: the database did not hear from it", run.directory, exc_info=True)
                    time.sleep(POLL_EVERY)
                    continue
                if cancelled and code is None:
                    _stop(child, grace=CANCEL_GRACE)
                    _settle(run.id, RunStatus.CANCELLED)
                    raise RunCancelled
            if code is not None:
                return code
            if _stopping[0]:
                code, outcome = _stop(child), Outcome.read(directory)
                if outcome and outcome.code == 0:
                    return code
                _give_back(run.id)
                raise RunPreempted("The worker is shutting down.")


def _lock_is_free(directory: Path) -> bool:
    """Whether the child may start. One that has just lost its parent needs a moment to end; a longer wait means that a
    worker which was only stalled (a laptop asleep) is back with its own child."""
    patience = time.monotonic() + 10
    with (directory / "lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > patience:
                    return False
                time.sleep(0.1)


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _beat(session: Session, run_id: str, stage_run_id: str, progress: dict[str, Any] | None) -> bool:
    """Say that we are alive, and how far; hear whether somebody asked for the end."""
    # A worker that was stalled for long finds its run marked lost; it is still ours unless somebody took it up.
    alive = (
        update(TrainingRun)
        .where(TrainingRun.id == run_id, TrainingRun.owner == _owner())
        .values(status=RunStatus.RUNNING, heartbeat_at=db.now(), progress=progress)
        .returning(TrainingRun.cancel_requested)
    )
    try:
        cancelled = session.scalars(alive).one()
    except (NoResultFound, IntegrityError):
        raise TakenOver("Another worker took this run up.") from None
    session.execute(update(StageRun).where(StageRun.id == stage_run_id).values(heartbeat_at=db.now()))
    of_iteration = select(Iteration.cancel_requested).join(StageRun).where(StageRun.id == stage_run_id)
    return bool(cancelled or session.scalar(of_iteration))


@contextmanager
def _child(module: str, directory: Path, arguments: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The child in a process group of its own. It holds the other end of a pipe to us, so it ends when we do."""
    # Evaluations are one process; only training is spread over devices or machines.
    launcher = shlex.split(get_settings().train_launcher) if module.startswith("train_") else []
    with (directory / "log.txt").open("ab") as log:
        child = subprocess.Popen(
            [*launcher, sys.executable, "-m", f"models.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What `base` means to a child: the settings may have it from `.env`, which children do not read.
            env=os.environ
            | {"BASE_MODEL": get_settings().base_model, "TURNWISE_WATCH_STDIN": "1", "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield child
    finally:
        _stop(child, grace=0)
        assert child.stdin is not None
        child.stdin.close()


def _wait(child: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _stop(child: "subprocess.Popen[bytes]", grace: float = GRACE) -> int:
    """SIGTERM to the group, and after the grace SIGKILL. A launcher's grandchildren go with it."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if child.poll() is None and (patience > 0):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            _wait(child, patience)
    return child.returncode if child.returncode is not None else -signal.SIGKILL


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _progress(directory: Path) -> dict[str, Any] | None:
    try:
        progress = json.loads((directory / "progress.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return progress if isinstance(progress, dict) else None


class Threads:
    """The `threads` file, which the child reads between steps: all cores while nobody is chatting, else all but one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._busy_at: datetime | None = None
        self._written: int | None = None

    def write(self) -> None:
        with db.reading() as session:
            generating = select(Turn.id).where(Turn.status == TurnStatus.GENERATING).limit(1)
            if session.scalar(generating) is not None:
                self._busy_at = db.now()
        number = allowed_threads(os.cpu_count() or 1, self._busy_at, db.now())
        if number != self._written:
            write_atomically(self.path, f"{number}\n")
            self._written = number


def allowed_threads(cores: int, busy_at: datetime | None, at: datetime) -> int:
    """Two processes that both want all cores slow each other down many times over, so the chat comes first."""
    chatting = busy_at is not None and at - busy_at < QUIET_FOR
    return max(1, cores - 1) if chatting else cores
