"""What crowdworkers have earned. Leaving early keeps the pay of what was done: each conversation in which a choice was
made counts, and the fraction is rounded up."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from app.tables import Assignment, Comparison, Conversation, Turn


class Money(BaseModel):
    cents: int
    currency: str


def earned(session: Session, assignments: Sequence[Assignment]) -> dict[str, Money]:
    """By assignment; those for which no pay was said have no entry."""
    paid = {assignment.id: assignment for assignment in assignments if assignment.pay_cents is not None}
    counted = (
        select(Conversation.assignment_id, func.count(distinct(Conversation.id)))
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .where(
            Conversation.assignment_id.in_(paid),
            Conversation.preview.is_(False),
            Comparison.superseded_at.is_(None),
        )
        .group_by(Conversation.assignment_id)
    )
    compared = dict(session.execute(counted).tuples().all()) if paid else {}
    return {
        id: Money(cents=share(assignment, compared.get(id, 0)), currency=assignment.currency or "USD")
        for id, assignment in paid.items()
    }


def share(assignment: Assignment, compared: int) -> int:
    assert assignment.pay_cents is not None
    return -(-assignment.pay_cents * min(compared, assignment.conversation_count) // assignment.conversation_count)
