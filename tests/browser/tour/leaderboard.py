"""The leaderboard, over six people and five policies."""

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app import db
from app.leaderboard import service as leaderboard_service
from app.tables import Evaluation, Role, Snapshot, SnapshotKind, Task
from app.tasks.defaults import HELPFULNESS
from tests.app.leaderboard.rows import choose
from tests.app.servers import Process
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_account, make_deployment, make_snapshot
from worker import leaderboard

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_leaderboard(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    visitor.visit("/admin/leaderboard", "66-researcher-leaderboard-empty")
    five_weeks()
    visitor.visit("/admin/leaderboard", "67-researcher-leaderboard", everywhere=True)
    visitor.page.get_by_role("figure", name="Who was better than whom").scroll_into_view_if_needed()
    if visitor.window != "phone":
        visitor.shoot("68-researcher-leaderboard-figures")
    visitor.context.close()


# Of a policy and the one before it: how often the later one was the better, out of so many, by each of six people.
LEAGUE = (("policy-2026-w44", 8, 14), ("policy-2026-w45", 7, 11), ("policy-2026-w46", 6, 10), ("policy-2026-w47", 2, 5))


def five_weeks() -> None:
    """Six people's choices between the initial policy and four after it; a fifth has never lost."""
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        pm = make_snapshot(session, "pm-2026-w47", SnapshotKind.PM)
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        people = [make_account(session) for _ in range(6)]
        first = before = make_deployment(session, task, initial, 50, generation=0, active=False)
        for strength, (name, wins, of) in enumerate(LEAGUE, start=1):
            policy = make_deployment(session, task, make_snapshot(session, name), 50, generation=0, active=False)
            for number, person in enumerate(people):
                won = max(1, wins + (number % 3) - 1)
                for better, worse, times in ((policy, before, won), (before, policy, of - won), (policy, first, 2)):
                    length = 80 + 25 * (number % 3) + 5 * strength
                    for row in choose(session, task, person, better, worse, times, picked_length=length):
                        for candidate in row.turn.candidates:
                            is_new = candidate.deployment_id == policy.id
                            candidate.score, candidate.scored_by_id = 0.35 * strength * is_new + number / 9, pm.id
                choose(session, task, person, first, policy, 1 + number % 2)
            gain = {"mean": 0.55 * strength, "low": 0.55 * strength - 0.2, "high": 0.55 * strength + 0.2}
            report = {"paired": {"score": gain}, "prompts_from": "test families"}
            session.add(Evaluation(snapshot_id=policy.snapshot_id, kind="evaluate_policy", result=report))
            before = policy
        newest = make_deployment(
            session, task, make_snapshot(session, "policy-2026-w48"), 50, generation=0, active=False
        )
        choose(session, task, people[0], newest, before, 2)
        asked = leaderboard_service.ask(session, None).id
    leaderboard.fit(asked)
