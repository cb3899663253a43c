"""The overview: first steps, and a Monday morning."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app import db
from app.snapshots import service as snapshots
from app.snapshots.shares import Wanted
from app.tables import ConversationStatus, Iteration, Message, Role, RunStatus, StageRun, Task, TrainingRun, TrancheKind
from app.tasks.defaults import HELPFULNESS
from tests.app.servers import Process
from tests.browser.tour.leaderboard import five_weeks
from tests.browser.tour.researchers import two_weeks
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_comparison, make_conversation, make_turn
from worker import dashboard as tick

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_overview(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    tick.beat()
    visitor.visit("/admin", "80-researcher-first-steps", everywhere=True)
    monday_morning()
    visitor.visit("/admin", "51-researcher-overview", everywhere=True)
    visitor.page.get_by_role("region", name="Who answers").scroll_into_view_if_needed()
    visitor.shoot("51-researcher-overview-below")
    visitor.context.close()


def monday_morning() -> None:
    """Five weeks of choices, the newest policy deployed, a week in training, and what waits for somebody."""
    five_weeks()
    mina = new_account(username="mina")
    two_weeks(mina)
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        wanted = [("policy-2026-w47", 50), ("policy-2026-w46", 20), ("policy-2026-w45", 20), ("initial", 10)]
        snapshots.deploy(session, task, [Wanted(*line) for line in wanted], reason="A morning.")
        snapshots.deploy(session, None, [Wanted("pm-2026-w47", 100)], reason="A morning.")
        for days_ago, count in ((0, 5), (1, 9), (3, 14), (8, 40)):
            at = db.now() - timedelta(days=days_ago)
            for number in range(count):
                conversation = make_conversation(session, task, mina, status=ConversationStatus.COMPLETED)
                kind = TrancheKind.ONLINE if number % 3 else TrancheKind.REJECTION_SAMPLED
                make_comparison(session, make_turn(session, conversation), kind=kind, created_at=at)
        session.add_all(
            Message(account_id=mina.id, author_id=mina.id, text=text)
            for text in ("May I take a break in the middle?", "The second response was cut.")
        )
        first = session.scalars(select(Iteration).where(Iteration.number == 1)).one()
        gap = (
            "Against the initial policy it wins 71% of the prompts for its own PM and 58% for the test-PM: +13 points "
            "apart; at most +10 are allowed."
        )
        for stage in first.stages:
            if stage.stage == "gate":
                stage.result = {"lines": [{"check": "pm-gap", "verdict": "fail", "sentence": gap}]}
        training = session.scalars(
            select(StageRun).join(Iteration).where(Iteration.number == 2, StageRun.stage == "train_policy")
        ).one()
        progress = {"phase": "steps", "done": 11, "total": 32, "seconds_left": 540.0}
        run = TrainingRun(module="train_policy", directory="w48/policy", status=RunStatus.RUNNING, progress=progress)
        session.add(run)
        session.flush()
        training.training_run_id, training.heartbeat_at = run.id, db.now()
