"""A run directory: the place where a worker and one training or evaluation process meet (docs/seams.md §3).

Knows files, locks and signals; knows nothing of tensors, so the worker may import it.
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, NoReturn, Self

INTERRUPTED = 1  # as of a crash: so many attempts, and then no more
BAD_INPUT = 3
PREEMPTED = 75
FULL = 1 << 20  # a disk with fewer free bytes
OUTCOME = "outcome.json"


class BadInput(Exception):
    """What we were given cannot be used. The message is one sentence that names the file, line or field."""


class Preempted(Exception):
    """SIGTERM arrived; the same command goes on from the last checkpoint."""


class Interrupted(Exception):
    """Something that this run needs was there and is gone; the same command goes on from the last checkpoint. The
    message is one sentence that names it."""


class Outcome(NamedTuple):
    """How a command ended: an exit code and, unless it is 0, the sentence that says why."""

    code: int  # 0 | INTERRUPTED | BAD_INPUT | PREEMPTED
    sentence: str = ""

    @classmethod
    def of(cls, error: BaseException | None) -> Self | None:
        """None for an error of ours: that is a crash."""
        if error is None:
            return cls(0)
        if isinstance(error, BadInput):
            return cls(BAD_INPUT, str(error))
        if isinstance(error, Interrupted):
            return cls(INTERRUPTED, f"{error} The same command goes on from the last checkpoint.")
        if isinstance(error, Preempted):
            return cls(PREEMPTED, "Preempted; the same command goes on from the last checkpoint.")
        if isinstance(error, Exception) and _is_disk_full(error):
            where = getattr(error, "filename", None)
            return cls(BAD_INPUT, f"The disk is full: could not write {where or 'the output'}.")
        return None

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """How the last run in the directory `path` ended, in its own words. Launchers (torchrun, accelerate) end with
        exit codes of their own. None if it is not over, crashed, or never had the directory."""
        try:
            content = json.loads((path / OUTCOME).read_text())
        except FileNotFoundError:
            return None
        return cls(content["code"], content["sentence"])


class RunDirectory:
    """One process's hold on a run directory. Open it with `with RunDirectory.open(path) as run`: how the block ends is
    the run's outcome, so all of its output must be written within."""

    def __init__(self, path: Path, lock: IO[str] | None) -> None:
        self.path = path
        self.checkpoints = Checkpoints(path / "checkpoints")
        self.preempted = False
        self._lock = lock
        self._metrics_file = path / "metrics.jsonl"
        self._phase: tuple[str, int, float] | None = None
        self._before: Any = None  # what SIGTERM did until now

    @classmethod
    def open(cls, path: Path) -> Self:
        """Take the lock, so that two trainers never share a directory, and start to listen for the end."""
        if not path.is_dir():
            raise BadInput(f"The run directory {path} does not exist.")
        lock = (path / "lock").open("w")
        # A worker has seen the lock free: who holds it now is erasing somebody's words, and has done in a moment.
        tries = 100 if os.environ.get("TURNWISE_WATCH_STDIN") else 1
        while not _locked(lock):
            tries -= 1
            if not tries:
                lock.close()
                raise BadInput(f"Another process is already working in {path}.")
            time.sleep(0.1)
        (path / OUTCOME).unlink(missing_ok=True)  # of the run before
        for left in (".snapshot.*", "snapshots/.*", "checkpoints/.step-*"):  # by a process that was killed as it saved
            for unfinished in path.glob(left):
                shutil.rmtree(unfinished, ignore_errors=True)
        run = cls(path, lock)
        run._listen()
        return run

    @classmethod
    def follow(cls, path: Path) -> "Follower":
        """For the other processes of a run (models/processes.py): the same inputs, without a lock, and nothing is
        written."""
        run = Follower(path, None)
        run._listen()
        return run

    def _listen(self) -> None:
        if os.environ.get("TURNWISE_WATCH_STDIN") == "1":
            threading.Thread(target=_exit_with_parent, daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._on_sigterm)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        try:
            if outcome := Outcome.of(error):
                self.outcome(outcome)
        finally:
            if self._before is not None:
                signal.signal(signal.SIGTERM, self._before)
            if self._lock:
                self._lock.close()

    def _on_sigterm(self, *_: object) -> None:
        self.preempted = True

    def check_preempted(self) -> None:
        """Leave here if SIGTERM arrived."""
        if self.preempted:
            raise Preempted

    def config(self) -> dict[str, object]:
        """What `config.json` says; absent means {}: all defaults."""
        path = self.path / "config.json"
        if not path.exists():
            return {}
        try:
            mapping = json.loads(path.read_text())
        except ValueError as error:
            raise BadInput(f"{path} is not valid JSON: {error}.") from None
        if not isinstance(mapping, dict):
            raise BadInput(f"{path} must hold one JSON object.")
        return mapping

    def find(self, *names: str) -> Path:
        """The first of these inputs that exists; BadInput naming them if none does."""
        for name in names:
            if (self.path / name).exists():
                return self.path / name
        raise BadInput(f"{self.path} has no {' or '.join(names)}.")

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Append the metrics of one step, named `run/quantity`."""
        with self._metrics_file.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")

    def all_metrics(self) -> list[dict[str, float]]:
        """The metrics of every step so far, each with its `step`."""
        return [json.loads(line) for line in self._metrics_file.read_text().splitlines()]

    def rewind(self, step: int) -> None:
        """Cut the metrics back to a checkpoint's step: what follows is computed and written again."""
        if not self._metrics_file.exists():
            return
        kept = []
        for line in self._metrics_file.read_text().splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except ValueError:
                break  # the line at which an earlier process was killed
        write_atomically(self._metrics_file, "".join(kept))

    def progress(self, phase: str, done: int, total: int) -> None:
        """Say how far this phase is; the time left is judged by the speed since the phase began here."""
        now = time.monotonic()
        if self._phase is None or self._phase[0] != phase:
            self._phase = (phase, done, now)
        _, first, began = self._phase
        left = (now - began) / (done - first) * (total - done) if done > first else None
        content = {
            "phase": phase,
            "done": done,
            "total": total,
            "seconds_left": None if left is None else round(left, 1),
        }
        write_atomically(self.path / "progress.json", json.dumps(content))

    def result(self, values: Mapping[str, Any]) -> None:
        """Write the final numbers."""
        write_atomically(self.path / "result.json", json.dumps(values, indent=1) + "\n")

    def outcome(self, outcome: Outcome) -> None:
        """Write how the run ended."""
        try:
            write_atomically(self.path / OUTCOME, json.dumps(outcome._asdict()))
        except OSError:
            if outcome.code == 0:
                raise
            # The disk that is full has no room for this either: then the exit code alone says so.

    def threads(self, otherwise: int | None = None) -> int:
        """Threads the worker allows now; read at step boundaries. Without the file: `otherwise`, else OMP_NUM_THREADS,
        else all."""
        with contextlib.suppress(OSError, ValueError):
            return max(1, int((self.path / "threads").read_text()))
        return otherwise or omp_threads() or os.cpu_count() or 1


