"""Figures about the comparisons themselves."""

from collections import defaultdict
from datetime import date

from sqlalchemy.orm import Session

from app.dashboard.collected import came_in
from app.dashboard.figure import Asked, Axis, Figure, Point, Series

PER_DAY = "Comparisons per day"


def comparisons_per_day(session: Session, _: Asked) -> Figure:
    """By kind, in UTC days."""
    days: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for came in came_in(session):
        days[str(came.kind)][came.day] += came.comparisons
    by_kind = {kind: [Point(x=day, y=count) for day, count in counts.items()] for kind, counts in days.items()}
    return Figure(
        name="comparisons-per-day",
        title=PER_DAY,
        x=Axis(label="Day (UTC)"),
        y=Axis(label="Comparisons"),
        interval="none, since all are counted",
        paper="no figure of its own; §2.3 names the three kinds",
        series=[Series(name=kind, points=points) for kind, points in sorted(by_kind.items())],
        how_to_read="Base: both candidates by the initial policy. Online: a trained policy took part. "
        "Rejection-sampled: best of several samples. Imported: read from files, on the day of the import.",
        missing=None if by_kind else "There are no comparisons yet: hold a conversation, or import some.",
    )
