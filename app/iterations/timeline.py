"""The weeks one below the other: what each froze, trained and deployed, and how it did."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import now
from app.iterations import schemas
from app.iterations.week import STAGES
from app.tables import (
    Account,
    EloBoard,
    EloFit,
    EloFitStatus,
    Iteration,
    StageRun,
    StageStatus,
    Task,
    Tranche,
)

PAGE = 30  # weeks


def timeline(session: Session, before: int | None = None, limit: int = PAGE) -> schemas.Timeline:
    """Newest first; `before` is the number at which the page before ended."""
    rows = select(Iteration, Account.username).outerjoin(Account, Iteration.started_by == Account.id)
    if before is not None:
        rows = rows.where(Iteration.number < before)
    found = session.execute(rows.order_by(Iteration.number.desc()).limit(limit + 1)).tuples().all()
    page, more = found[:limit], len(found) > limit
    ids = [iteration.id for iteration, _ in page]
    stages, frozen, elo = _stages(session, ids), _frozen(session, ids), _elo(session)
    return schemas.Timeline(
        weeks=[_week(iteration, by, stages.get(iteration.id, []), frozen, elo) for iteration, by in page],
        next=page[-1][0].number if more else None,
        count=session.scalar(select(func.count()).select_from(Iteration)) or 0,
    )


class _Stage(NamedTuple):
    """What the timeline says of a stage: not its whole result, which grows with every week."""

    stage: str
    attempt: int
    status: StageStatus
    started_at: datetime | None
    finished_at: datetime | None
    comparisons: Any
    new: Any
    snapshot: Any


def _stages(session: Session, ids: Sequence[str]) -> dict[str, list[_Stage]]:
    result = StageRun.result
    rows = select(
        StageRun.iteration_id,
        StageRun.stage,
        StageRun.attempt,
        StageRun.status,
        StageRun.started_at,
        StageRun.finished_at,
        result["comparisons"],
        result["new"],
        result["snapshot"],
    ).where(StageRun.iteration_id.in_(ids))
    found: dict[str, list[_Stage]] = {}
    for iteration_id, *stage in session.execute(rows.order_by(StageRun.attempt)):
        found.setdefault(iteration_id, []).append(_Stage(*stage))
    return found


def _frozen(session: Session, ids: Sequence[str]) -> dict[str, int]:
    rows = select(Tranche.iteration_id, Tranche.counts["comparisons"]).where(Tranche.iteration_id.in_(ids))
    frozen: dict[str, int] = {}
    for iteration_id, comparisons in session.execute(rows):
        frozen[iteration_id or ""] = frozen.get(iteration_id or "", 0) + (comparisons or 0)
    return frozen


def _elo(session: Session) -> dict[str, list[schemas.WeekElo]]:
    """By snapshot, of each task: the newest boards over all weeks."""
    newest = select(EloFit.id).where(EloFit.status == EloFitStatus.DONE).order_by(EloFit.finished_at.desc()).limit(1)
    rows = select(Task.slug, EloBoard.board["standings"]).join(Task, EloBoard.task_id == Task.id)
    rows = rows.where(EloBoard.fit_id == newest.scalar_subquery(), EloBoard.week.is_(None)).order_by(Task.slug)
    found: dict[str, list[schemas.WeekElo]] = {}
    for task, standings in session.execute(rows):
        for standing in standings:
            if standing["best_of"] == 1 and (elo := standing["elo"]):
                of_task = schemas.WeekElo(task=task, elo=elo["elo"], low=elo.get("low"), high=elo.get("high"))
                found.setdefault(standing["snapshot"], []).append(of_task)
    return found


def _week(
    iteration: Iteration,
    by: str | None,
    stages: Sequence[_Stage],
    frozen: Mapping[str, int],
    elo: Mapping[str, list[schemas.WeekElo]],
) -> schemas.TimelineWeek:
    done = {stage.stage: stage for stage in stages if stage.status == StageStatus.SUCCEEDED}
    latest = max(stages, key=lambda stage: (STAGES.index(stage.stage), stage.attempt), default=None)
    at_work = [
        ((stage.finished_at or now()) - stage.started_at).total_seconds()
        for stage in stages
        if stage.started_at and (stage.finished_at or stage.status == StageStatus.RUNNING)
    ]
    return schemas.TimelineWeek(
        id=iteration.id,
        number=iteration.number,
        name=iteration.name,
        preset=iteration.preset,
        status=iteration.status,
        reason=iteration.reason,
        created_at=iteration.created_at,
        started_by=by,
        stage=latest.stage if latest else None,
        seconds=sum(at_work) if at_work else None,
        comparisons_new=frozen.get(iteration.id, 0) if "freeze_tranche" in done else None,
        comparisons=done["freeze_tranche"].comparisons if "freeze_tranche" in done else None,
        pm=_pm(done),
        policy=_policy(done, elo),
    )


def _pm(done: Mapping[str, _Stage]) -> schemas.WeekPM | None:
    new = done["evaluate_pm"].new if "evaluate_pm" in done else None
    if not new:  # no test comparison yet
        return None
    return schemas.WeekPM(
        snapshot=done["train_pm"].snapshot if "train_pm" in done else None,
        accuracy=new["accuracy"],
        low=new.get("low"),
        high=new.get("high"),
        comparisons=new["comparisons"],
    )


def _policy(done: Mapping[str, _Stage], elo: Mapping[str, list[schemas.WeekElo]]) -> schemas.WeekPolicy | None:
    snapshot = done["train_policy"].snapshot if "train_policy" in done else None
    if not snapshot:
        return None
    new = done["evaluate_policy"].new if "evaluate_policy" in done else None
    return schemas.WeekPolicy(snapshot=snapshot, kl=(new or {}).get("kl_to_initial"), elo=elo.get(snapshot, []))
