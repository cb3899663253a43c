"""Which comparisons the dashboard counts: current ones, not a researcher's preview, not of an unfinished import."""

from sqlalchemy import Select, select

from app.tables import Comparison, Conversation, ConversationStatus, Turn


def counted() -> Select[Comparison]:
    return (
        select(Comparison)
        .join(Turn, Comparison.turn_id == Turn.id)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .where(
            Comparison.superseded_at.is_(None),
            Conversation.preview.is_(False),
            Conversation.status != ConversationStatus.IMPORTING,
        )
    )
