"""Who is told when an iteration is held, fails or is deployed, and the outbox of what they are told."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, new_id, now
from app.tables.people import enum_column


class ReceiverKind(enum.StrEnum):
    WEBHOOK = "webhook"
    MAIL = "mail"


class Receiver(Base):
    __tablename__ = "receivers"
    __table_args__ = (CheckConstraint("(kind = 'webhook') = (secret IS NOT NULL)", name="webhooks_are_signed"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ReceiverKind] = mapped_column(enum_column(ReceiverKind))
    address: Mapped[str]  # a URL, or a mail address
    secret: Mapped[str | None]  # of a webhook's signature; a key, so it cannot be hashed
    events: Mapped[list[Any]]  # of app/notifications/events.py, e.g. iteration.held
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class DeliveryStatus(enum.StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


class Delivery(Base):
    """One event on its way to one receiver. Written in the transaction of what it tells of; a job delivers it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("receiver_id", "event_id"),
        Index("ix_deliveries_waiting", "next_try_at", sqlite_where=text("status = 'waiting'"),
              postgresql_where=text("status = 'waiting'")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    receiver_id: Mapped[str] = mapped_column(ForeignKey("receivers.id"))
    event_id: Mapped[str]  # the same for every receiver and every try
    event: Mapped[str]  # iteration.held, …; or test
    payload: Mapped[dict[str, Any]]
    status: Mapped[DeliveryStatus] = mapped_column(enum_column(DeliveryStatus), default=DeliveryStatus.WAITING)
    tries: Mapped[int] = mapped_column(default=0)  # begun; one whose worker died is not in the log
    log: Mapped[list[Any]] = mapped_column(default=list)  # [{"at", "ok", "outcome": one line, "ms"}]
    next_try_at: Mapped[datetime | None] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    receiver: Mapped[Receiver] = relationship()
