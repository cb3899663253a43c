"""Who answered crowdworkers with which share, day by day."""

from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.db import now
from app.tables import Deployment, Snapshot, Task

SHARES = "Share of the traffic of each snapshot"
DAY = timedelta(days=1)
GENERATIONS = 200
"""The newest; more than a year of weekly ones, with canaries and roll-backs."""


def shares_over_time(session: Session, asked: Asked) -> Figure:
    """Of the first task, or the one asked for. A day has the shares that it ended with."""
    figure = Figure(
        name="deployment-shares",
        title=SHARES,
        x=Axis(label="Day (UTC)"),
        y=Axis(label="Share", unit="%"),
        how_to_read="Every line is a snapshot; at each day all lines together are 100 %. A step is a deployment, a "
        "promotion or a roll-back. The initial policy's line must never reach 0: the Elo scale hangs on it.",
        interval="none, since shares are decided",
        paper="§4.5: several snapshots are deployed at once",
    )
    tasks = select(Task).order_by(Task.slug)
    task = session.scalar(tasks.where(Task.slug == asked.task) if asked.task else tasks.limit(1))
    of_day = _by_day(session, task) if task else {}
    if task is None or not of_day:
        figure.missing = f"Nothing was ever deployed for “{asked.task}”." if asked.task else "Nothing is deployed yet."
        return figure
    figure.title = f"{SHARES}: {task.slug}"
    if len(of_day) == 1:
        figure.missing = (
            "All that was deployed so far was deployed on one day; from the next change on there is a line."
        )
        return figure
    today = max(now().date(), max(of_day))
    days = sorted(of_day)
    for name in dict.fromkeys(name for day in reversed(days) for name in of_day[day]):
        points: list[Point] = []
        for day in days:
            before, share = points[-1].y if points else 0.0, of_day[day].get(name, 0.0)
            if share == before and points:
                continue
            if points and day - DAY > points[-1].x:  # type: ignore[operator]  # days, as made below
                points.append(Point(x=day - DAY, y=before))
            if points or share:
                points.append(Point(x=day, y=share))
        if points[-1].y and points[-1].x < today:  # type: ignore[operator]
            points.append(Point(x=today, y=points[-1].y))
        figure.series.append(Series(name=name, points=points))
    return figure


def _by_day(session: Session, task: Task) -> dict[date, dict[str, float]]:
    """Shares by snapshot (all its best-of together) at the end of each day on which something was deployed."""
    rows = (
        select(Deployment.generation, Deployment.created_at, Snapshot.name, Deployment.share)
        .join(Snapshot, Deployment.snapshot_id == Snapshot.id)
        .where(Deployment.task_id == task.id)
        .order_by(Deployment.generation.desc(), Deployment.share.desc())
        .limit(GENERATIONS * 4)
    )
    newest: dict[date, int] = {}
    of_day: dict[date, dict[str, float]] = {}
    for generation, at, name, share in session.execute(rows):
        day = at.date()
        if newest.setdefault(day, generation) == generation:
            shares = of_day.setdefault(day, defaultdict(float))
            shares[name] += share
    return of_day
