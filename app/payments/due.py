"""What is due: each ended assignment by what it earned (`app/pay.py`), once. An assignment is due until an export holds
it, and never again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import distinct, exists, func, select
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
    counted = (
        select(Assignment, func.count(distinct(Conversation.id)))
        .join(Conversation, Conversation.assignment_id == Assignment.id)
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .where(*unpaid, Conversation.preview.is_(False), Comparison.superseded_at.is_(None))
        .group_by(Assignment.id)
        .order_by(Assignment.created_at, Assignment.id)
    )
    for assignment, compared in session.execute(counted):
        cents = share(assignment, compared)
        if cents > 0:
            yield Earned(assignment.id, assignment.account_id, cents, assignment.currency or "USD")
