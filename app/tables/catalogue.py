"""The explorer's catalogue: an entry per conversation with what it is looked for by, the snapshots that answered in it,
and an index of every word that was said.

Triggers keep it (`catalogue_triggers.py`): features write conversations without knowing of it, in bulk too. An entry is
there exactly while the words of its conversation are in the index. A researcher's preview has none, nor has a
conversation that was erased; an import makes those of its conversations itself, a few hundred at a time.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.tables.dialogues import ConversationStatus, TrancheKind
from app.tables.people import enum_column

KIND_BITS = {
    TrancheKind.BASE: 1,
    TrancheKind.REJECTION_SAMPLED: 2,
    TrancheKind.ONLINE: 4,
    TrancheKind.IMPORTED: 8,
}


def strength_bit(strength: int) -> int:
    return 1 << (strength - 1)


class CatalogueEntry(Base):
    """Narrow on purpose: a filter that finds nothing reads all of them."""

    __tablename__ = "catalogue_entries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)  # the order in which they came
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), unique=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    status: Mapped[ConversationStatus] = mapped_column(enum_column(ConversationStatus))
    is_test: Mapped[bool | None]  # its family's side of the split; None: nothing was said yet
    kinds: Mapped[int]  # KIND_BITS of its current comparisons
    strengths: Mapped[int]  # strength_bit of each of them
    edits: Mapped[int]  # of them, those on an edited candidate
    reports: Mapped[int]
    open_reports: Mapped[int]  # that nobody has handled
    created_at: Mapped[datetime]


class CatalogueSnapshot(Base):
    """Which snapshots answered in a conversation."""

    __tablename__ = "catalogue_snapshots"
    __table_args__ = (Index("ix_catalogue_snapshots_number", "number"),)

    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    number: Mapped[int] = mapped_column(
        ForeignKey("catalogue_entries.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
