"""Notifications over HTTP: researchers look, admins decide."""

from fastapi import APIRouter

from app.deps import Admin, Reading, Researcher, Writing
from app.notifications import queries, service
from app.notifications.schemas import AddedReceiver, Delivery, NewReceiver, Notifications, Receiver, ReceiverSettings

router = APIRouter(prefix="/notifications", tags=["notifications"])


@router.get("")
def notifications(_: Researcher, session: Reading) -> Notifications:
    return queries.notifications(session)


@router.post("/receivers", status_code=201)
def add(admin: Admin, session: Writing, body: NewReceiver) -> AddedReceiver:
    added = service.add(session, body, admin)
    return AddedReceiver(receiver=queries.receivers(session, added.id)[0], secret=added.secret)


@router.put("/receivers/{receiver_id}")
def change(receiver_id: str, admin: Admin, session: Writing, body: ReceiverSettings) -> Receiver:
    service.change(session, receiver_id, body, admin)
    return queries.receivers(session, receiver_id)[0]


@router.delete("/receivers/{receiver_id}", status_code=204)
def remove(receiver_id: str, admin: Admin, session: Writing) -> None:
    service.remove(session, receiver_id, admin)


@router.post("/receivers/{receiver_id}/test", status_code=202)
def test(receiver_id: str, admin: Admin, session: Writing) -> Delivery:
    return Delivery.of(service.test(session, receiver_id, admin))


@router.post("/deliveries/{delivery_id}/try-again", status_code=202)
def try_again(delivery_id: str, admin: Admin, session: Writing) -> Delivery:
    return Delivery.of(service.try_again(session, delivery_id, admin))
