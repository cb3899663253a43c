"""Deployments: which snapshots answer crowdworkers of a task, and with which shares; which PM scores their candidates.

Rows are the desired state; `reconcile.py` makes the servers follow. The caller commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.jobs import send_after_commit
from app.snapshots.shares import Wanted, canary, must_add_up, promoted
from app.snapshots.store import directory_of, verify
from app.tables import Account, Deployment, Evaluation, Iteration, Snapshot, SnapshotKind, Task


class SnapshotNotDeployable(DomainError):
    status = 422


class OneScoringPM(DomainError):
    status = 422


class SnapshotNotEvaluated(DomainError):
    status = 422


class DeployedMeanwhile(DomainError):
    status = 409


class NothingToRollBack(DomainError):
    status = 409


class NothingToPromote(DomainError):
    status = 409


def deploy(
    session: Session,
    task: Task | None,
    wanted: Sequence[Wanted],
    *,
    account: Account | None = None,
    iteration: Iteration | None = None,
    reason: str | None = None,
    canary_share: float | None = None,
    after: int | None = None,
) -> list[Deployment]:
    """Replace a task's generation (None: the scoring PM's) by a new one. All of it is right, or nothing changes.

    With a canary share (percent), what is new begins with that until `promote`. `after` is the generation that the
    deployer looked at: if another one is active by now, nothing is replaced unseen."""
    must_add_up(wanted)
    if task is None and len(wanted) > 1:
        raise OneScoringPM("One PM scores all candidates: name one, with a share of 100.")
    before = _locked(session, task, after)
    if canary_share is not None:
        wanted = canary(wanted, lines_of(before), canary_share)
    # A week has had its gate, and who overruled that gave a reason there.
    decided = iteration is not None or bool(reason and reason.strip())
    return _replace(session, task, before, wanted, "deploy", account, iteration, reason, decided=decided)


def promote(
    session: Session,
    task: Task | None,
    *,
    account: Account | None = None,
    reason: str | None = None,
    after: int | None = None,
) -> list[Deployment]:
    """The canary's full shares, as they were decided when it was deployed."""
    before = _locked(session, task, after)
    wanted = promoted(lines_of(before))
    if not wanted:
        raise NothingToPromote(f"{_name(task)} has no canary: all that answers has its full share.")
    iteration = session.get(Iteration, before[0].iteration_id) if before[0].iteration_id else None
    return _replace(session, task, before, wanted, "promote", account, iteration, reason)


def rollback(
    session: Session,
    task: Task | None,
    *,
    account: Account | None = None,
    reason: str | None = None,
    after: int | None = None,
) -> list[Deployment]:
    """A new generation that is a copy of the one before the active one."""
    active = _locked(session, task, after)
    earlier = _generation(session, task, active[0].generation - 1) if active else []
    if not earlier:
        raise NothingToRollBack(f"{_name(task)} has no earlier generation to go back to.")
    return _replace(session, task, active, lines_of(earlier), "rollback", account, None, reason)


def _replace(
    session: Session,
    task: Task | None,
    before: Sequence[Deployment],
    wanted: Sequence[Wanted],
    action: str,
    account: Account | None,
    iteration: Iteration | None,
    reason: str | None,
    *,
    decided: bool = True,
) -> list[Deployment]:
    snapshots = [_deployable(session, line, task) for line in wanted]
    unevaluated = _unevaluated(session, snapshots, before)
    if unevaluated and not decided:
        raise SnapshotNotEvaluated(
            f"Snapshot “{unevaluated[0]}” was never evaluated on test data; to deploy it all the same, give a reason."
        )
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
            full_share=line.full_share,
            generation=(before[0].generation if before else 0) + 1,
            iteration_id=iteration.id if iteration else None,
            created_by=account.id if account else None,
        )
        for snapshot, line in zip(snapshots, wanted, strict=True)
    ]
    session.add_all(after)
    audit(
        session,
        account,
        action,
        subject_of(task.slug if task else None),
        before=_words(before) or None,
        after={**_words(after), **({"unevaluated": unevaluated} if unevaluated else {})},
        reason=reason,
    )
    session.flush()
    send_after_commit(session, "reconcile")
    return after


