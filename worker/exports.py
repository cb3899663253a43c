"""The job that writes an export, one at a time, and the sweep that takes its files away again.

Who writes holds the row's attempt number and beats every few seconds; when the beat stops, the tick sends the job again
and a new attempt begins from nothing, in a file of its own. The rows are read in one snapshot, so that a file is of one
moment. An erasure that came meanwhile makes it begin again.
"""

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db
from app.errors import DomainError
from app.exports import files, service
from app.jobs import send_after_commit
from app.settings import get_settings
from app.tables import Export, ExportStatus, Iteration, Tranche
from app.tranches.formats import FORMATS, exporting
from app.tranches.whole_file import NotWritten
from worker import runs

ATTEMPTS = 3
BEAT_EVERY = 2.0

log = logging.getLogger(__name__)


class Cancelled(Exception):
    pass


class TakenOver(Exception):
    """Another worker thought that we were dead, and has the row now."""


def make(export_id: str) -> None:
    """Write one export to its end, then send the one that waits longest."""
    claimed = _claim(export_id)
    if claimed is None:
        return
    try:
        _write(claimed)
    except TakenOver:
        log.warning("export %s: another worker has taken it up", export_id)
    except Cancelled:
        _end(claimed, ExportStatus.CANCELLED, "Cancelled.")
    except NotWritten as error:
        log.warning("export %s: %s", export_id, error.detail)
        why = error.detail.partition(" was not written: ")[2].rstrip(".")
        _end(claimed, ExportStatus.FAILED, f"The file could not be written: {why}. Nothing of it was left behind.")
    except DomainError as error:
        _end(claimed, ExportStatus.FAILED, error.detail)
    except Exception as error:
        _end(claimed, ExportStatus.FAILED, f"Unexpected {type(error).__name__}. The worker's log has the details.")
        raise
    finally:
        _send_next()


def _claim(export_id: str) -> Export | None:
    """None: it is done, somebody is at work on it, or another one is being written. Then the tick asks again."""
    try:
        with db.writing() as session:
            export = session.get(Export, export_id, with_for_update=True)
            if export is None or export.status not in service.OPEN or _is_alive(export):
                return None
            if export.cancel_requested:
                service.end(export, ExportStatus.CANCELLED, "Cancelled.")
                return None
            if export.status == ExportStatus.RUNNING and export.attempt >= ATTEMPTS:
                service.end(export, ExportStatus.FAILED, f"Its worker died {ATTEMPTS} times while it was written.")
                return None
            export.status, export.attempt = ExportStatus.RUNNING, export.attempt + 1
            export.started_at = export.heartbeat_at = db.now()
            export.rows_done, export.rows_total = 0, None
        return export
    except IntegrityError:  # only one may be running
        return None


def _is_alive(export: Export) -> bool:
    return (
        export.status == ExportStatus.RUNNING
        and export.heartbeat_at is not None
        and export.heartbeat_at >= runs.stale_before()
    )


def _write(export: Export) -> None:
    path = files.path_of(export)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritten(f"{path} was not written: {error.strerror}.") from None
    with _beating(export) as beat, _one_moment() as session:
        seen = service.count_erasures(session)
        scope = service.scope_of(session, export)
        beat.total = scope.count(session)
        with closing(exporting(session, path, export.format, scope)) as written:
            for count in written:
                beat.done += count
                beat.check()
        try:
            _publish(export, path, beat.done, seen)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _one_moment() -> Iterator[Session]:
    """A session that sees all rows as they are at its first read. SQLite's always does."""
    with db.reading() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _publish(export: Export, path: Path, rows: int, erasures_seen: int) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with db.writing() as session:
        ours = select(Export).where(
            Export.id == export.id, Export.attempt == export.attempt, Export.status == ExportStatus.RUNNING
        )
        row = session.scalar(ours.with_for_update())
        if row is None:
            raise TakenOver
        if row.cancel_requested:
            raise Cancelled
        row.erasures_seen = erasures_seen
        if service.is_older_than_an_erasure(session, row):
            log.info("export %s begins again: somebody had their data erased meanwhile", row.id)
            row.status, row.heartbeat_at = ExportStatus.WAITING, None
            send_after_commit(session, service.JOB, row.id)
            path.unlink(missing_ok=True)
            return
        row.rows_done = row.rows_total = rows
        row.bytes, row.sha256, row.file_name = path.stat().st_size, digest, _file_name(session, row)
        at = db.now()
        service.end(row, ExportStatus.DONE, None, at)
        row.expires_at = at + timedelta(days=get_settings().export_days)


