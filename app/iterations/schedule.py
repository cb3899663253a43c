"""The hour at which an iteration starts by itself. One row, "weekly", which the tick claims when it is due."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, croniter
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.errors import DomainError
from app.iterations.service import UnknownPreset
from app.iterations.week import PRESETS
from app.tables import Account, AuditEvent, Schedule

NAME = "weekly"


class BadCron(DomainError):
    status = 422


class BadTimezone(DomainError):
    status = 422


@dataclass(frozen=True)
class Plan:
    cron: str = "0 3 * * 1"  # Mondays at three in the morning
    timezone: str = "UTC"
    enabled: bool = True
    preset: str = "small"
    overrides: dict[str, Any] | None = None
    min_new_comparisons: int = 100


def get(session: Session) -> Schedule:
    """The schedule; made, and switched off, when nobody has planned anything yet."""
    found = session.scalar(select(Schedule).where(Schedule.name == NAME))
    return found or put(session, Plan())


def put(session: Session, plan: Plan, *, account: Account | None = None) -> Schedule:
    """Replace the plan. It is due for the first time after now."""
    if plan.preset not in PRESETS:
        raise UnknownPreset(f"There is no preset “{plan.preset}”; there are {', '.join(PRESETS)}.")
    due = next_run(plan.cron, plan.timezone, now())
    schedule = session.scalar(select(Schedule).where(Schedule.name == NAME).with_for_update())
    before = _words(schedule) if schedule else None
    if schedule is None:
        schedule = Schedule(name=NAME)
        session.add(schedule)
    schedule.cron, schedule.timezone, schedule.enabled = plan.cron, plan.timezone, plan.enabled
    schedule.preset, schedule.overrides = plan.preset, plan.overrides or {}
    schedule.min_new_comparisons, schedule.next_run_at = plan.min_new_comparisons, due
    if account:
        session.add(
            AuditEvent(
                action="schedule",
                subject=f"schedule:{NAME}",
                account_id=account.id,
                before=before,
                after=_words(schedule),
            )
        )
    session.flush()
    return schedule


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
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadTimezone(f"“{timezone}” is not a time zone; write it like Europe/Berlin or UTC.") from None
    if len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise BadCron(
            f"“{cron}” is not a cron expression of five fields (minute hour day month weekday), like 0 3 * * 1."
        )
    try:
        return croniter(cron, after.astimezone(zone)).get_next(datetime).astimezone(UTC)
    except CroniterBadDateError:
        raise BadCron(f"“{cron}” names a date that never comes.") from None


def _words(schedule: Schedule) -> dict[str, Any]:
    names = ("cron", "timezone", "enabled", "preset", "overrides", "min_new_comparisons")
    return {name: getattr(schedule, name) for name in names}