def active_generation(session: Session, task: Task | None) -> list[Deployment]:
    query = select(Deployment).where(_of(task), Deployment.active).order_by(Deployment.share.desc(), Deployment.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _locked(session: Session, task: Task | None, after: int | None) -> list[Deployment]:
    """The active generation, which nobody else replaces before this transaction ends: of two deployments at the same
    moment the second waits, and then follows the first (SQLite: BEGIN IMMEDIATE). The scoring PM serves all tasks."""
    tasks = select(Task.id).order_by(Task.id)
    session.execute((tasks.where(Task.id == task.id) if task else tasks).with_for_update())
    active = active_generation(session, task)
    if after is not None and active and active[0].generation != after:
        raise DeployedMeanwhile(
            f"{_name(task)} has got generation {active[0].generation} meanwhile, and you looked at {after}; "
            "look again before you replace it."
        )
    return active


def _generation(session: Session, task: Task | None, generation: int) -> list[Deployment]:
    rows = select(Deployment).where(_of(task), Deployment.generation == generation)
    return list(session.scalars(rows.order_by(Deployment.share.desc(), Deployment.id)))


def _of(task: Task | None) -> Any:
    return Deployment.task_id == task.id if task else Deployment.task_id.is_(None)


def lines_of(rows: Sequence[Deployment]) -> list[Wanted]:
    return [Wanted(row.snapshot.name, row.share, row.best_of, row.full_share) for row in rows]


def _name(task: Task | None) -> str:
    return f"Task {task.slug}" if task else "The scoring PM"


def subject_of(slug: str | None) -> str:
    """How the audit log names what is deployed for."""
    return f"task:{slug}" if slug else "scoring-pm"


def deployed_pm(session: Session) -> Snapshot | None:
    """The PM that scores new candidates."""
    rows = active_generation(session, None)
    return rows[0].snapshot if rows else None


def _deployable(session: Session, line: Wanted, task: Task | None) -> Snapshot:
    # Locked for reading: who would retire it at the same moment waits, and then finds it deployed.
    named = select(Snapshot).where(Snapshot.name == line.snapshot).with_for_update(read=True)
    snapshot = session.scalar(named.execution_options(populate_existing=True))
    if snapshot is None:
        raise SnapshotNotDeployable(f"There is no snapshot “{line.snapshot}”.")
    kind = SnapshotKind.POLICY if task else SnapshotKind.PM
    if snapshot.kind != kind:
        is_a, wanted = ("PM", "policy") if task else ("policy", "PM")
        raise SnapshotNotDeployable(f"Snapshot “{snapshot.name}” is a {is_a}, and a {wanted} is wanted here.")
    if snapshot.retired_at:
        raise SnapshotNotDeployable(f"Snapshot “{snapshot.name}” was retired.")
    if line.best_of > 1 and deployed_pm(session) is None:
        raise SnapshotNotDeployable(f"Best of {line.best_of} needs a deployed PM that chooses; there is none yet.")
    if snapshot.directory is not None:
        verify(directory_of(snapshot))
    return snapshot


def _unevaluated(session: Session, snapshots: Sequence[Snapshot], before: Sequence[Deployment]) -> list[str]:
    """Names of those that come new into a task, and of which nobody knows how they do. The initial policy is what
    others are evaluated against."""
    answering = {row.snapshot_id for row in before}
    new = {row.id: row.name for row in snapshots if row.directory is not None and row.id not in answering}
    known = set(session.scalars(select(Evaluation.snapshot_id).where(Evaluation.snapshot_id.in_(new))))
    return [name for id, name in new.items() if id not in known]


def _words(rows: Sequence[Deployment]) -> dict[str, Any]:
    """Of nothing: nothing."""
    if not rows:
        return {}
    lines = [
        {"snapshot": row.snapshot.name, "share": row.share, "best_of": row.best_of}
        | ({} if row.full_share is None else {"full_share": row.full_share})
        for row in rows
    ]
    return {"generation": rows[0].generation, "deployments": lines}
