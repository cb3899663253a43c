"""Figures about who chooses, and how: from the counts of weeks, and from researchers' blind reviews."""

from datetime import date

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from app.agreement import Share, share
from app.crowdworkers.counting import median
from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.errors import DomainError
from app.tables import (
    Account,
    Candidate,
    ChoiceDirection,
    Comparison,
    CrowdworkerTotal,
    CrowdworkerWeek,
    Review,
)
from app.weeks import WEEK

CONCENTRATION = "How much of the data comes from how few"
VOLUME = "Comparisons a week"
HABITS = "How they choose, week by week"
SECONDS = "Median time to choose"
AGREEMENT = "Who picks what the other picked"
COUNTED = "none, since all are counted"
NOT_THERE = "not there; §2.1 tells of vetting crowdworkers by reading what they write"
SHOWN = 300  # points of a curve


class UnknownCrowdworker(DomainError):
    status = 404


def concentration(session: Session, _: Asked) -> Figure:
    """The most diligent first: how much the first n gave together."""
    order = (CrowdworkerTotal.comparisons.desc(), CrowdworkerTotal.account_id)
    counts = list(session.scalars(select(CrowdworkerTotal.comparisons).order_by(*order)))
    everything, so_far, points = sum(counts), 0, []
    for number, count in enumerate(counts, start=1):
        so_far += count
        if number <= 50 or number == len(counts) or number % max(1, len(counts) // SHOWN) == 0:
            points.append(Point(x=number, y=100 * so_far / everything))
    return Figure(
        name="data-by-crowdworker",
        title=CONCENTRATION,
        x=Axis(label="Crowdworkers, the most diligent first"),
        y=Axis(label="Of all comparisons", unit="%"),
        series=[Series(name="together", points=points)] if points else [],
        how_to_read="How much of all comparisons the first 1, 2, 3 … crowdworkers gave together. A curve that rises at "
        "once is the taste of a few people.",
        interval=COUNTED,
        paper="§2.1: about 20 crowdworkers gave 80 %",
        missing=None if points else "No crowdworker has chosen anything yet.",
    )


def volume(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="crowdworker-volume",
        title=VOLUME,
        x=Axis(label="Week, by its Monday (UTC)"),
        y=Axis(label="Comparisons"),
        interval=COUNTED,
        paper=NOT_THERE,
        how_to_read="What this crowdworker chose in each week; a choice that was replaced later is not counted.",
    )
    rows = _weeks(session, asked, figure)
    if rows:
        points = [Point(x=week, y=rows[week].comparisons if week in rows else 0) for week in _every(rows)]
        figure.series.append(Series(name=asked.crowdworker or "", points=points))
    return figure


def seconds(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="crowdworker-seconds",
        title=SECONDS,
        x=Axis(label="Week, by its Monday (UTC)"),
        y=Axis(label="Median", unit="s"),
        interval="none, since it is the median of all choices",
        paper=NOT_THERE,
        how_to_read="From the end of both responses to the choice. Half of the choices of the week took longer. A time "
        "in which nobody can read two responses is a reason to look at the conversations.",
    )
    rows = _weeks(session, asked, figure)
    points = [
        Point(x=week, y=middle, of=sum(row.seconds.values()))
        for week, row in sorted(rows.items())
        if (middle := median(row.seconds)) is not None
    ]
    if points:
        figure.series.append(Series(name=asked.crowdworker or "", points=points))
    elif rows:
        figure.missing = "No time to choose was measured."
    return figure


def habits(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="crowdworker-habits",
        title=HABITS,
        kind="points",
        interval="95 %, Wilson",
        paper=NOT_THERE,
        x=Axis(label="Week, by its Monday (UTC)"),
        y=Axis(label="Share", unit="%"),
        how_to_read="Picked A: which response is A is tossed at every turn, so an interval that misses 50 % is a bias. "
        "With the PM: picked as the PM's scores would; a good crowdworker may well disagree with a poor PM, so this is "
        "never used alone. Weeks with fewer than 10 of a kind are left out.",
    )
    rows = _weeks(session, asked, figure)
    for name, some, of in (("picked A", "picked_a", "sided"), ("with the PM", "with_pm", "scored")):
        shares = {week: share(getattr(row, some), getattr(row, of)) for week, row in sorted(rows.items())}
        points = [_point(week, found) for week, found in shares.items() if found]
        if points:
            figure.series.append(Series(name=name, points=points))
    if rows and not figure.series:
        figure.missing = "Not enough data: no week has ten choices."
    return figure


def _weeks(session: Session, asked: Asked, figure: Figure) -> dict[date, CrowdworkerWeek]:
    """Of the crowdworker asked for; else the figure says what is missing."""
    if asked.crowdworker is None:
        figure.missing = "Say whose: this figure is of one crowdworker (--crowdworker NAME)."
        return {}
    account_id = session.scalar(select(Account.id).where(Account.username == asked.crowdworker.casefold()))
    if account_id is None:
        raise UnknownCrowdworker(f"crowdworker: nobody here is called “{asked.crowdworker}”.")
    of_theirs = select(CrowdworkerWeek).where(CrowdworkerWeek.account_id == account_id)
    rows = {row.week: row for row in session.scalars(of_theirs)}
    if not rows:
        figure.missing = f"{asked.crowdworker} has chosen nothing yet."
    return rows


def _every(rows: dict[date, CrowdworkerWeek]) -> list[date]:
    first, last = min(rows), max(rows)
    return [first + number * WEEK for number in range((last - first) // WEEK + 1)]


def _point(x: date | str, found: Share) -> Point:
    return Point(x=x, y=100 * found.share, low=100 * found.low, high=100 * found.high, of=found.of)


def agreement(session: Session, _: Asked) -> Figure:
    """On the comparisons that researchers reviewed blind, so that all three judged the same pairs."""
    found = {name: share(*counts) for name, counts in _agreements(session).items()}
    points = [_point(name, one) for name, one in found.items() if one]
    return Figure(
        name="agreement",
        title=AGREEMENT,
        kind="points",
        interval="95 %, Wilson",
        paper="§3.4.1: researchers and crowdworkers about 63 %; PM and crowdworkers more, about 68 % at 52B",
        x=Axis(label="Who"),
        y=Axis(label="Picked the same", unit="%"),
        series=[Series(name="agreement", points=points)] if points else [],
        how_to_read="How often two of them pick the same of two responses, on the comparisons that researchers "
        "reviewed before they saw what was picked. 50 % is what coins would do.",
        missing=None if points else "Not enough data: it takes 10 reviews.",
    )


def _agreements(session: Session) -> dict[str, tuple[int, int]]:
    """How many agreed, of how many."""
    picked, other = aliased(Candidate), aliased(Candidate)
    scored = and_(picked.scored_by_id == other.scored_by_id, picked.score != other.score)
    wants_better = Comparison.choice_direction == ChoiceDirection.PICK_BETTER
    pm_picks = case(
        (and_(scored, (picked.score > other.score) == wants_better), Comparison.picked_id),
        (scored, Comparison.other_id),
    )
    pairs = {
        "researchers and crowdworkers": (Review.picked_id, Comparison.picked_id),
        "PM and crowdworkers": (pm_picks, Comparison.picked_id),
        "PM and researchers": (pm_picks, Review.picked_id),
    }
    columns = []
    for one, two in pairs.values():
        both = and_(one.is_not(None), two.is_not(None))
        columns += [func.sum(case((one == two, 1), else_=0)), func.sum(case((both, 1), else_=0))]
    counted = (
        select(*columns)
        .select_from(Review)
        .join(Comparison, Review.comparison_id == Comparison.id)
        .join(picked, Comparison.picked_id == picked.id)
        .join(other, Comparison.other_id == other.id)
        .where(Review.picked_id.is_not(None))
    )
    row = [value or 0 for value in session.execute(counted).one()]
    return {name: (row[2 * at], row[2 * at + 1]) for at, name in enumerate(pairs)}
