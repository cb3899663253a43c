"""Who answers crowdworkers now: the shares of each task, with the Elo that the leaderboard's newest fit gives them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.tables import Deployment, EloBoard, EloFit, EloFitStatus, Task


class Strength(BaseModel):
    """Elo against the initial policy, which stands at 0; without an interval where too few crowdworkers chose."""

    elo: float
    low: float | None = None
    high: float | None = None


class Answers(BaseModel):
    snapshot: str
    best_of: int
    share: float  # percent
    strength: Strength | None
    comparisons: int  # with other policies, of the newest fit


class Answering(BaseModel):
    task: str
    title: str
    since: datetime
    policies: list[Answers]


def answering(session: Session) -> list[Answering]:
    """Of every task that crowdworkers may take and somebody answers."""
    rows = select(Deployment, Task).join(Task, Deployment.task_id == Task.id).where(Deployment.active, Task.active)
    rows = rows.options(joinedload(Deployment.snapshot)).order_by(Task.slug, Deployment.share.desc(), Deployment.id)
    found: dict[str, Answering] = {}
    standings = _standings(session)
    for row, task in session.execute(rows):
        entry = found.setdefault(
            task.slug,
            Answering(task=task.slug, title=task.current_text.title, since=row.created_at, policies=[]),
        )
        standing = standings.get(task.id, {}).get((row.snapshot.name, row.best_of), {})
        elo = standing.get("elo")
        entry.policies.append(
            Answers(
                snapshot=row.snapshot.name,
                best_of=row.best_of,
                share=row.share,
                strength=Strength.model_validate(elo) if elo else None,
                comparisons=standing.get("comparisons", 0),
            )
        )
    return list(found.values())


def scoring_pm(session: Session) -> str | None:
    rows = select(Deployment).where(Deployment.active, Deployment.task_id.is_(None))
    row = session.scalar(rows.options(joinedload(Deployment.snapshot)).limit(1))
    return row.snapshot.name if row else None


def _standings(session: Session) -> dict[str, Mapping[tuple[str, int], Mapping[str, Any]]]:
    """By task; then by snapshot and best-of, as the fit stored them (over all weeks)."""
    newest = select(EloFit.id).where(EloFit.status == EloFitStatus.DONE).order_by(EloFit.finished_at.desc()).limit(1)
    boards = select(EloBoard.task_id, EloBoard.board["standings"]).where(
        EloBoard.fit_id == newest.scalar_subquery(), EloBoard.week.is_(None)
    )
    return {
        task_id: {(one["snapshot"], one["best_of"]): one for one in standings}
        for task_id, standings in session.execute(boards)
    }
