"""Snapshots and generations as the dashboard shows them."""

from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.errors import DomainError
from app.snapshots import schemas
from app.tables import Deployment, Iteration, IterationTranche, Snapshot, Task, Tranche


class TaskUnknown(DomainError):
    status = 404


def task_of(session: Session, slug: str) -> Task:
    task = session.scalar(select(Task).where(Task.slug == slug))
    if task is None:
        raise TaskUnknown(f"There is no task “{slug}”.")
    return task


def snapshots(session: Session) -> list[schemas.Snapshot]:
    """All that are not retired, newest first, and where each answers now."""
    deployed: dict[str, list[schemas.Deployed]] = {}
    active = select(Deployment.snapshot_id, Task.slug, Deployment.share).outerjoin(Task).where(Deployment.active)
    for snapshot_id, slug, share in session.execute(active.order_by(Task.slug)):
        deployed.setdefault(snapshot_id, []).append(schemas.Deployed(task=slug, share=share))
    erased = dict(
        session.execute(
            select(IterationTranche.iteration_id, func.sum(Tranche.erased))
            .join(Tranche)
            .group_by(IterationTranche.iteration_id)
        )
        .tuples()
        .all()
    )
    rows = select(Snapshot, Iteration.name).outerjoin(Iteration, Snapshot.iteration_id == Iteration.id)
    rows = rows.where(Snapshot.retired_at.is_(None)).order_by(Snapshot.created_at.desc())
    return [
        schemas.Snapshot(
            id=snapshot.id,
            name=snapshot.name,
            kind=snapshot.kind,
            created_at=snapshot.created_at,
            iteration=iteration,
            metrics=snapshot.manifest.get("metrics") or {},
            deployed=deployed.get(snapshot.id, []),
            erased=erased.get(snapshot.iteration_id or "", 0),
        )
        for snapshot, iteration in session.execute(rows)
    ]


def generations(session: Session) -> list[schemas.Generation]:
    """Newest first; those of one task are numbered."""
    rows = select(Deployment, Task.slug).outerjoin(Task).options(joinedload(Deployment.snapshot))
    rows = rows.order_by(Task.slug, Deployment.generation, Deployment.share.desc(), Deployment.id)
    found = [
        shown(slug, [row for row, _ in group])
        for (slug, _), group in groupby(session.execute(rows), key=lambda pair: (pair[1], pair[0].generation))
    ]
    return sorted(found, key=lambda generation: generation.created_at, reverse=True)


def shown(task: str | None, rows: list[Deployment]) -> schemas.Generation:
    return schemas.Generation(
        task=task,
        generation=rows[0].generation,
        active=rows[0].active,
        created_at=rows[0].created_at,
        deployments=[
            schemas.DeploymentLine(snapshot=row.snapshot.name, share=row.share, best_of=row.best_of) for row in rows
        ],
    )
