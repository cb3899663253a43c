"""Figures about the comparisons themselves."""

from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import BigInteger, cast, extract, func
from sqlalchemy.orm import Session

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.dashboard.queries import counted
from app.tables import Comparison

PER_DAY = "Comparisons per day"
EPOCH, SECONDS = date(1970, 1, 1), 86_400


def comparisons_per_day(session: Session, _: Asked) -> Figure:
    """By kind, in UTC days."""
    # Through the epoch: databases agree on it, and on nothing else about days.
    day = cast(extract("epoch", Comparison.created_at), BigInteger) // SECONDS
    rows = counted().with_only_columns(day.label("day"), Comparison.kind, func.count()).group_by("day", Comparison.kind)
    by_kind: dict[str, list[Point]] = defaultdict(list)
    for since, kind, count in session.execute(rows.order_by("day")):
        by_kind[str(kind)].append(Point(x=EPOCH + timedelta(days=int(since)), y=count))
    return Figure(
        name="comparisons-per-day",
        title=PER_DAY,
        x=Axis(label="Day (UTC)"),
        y=Axis(label="Comparisons"),
        series=[Series(name=kind, points=points) for kind, points in sorted(by_kind.items())],
        how_to_read="Base: both candidates by the initial policy. Online: a trained policy took part. "
        "Rejection-sampled: best of several samples. Imported: read from files, on the day of the import.",
        missing=None if by_kind else "There are no comparisons yet: hold a conversation, or import some.",
    )
