"""What rows say about somebody's red-teaming."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from app.care.exposure import Mark
from app.tables import Account, Comparison, Conversation, ConversationStatus, Task, TaskKind, Turn, WellbeingSurvey


def ended(session: Session, account: Account) -> int:
    """Red-team conversations that have ended, however; one in which nothing was said is none."""
    said = exists().where(Turn.conversation_id == Conversation.id)
    of_own = select(func.count()).select_from(Conversation).join(Task).where(_red_team_of(account), said)
    return session.scalar(of_own.where(Conversation.status != ConversationStatus.OPEN)) or 0


def asked_at(session: Session, account: Account) -> int:
    """How many had ended when the last survey was answered or declined."""
    of_own = select(func.max(WellbeingSurvey.conversations)).where(WellbeingSurvey.account_id == account.id)
    return session.scalar(of_own) or 0


def marks(session: Session, account: Account, since: datetime) -> Iterator[Mark]:
    turns = _turns_of(account).where(Turn.created_at >= since)
    for sent, answered in session.execute(turns.with_only_columns(Turn.created_at, Turn.ready_at)):
        yield Mark(sent)
        if answered:
            yield Mark(answered)
    choices = _turns_of(account).join(Comparison, Comparison.turn_id == Turn.id).where(Comparison.created_at >= since)
    for chosen in session.scalars(choices.with_only_columns(Comparison.created_at)):
        yield Mark(chosen)
    ends = _turns_of(account).where(Conversation.completed_at >= since)
    for end in session.scalars(ends.with_only_columns(func.max(Conversation.completed_at)).group_by(Conversation.id)):
        assert end is not None
        yield Mark(end, ends_conversation=True)


def _turns_of(account: Account) -> Select[Turn]:
    return (
        select(Turn)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(Task, Conversation.task_id == Task.id)
        .where(_red_team_of(account))
    )


def _red_team_of(account: Account) -> ColumnElement[bool]:
    return and_(Conversation.account_id == account.id, Task.kind == TaskKind.RED_TEAM, Conversation.preview.is_(False))
