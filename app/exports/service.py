"""Files of comparisons, for researchers: asked for here, written by a job (`worker/exports.py`), gone after some days.

A file never outlives an erasure: its row knows how many erasures there were when its comparisons were read, and where
there are more by now it is neither given out nor kept.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.exports.schemas import ExportWanted
from app.jobs import send_after_commit
from app.tables import Account, Erasure, Export, ExportStatus, Iteration, IterationTranche, TaskKind
from app.tranches.datasheet import named
from app.tranches.formats import FORMATS
from app.tranches.scope import Scope
from app.warning import refuse_unwarned

JOB = "make_export"
OPEN = (ExportStatus.WAITING, ExportStatus.RUNNING)
ERASED_SINCE = "Somebody had their data erased after this file was made: please ask for it again."


class UnknownExport(DomainError):
    status = 404


class UnknownFormat(DomainError):
    status = 422


class UnknownIteration(DomainError):
    status = 404


class TwoScopes(DomainError):
    status = 422


class NoFile(DomainError):
    status = 410


class NotYetDone(DomainError):
    status = 409


class AlreadyOver(DomainError):
    status = 409


def ask(session: Session, wanted: ExportWanted, researcher: Account) -> Export:
    """A file of these comparisons. Asked for again while it is being made, it is the same one."""
    if wanted.format not in FORMATS:
        raise UnknownFormat(f"format: there is no format “{wanted.format}”; there are {', '.join(FORMATS)}.")
    if wanted.tranche and wanted.iteration:
        raise TwoScopes("tranche: ask for a tranche or for an iteration, not for both.")
    _refuse_without_warning(wanted.task, researcher)
    tranche_id = named(session, wanted.tranche).id if wanted.tranche else None
    if wanted.iteration and session.get(Iteration, wanted.iteration) is None:
        raise UnknownIteration("There is no such iteration.")
    wishes = {
        "format": wanted.format, "task_kind": wanted.task, "tranche_id": tranche_id, "iteration_id": wanted.iteration,
    }  # fmt: skip
    of_same = (getattr(Export, field).is_not_distinct_from(wish) for field, wish in wishes.items())
    under_way = session.scalar(select(Export).where(*of_same, Export.status.in_(OPEN)).limit(1))
    if under_way is not None:
        return under_way
    export = Export(**wishes, asked_by=researcher.id)
    session.add(export)
    session.flush()
    after = wanted.model_dump(mode="json", exclude_none=True)
    audit(session, researcher, "export", f"export:{export.id}", after=after)
    send_after_commit(session, JOB, export.id)
    return export


def cancel(session: Session, export_id: str, researcher: Account) -> Export:
    """At once while it waits; one that is being written is stopped by its job within seconds."""
    export = _locked(session, export_id)
    if export.status not in OPEN:
        raise AlreadyOver(f"This export is {export.status} already.")
    if export.status == ExportStatus.WAITING:
        end(export, ExportStatus.CANCELLED, "Cancelled.")
    export.cancel_requested = True
    audit(session, researcher, "cancel-export", f"export:{export.id}")
    return export


def delete(session: Session, export_id: str, researcher: Account) -> Export:
    """Its file, before its time; the caller removes it after the commit."""
    export = _locked(session, export_id)
    if export.status in OPEN:
        raise NotYetDone("This export is still being made: cancel it instead.")
    if export.status == ExportStatus.DONE:
        end(export, ExportStatus.DELETED, f"Deleted by {researcher.username}.")
        audit(session, researcher, "delete-export", f"export:{export.id}")
    return export


def give_out(session: Session, export_id: str, researcher: Account) -> Export:
    """One whose file may be downloaded now, by this researcher; on record."""
    export = session.get(Export, export_id)
    if export is None:
        raise UnknownExport("There is no such export.")
    if export.status in OPEN:
        raise NotYetDone("This export is not written yet.")
    _refuse_without_warning(export.task_kind, researcher)
    if export.status != ExportStatus.DONE:
        raise NoFile(export.reason or "This export has no file.")
    if is_older_than_an_erasure(session, export):
        raise NoFile(ERASED_SINCE)
    if export.expires_at and export.expires_at < now():
        raise NoFile("The time of this file is over: please ask for it again.")
    audit(session, researcher, "download-export", f"export:{export.id}")
    return export


def scope_of(session: Session, export: Export) -> Scope:
    if export.tranche_id:
        return Scope(export.task_kind, (export.tranche_id,))
    if export.iteration_id:
        of_iteration = select(IterationTranche.tranche_id).where(IterationTranche.iteration_id == export.iteration_id)
        return Scope(export.task_kind, tuple(session.scalars(of_iteration.order_by(IterationTranche.tranche_id))))
    return Scope(export.task_kind)


def count_erasures(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Erasure)) or 0


def is_older_than_an_erasure(session: Session, export: Export) -> bool:
    return export.erasures_seen is None or export.erasures_seen < count_erasures(session)


def end(export: Export, status: ExportStatus, reason: str | None, at: datetime | None = None) -> None:
    export.status, export.reason, export.finished_at = status, reason, at or export.finished_at or now()


def _refuse_without_warning(task: TaskKind | None, researcher: Account) -> None:
    if task != TaskKind.HELPFULNESS:
        refuse_unwarned(researcher, instead=", or ask for helpfulness alone")


def _locked(session: Session, export_id: str) -> Export:
    export = session.get(Export, export_id, with_for_update=True)
    if export is None:
        raise UnknownExport("There is no such export.")
    return export
