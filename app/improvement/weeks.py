"""The weeks that have trained a policy, oldest first, and what was measured of each. Week 0 is the initial policy."""

from collections import defaultdict
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.leaderboard.queries import NoSuchBoard, board
from app.leaderboard.schemas import Elo
from app.tables import UNSEEN, Iteration, IterationStatus, StageRun, StageStatus, Task

INITIAL = "initial"


class Measured(NamedTuple):
    value: float
    low: float | None = None  # 95 % interval
    high: float | None = None


class Week(NamedTuple):
    number: int  # 1 is the first
    iteration: str  # its name
    status: IterationStatus
    snapshot: str  # its policy
    snapshot_id: str
    pm: str | None
    pm_id: str | None
    accuracy: Measured | None  # of its PM on test comparisons, a share
    gain: Measured | None  # PM score above the initial policy's, on test prompts


def weeks(session: Session) -> list[Week]:
    """From the results of stages, in one query."""
    rows = (
        select(Iteration.number, Iteration.name, Iteration.status, StageRun.stage, StageRun.result)
        .join(StageRun, StageRun.iteration_id == Iteration.id)
        .where(StageRun.stage.in_(RESULTS), StageRun.status == StageStatus.SUCCEEDED)
        .order_by(Iteration.number, StageRun.attempt)
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    names: dict[int, tuple[str, IterationStatus]] = {}
    for number, name, status, stage, result in session.execute(rows):
        names[number] = name, status
        found[number][stage] = result or {}
    trained = [number for number, stages in found.items() if "snapshot_id" in stages.get("train_policy", {})]
    return [_week(place, *names[number], found[number]) for place, number in enumerate(trained, start=1)]


RESULTS = ("train_pm", "evaluate_pm", "train_policy", "evaluate_policy")


def _week(number: int, name: str, status: IterationStatus, stages: dict[str, Any]) -> Week:
    policy, pm = stages["train_policy"], stages.get("train_pm", {})
    judged, told = stages.get("evaluate_pm", {}).get("new") or {}, stages.get("evaluate_policy", {})
    gain = (told.get("paired") or {}).get("score") if told.get("prompts_from", UNSEEN) == UNSEEN else None
    return Week(
        number=number,
        iteration=name,
        status=status,
        snapshot=policy["snapshot"],
        snapshot_id=policy["snapshot_id"],
        pm=pm.get("snapshot"),
        pm_id=pm.get("snapshot_id"),
        accuracy=_measured(judged, "accuracy"),
        gain=_measured(gain or {}, "mean"),
    )


def _measured(numbers: dict[str, Any], name: str) -> Measured | None:
    value = numbers.get(name)
    return None if value is None else Measured(value, numbers.get("low"), numbers.get("high"))


def elos(session: Session, slug: str | None) -> tuple[str | None, dict[str, Elo]]:
    """Of each policy by its name, over all weeks of a task; of the first task that has a board, if none is named."""
    slugs = [slug] if slug else list(session.scalars(select(Task.slug).order_by(Task.slug)))
    for one in slugs:
        try:
            standings = board(session, one).standings
        except NoSuchBoard:
            continue
        return one, {row.snapshot: row.elo for row in standings if row.elo and row.best_of == 1}
    return slug, {}
