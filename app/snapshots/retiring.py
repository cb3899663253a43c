"""Retired snapshots: kept for ever, with all that was said of them, and no longer offered or deployed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.tables import Account, Deployment, Snapshot, Task

KEPT, RETIRED = {"retired": False}, {"retired": True}


class UnknownSnapshot(DomainError):
    status = 404


class SnapshotDeployed(DomainError):
    status = 409


class NeverRetired(DomainError):
    status = 409


class ReasonNeeded(DomainError):
    status = 422


def named(session: Session, name: str, *, lock: bool = False) -> Snapshot:
    query = select(Snapshot).where(Snapshot.name == name)
    found = session.scalar((query.with_for_update() if lock else query).execution_options(populate_existing=lock))
    if found is None:
        raise UnknownSnapshot(f"There is no snapshot “{name}”.")
    return found


def retire(session: Session, name: str, account: Account, reason: str) -> Snapshot:
    """Again is the same; refused while it answers or scores anywhere."""
    snapshot = named(session, name, lock=True)
    if snapshot.directory is None:
        raise NeverRetired("The initial policy is never retired: all others are measured against it.")
    if not reason.strip():
        raise ReasonNeeded("Say why this snapshot is retired; the reason is recorded.")
    answers = select(Deployment.share, Task.slug).outerjoin(Task, Deployment.task_id == Task.id)
    answers = answers.where(Deployment.active, Deployment.snapshot_id == snapshot.id)
    where = [f"{slug} ({share:g} %)" if slug else "scoring" for share, slug in session.execute(answers)]
    if where:
        raise SnapshotDeployed(
            f"Snapshot “{name}” is deployed for {', '.join(sorted(where))}; deploy something else there first."
        )
    if snapshot.retired_at is None:
        snapshot.retired_at = now()
        audit(session, account, "retire", f"snapshot:{name}", before=KEPT, after=RETIRED, reason=reason)
    return snapshot


def unretire(session: Session, name: str, account: Account, reason: str | None) -> Snapshot:
    snapshot = named(session, name, lock=True)
    if snapshot.retired_at is not None:
        snapshot.retired_at = None
        audit(session, account, "unretire", f"snapshot:{name}", before=RETIRED, after=KEPT, reason=reason)
    return snapshot
