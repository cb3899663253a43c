"""How many comparisons came in: by day (UTC), task and kind.

Days that are over are a row each in `collected_days`, which the tick writes; only those after them are counted when
somebody asks. So the page costs the same after a week and after a million comparisons.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import BigInteger, cast, extract, func, insert, select
from sqlalchemy.orm import Session

from app.dashboard.queries import counted
from app.db import now
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    CollectedDay,
    Comparison,
    Conversation,
    Role,
    Task,
    Tranche,
    TrancheKind,
)
from app.weeks import WEEK, monday_of

DAY = timedelta(days=1)
AT_ONCE = timedelta(days=31)
"""Days that one transaction closes: an installation that begins with this release has all of its own to close."""
EPOCH, SECONDS = date(1970, 1, 1), 86_400


class Came(NamedTuple):
    day: date
    task_id: str
    kind: TrancheKind
    comparisons: int


def came_in(session: Session) -> list[Came]:
    """Of each day that brought any, the earliest first."""
    days = select(CollectedDay.day, CollectedDay.task_id, CollectedDay.kind, CollectedDay.comparisons)
    closed = [Came(*row) for row in session.execute(days.order_by(CollectedDay.day))]
    return closed + _count(session, closed[-1].day + DAY if closed else None, None)


def close_days(session: Session) -> bool:
    """Write the next days that are over, one whole day late: by then choices are changed and imports are shown that
    were begun before midnight. False: there is nothing left to write."""
    newest = session.scalar(select(func.max(CollectedDay.day)))
    open_from = now().date() - DAY
    since = select(func.min(Comparison.created_at))
    if newest is not None:
        since = since.where(Comparison.created_at >= _midnight(newest + DAY))
    first = session.scalar(since)
    if first is None or first.date() >= open_from:
        return False
    # A stretch without one that counts (previews alone, say) must not be where it stops for ever.
    start = first.date()
    while start < open_from:
        until = min(start + AT_ONCE, open_from)
        if rows := _count(session, start, until):
            session.execute(insert(CollectedDay), [row._asdict() for row in rows])
            return until < open_from
        start = until
    return False


def _count(session: Session, since: date | None, until: date | None) -> list[Came]:
    """`until` is not included."""
    # Through the epoch: databases agree on it, and on nothing else about days.
    day = cast(extract("epoch", Comparison.created_at), BigInteger) // SECONDS
    rows = counted().with_only_columns(day.label("day"), Conversation.task_id, Comparison.kind, func.count())
    if since is not None:
        rows = rows.where(Comparison.created_at >= _midnight(since))
    if until is not None:
        rows = rows.where(Comparison.created_at < _midnight(until))
    rows = rows.group_by("day", Conversation.task_id, Comparison.kind)
    rows = rows.order_by("day", Conversation.task_id, Comparison.kind)
    return [Came(EPOCH + timedelta(days=int(at)), task, kind, n) for at, task, kind, n in session.execute(rows)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


# As the overview shows it ----------------------------------------------------------------------------------------


class Counts(BaseModel):
    today: int
    this_week: int  # weeks begin on Monday, days at midnight UTC
    last_week: int
    total: int


class Collected(BaseModel):
    all: Counts
    by_task: dict[str, Counts]
    by_kind: dict[str, Counts]
    new: int  # since the last tranche was frozen
    crowdworkers: int  # who chose at least once this week
    assignments_open: int


def collected(session: Session) -> Collected:
    came = came_in(session)
    today = now().date()
    slugs = dict(session.execute(select(Task.id, Task.slug)).tuples().all())
    return Collected(
        all=_counts(came, today),
        by_task=_by(came, today, lambda row: slugs[row.task_id]),
        by_kind=_by(came, today, lambda row: str(row.kind)),
        new=_since_the_last_tranche(session, came),
        crowdworkers=_who_chose_since(session, monday_of(today)),
        assignments_open=_open_assignments(session),
    )


def _by(came: Iterable[Came], today: date, name: Callable[[Came], str]) -> dict[str, Counts]:
    grouped: dict[str, list[Came]] = {}
    for row in came:
        grouped.setdefault(name(row), []).append(row)
    return {key: _counts(rows, today) for key, rows in sorted(grouped.items())}


def _counts(came: Iterable[Came], today: date) -> Counts:
    on_day: dict[date, int] = defaultdict(int)
    for row in came:
        on_day[row.day] += row.comparisons
    monday = monday_of(today)
    return Counts(
        today=on_day[today],
        this_week=sum(count for day, count in on_day.items() if day >= monday),
        last_week=sum(count for day, count in on_day.items() if monday - WEEK <= day < monday),
        total=sum(on_day.values()),
    )


def _since_the_last_tranche(session: Session, came: Iterable[Came]) -> int:
    frozen_at = session.scalar(select(func.max(Tranche.created_at)))
    if frozen_at is None:
        return sum(row.comparisons for row in came)
    that_day = counted().where(
        Comparison.created_at > frozen_at, Comparison.created_at < _midnight(frozen_at.date() + DAY)
    )
    rest = session.scalar(that_day.with_only_columns(func.count())) or 0
    return rest + sum(row.comparisons for row in came if row.day > frozen_at.date())


def _who_chose_since(session: Session, day: date) -> int:
    people = select(func.count(Comparison.account_id.distinct())).join(Account, Comparison.account_id == Account.id)
    chose = people.where(Comparison.created_at >= _midnight(day), Comparison.superseded_at.is_(None))
    return session.scalar(chose.where(Account.role == Role.CROWDWORKER)) or 0


def _open_assignments(session: Session) -> int:
    taken = select(func.count()).select_from(Assignment).join(Account, Assignment.account_id == Account.id)
    opened = taken.where(Assignment.status == AssignmentStatus.OPEN, Account.role == Role.CROWDWORKER)
    return session.scalar(opened) or 0
