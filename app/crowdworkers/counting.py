"""From comparisons to counts, a crowdworker's week at a time. A job does it (`worker/crowdworkers.py`).

A week is counted again when something in it is newer than its last count, and else within the hour: scores come after
choices, and a choice may be replaced later. Whoever had their data erased has no rows here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from app.db import now
from app.tables import (
    Candidate,
    ChoiceDirection,
    Comparison,
    Conversation,
    CountedWeek,
    CrowdworkerTotal,
    CrowdworkerWeek,
    Turn,
)
from app.weeks import WEEK, monday_of

STALE = timedelta(hours=1)
AT_A_TIME = 500  # accounts in one query
LONGEST = 3600
"""Seconds. Longer than an hour to choose is a lunch, and says no more than an hour does."""
SUMMED = ("comparisons", "conversations", "strength_1", "strength_2", "strength_3", "strength_4",
          "sided", "picked_a", "scored", "with_pm")  # fmt: skip


def due_weeks(session: Session) -> list[date]:
    """Every week that was never counted, oldest first; this one and the last, if something came since; and of the rest
    the one that was counted longest ago, if that is an hour ago."""
    made = select(Comparison.created_at).where(Comparison.account_id.is_not(None)).limit(1)
    first = session.scalar(made.order_by(Comparison.created_at))  # not min(): SQLite would read them all
    newest = session.scalar(made.order_by(Comparison.created_at.desc()))
    if first is None or newest is None:
        return []
    counted = dict(session.execute(select(CountedWeek.week, CountedWeek.counted_at)).tuples().all())
    monday, last = monday_of(first), monday_of(max(newest, now()))
    weeks = [monday + number * WEEK for number in range((last - monday) // WEEK + 1)]
    due = [week for week in weeks if week not in counted]
    due += [week for week in weeks[-2:] if week in counted and _is_newer(session, week, counted[week])]
    others = [week for week in weeks if week not in due]
    if others:
        oldest = min(others, key=lambda week: counted[week])
        if counted[oldest] < now() - STALE:
            due.append(oldest)
    return due


def _is_newer(session: Session, week: date, counted_at: datetime) -> bool:
    """Is there a choice that the count has not seen?"""
    begin, end = _ends(week)
    new = select(Comparison.id).where(
        Comparison.account_id.is_not(None),
        Comparison.created_at >= max(begin, counted_at),
        Comparison.created_at < end,
    )
    return session.scalar(new.limit(1)) is not None


def _ends(week: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(week, time(), UTC)
    return begin, begin + WEEK


def read_week(session: Session, week: date) -> dict[str, dict[str, Any]]:
    """Every crowdworker's counts of one week, by account: columns of CrowdworkerWeek."""
    found: dict[str, _Tally] = defaultdict(_Tally)
    for row in _rows(session, week):
        found[row.account_id].add(row)
    return {account_id: tally.columns() for account_id, tally in found.items()}


def _rows(session: Session, week: date) -> Iterator[Any]:
    begin, end = _ends(week)
    picked, other = aliased(Candidate), aliased(Candidate)
    rows = (
        select(
            Comparison.account_id,
            Comparison.strength,
            Comparison.seconds_to_choose,
            Comparison.choice_direction,
            Comparison.created_at,
            Turn.position,
            picked.shown,
            other.shown.label("other_shown"),
            picked.score,
            other.score.label("other_score"),
            picked.scored_by_id,
            other.scored_by_id.label("other_scored_by_id"),
        )
        .join(Turn, Comparison.turn_id == Turn.id)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(picked, Comparison.picked_id == picked.id)
        .join(other, Comparison.other_id == other.id)
        .where(
            Comparison.created_at >= begin,
            Comparison.created_at < end,
            Comparison.account_id.is_not(None),
            Comparison.superseded_at.is_(None),
            Conversation.preview.is_(False),
        )
    )
    yield from session.execute(rows.execution_options(yield_per=5_000))


