"""Snapshots and generations as the dashboard lists them. `page.py` has all of one snapshot."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from app.errors import DomainError
from app.snapshots import schemas
from app.snapshots.retiring import named
from app.snapshots.service import subject_of
from app.tables import (
    Account,
    AuditEvent,
    Deployment,
    Evaluation,
    Iteration,
    IterationTranche,
    Sample,
    Snapshot,
    SnapshotKind,
    Task,
    Tranche,
)

AT_A_TIME = 50
GENERATIONS = 50
"""Of each task, the newest."""
SCORING_PM = subject_of(None)
"""In place of a task's name: the PM that scores the candidates of all of them."""
ACTIONS = ("deploy", "promote", "rollback")


class UnknownTask(DomainError):
    status = 404


def target_of(session: Session, slug: str) -> Task | None:
    """What is deployed for: a task, or (None) the scoring PM."""
    if slug == SCORING_PM:
        return None
    task = session.scalar(select(Task).where(Task.slug == slug))
    if task is None:
        raise UnknownTask(f"There is no task “{slug}”.")
    return task


def snapshots(
    session: Session, kind: SnapshotKind | None = None, retired: bool = False, before: str | None = None
) -> list[schemas.Snapshot]:
    """Newest first, at most AT_A_TIME of them, those made before the one named `before`."""
    rows = select(Snapshot).where(Snapshot.retired_at.is_not(None) if retired else Snapshot.retired_at.is_(None))
    if kind is not None:
        rows = rows.where(Snapshot.kind == kind)
    if before is not None:
        last = named(session, before)
        rows = rows.where(tuple_(Snapshot.created_at, Snapshot.id) < (last.created_at, last.id))
    rows = rows.order_by(Snapshot.created_at.desc(), Snapshot.id.desc()).limit(AT_A_TIME)
    return described(session, session.scalars(rows).all())


def described(session: Session, rows: Sequence[Snapshot]) -> list[schemas.Snapshot]:
    ids = [row.id for row in rows]
    iterations = {row.iteration_id for row in rows if row.iteration_id}
    deployed: dict[str, list[schemas.Deployed]] = {}
    active = select(Deployment.snapshot_id, Task.slug, Deployment.share, Deployment.full_share).outerjoin(Task)
    active = active.where(Deployment.active, Deployment.snapshot_id.in_(ids)).order_by(Task.slug)
    for snapshot_id, slug, share, full in session.execute(active):
        line = schemas.Deployed(task=slug, share=share, full_share=full)
        deployed.setdefault(snapshot_id, []).append(line)
    names = dict(
        session.execute(select(Iteration.id, Iteration.name).where(Iteration.id.in_(iterations))).tuples().all()
    )
    erased = dict(
        session.execute(
            select(IterationTranche.iteration_id, func.sum(Tranche.erased))
            .join(Tranche)
            .where(IterationTranche.iteration_id.in_(iterations))
            .group_by(IterationTranche.iteration_id)
        )
        .tuples()
        .all()
    )
    evaluated = set(session.scalars(select(Evaluation.snapshot_id).where(Evaluation.snapshot_id.in_(ids)).distinct()))
    return [
        schemas.Snapshot(
            id=snapshot.id,
            name=snapshot.name,
            kind=snapshot.kind,
            created_at=snapshot.created_at,
            iteration=names.get(snapshot.iteration_id or ""),
            metrics=snapshot.manifest.get("metrics") or {},
            deployed=deployed.get(snapshot.id, []),
            erased=erased.get(snapshot.iteration_id or "", 0),
            evaluated=snapshot.id in evaluated,
            retired_at=snapshot.retired_at,
        )
        for snapshot in rows
    ]


def names(session: Session) -> list[schemas.Name]:
    """Of all snapshots, newest first, to choose from."""
    sampled = set(session.scalars(select(Sample.snapshot_id).distinct()))
    rows = select(Snapshot.id, Snapshot.name, Snapshot.kind, Snapshot.retired_at).order_by(Snapshot.created_at.desc())
    return [
        schemas.Name(name=name, kind=kind, retired=retired is not None, sampled=id in sampled)
        for id, name, kind, retired in session.execute(rows)
    ]


def generations(session: Session) -> list[schemas.Generation]:
    """Newest first, the last GENERATIONS of each task; those of one task are numbered."""
    newest = select(Deployment.task_id, func.max(Deployment.generation).label("generation"))
    newest_of = newest.group_by(Deployment.task_id).subquery()
    rows = (
        select(Deployment, Task.slug, Account.username, Iteration.name)
        .join(newest_of, Deployment.task_id.is_not_distinct_from(newest_of.c.task_id))
        .outerjoin(Task, Deployment.task_id == Task.id)
        .outerjoin(Account, Deployment.created_by == Account.id)
        .outerjoin(Iteration, Deployment.iteration_id == Iteration.id)
        .where(Deployment.generation > newest_of.c.generation - GENERATIONS)
        .options(joinedload(Deployment.snapshot).load_only(Snapshot.name))
        .order_by(Task.slug, Deployment.generation, Deployment.share.desc(), Deployment.id)
    )
    found = []
    for (slug, _), group in groupby(session.execute(rows), key=lambda row: (row[1], row[0].generation)):
        lines = list(group)
        generation = shown(slug, [line[0] for line in lines])
        found.append(generation.model_copy(update={"created_by": lines[0][2], "iteration": lines[0][3]}))
    return _with_reasons(session, sorted(found, key=lambda generation: generation.created_at, reverse=True))


def _with_reasons(session: Session, found: list[schemas.Generation]) -> list[schemas.Generation]:
    """What was done and why, from the audit log."""
    subjects = {subject_of(generation.task) for generation in found}
    events = select(AuditEvent.subject, AuditEvent.after, AuditEvent.action, AuditEvent.reason).where(
        AuditEvent.subject.in_(subjects), AuditEvent.action.in_(ACTIONS)
    )
    events = events.order_by(AuditEvent.id.desc()).limit(GENERATIONS * max(1, len(subjects)))
    why = {
        (subject, after.get("generation")): {"action": action, "reason": reason}
        for subject, after, action, reason in session.execute(events)
        if after
    }
    return [one.model_copy(update=why.get((subject_of(one.task), one.generation), {})) for one in found]


def shown(task: str | None, rows: Iterable[Deployment]) -> schemas.Generation:
    rows = list(rows)
    return schemas.Generation(
        task=task,
        generation=rows[0].generation,
        active=rows[0].active,
        canary=any(row.full_share is not None for row in rows),
        created_at=rows[0].created_at,
        deployments=[
            schemas.DeploymentLine(
                snapshot=row.snapshot.name, share=row.share, best_of=row.best_of, full_share=row.full_share
            )
            for row in rows
        ],
    )
