"""Crowdworkers, people, pay, and the review queue."""

import random
from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app import db
from app.payments import service as payments
from app.payments.schemas import NewBonus
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    ConversationStatus,
    Review,
    Role,
    Snapshot,
    SnapshotKind,
    Task,
)
from app.tasks.defaults import HELPFULNESS
from tests.app.servers import Process
from tests.browser.tour.said import SAID
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_turn
from worker import crowdworkers

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_crowdworkers(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    ana = new_account(Role.ADMIN, username="ana")
    visitor.sign_in(ana)
    visitor.visit("/admin/crowdworkers", "97-researcher-crowdworkers-empty")
    ravi = a_crowd(ana)
    visitor.visit("/admin/crowdworkers", "97-researcher-crowdworkers", everywhere=True)
    visitor.visit(f"/admin/crowdworkers/{ravi}", "98-researcher-crowdworker", everywhere=True)
    page = visitor.page
    if visitor.desk:
        page.get_by_role("button", name="Leave out of tranches").click()
        page.get_by_text("would be left out").wait_for()
        visitor.shoot("98-researcher-crowdworker-leave-out")
        visitor.visit("/admin/people", "62-researcher-people")
    visitor.visit("/admin/pay", "98-researcher-pay", everywhere=visitor.window == "phone")
    page.goto("/admin/reviews?crowdworker=ravi")
    page.get_by_role("button", name="Review one").click()
    page.get_by_label("Comparison to review").scroll_into_view_if_needed()
    visitor.shoot("99-researcher-review")
    page.keyboard.press("3")
    page.get_by_text("The whole conversation").scroll_into_view_if_needed()
    if visitor.window != "phone":
        visitor.shoot("99-researcher-review-seen")
    visitor.context.close()


# Who chose how often, how likely A, in how many seconds, and how likely what the PM would have picked.
CROWD = (("mina", 60, 0.5, 22, 0.7), ("sol", 45, 0.5, 31, 0.7), ("noor", 36, 0.5, 17, 0.65), ("ravi", 48, 0.85, 3, 0.5),
         ("tess", 12, 0.5, 40, 0.7), ("yuki", 5, 0.5, 25, 0.6))  # fmt: skip


def a_crowd(ana: Account) -> str:
    """Six people's choices over six weeks, two researchers' reviews, some pay. The id of one who always picks A."""
    chance = random.Random(5)
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        rosa = make_account(session, Role.RESEARCHER, username="rosa")
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        pm, policy = make_snapshot(session, "pm-2026-w47", SnapshotKind.PM), make_snapshot(session, "policy-2026-w47")
        people = {name: make_account(session, username=name) for name, *_ in CROWD}
        for name, times, side, seconds, skill in CROWD:
            for number in range(times):
                at = db.now() - timedelta(days=42 * number / times, minutes=5)
                held = {"status": ConversationStatus.COMPLETED, "created_at": at}
                conversation = make_conversation(session, task, people[name], **held)
                human, *texts = SAID[number % len(SAID)]
                turn = make_turn(session, conversation, tuple(texts), text=human, created_at=at)
                scores = [chance.gauss(0.3, 0.8), chance.gauss(0, 0.8)]
                for candidate, score, snapshot in zip(turn.candidates, scores, (policy, initial), strict=True):
                    candidate.score, candidate.scored_by_id, candidate.snapshot_id = score, pm.id, snapshot.id
                best = "a" if (scores[0] > scores[1]) == (chance.random() < skill) else "b"
                picked = best if side == 0.5 else "a" if chance.random() < side else "b"
                strength = 4 if name == "ravi" else chance.choice((1, 2, 2, 3, 3, 4))
                took = max(1.0, chance.gauss(seconds, seconds / 3))
                fields = {"created_at": at, "text_version": 1, "strength": strength, "seconds_to_choose": took}
                row = make_comparison(session, turn, picked, **fields)
                for reviewer in ((ana, rosa) if number % 2 else (rosa,)) if number < 24 else ():
                    agrees = chance.random() < (0.45 if name == "ravi" else 0.65)
                    review = Review(comparison_id=row.id, turn_id=turn.id, account_id=reviewer.id)
                    review.picked_id = row.picked_id if agrees else row.other_id
                    review.picked_shown = chance.choice("ab")
                    session.add(review)
        guest = {"external_provider": "prolific", "external_id": "5f3c", "password_hash": None}
        make_account(session, username="prolific-9d2ab1", **guest)
        for name in ("mina", "sol"):
            done = {"status": AssignmentStatus.COMPLETED, "completed_at": db.now(), "completion_code": "TW-7Q4M-K2XD"}
            paid = {"pay_cents": 450, "currency": "USD", "conversation_count": 5}
            assignment = Assignment(task_id=task.id, account_id=people[name].id, **paid, **done)
            session.add(assignment)
            session.flush()
            held = {"assignment_id": assignment.id, "position": 1, "status": ConversationStatus.COMPLETED}
            make_comparison(session, make_turn(session, make_conversation(session, task, people[name], **held)))
            if name == "mina":
                payments.export(session, ana, None)
        new = NewBonus(key="tour", cents=250, currency="USD", reason="The most thorough dialogues of the week")
        payments.add_bonus(session, people["mina"].id, new, ana)
    crowdworkers.count()
    return people["ravi"].id
