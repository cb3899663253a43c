"""How many assignments of a task one person may take: in a day, and at all. A withdrawn one was taken, too."""

import math
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.tables import Account, Assignment, Role, Task

DAY = timedelta(days=1)  # any 24 hours: no time zone has its midnight earlier than another


def reached(session: Session, task: Task, account: Account) -> str | None:
    """Why this person may not take another one now, as a sentence that says when; None: they may."""
    if account.role != Role.CROWDWORKER or (task.assignments_per_day, task.assignments_per_person) == (None, None):
        return None
    taken = session.scalars(
        select(Assignment.created_at)
        .where(Assignment.task_id == task.id, Assignment.account_id == account.id)
        .order_by(Assignment.created_at.desc())
    ).all()
    if task.assignments_per_person is not None and len(taken) >= task.assignments_per_person:
        return f"You have taken this task {_times(len(taken))}, which is the most for one person. Thank you!"
    per_day = task.assignments_per_day
    if per_day is None:
        return None
    wait = taken[per_day - 1] + DAY - now() if per_day <= len(taken) else timedelta(0)
    if wait <= timedelta(0):
        return None
    return f"That is all of this task for one day ({_times(per_day)}). The next one may be taken in {_about(wait)}."


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _about(wait: timedelta) -> str:
    """Rounded up, so that nobody comes back too early."""
    minutes = math.ceil(wait.total_seconds() / 60)
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = math.ceil(minutes / 60)
    return "1 hour" if hours == 1 else f"{hours} hours"
