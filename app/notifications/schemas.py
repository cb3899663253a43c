"""What the page knows of receivers and deliveries. Of a webhook's address no more than the host: the rest is often a
password to somebody's chat."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from app import tables
from app.notifications.events import Event
from app.tables import DeliveryStatus, ReceiverKind
from app.words import Line

Events = Annotated[list[Event], Field(min_length=1, max_length=10)]


class NewReceiver(BaseModel):
    kind: ReceiverKind
    address: Annotated[str, Field(max_length=2_000)]
    events: Events


class ReceiverSettings(BaseModel):
    events: Events
    active: bool


class Receiver(BaseModel):
    id: str
    kind: ReceiverKind
    address: str
    events: list[str]
    active: bool
    created_at: datetime
    created_by: str | None
    waiting: int
    given_up: int


class AddedReceiver(BaseModel):
    receiver: Receiver
    secret: Annotated[str | None, Field(description="Of a webhook's signature; it is never shown again.")]


class DeliveryTry(BaseModel):
    at: datetime
    ok: bool
    outcome: Line
    ms: int


class Delivery(BaseModel):
    id: str
    receiver_id: str
    event_id: str
    event: str
    sentence: str
    url: str
    status: DeliveryStatus
    tries: list[DeliveryTry]
    next_try_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: tables.Delivery) -> "Delivery":
        return cls(
            id=row.id,
            receiver_id=row.receiver_id,
            event_id=row.event_id,
            event=row.event,
            sentence=row.payload.get("sentence", ""),
            url=row.payload.get("url", ""),
            status=row.status,
            tries=[DeliveryTry.model_validate(one) for one in row.log],
            next_try_at=row.next_try_at,
            created_at=row.created_at,
        )


class Notifications(BaseModel):
    receivers: list[Receiver]
    deliveries: Annotated[list[Delivery], Field(description="The newest hundred, newest first.")]
    mail_from: Annotated[str | None, Field(description="Null: no mail can be sent from here.")]


def shown_address(receiver: tables.Receiver) -> str:
    if receiver.kind == ReceiverKind.MAIL:
        return receiver.address
    url = urlsplit(receiver.address)
    rest = "/…" if url.path.strip("/") or url.query else ""
    return f"{url.scheme}://{url.netloc}{rest}"
