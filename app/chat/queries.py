"""Reads of the chat that have a name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.chat.errors import UnknownConversation, UnknownTurn
from app.tables import Account, Candidate, Conversation, Deployment, Snapshot, Turn


def own_conversation(session: Session, conversation_id: str, account: Account, *, lock: bool = False) -> Conversation:
    """Somebody else's conversation is as unknown as one that never was."""
    query = select(Conversation).where(Conversation.id == conversation_id, Conversation.account_id == account.id)
    query = query.options(
        selectinload(Conversation.turns).selectinload(Turn.candidates),
        selectinload(Conversation.turns).selectinload(Turn.comparisons),
        selectinload(Conversation.turns).selectinload(Turn.reports),
    )
    conversation = session.scalar(query.with_for_update() if lock else query)
    if conversation is None:
        raise UnknownConversation("There is no such conversation of yours.")
    return conversation


def own_turn(session: Session, turn_id: str, account: Account, *, lock: bool = False) -> Turn:
    """A turn of the crowdworker's own; locking takes its conversation first, so that all writers queue there."""
    owner = select(Turn.conversation_id).where(Turn.id == turn_id).scalar_subquery()
    conversation = session.scalar(
        (select(Conversation).where(Conversation.id == owner, Conversation.account_id == account.id).with_for_update())
        if lock
        else select(Conversation).where(Conversation.id == owner, Conversation.account_id == account.id)
    )
    if conversation is None:
        raise UnknownTurn("There is no such turn of yours.")
    return session.get_one(Turn, turn_id)


def said_before(session: Session, turn: Turn) -> list[dict[str, str]]:
    """What a policy reads: the system message and the trunk, which follows the picked candidate, up to this message."""
    messages = [{"role": "system", "content": turn.conversation.system}]
    for earlier in turn.conversation.turns[: turn.position]:
        assert earlier.comparison is not None, "a turn follows only a decided one"
        picked = session.get_one(Candidate, earlier.comparison.picked_id)
        messages += [{"role": "user", "content": earlier.text}, {"role": "assistant", "content": picked.text}]
    return [*messages, {"role": "user", "content": turn.text}]


def active_deployments(session: Session, task_id: str) -> Sequence[Deployment]:
    query = select(Deployment).where(Deployment.task_id == task_id, Deployment.active)
    return session.scalars(query.order_by(Deployment.id)).all()


def scoring_pm(session: Session) -> Snapshot | None:
    query = select(Snapshot).join(Deployment, Deployment.snapshot_id == Snapshot.id)
    return session.scalar(query.where(Deployment.task_id.is_(None), Deployment.active).limit(1))
