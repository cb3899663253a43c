"""Deployments: which snapshots answer crowdworkers of a task, and with which shares; which PM scores their candidates.

Rows are the desired state; `reconcile.py` makes the servers follow. The caller commits."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.errors import DomainError
from app.jobs import send_after_commit
from app.settings import get_settings
from app.tables import Account, AuditEvent, Deployment, Iteration, Snapshot, SnapshotKind, Task

ROUNDING = 0.0101  # percent by which shares written with two decimals may miss 100


class SharesDoNotAddUp(DomainError):
    status = 422


class UnknownSnapshot(DomainError):
    status = 422


class SnapshotNotDeployable(DomainError):
    status = 422


class SnapshotIncomplete(DomainError):
    status = 422


class NothingToRollBack(DomainError):
    status = 409


class Wanted(NamedTuple):
    """One line of a generation: this snapshot with this share (percent), answering with the best of k samples."""

    snapshot: str
    share: float
    best_of: int = 1


def deploy(
    session: Session,
    task: Task | None,
    wanted: Sequence[Wanted],
    *,
    account: Account | None = None,
    iteration: Iteration | None = None,
    reason: str | None = None,
    action: str = "deploy",
) -> list[Deployment]:
    """Replace a task's generation (None: the scoring PM's) by a new one. All of it is right, or nothing changes."""
    _shares_must_add_up(wanted)
    snapshots = [_deployable(session, line, task) for line in wanted]
    before = active_generation(session, task, lock=True)
    generation = (before[0].generation if before else 0) + 1
    for row in before:
        row.active = False
        row.retired_at = now()
    after = [
        Deployment(
            task_id=task.id if task else None,
            snapshot=snapshot,
            snapshot_id=snapshot.id,
            share=line.share,
            best_of=line.best_of,
            generation=generation,
            iteration_id=iteration.id if iteration else None,
            created_by=account.id if account else None,
        )
        for snapshot, line in zip(snapshots, wanted, strict=True)
    ]
    session.add_all(after)
    session.add(
        AuditEvent(
            account_id=account.id if account else None,
            action=action,
            subject=f"task:{task.slug}" if task else "scoring-pm",
            before=_words(before),
            after=_words(after),
            reason=reason,
        )
    )
    session.flush()
    send_after_commit(session, "reconcile")
    return after


def rollback(
    session: Session, task: Task | None, *, account: Account | None = None, reason: str | None = None
) -> list[Deployment]:
    """A new generation that is a copy of the one before the active one."""
    active = active_generation(session, task, lock=True)
    earlier = _generation(session, task, active[0].generation - 1) if active else []
    if not earlier:
        what = f"Task {task.slug}" if task else "The scoring PM"
        raise NothingToRollBack(f"{what} has no earlier generation to go back to.")
    wanted = [Wanted(row.snapshot.name, row.share, row.best_of) for row in earlier]
    return deploy(session, task, wanted, account=account, reason=reason, action="rollback")


def active_generation(session: Session, task: Task | None, *, lock: bool = False) -> list[Deployment]:
    query = select(Deployment).where(_of(task), Deployment.active).order_by(Deployment.share.desc(), Deployment.id)
    if lock:
        # Two deployments at the same moment: the second waits, and then follows the first (SQLite: BEGIN IMMEDIATE).
        if task:
            session.execute(select(Task.id).where(Task.id == task.id).with_for_update())
        query = query.with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _generation(session: Session, task: Task | None, generation: int) -> list[Deployment]:
    rows = select(Deployment).where(_of(task), Deployment.generation == generation)
    return list(session.scalars(rows.order_by(Deployment.share.desc(), Deployment.id)))


def _of(task: Task | None) -> Any:
    return Deployment.task_id == task.id if task else Deployment.task_id.is_(None)


def deployed_pm(session: Session) -> Snapshot | None:
    """The PM that scores new candidates."""
    rows = active_generation(session, None)
    return rows[0].snapshot if rows else None


def _shares_must_add_up(wanted: Sequence[Wanted]) -> None:
    total = sum(line.share for line in wanted)
    if not wanted or any(not 0 < line.share <= 100 for line in wanted) or abs(total - 100) > ROUNDING:
        listed = " + ".join(f"{line.share:g}" for line in wanted) or "nothing"
        raise SharesDoNotAddUp(f"Shares must be above 0 and add up to 100; these are {listed} = {total:g}.")
    lines = [(line.snapshot, line.best_of) for line in wanted]
    if len(set(lines)) < len(lines):
        raise SharesDoNotAddUp("A snapshot is listed twice with the same best-of; give it one line with the sum.")


def _deployable(session: Session, line: Wanted, task: Task | None) -> Snapshot:
    snapshot = session.scalar(select(Snapshot).where(Snapshot.name == line.snapshot))
    if snapshot is None:
        raise UnknownSnapshot(f"There is no snapshot “{line.snapshot}”.")
    kind = SnapshotKind.POLICY if task else SnapshotKind.PM
    if snapshot.kind != kind:
        raise SnapshotNotDeployable(f"Snapshot “{snapshot.name}” is a {snapshot.kind}, and a {kind} is wanted here.")
    if snapshot.retired_at:
        raise SnapshotNotDeployable(f"Snapshot “{snapshot.name}” was retired.")
    if line.best_of > 1 and deployed_pm(session) is None:
        raise SnapshotNotDeployable(f"Best of {line.best_of} needs a deployed PM that chooses; there is none yet.")
    if snapshot.directory is not None:
        verify(directory_of(snapshot))
    return snapshot


def directory_of(snapshot: Snapshot) -> Path:
    assert snapshot.directory is not None, "the initial policy is the base itself"
    return (get_settings().snapshots_dir / snapshot.directory).resolve()


def verify(directory: Path) -> None:
    """A snapshot is whole, or we say what is wrong with it: every file of its manifest has the hash written there."""
    manifest = directory / "manifest.json"
    try:
        files = json.loads(manifest.read_text())["files"].items()
    except FileNotFoundError:
        raise SnapshotIncomplete(f"{manifest} does not exist.") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SnapshotIncomplete(f"{manifest} is not the manifest of a snapshot.") from None
    for name, expected in files:
        path = directory / name
        if not path.is_file():
            raise SnapshotIncomplete(f"{path} is missing; the snapshot is incomplete.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise SnapshotIncomplete(f"{path} is truncated or was changed: its hash is not the manifest's.")


def _words(rows: Sequence[Deployment]) -> dict[str, Any] | None:
    if not rows:
        return None
    lines = [{"snapshot": row.snapshot.name, "share": row.share, "best_of": row.best_of} for row in rows]
    return {"generation": rows[0].generation, "deployments": lines}
