"""Which comparisons count: visible ones, and the reason each of the others is left out of a tranche."""

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    Comparison,
    Conversation,
    ConversationStatus,
    Task,
    TrancheMember,
    Turn,
)

_Picked, _Other, _LaterTurn = aliased(Candidate), aliased(Candidate), aliased(Turn)


def visible_comparisons() -> Select[Comparison]:
    """Current choices, joined with what `left_out_because()` looks at. A researcher's preview, what its crowdworker had
    erased and the rows of an import that is not done do not exist for anybody."""
    return (
        select(Comparison)
        .join(Turn, Comparison.turn_id == Turn.id)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(Task, Conversation.task_id == Task.id)
        .join(_Picked, Comparison.picked_id == _Picked.id)
        .join(_Other, Comparison.other_id == _Other.id)
        .outerjoin(Account, Comparison.account_id == Account.id)
        .where(
            Comparison.superseded_at.is_(None),
            Conversation.preview.is_(False),
            Conversation.erased_at.is_(None),
            Conversation.status != ConversationStatus.IMPORTING,
        )
    )


def left_out_because() -> ColumnElement[str | None]:
    """Why a comparison cannot be frozen (yet), or NULL. Suspending a person alone does not spoil what they chose:
    that is the separate `excluded_reason`."""
    return case(
        (Comparison.excluded_reason.is_not(None), Comparison.excluded_reason),
        (is_of_somebody_excluded(), "crowdworker excluded"),
        (_either(CandidateStatus.FAILED), "a candidate failed"),
        (_either(CandidateStatus.STOPPED), "a candidate was stopped"),
        (_either(CandidateStatus.PENDING), "a candidate is not finished"),
        (func.trim(_Picked.text) == func.trim(_Other.text), "identical texts"),
        (~_settled(), "may still be changed"),
        else_=null(),
    )


def is_of_somebody_excluded() -> ColumnElement[bool]:
    """All that they chose, or what they chose since a day."""
    begun = or_(Account.excluded_since.is_(None), Comparison.created_at >= Account.excluded_since)
    return and_(Account.excluded_reason.is_not(None), begun)


def is_frozen() -> ColumnElement[bool]:
    """Does a tranche hold it?"""
    return exists().where(TrancheMember.comparison_id == Comparison.id)


def count_freezable(session: Session) -> int:
    """How many the next freeze would take: visible ones that no tranche holds yet and nothing leaves out."""
    freezable = visible_comparisons().where(~is_frozen(), left_out_because().is_(None))
    return session.scalar(freezable.with_only_columns(func.count())) or 0


def _either(status: CandidateStatus) -> ColumnElement[bool]:
    return or_(_Picked.status == status, _Other.status == status)


def _settled() -> ColumnElement[bool]:
    """A choice may be changed until the next message is sent or the conversation is over."""
    later = exists().where(
        and_(_LaterTurn.conversation_id == Turn.conversation_id, _LaterTurn.position > Turn.position)
    )
    return or_(Conversation.status != ConversationStatus.OPEN, later)
