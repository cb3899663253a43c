"""What receivers can be told, and the outbox: deliveries are written in the transaction of what they tell of, so a
change that is not committed is told to nobody, and one that is cannot be forgotten."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import new_id, now
from app.jobs import send_after_commit
from app.settings import get_settings
from app.tables import Delivery, Iteration, IterationStatus, Receiver

JOB = "deliver"
TEST = "test"

Event = Literal["iteration.held", "iteration.failed", "iteration.deployed"]
OF_STATUS: dict[IterationStatus, Event] = {
    IterationStatus.HELD: "iteration.held",
    IterationStatus.FAILED: "iteration.failed",
    IterationStatus.DEPLOYED: "iteration.deployed",
}


def tell(session: Session, iteration: Iteration) -> None:
    """Put into the outbox that an iteration has ended, for everybody who wants to know how."""
    event = OF_STATUS.get(iteration.status)
    if event is None:
        return
    receivers = session.scalars(select(Receiver).where(Receiver.active).order_by(Receiver.created_at))
    wanted = [receiver for receiver in receivers if event in receiver.events]
    id, at = new_id(), now()
    for receiver in wanted:
        deliver(session, receiver, id, event, of_iteration(id, event, at, iteration))


def tell_test(session: Session, receiver: Receiver) -> Delivery:
    """The same way as everything else, to this receiver alone."""
    id, at = new_id(), now()
    sentence = "This is a test. If you can read it, you will be told of what you chose."
    said = payload(id, TEST, at, sentence, "/admin/notifications", iteration=None)
    return deliver(session, receiver, id, TEST, said)


def deliver(session: Session, receiver: Receiver, id: str, event: str, said: dict[str, Any]) -> Delivery:
    delivery = Delivery(receiver_id=receiver.id, event_id=id, event=event, payload=said)
    session.add(delivery)
    session.flush()
    send_after_commit(session, JOB, delivery.id)
    return delivery


def of_iteration(id: str, event: str, at: datetime, iteration: Iteration) -> dict[str, Any]:
    reason = f" {iteration.reason}" if iteration.reason else ""
    sentence = {
        IterationStatus.HELD: f"Iteration {iteration.name} is held by the gate:{reason}",
        IterationStatus.FAILED: f"Iteration {iteration.name} failed:{reason}",
        IterationStatus.DEPLOYED: f"Iteration {iteration.name} is deployed.{reason}",
    }[iteration.status]
    facts = {
        "id": iteration.id,
        "number": iteration.number,
        "name": iteration.name,
        "status": str(iteration.status),
        "reason": iteration.reason,
    }
    return payload(id, event, at, sentence, f"/admin/iterations/{iteration.id}", iteration=facts)


def payload(
    id: str, event: str, at: datetime, sentence: str, page: str, *, iteration: dict[str, Any] | None
) -> dict[str, Any]:
    """docs/seams.md §5."""
    return {
        "id": id,
        "event": event,
        "at": at.isoformat(timespec="seconds"),
        "sentence": sentence,
        "url": get_settings().public_url.rstrip("/") + page,
        "iteration": iteration,
    }
