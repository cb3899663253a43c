"""All that is known of one snapshot."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.snapshots import schemas
from app.snapshots.queries import described
from app.snapshots.retiring import named
from app.snapshots.store import bytes_of
from app.tables import (
    Deployment,
    EloBoard,
    EloFit,
    EloFitStatus,
    Evaluation,
    Iteration,
    Sample,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    Task,
)

TERMS = 100
EVALUATIONS = 20
RELATIVES = 100


def page(session: Session, name: str) -> schemas.SnapshotPage:
    snapshot = named(session, name)
    manifest = snapshot.manifest
    return schemas.SnapshotPage(
        snapshot=described(session, [snapshot])[0],
        base=manifest.get("base") or {},
        system=manifest.get("system"),
        data_hash=snapshot.data_hash,
        config=manifest.get("config") or {},
        files=manifest.get("files") or {},
        bytes=bytes_of(snapshot),
        temperature=manifest.get("temperature"),
        reference_mean=manifest.get("reference_mean"),
        run_id=snapshot.training_run_id,
        gate=_gate(session, snapshot),
        evaluations=list(_evaluations(session, snapshot)),
        relatives=list(_relatives(session, snapshot)),
        elo=list(_elo(session, snapshot)),
        terms=list(_terms(session, snapshot)),
        prompts_answered=session.scalar(
            select(func.count(Sample.prompt_hash.distinct())).where(Sample.snapshot_id == snapshot.id)
        )
        or 0,
    )


def _gate(session: Session, snapshot: Snapshot) -> schemas.Gate | None:
    """What the gate of its week said: of the week's own PM and policy."""
    iteration = session.get(Iteration, snapshot.iteration_id) if snapshot.iteration_id else None
    if iteration is None:
        return None
    said = select(StageRun.result).where(
        StageRun.iteration_id == iteration.id, StageRun.stage == "gate", StageRun.status == StageStatus.SUCCEEDED
    )
    result = session.scalar(said.order_by(StageRun.attempt.desc()).limit(1)) or {}
    return schemas.Gate(
        iteration_id=iteration.id,
        iteration=iteration.name,
        passed=result.get("passed"),
        reason=result.get("reason"),
    )


def _evaluations(session: Session, snapshot: Snapshot) -> Iterator[schemas.Evaluated]:
    rows = (
        select(Evaluation, Iteration.name)
        .outerjoin(Iteration, Evaluation.iteration_id == Iteration.id)
        .where(Evaluation.snapshot_id == snapshot.id)
        .order_by(Evaluation.created_at.desc())
        .limit(EVALUATIONS)
    )
    for row, iteration in session.execute(rows):
        is_pm = snapshot.kind == SnapshotKind.PM
        yield schemas.Evaluated(
            kind=row.kind,
            created_at=row.created_at,
            iteration=iteration,
            of=row.result.get("comparisons" if is_pm else "prompts") or 0,
            measured=list(_of_pm(row.result) if is_pm else _of_policy(row.result)),
        )


def _of_pm(result: dict[str, Any]) -> Iterator[schemas.Measured]:
    for quantity, low, high, against in (
        ("accuracy", result.get("low"), result.get("high"), result.get("longer_wins")),
        ("loss", None, None, None),
        ("brier", None, None, None),
    ):
        if isinstance(value := result.get(quantity), int | float):
            yield schemas.Measured(quantity=quantity, value=value, low=low, high=high, against=against)


def _of_policy(result: dict[str, Any]) -> Iterator[schemas.Measured]:
    new, old = result.get("new") or {}, result.get("old") or {}
    for judge in ("score", "test_score"):
        if gain := (result.get("paired") or {}).get(judge):
            yield schemas.Measured(quantity=f"{judge}_gain", value=gain["mean"], low=gain["low"], high=gain["high"])
            if level := gain.get("at_equal_length"):
                quantity = f"{judge}_gain_at_equal_length"
                yield schemas.Measured(quantity=quantity, value=level["mean"], low=level["low"], high=level["high"])
            yield schemas.Measured(quantity=f"{judge}_win_rate", value=gain["win_rate"])
    for quantity, value in new.items():
        if isinstance(value, int | float):
            yield schemas.Measured(quantity=quantity, value=value, against=old.get(quantity))


def _relatives(session: Session, snapshot: Snapshot) -> Iterator[schemas.Relative]:
    pm = session.get(Snapshot, snapshot.pm_id) if snapshot.pm_id else None
    if pm is not None:
        yield schemas.Relative(name=pm.name, relation="reward")
    # A manifest names parents as their own manifests do; the PM's row may have got a number.
    parents = [name for name in snapshot.manifest.get("parents") or [] if pm is None or name != pm.manifest.get("name")]
    known = set(session.scalars(select(Snapshot.name).where(Snapshot.name.in_(parents))))
    yield from (schemas.Relative(name=name, relation="parent", registered=name in known) for name in parents)
    others = select(Snapshot.name).where(Snapshot.id != snapshot.id).order_by(Snapshot.created_at, Snapshot.name)
    if snapshot.training_run_id is not None:
        of_run = others.where(Snapshot.training_run_id == snapshot.training_run_id).limit(RELATIVES)
        yield from (schemas.Relative(name=name, relation="same run") for name in session.scalars(of_run))
    against = others.where(Snapshot.pm_id == snapshot.id).limit(RELATIVES)
    yield from (schemas.Relative(name=name, relation="trained against it") for name in session.scalars(against))


def _elo(session: Session, snapshot: Snapshot) -> Iterator[schemas.SnapshotElo]:
    """Its standing on the newest board of each task, over all weeks."""
    fit = select(EloFit.id).where(EloFit.status == EloFitStatus.DONE).order_by(EloFit.finished_at.desc()).limit(1)
    boards = (
        select(Task.slug, EloBoard.board)
        .join(Task, EloBoard.task_id == Task.id)
        .where(EloBoard.fit_id == fit.scalar_subquery(), EloBoard.week.is_(None))
        .order_by(Task.slug)
    )
    for task, board in session.execute(boards):
        for standing in board["standings"]:
            if standing["snapshot"] == snapshot.name:
                elo = standing["elo"] or {}
                yield schemas.SnapshotElo(
                    task=task,
                    best_of=standing["best_of"],
                    elo=elo.get("elo"),
                    low=elo.get("low"),
                    high=elo.get("high"),
                    comparisons=standing["comparisons"],
                    missing=standing["missing"],
                )


def _terms(session: Session, snapshot: Snapshot) -> Iterator[schemas.Term]:
    rows = (
        select(Deployment, Task.slug)
        .outerjoin(Task, Deployment.task_id == Task.id)
        .where(Deployment.snapshot_id == snapshot.id)
        .order_by(Deployment.created_at.desc(), Task.slug)
        .limit(TERMS)
    )
    for row, slug in session.execute(rows):
        yield schemas.Term(
            task=slug,
            generation=row.generation,
            share=row.share,
            full_share=row.full_share,
            best_of=row.best_of,
            since=row.created_at,
            until=row.retired_at,
        )
