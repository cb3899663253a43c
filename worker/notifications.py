"""The job that tells a receiver: a signed POST, or a mail. One that is away is asked again, less and less often. It
keeps nobody else waiting and loses nothing for two days; what was then given up, a click sends again."""

import json
import smtplib
import ssl
import time
from datetime import timedelta
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import httpx
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import joinedload

from app import db
from app.notifications import signature
from app.settings import get_settings
from app.tables import Delivery, DeliveryStatus, Receiver, ReceiverKind

BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440)]
"""After the first try, the second, …; after one more it is given up."""
TRIES = len(BACK_OFF) + 1
PATIENCE = 10.0  # seconds of silence
AT_MOST = 60  # seconds of one try, however slowly a receiver talks (worker/main.py)
LEASE = timedelta(seconds=2 * AT_MOST)  # a try that has not ended by then died with its worker
RESENT_AT_ONCE = 50
LINE = 200  # characters that are kept of what a receiver answers


class Outcome(NamedTuple):
    ok: bool
    line: str


def deliver(delivery_id: str) -> None:
    """Make one try, if one is due; two workers that hear of it at once make one between them."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    began = time.monotonic()
    try:
        outcome = _post(delivery) if delivery.receiver.kind == ReceiverKind.WEBHOOK else _mail(delivery)
    except httpx.TimeoutException:
        outcome = Outcome(False, f"No answer within {PATIENCE:g} s.")
    except SoftTimeLimitExceeded:
        outcome = Outcome(False, f"No whole answer within {AT_MOST} s.")
    except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError, ValueError) as error:
        outcome = Outcome(False, _line(f"{error}" or type(error).__name__))
    _record(delivery_id, outcome, round(1000 * (time.monotonic() - began)))


def waiting() -> list[str]:
    """Deliveries whose next try is due, or whose job never came."""
    due = select(Delivery.id).join(Receiver).where(Receiver.active, _due())
    with db.reading() as session:
        return list(session.scalars(due.order_by(Delivery.next_try_at).limit(RESENT_AT_ONCE)))


def _due() -> ColumnElement[bool]:
    return and_(Delivery.status == DeliveryStatus.WAITING, Delivery.next_try_at <= db.now())


def _claim(delivery_id: str) -> Delivery | None:
    active = select(Receiver.id).where(Receiver.active)
    claim = update(Delivery).where(Delivery.id == delivery_id, _due(), Delivery.receiver_id.in_(active))
    with db.writing() as session:
        claimed = session.scalar(
            claim.values(tries=Delivery.tries + 1, next_try_at=db.now() + LEASE)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        if claimed is None:
            return None
        return session.scalars(
            select(Delivery).where(Delivery.id == claimed).options(joinedload(Delivery.receiver))
        ).one()


def _record(delivery_id: str, outcome: Outcome, ms: int) -> None:
    with db.writing() as session:
        row = session.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
        if row is None:
            return  # its receiver was removed meanwhile
        row.log = [*row.log, {"at": db.now().isoformat(), "ok": outcome.ok, "outcome": outcome.line, "ms": ms}]
        row.next_try_at = None
        if outcome.ok:
            row.status = DeliveryStatus.DELIVERED
        elif row.tries >= TRIES:
            row.status = DeliveryStatus.GIVEN_UP
        else:
            row.next_try_at = db.now() + BACK_OFF[row.tries - 1]


def _post(delivery: Delivery) -> Outcome:
    """Redirects are not followed: the address is the one that an admin wrote."""
    receiver, body = delivery.receiver, json.dumps(delivery.payload, ensure_ascii=False).encode()
    assert receiver.secret is not None
    signed = signature.headers(receiver.secret, delivery.event_id, int(time.time()), body)
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "Turnwise", **signed}
    with httpx.stream("POST", receiver.address, content=body, headers=headers, timeout=PATIENCE) as answer:
        said = next(answer.iter_raw(LINE), b"").decode(errors="replace")
    status = f"{answer.status_code} {answer.reason_phrase}"
    if answer.is_redirect:
        return Outcome(False, _line(f"{status}: redirects are not followed."))
    return Outcome(answer.is_success, _line(status if answer.is_success or not said.strip() else f"{status}: {said}"))


def _mail(delivery: Delivery) -> Outcome:
    settings = get_settings()
    if not settings.smtp_url:
        return Outcome(False, "No mail can be sent from here: SMTP_URL is not set.")
    url = urlsplit(settings.smtp_url)
    host, secure = url.hostname or "", ssl.create_default_context()
    connect = (
        smtplib.SMTP_SSL(host, url.port or 465, timeout=PATIENCE, context=secure)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, url.port or (587 if url.scheme == "smtp+starttls" else 25), timeout=PATIENCE)
    )
    with connect as server:
        if url.scheme == "smtp+starttls":
            server.starttls(context=secure)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(_letter(delivery, settings.mail_from))
    return Outcome(True, _line(f"Taken by {host}."))


def _letter(delivery: Delivery, sender: str) -> EmailMessage:
    said, letter = delivery.payload, EmailMessage()
    letter["From"], letter["To"] = sender, delivery.receiver.address
    letter["Message-ID"] = f"<{delivery.event_id}.{delivery.receiver_id}@turnwise>"  # the same at every try
    letter["Date"] = delivery.created_at
    letter["Auto-Submitted"] = "auto-generated"
    iteration = said.get("iteration")
    letter["Subject"] = f"Turnwise: {iteration['name']} {iteration['status']}" if iteration else "Turnwise: a test"
    letter.set_content(
        f"{said['sentence']}\n\n{said['url']}\n\n"
        "-- \nYou are told because an admin of this Turnwise wrote your address under Notifications.\n"
    )
    return letter


def _line(text: str) -> str:
    """One printable line of it."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:LINE] or "No words."
