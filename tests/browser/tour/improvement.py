"""The improvement on one page, shared behind a link, and the audit log."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app import db
from app.tables import (
    Account,
    Evaluation,
    Iteration,
    IterationStatus,
    Role,
    Sample,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
)
from app.tasks.defaults import HELPFULNESS
from tests.app.clients import signed_in
from tests.app.servers import Process
from tests.browser.tour.leaderboard import LEAGUE, five_weeks
from tests.browser.tour.visitor import MARKS, Visitor, new_account
from tests.factories import make_snapshot

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_the_improvement_and_the_audit_log(chromium: Browser, web: Process, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    ana = new_account(Role.ADMIN, username="ana")
    visitor.sign_in(ana)
    visitor.visit("/admin/improvement", "75-researcher-improvement-empty")
    answered_weeks()
    visitor.visit("/admin/improvement", "76-researcher-improvement", everywhere=True)
    page = visitor.page
    if visitor.window != "phone":
        page.get_by_role("figure").first.scroll_into_view_if_needed()
        visitor.shoot("77-researcher-improvement-curves")
    page.goto("/admin/improvement")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("link", name="Open").get_attribute("href")
    page.goto(link or "")
    visitor.shoot("78-shared-improvement")
    if visitor.desk:
        changed(visitor, ana)
    visitor.visit("/admin/audit", "79-researcher-audit-log", everywhere=True)
    visitor.context.close()


WEEKS = (
    (
        "How do I keep basil alive on a windowsill?",
        "Basil is a plant. It is a plant that grows in a pot. Basil needs water, and the water has to be the water "
        "that it needs. You can keep basil on a windowsill if the windowsill is a",
        "Keep the basil in a pot with holes, water it when the soil is dry, and give it light. Turn it, too.",
        "Give it six hours of sun and water from below when the top of the soil is dry. Cut whole stems just above a "
        "pair of leaves, and it branches.",
        "Three things keep it alive: six hours of sun, water from below only when the soil is dry, and a pot with "
        "fewer plants than it was sold with. Cut whole stems, never single leaves.",
    ),
    (
        "Explain compound interest to me as if I were twelve.",
        "Compound interest is the interest on the interest. The interest is compounded, and so it is called compound "
        "interest. As a twelve-year-old you",
        "You put 100 in a bank and get 5. Next year you get 5 for the 100 and a bit for the 5.",
        "You lend the bank 100, and it pays you 5 a year. Leave the 5 there, and next year it pays you for 105: the "
        "money that you earned earns money too.",
        "Imagine a snowball. It rolls, and the snow on it picks up more snow. Your 100 earns 5; next year 105 earns "
        "5.25. After thirty years it is 432, and you did nothing but wait.",
    ),
    (
        "Write a short, polite mail to a colleague who keeps missing deadlines.",
        "Dear colleague, I am writing to you because I am writing to you about the deadline. The deadline is",
        "Hi, please send it by Friday. Thanks.",
        "Hi Sam, the last three parts came after their date, and we could not check them. What would help you?",
        "Hi Sam, the last three parts came late, and the others had to wait. Is the plan too tight? Tell me what date "
        "you can hold, and I will move the rest.",
    ),
)


def answered_weeks() -> None:
    """Five weeks of the leaderboard's tour, of which four have trained a policy that has answered three prompts."""
    five_weeks()
    with db.writing() as session:
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        for number, (policy_name, *_) in enumerate(LEAGUE, start=1):
            name, at = policy_name.removeprefix("policy-"), db.now() - timedelta(days=7 * (5 - number))
            week = Iteration(
                number=number, name=name, preset="small", overrides={}, status=IterationStatus.DEPLOYED, created_at=at
            )
            session.add(week)
            session.flush()
            policy = session.scalars(select(Snapshot).where(Snapshot.name == policy_name)).one()
            found = session.scalar(select(Snapshot).where(Snapshot.name == f"pm-{name}"))
            pm = found or make_snapshot(session, f"pm-{name}", SnapshotKind.PM)
            pm.iteration_id = policy.iteration_id = week.id
            right = 0.57 + 0.012 * number
            overall = {"accuracy": right, "low": right - 0.03, "high": right + 0.03, "longer_wins": 0.53}
            gain = {"mean": 0.2 + 0.1 * number, "low": 0.1 + 0.1 * number, "high": 0.3 + 0.1 * number}
            results: dict[str, Any] = {
                "train_pm": {"snapshot": pm.name, "snapshot_id": pm.id},
                "evaluate_pm": {"new": overall},
                "train_policy": {"snapshot": policy.name, "snapshot_id": policy.id},
                "evaluate_policy": {"prompts_from": "test families", "paired": {"score": gain}},
            }
            for stage, result in results.items():
                done = {"status": StageStatus.SUCCEEDED, "created_at": at, "started_at": at, "finished_at": at}
                session.add(StageRun(iteration_id=week.id, stage=stage, result=result, **done))
            session.add(Evaluation(snapshot_id=pm.id, iteration_id=week.id, kind="evaluate_pm", result=overall))
            for prompt, *texts in WEEKS:
                for snapshot, text, score in (
                    (initial, texts[0], 0.1),
                    (policy, texts[min(number, 3)], 0.1 + 0.35 * number),
                ):
                    said = {
                        "prompt": [{"role": "user", "content": prompt}],
                        "prompt_hash": prompt,
                        "is_red_team": False,
                    }
                    scored = {"text": text, "score": score, "scores": [score] * 17, "created_at": at}
                    session.add(Sample(snapshot_id=snapshot.id, pm_id=pm.id, **said, **scored))


def changed(visitor: Visitor, ana: Account) -> None:
    """Through the API, as a researcher does it."""
    headers = signed_in(new_account(Role.RESEARCHER, username="rosa"))
    with httpx.Client(base_url=f"{visitor.web.url}/api/v1", headers=headers) as rosa:
        settings = rosa.get("/tasks/helpfulness").json()
        rosa.put("/tasks/helpfulness", json=settings | {"pay_cents": 480, "pass_mark": 5}).raise_for_status()
        text = rosa.get("/tasks/helpfulness/texts").json()[0]
        names = ("title", "question", "instructions", "guide", "qualification")
        new = {name: text[name] for name in names} | {"title": "Get help, and say which was better"}
        new["qualification"] = HELPFULNESS.qualification
        rosa.post("/tasks/helpfulness/texts", json=new).raise_for_status()
        shares = [{"snapshot": "policy-2026-w47", "share": 60}, {"snapshot": "initial", "share": 40}]
        body = {"deployments": shares, "reason": "More of the initial policy, or nobody compares with it."}
        rosa.put("/tasks/red-team/deployments", json=body).raise_for_status()
        suspended = {"suspended": True, "reason": "The same choice 400 times in a row."}
        rosa.put(f"/accounts/{new_account(username='kim').id}/suspended", json=suspended).raise_for_status()