def _file_name(session: Session, export: Export) -> str:
    tranche = session.get(Tranche, export.tranche_id) if export.tranche_id else None
    iteration = session.get(Iteration, export.iteration_id) if export.iteration_id else None
    of = tranche.name if tranche else f"{iteration.name}-all-tranches" if iteration else "all"
    task = f"-{export.task_kind}" if export.task_kind else ""
    return f"turnwise-{of}{task}-{export.format}{FORMATS[export.format].suffix}"


class _Beat:
    """Says that we are alive and how far, and listens whether to go on, from a thread of its own: the first row of a
    million takes as long as their sorting."""

    def __init__(self, export: Export) -> None:
        self.export, self.done, self.total = export, 0, 0
        self._stop: type[Exception] | None = None

    def check(self) -> None:
        if self._stop is not None:
            raise self._stop

    def once(self) -> None:
        with db.writing() as session:
            ours = update(Export).where(
                Export.id == self.export.id,
                Export.attempt == self.export.attempt,
                Export.status == ExportStatus.RUNNING,
            )
            values = {"heartbeat_at": db.now(), "rows_done": self.done, "rows_total": self.total or None}
            cancelled = session.scalar(ours.values(values).returning(Export.cancel_requested))
        if cancelled is not False:
            self._stop = TakenOver if cancelled is None else Cancelled


@contextmanager
def _beating(export: Export) -> Iterator[_Beat]:
    beat, over = _Beat(export), threading.Event()

    def run() -> None:
        while not over.wait(BEAT_EVERY):
            try:
                beat.once()
            except Exception:
                log.exception("export %s: no heartbeat", export.id)  # the next one may come through

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield beat
    finally:
        over.set()
        thread.join()


def _end(export: Export, status: ExportStatus, reason: str) -> None:
    with db.writing() as session:
        row = session.get(Export, export.id, with_for_update=True)
        if row and row.status == ExportStatus.RUNNING and row.attempt == export.attempt:
            service.end(row, status, reason, db.now())


def _send_next() -> None:
    with db.writing() as session:
        if waiting := _waiting(session):
            send_after_commit(session, service.JOB, waiting[0])


def _waiting(session: Session) -> list[str]:
    """Those of dead workers first, then in the order in which they were asked for."""
    is_stale = (Export.status == ExportStatus.RUNNING) & (Export.heartbeat_at < runs.stale_before())
    found = select(Export.id).where(or_(Export.status == ExportStatus.WAITING, is_stale))
    return list(session.scalars(found.order_by(Export.status, Export.asked_at)))


def waiting() -> list[str]:
    with db.reading() as session:
        return _waiting(session)[:1]


def sweep() -> None:
    """Delete what is out of time or older than an erasure, and what dead workers left."""
    there = list(files.directory().glob("*"))  # first: what is written from now on has a row by the time we look
    if not there:
        return
    with db.writing() as session:
        for export in session.scalars(select(Export).where(Export.status == ExportStatus.DONE).with_for_update()):
            if service.is_older_than_an_erasure(session, export):
                service.end(export, ExportStatus.DELETED, service.ERASED_SINCE)
            elif export.expires_at and export.expires_at < db.now():
                service.end(export, ExportStatus.DELETED, f"Its {get_settings().export_days} days are over.")
        session.flush()
        in_use = select(Export.id, Export.attempt).where(Export.status.in_([ExportStatus.DONE, ExportStatus.RUNNING]))
        kept = set(session.execute(in_use).tuples())
    for path in there:
        if files.of_whom(path) not in kept:
            path.unlink(missing_ok=True)
