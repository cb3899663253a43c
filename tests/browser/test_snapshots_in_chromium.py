"""Snapshots, two side by side, a canary and the playground in a real browser, with something on them."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app import db
from app.accounts.own_data.erasure import prompt_hash
from app.snapshots.service import deploy
from app.snapshots.shares import Wanted
from app.tables import Evaluation, Role, Sample, Snapshot, SnapshotKind, Task
from app.tasks.defaults import HELPFULNESS
from tests.app.servers import Process
from tests.browser.axe import DESK, PHONE, Look, barriers_in
from tests.browser.conftest import Errors, sign_in
from tests.factories import make_snapshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LOOKS = [Look(DESK, "light"), Look(PHONE, "dark")]
SCORES = [at / 4 - 2 for at in range(17)]


@pytest.fixture
def week(web: Process, context: BrowserContext) -> None:
    """A policy that was evaluated, has answered two prompts, and is a canary; somebody who may see it."""
    sign_in(context, web, Role.RESEARCHER)
    with db.writing() as session:
        pm = make_snapshot(session, "w1-pm", SnapshotKind.PM)
        policy = make_snapshot(session, "w1-policy", pm_id=pm.id, manifest={"base": {"source": "toy", "hash": "ab"}})
        level = {"mean": 0.4, "low": -0.1, "high": 0.9}
        report = {
            "prompts": 8, "new": {"score": 1.0, "refusal_rate": 0.1}, "old": {"score": 0.5, "refusal_rate": 0},
            "paired": {"score": {"mean": 0.5, "low": 0.1, "high": 0.9, "win_rate": 0.75, "at_equal_length": level}},
        }  # fmt: skip
        session.add(Evaluation(snapshot_id=policy.id, kind="evaluate_policy", result=report))
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        for text in ("Why is the sky blue?", "Why is it red?"):
            for snapshot, says in ((policy, "It **scatters**."), (initial, "It is.")):
                session.add(
                    Sample(
                        snapshot_id=snapshot.id, pm_id=pm.id, prompt_hash=prompt_hash([text]), is_red_team=False,
                        prompt=[{"role": "user", "content": text}], text=says, score=0.0, scores=SCORES,
                    )
                )  # fmt: skip
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        deploy(session, task, [Wanted("w1-policy", 80), Wanted("initial", 20)], canary_share=5)


def test_snapshots_and_deployments_can_be_used_by_everybody(week: None, page: Page, errors: Errors) -> None:
    found = []
    for path in ("/admin/snapshots", "/admin/snapshots/w1-policy", "/admin/snapshots/compare"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        found += barriers_in(LOOKS, page, path)
    page.goto("/admin/deployments")
    page.get_by_text("Generations: who, when, why").first.click()
    page.get_by_role("button", name="Change shares").first.click()
    page.get_by_role("button", name="Add a snapshot").click()
    found += barriers_in(LOOKS, page, "/admin/deployments, while they are changed")
    assert not found, "\n".join(found)
    assert errors == []


def test_a_canary_is_promoted_by_a_click_and_a_reason(week: None, page: Page, errors: Errors) -> None:
    page.goto("/admin/deployments")
    section = page.get_by_role("region", name="helpfulness")
    section.get_by_role("button", name="Promote").click()
    page.get_by_label("Reason, for the record").fill("No complaint.")
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    expect(section.get_by_text("Generation 3")).to_be_visible()
    expect(section.get_by_text("w1-policy 80 %").first).to_be_visible()
    expect(section.get_by_role("button", name="Promote")).to_have_count(0)
    assert errors == []


def test_two_policies_answer_in_the_playground_word_by_word(week: None, page: Page, errors: Errors) -> None:
    page.goto("/admin/playground?a=initial&b=initial")
    page.get_by_label("Your message").fill("Why is the sky blue?")
    page.keyboard.press("Enter")
    expect(page.get_by_text(" tokens in ")).to_have_count(2)
    assert barriers_in(LOOKS, page, "the playground") == []
    with db.reading() as session:
        assert session.scalars(select(Snapshot.wanted_until)).all() == [None, None, None]
    assert errors == []
