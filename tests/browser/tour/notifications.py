"""Who is told of what, and what came back."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from app import db
from app.tables import Account, DeliveryStatus, ReceiverKind, Role
from tests.app.servers import Process
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_delivery, make_receiver

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_notifications(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    ana = new_account(Role.ADMIN, username="ana")
    visitor.sign_in(ana)
    visitor.visit("/admin/notifications", "81-researcher-notifications-empty")
    what_was_told(ana)
    visitor.visit("/admin/notifications", "82-researcher-notifications", everywhere=True)
    visitor.context.close()


def what_was_told(ana: Account) -> None:
    """A webhook that was away for two tries, one that nobody answers, and a mail address."""
    with db.writing() as session:
        made = {"created_by": ana.id}
        hook = make_receiver(session, address="https://hooks.lab.example/turnwise/9f2c", **made)
        lost = make_receiver(session, address="http://old-chat.lab.example:8065/hooks/x1", active=False, **made)
        mail = make_receiver(
            session, ReceiverKind.MAIL, address="ana@lab.example", events=["iteration.held", "iteration.failed"], **made
        )
        held = (
            "Iteration 2026-w48 is held by the gate: It refuses 31% of the prompts, +22 points against the initial "
            "policy; at most +10 are allowed."
        )
        took = {
            hook: [(-118, False, "503 Service Unavailable: deploying", 41), (-117, True, "204 No Content", 87)],
            mail: [(-118, True, "Taken by smtp.lab.example.", 350)],
            lost: [(-118, False, "[Errno 111] Connection refused", 3)],
        }
        status = {lost: DeliveryStatus.GIVEN_UP}
        for receiver, tries in took.items():
            log = [
                {"at": (db.now() + timedelta(minutes=at)).isoformat(), "ok": ok, "outcome": outcome, "ms": ms}
                for at, ok, outcome, ms in tries
            ]
            make_delivery(
                session,
                receiver,
                event_id="e1",
                payload={"sentence": held},
                status=status.get(receiver, DeliveryStatus.DELIVERED),
                log=log,
                next_try_at=None,
                created_at=db.now() - timedelta(minutes=118),
            )
