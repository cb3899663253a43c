"""What is known of each crowdworker's choices: counted by a job a week at a time, so that no page reads a million
comparisons; and what researchers picked, blind, on some of them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now


class Counts:
    """Of current choices, previews left out. Each share's "of how many" is its own: not every choice has a strength, a
    side (edits have none) or two scores."""

    comparisons: Mapped[int]
    conversations: Mapped[int]  # in which the first message was compared
    strength_1: Mapped[int]
    strength_2: Mapped[int]
    strength_3: Mapped[int]
    strength_4: Mapped[int]
    sided: Mapped[int]  # between a and b
    picked_a: Mapped[int]
    scored: Mapped[int]  # one PM scored both, differently
    with_pm: Mapped[int]  # of those, picked what the PM would have picked in this task
    seconds: Mapped[dict[str, Any]]  # whole seconds to choose -> choices
    last_at: Mapped[datetime]  # when the newest of them was made


class CrowdworkerWeek(Counts, Base):
    __tablename__ = "crowdworker_weeks"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)  # its Monday (UTC)


class CrowdworkerTotal(Counts, Base):
    """The sum of somebody's weeks."""

    __tablename__ = "crowdworker_totals"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    median_seconds: Mapped[int | None]


class CountedWeek(Base):
    """When a week was counted: what came later is counted the next time."""

    __tablename__ = "counted_weeks"

    week: Mapped[date] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]


class Review(Base):
    """A researcher's own pick on somebody's comparison, made before seeing what the crowdworker picked. Without a pick:
    skipped, and never shown to this researcher again."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("account_id", "comparison_id"),
        ForeignKeyConstraint(["turn_id", "picked_id"], ["candidates.turn_id", "candidates.id"]),
        CheckConstraint("strength BETWEEN 1 AND 4", name="strength"),
        CheckConstraint("(picked_id IS NULL) = (picked_shown IS NULL)", name="skipped"),
        CheckConstraint("picked_shown IN ('a', 'b')", name="picked_shown"),
        Index("ix_reviews_comparison_id", "comparison_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    comparison_id: Mapped[str] = mapped_column(ForeignKey("comparisons.id"))
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))  # the researcher
    picked_id: Mapped[str | None]
    picked_shown: Mapped[str | None]  # on which side the researcher had it; the order is their own
    strength: Mapped[int | None]  # 1 weakest … 4 strongest; None: not said
    seconds_to_choose: Mapped[float | None]
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
