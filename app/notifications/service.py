"""Who is told of what. Admins decide it: an address is reached from inside, and what is sent there leaves the house."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.jobs import send_after_commit
from app.notifications import events, signature
from app.notifications.schemas import NewReceiver, ReceiverSettings, shown_address
from app.settings import get_settings
from app.tables import Account, Delivery, DeliveryStatus, Receiver, ReceiverKind
from app.words import CONTROLS

AT_MOST = 20
"""Receivers: each costs a request at every event."""
MAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,189}")


class BadAddress(DomainError):
    status = 422


class MailNotSetUp(DomainError):
    status = 409


class ReceiverExists(DomainError):
    status = 409


class TooManyReceivers(DomainError):
    status = 409


class UnknownReceiver(DomainError):
    status = 404


class UnknownDelivery(DomainError):
    status = 404


class StillWaiting(DomainError):
    status = 409


def add(session: Session, body: NewReceiver, admin: Account) -> Receiver:
    """A webhook gets a secret of its own."""
    address = _address(body.kind, body.address)
    known = session.scalars(select(Receiver)).all()
    if any(receiver.address == address for receiver in known):
        raise ReceiverExists("This address is told already; change what it is told.")
    if len(known) >= AT_MOST:
        raise TooManyReceivers(f"There are {AT_MOST} receivers already; remove one first.")
    receiver = Receiver(
        kind=body.kind,
        address=address,
        secret=signature.new_secret() if body.kind == ReceiverKind.WEBHOOK else None,
        events=_ordered(body.events),
        created_by=admin.id,
    )
    session.add(receiver)
    session.flush()
    audit(session, admin, "add-receiver", f"receiver:{receiver.id}", after=_words(receiver))
    return receiver


def change(session: Session, id: str, body: ReceiverSettings, admin: Account) -> None:
    receiver = _get(session, id)
    before = _words(receiver)
    receiver.events, receiver.active = _ordered(body.events), body.active
    if (after := _words(receiver)) != before:
        audit(session, admin, "change-receiver", f"receiver:{receiver.id}", before=before, after=after)
    session.flush()


def remove(session: Session, id: str, admin: Account) -> None:
    """With its deliveries: what still waits is not told any more."""
    receiver = _get(session, id)
    audit(session, admin, "remove-receiver", f"receiver:{receiver.id}", before=_words(receiver))
    session.execute(delete(Delivery).where(Delivery.receiver_id == receiver.id))
    session.delete(receiver)
    session.flush()


def test(session: Session, id: str, admin: Account) -> Delivery:
    receiver = _get(session, id)
    audit(session, admin, "test-receiver", f"receiver:{receiver.id}")
    return events.tell_test(session, receiver)


def try_again(session: Session, id: str, admin: Account) -> Delivery:
    """At once, with all tries before it: for one that was given up, or that its receiver lost."""
    delivery = session.scalar(select(Delivery).where(Delivery.id == id).with_for_update())
    if delivery is None:
        raise UnknownDelivery("There is no such delivery.")
    if delivery.status == DeliveryStatus.WAITING:
        raise StillWaiting("It is on its way; the next try is made by itself.")
    delivery.status, delivery.tries, delivery.next_try_at = DeliveryStatus.WAITING, 0, now()
    after = {"event": delivery.event, "id": delivery.event_id}
    audit(session, admin, "send-again", f"receiver:{delivery.receiver.id}", after=after)
    session.flush()
    send_after_commit(session, events.JOB, delivery.id)
    return delivery


def _address(kind: ReceiverKind, given: str) -> str:
    address = given.strip()
    if kind == ReceiverKind.MAIL:
        if not MAIL.fullmatch(address) or CONTROLS.search(address):
            raise BadAddress("address: write one mail address, like ada@example.org.")
        if not get_settings().smtp_url:
            raise MailNotSetUp("No mail can be sent from here: the operator sets SMTP_URL and MAIL_FROM.")
        return address
    try:
        url = urlsplit(address)
        reachable = url.scheme in ("http", "https") and url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        reachable = False
    if not reachable or re.search(r"\s", address) or CONTROLS.search(address):
        raise BadAddress("address: write the webhook's address with http:// or https:// and a host.")
    if "@" in url.netloc:
        raise BadAddress("address: leave user name and password out of it; what we send is signed.")
    return address


def _ordered(wanted: Sequence[str]) -> list[str]:
    return [event for event in events.OF_STATUS.values() if event in wanted]


def _get(session: Session, id: str) -> Receiver:
    receiver = session.scalar(select(Receiver).where(Receiver.id == id).with_for_update())
    if receiver is None:
        raise UnknownReceiver("There is no such receiver.")
    return receiver


def _words(receiver: Receiver) -> dict[str, Any]:
    shown = {"kind": str(receiver.kind), "address": shown_address(receiver)}
    return shown | {"events": list(receiver.events), "active": receiver.active is not False}
