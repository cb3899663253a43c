"""What is due: each ended assignment by what it earned (`app/pay.py`), once. An assignment is due until an export holds
it, and never again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.pay import share
from app.tables import Assignment, AssignmentStatus, Comparison, Conversation, Payment, Turn


class Earned(NamedTuple):
    assignment_id: str
    account_id: str
    cents: int
    currency: str


def earned(session: Session, until: date | None) -> Iterator[Earned]:
    """Of assignments that ended (until that day, UTC), that earned something, and that no export holds."""
    unpaid = [
        Assignment.status != AssignmentStatus.OPEN,
        Assignment.pay_cents.is_not(None),
        ~exists().where(Payment.assignment_id == Assignment.id),
    ]
    if until is not None:
        ended = func.coalesce(Assignment.completed_at, Assignment.created_at)
        unpaid.append(ended < datetime.combine(until, time(), UTC) + timedelta(days=1))
    chosen = exists().where(
        Turn.conversation_id == Conversation.id, Comparison.turn_id == Turn.id, Comparison.superseded_at.is_(None)
    )
    # Counted for each of them, and not joined: SQLite would begin with all comparisons.
    compared = (
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.assignment_id == Assignment.id, Conversation.preview.is_(False), chosen)
        .scalar_subquery()
    )
    counted = select(Assignment, compared).where(*unpaid).order_by(Assignment.created_at, Assignment.id)
    for assignment, conversations in session.execute(counted):
        cents = share(assignment, conversations)
        if cents > 0:
            yield Earned(assignment.id, assignment.account_id, cents, assignment.currency or "USD")