class _Tally:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self.last_at: datetime | None = None

    def add(self, row: Any) -> None:
        self.counts["comparisons"] += 1
        self.counts["conversations"] += row.position == 0
        self.last_at = max(self.last_at or row.created_at, row.created_at)
        if row.strength is not None:
            self.counts[f"strength_{row.strength}"] += 1
        if row.seconds_to_choose is not None:
            self.seconds[min(int(row.seconds_to_choose), LONGEST)] += 1
        if {row.shown, row.other_shown} != {"a", "b"}:
            return  # an edit: the crowdworker's own words against what they were made from
        self.counts["sided"] += 1
        self.counts["picked_a"] += row.shown == "a"
        same_pm = row.scored_by_id is not None and row.scored_by_id == row.other_scored_by_id
        if same_pm and None not in (row.score, row.other_score) and row.score != row.other_score:
            wants_better = row.choice_direction == ChoiceDirection.PICK_BETTER
            self.counts["scored"] += 1
            self.counts["with_pm"] += (row.score > row.other_score) == wants_better

    def columns(self) -> dict[str, Any]:
        seconds = {str(second): count for second, count in sorted(self.seconds.items())}
        return {name: self.counts[name] for name in SUMMED} | {"seconds": seconds, "last_at": self.last_at}


def write_week(session: Session, week: date, found: dict[str, dict[str, Any]], counted_at: datetime) -> int:
    """Puts a week's counts in the place of those before, and what is more or less into the totals; how many
    crowdworkers' counts changed."""
    _lock(session, week, counted_at)  # of two workers at the same week the second finds nothing to change
    before = {row.account_id: row for row in session.scalars(_of_week(week))}
    changed = {id for id in before.keys() | found.keys() if id not in found or not _is_same(before.get(id), found[id])}
    totals = _totals(session, sorted(changed))
    for account_id in sorted(changed):
        row, new = before.get(account_id), found.get(account_id)
        total = totals.get(account_id)
        if total is None and new is not None:
            total = CrowdworkerTotal(
                account_id=account_id, **dict.fromkeys(SUMMED, 0), seconds={}, last_at=new["last_at"]
            )
            session.add(total)
        if total is not None:
            _change(session, total, row, new)
        if new is None:
            session.delete(row)
        elif row is None:
            session.add(CrowdworkerWeek(account_id=account_id, week=week, **new))
        else:
            for name, value in new.items():
                setattr(row, name, value)
    session.flush()
    return len(changed)


def _lock(session: Session, week: date, counted_at: datetime) -> None:
    row = session.get(CountedWeek, week, with_for_update=True)
    if row is None:
        session.add(CountedWeek(week=week, counted_at=counted_at))
    else:
        row.counted_at = counted_at
    session.flush()


def _of_week(week: date) -> Select[CrowdworkerWeek]:
    return select(CrowdworkerWeek).where(CrowdworkerWeek.week == week)


def _is_same(row: CrowdworkerWeek | None, new: dict[str, Any]) -> bool:
    return row is not None and all(getattr(row, name) == value for name, value in new.items())


def _totals(session: Session, account_ids: Sequence[str]) -> dict[str, CrowdworkerTotal]:
    found: dict[str, CrowdworkerTotal] = {}
    for start in range(0, len(account_ids), AT_A_TIME):
        some = CrowdworkerTotal.account_id.in_(account_ids[start : start + AT_A_TIME])
        found |= {
            row.account_id: row for row in session.scalars(select(CrowdworkerTotal).where(some).with_for_update())
        }
    return found


def _change(session: Session, total: CrowdworkerTotal, old: CrowdworkerWeek | None, new: dict[str, Any] | None) -> None:
    seconds = Counter(total.seconds)
    for name in SUMMED:
        was, is_now = getattr(old, name) if old else 0, new[name] if new else 0
        setattr(total, name, getattr(total, name) + is_now - was)
    seconds.subtract(old.seconds if old else {})
    seconds.update(new["seconds"] if new else {})
    total.seconds = {second: count for second, count in seconds.items() if count}
    total.median_seconds = median(total.seconds)
    if new:
        total.last_at = max(total.last_at, new["last_at"])
    if total.comparisons == 0:
        session.delete(total)


def median(seconds: dict[str, int]) -> int | None:
    """In whole seconds; of an even number the lower of the two in the middle."""
    left = (sum(seconds.values()) + 1) // 2
    for second, count in sorted((int(second), count) for second, count in seconds.items()):
        left -= count
        if left <= 0:
            return second
    return None
