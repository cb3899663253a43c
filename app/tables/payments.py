"""What was handed over to be paid. The platform, or whoever pays, does the paying; these rows see to it that nothing is
counted twice."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, now


class PayExport(Base):
    """All that was due at a moment, as one file; its payments point at it, so the file can be had again."""

    __tablename__ = "pay_exports"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    until: Mapped[date | None]  # only assignments that ended on this day (UTC) or before; None: all
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Payment(Base):
    """What an ended assignment earned, from the moment of its export on; or a bonus, which waits for the next one."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("cents > 0", name="something"),
        CheckConstraint("assignment_id IS NULL OR export_id IS NOT NULL", name="exported"),
        CheckConstraint("(assignment_id IS NULL) = (reason IS NOT NULL)", name="why"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignments.id"), unique=True)  # None: a bonus
    cents: Mapped[int]  # of the currency's smallest unit
    currency: Mapped[str]
    reason: Mapped[str | None]  # of a bonus; "" when its person's data were erased
    key: Mapped[str | None] = mapped_column(unique=True)  # of a bonus: the file and line, or the form, that it came by
    export_id: Mapped[str | None] = mapped_column(ForeignKey("pay_exports.id"), index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
