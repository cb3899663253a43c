"""Receivers with how their deliveries stand, and the log."""

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app import tables
from app.notifications.schemas import Delivery, Notifications, Receiver, shown_address
from app.settings import get_settings
from app.tables import Account, DeliveryStatus

NEWEST = 100


def notifications(session: Session) -> Notifications:
    newest = select(tables.Delivery).order_by(tables.Delivery.created_at.desc(), tables.Delivery.id).limit(NEWEST)
    settings = get_settings()
    return Notifications(
        receivers=receivers(session),
        deliveries=[Delivery.of(row) for row in session.scalars(newest)],
        mail_from=settings.mail_from if settings.smtp_url else None,
    )


def receivers(session: Session, id: str | None = None) -> list[Receiver]:
    """In the order in which they were added; or one."""

    def of(status: DeliveryStatus) -> ColumnElement[int]:
        return func.sum(case((tables.Delivery.status == status, 1), else_=0))

    counts = select(
        tables.Delivery.receiver_id,
        of(DeliveryStatus.WAITING).label("waiting"),
        of(DeliveryStatus.GIVEN_UP).label("given_up"),
    ).group_by(tables.Delivery.receiver_id)
    counted = counts.subquery()
    rows = (
        select(tables.Receiver, Account.username, counted.c.waiting, counted.c.given_up)
        .outerjoin(Account, tables.Receiver.created_by == Account.id)
        .outerjoin(counted, counted.c.receiver_id == tables.Receiver.id)
        .order_by(tables.Receiver.created_at, tables.Receiver.id)
    )
    if id is not None:
        rows = rows.where(tables.Receiver.id == id)
    return [
        Receiver(
            id=row.id,
            kind=row.kind,
            address=shown_address(row),
            events=row.events,
            active=row.active,
            created_at=row.created_at,
            created_by=username,
            waiting=waiting or 0,
            given_up=given_up or 0,
        )
        for row, username, waiting, given_up in session.execute(rows)
    ]