def omp_threads() -> int | None:
    """OMP_NUM_THREADS, if it is set. Of "4,1", a number for each level of nested parallel regions, the first."""
    told = os.environ.get("OMP_NUM_THREADS")
    try:
        return max(1, int(told.split(",")[0])) if told else None
    except ValueError:
        raise BadInput(f"OMP_NUM_THREADS must begin with a whole number, and is {told!r}.") from None


@contextlib.contextmanager
def run_of_output(out: Path) -> Iterator[RunDirectory | None]:
    """While a command writes `out`: the run directory that it lies in, where a worker started the command; else
    None. BadInput if `out` has no place."""
    check_output(out)
    if not os.environ.get("TURNWISE_WATCH_STDIN"):
        yield None
        return
    with RunDirectory.open(out.parent) as run:
        yield run


def check_output(out: Path) -> None:
    """BadInput, before there is anything to write, if there is no directory for it."""
    if not out.parent.is_dir():
        raise BadInput(f"The directory of {out} does not exist.")


def check_report(out: Path) -> None:
    """BadInput if a report would replace rows: a command line without OUT takes its last input for it."""
    if out.suffix in (".jsonl", ".gz") and out.exists():
        raise BadInput(f"{out} is there and holds rows; name a file for the report behind the inputs.")


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Follower(RunDirectory):
    """The run directory as the processes see it that do not lead: they read, and another writes."""

    def __init__(self, path: Path, lock: IO[str] | None) -> None:
        super().__init__(path, lock)
        self.checkpoints = _OthersCheckpoints(path / "checkpoints")

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        pass

    def rewind(self, step: int) -> None:
        pass

    def progress(self, phase: str, done: int, total: int) -> None:
        pass

    def result(self, values: Mapping[str, Any]) -> None:
        pass

    def outcome(self, outcome: Outcome) -> None:
        pass  # the one that leads comes to the same end


