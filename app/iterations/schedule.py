"""The hour at which an iteration starts by itself. One row, "weekly", which the tick claims when it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, croniter
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.iterations import cron_words
from app.iterations.service import UnknownPreset
from app.iterations.week import PRESETS
from app.tables import Account, AuditEvent, Schedule

NAME = "weekly"
SUBJECT = f"schedule:{NAME}"
SHOWN = 3  # next starts
FURTHEST = timedelta(days=366)  # a first start further away is a slip of the pen


class BadCron(DomainError):
    status = 422


class BadTimezone(DomainError):
    status = 422


class ScheduleInThePast(DomainError):
    status = 422


class FirstRunTooFar(DomainError):
    status = 422


class ScheduleChanged(DomainError):
    status = 409


@dataclass(frozen=True)
class Plan:
    cron: str = "0 3 * * 1"  # Mondays at three in the morning
    timezone: str = "UTC"
    enabled: bool = True
    preset: str = "small"
    overrides: dict[str, Any] | None = None
    min_new_comparisons: int = 100


def get(session: Session) -> Schedule:
    """The schedule; where nobody has planned anything yet, `Plan` as it is, which begins an iteration every week."""
    found = session.scalar(select(Schedule).where(Schedule.name == NAME))
    return found or put(session, Plan())


def put(
    session: Session,
    plan: Plan,
    *,
    account: Account | None = None,
    first_run_at: datetime | None = None,
    version: int | None = None,
) -> Schedule:
    """Replace the plan. It is due for the first time after now, by its cron or once at `first_run_at`. With the version
    that was read, a change that somebody else made meanwhile is not undone unseen."""
    if plan.preset not in PRESETS:
        raise UnknownPreset(f"There is no preset “{plan.preset}”; there are {', '.join(PRESETS)}.")
    due = starts(plan.cron, plan.timezone, now(), first_run_at)[0]
    schedule = session.scalar(select(Schedule).where(Schedule.name == NAME).with_for_update())
    before = _words(schedule) if schedule else None
    due_before = schedule.next_run_at if schedule else None
    if schedule is None:
        schedule = Schedule(name=NAME, version=0)
        session.add(schedule)
    elif version is not None and version != schedule.version:
        raise ScheduleChanged(f"{_who(last_change(session))} changed the schedule meanwhile; look at it again first.")
    schedule.cron, schedule.timezone, schedule.enabled = plan.cron, plan.timezone, plan.enabled
    schedule.preset, schedule.overrides = plan.preset, plan.overrides or {}
    schedule.min_new_comparisons, schedule.next_run_at = plan.min_new_comparisons, due
    after = _words(schedule)
    if before and (first_run_at or (after == before and due != due_before)):
        before["next_run_at"], after["next_run_at"] = str(due_before), str(due)
    if after != before:
        schedule.version += 1
        if account:
            audit(session, account, "schedule", SUBJECT, before=before, after=after)
    session.flush()
    return schedule


class Change(NamedTuple):
    at: datetime
    by: str | None  # None: the person is gone


def last_change(session: Session) -> Change | None:
    """The last one that a person made."""
    rows = select(AuditEvent.at, Account.username).outerjoin(Account, AuditEvent.account_id == Account.id)
    rows = rows.where(AuditEvent.subject == SUBJECT, AuditEvent.action == "schedule")
    found = session.execute(rows.order_by(AuditEvent.id.desc()).limit(1)).first()
    return Change(*found) if found else None


def _who(change: Change | None) -> str:
    return change.by if change and change.by else "Somebody"


def claim_due(session: Session, at: datetime) -> Schedule | None:
    """The schedule if its hour has come and nobody else has claimed it; the next hour is set in the same step."""
    due = session.scalar(select(Schedule).where(Schedule.name == NAME, Schedule.enabled, Schedule.next_run_at <= at))
    if due is None:
        return None
    # Hours that passed while nothing was running are one iteration, not many.
    following = next_run(due.cron, due.timezone, at)
    claim = update(Schedule).where(Schedule.id == due.id, Schedule.next_run_at == due.next_run_at)
    return session.scalar(claim.values(next_run_at=following).returning(Schedule))


def next_run(cron: str, timezone: str, after: datetime) -> datetime:
    return starts(cron, timezone, after)[0]


def starts(cron: str, timezone: str, after: datetime, first: datetime | None = None) -> list[datetime]:
    """The next ones in UTC. Where a first one is given (without an offset: in this time zone), the cron follows it."""
    zone = _zone(timezone)
    coming = _coming(cron, zone, after)
    if first is None:
        return list(islice(coming, SHOWN))
    try:
        at = (first if first.tzinfo else first.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise FirstRunTooFar(f"{first.isoformat()} is no date to start an iteration on.") from None
    if at <= after:
        raise ScheduleInThePast(f"{first:%Y-%m-%d %H:%M} is over; the first start must lie in the future.")
    if at > after + FURTHEST:
        raise FirstRunTooFar(f"{first:%Y-%m-%d %H:%M} is more than a year away.")
    return [at, *islice(_coming(cron, zone, at), SHOWN - 1)]


def sentence(cron: str) -> str:
    """Of an expression that is understood: “Every Monday at 03:00.”"""
    if not cron_words.is_understood(cron):
        raise _bad(cron)
    return cron_words.sentence(cron)


def _bad(cron: str) -> BadCron:
    return BadCron(f"“{cron}” is not a cron expression of five fields (minute hour day month weekday), like 0 3 * * 1.")


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadTimezone(f"“{timezone}” is not a time zone; write it like Europe/Berlin or UTC.") from None


def _coming(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    if not cron_words.is_understood(cron):
        raise _bad(cron)
    of_every_hour = croniter.expand(cron)[0][1] == cron_words.ALL
    coming = croniter(cron, after.astimezone(zone))
    while True:
        try:
            at = coming.get_next(datetime).astimezone(UTC)
        except CroniterBadDateError:
            raise BadCron(f"“{cron}” names a date that never comes.") from None
        # When clocks go back, an hour comes twice, and an hour that was named is meant once.
        if of_every_hour or not at.astimezone(zone).fold:
            yield at


def _words(schedule: Schedule) -> dict[str, Any]:
    names = ("cron", "timezone", "enabled", "preset", "overrides", "min_new_comparisons")
    return {name: getattr(schedule, name) for name in names}