class Checkpoints:
    """`checkpoints/step-NNNNNN/`: each is whole or not there; the last two are kept."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def _all(self) -> list[tuple[int, Path]]:
        found = [(re.fullmatch(r"step-(\d+)", path.name), path) for path in self.directory.glob("step-*")]
        return sorted((int(match[1]), path) for match, path in found if match)

    def latest(self) -> tuple[int, Path] | None:
        """Step and directory of the newest checkpoint."""
        return max(self._all(), default=None)

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        """Let `write` fill a directory and move it into place; drop all but the last two."""
        with directory_atomically(self.directory / f"step-{step:06d}") as unfinished:
            write(unfinished)
        for _, old in self._all()[:-2]:
            shutil.rmtree(old)


class _OthersCheckpoints(Checkpoints):
    def save(self, step: int, write: Callable[[Path], None]) -> None:
        pass


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace a file in one step: a reader sees the old content or the new, never a half."""
    data = content.encode() if isinstance(content, str) else content
    with file_atomically(path) as file:
        file.write(data)


@contextlib.contextmanager
def file_atomically(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its name only if the block succeeds."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def directory_atomically(path: Path) -> Iterator[Path]:
    """A directory to fill that takes its name, replacing what had it, only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield unfinished
        unfinished.chmod(0o777 & ~_umask())
        if path.exists():
            # rename() cannot replace a directory that has content: step aside first.
            aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
            path.replace(aside / path.name)
            unfinished.replace(path)
            shutil.rmtree(aside)
        else:
            unfinished.replace(path)
    except BaseException as error:
        # Asked here, while the half-written files are still there: torch's own words for a full disk are
        # "unexpected pos 355648 vs 355600".
        full = shutil.disk_usage(path.parent).free < FULL
        shutil.rmtree(unfinished, ignore_errors=True)
        if full and isinstance(error, Exception):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def peak_mb() -> float:
    """The most memory that this process has held. By Linux's own count where there is one: what getrusage says begins
    with the peak of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(function: Callable[[], None]) -> NoReturn:
    """Run a command line of this room and leave with the exit code of docs/seams.md §3."""
    try:
        function()
    except Exception as error:
        outcome = Outcome.of(error)
        if outcome is None:
            raise
        print(outcome.sentence, file=sys.stderr)
        _leave(outcome.code)
    _leave(0)


def _leave(code: int) -> NoReturn:
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        sys.exit(code)
    # Of several processes (models/processes.py): threads of torch.distributed may hold what only Python can free, and
    # one that asks for it while Python takes itself down ends the process with SIGABRT: a training that had succeeded
    # would be said to have failed.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _is_disk_full(error: BaseException) -> bool:
    # Torch and safetensors wrap the system's error in classes of their own; only its words survive.
    seen: BaseException | None = error
    while seen is not None:
        if getattr(seen, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _exit_with_parent() -> None:
    # Not sys.exit: the main thread may be deep inside a matrix product, and nobody waits for its answer any more.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
