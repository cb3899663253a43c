"""The weeks one below the other, and what each of their stages read and made."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db
from app.iterations.week import STAGES
from app.tables import (
    EloBoard,
    EloFit,
    EloFitStatus,
    Iteration,
    IterationStatus,
    IterationTranche,
    Role,
    SnapshotKind,
    StageRun,
    StageStatus,
    TrainingRun,
    Tranche,
    TrancheKind,
)
from tests.app.clients import client_of
from tests.app.iterations.rows import make_iteration, stage_of
from tests.factories import make_account, make_snapshot, make_task

DONE = dict.fromkeys(STAGES, StageStatus.SUCCEEDED)


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="rosa")
    return client_of(account)


def make_week(session: Session) -> str:
    """A deployed week: 300 of its 900 comparisons are new, its PM is right on 62 of 100, its policy moved 4.5 nats."""
    id = make_iteration(session, IterationStatus.DEPLOYED, **DONE)
    for name, kind, comparisons in (("w48-base", TrancheKind.BASE, 100), ("w48-online", TrancheKind.ONLINE, 200)):
        counts = {"comparisons": comparisons}
        tranche = Tranche(name=name, kind=kind, content_hash="h", counts=counts, exclusions={}, iteration_id=id)
        session.add(tranche)
        session.flush()
        session.add(IterationTranche(iteration_id=id, tranche_id=tranche.id))
    pm = make_snapshot(session, "w48-pm", SnapshotKind.PM, iteration_id=id)
    policy = make_snapshot(session, "w48-policy", iteration_id=id, pm_id=pm.id)
    make_snapshot(session, "w48-policy-kl4", iteration_id=id, pm_id=pm.id)
    new = {"accuracy": 0.62, "low": 0.52, "high": 0.71, "comparisons": 100}
    tranches = [
        {"name": "w47-base", "comparisons": 600, "new": False},
        {"name": "w48-base", "comparisons": 100, "new": True},
        {"name": "w48-online", "comparisons": 200, "new": True},
    ]
    results: dict[str, Any] = {
        "freeze_tranche": {"comparisons": 900, "tranches": tranches, "deployed_pm_id": None},
        "train_pm": {"snapshot": pm.name, "snapshot_id": pm.id, "test_pm": None, "comparisons": {"helpfulness": 800}},
        "evaluate_pm": {"new": new},
        "train_policy": {"snapshot": policy.name, "snapshot_id": policy.id},
        "evaluate_policy": {"new": {"kl_to_initial": 4.5}},
        "deploy": {"scoring_pm": pm.name, "deployments": {"helpfulness": [{"snapshot": policy.name, "share": 90.0}]}},
    }
    began = db.now()
    for stage, result in results.items():
        ended = began + timedelta(seconds=10)
        stage_of(session, id, stage, result=result, started_at=began, finished_at=ended)
    return id


def test_a_week_says_what_it_froze_and_made_and_took(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_week(session)
        task = make_task(session)
        fit = EloFit(status=EloFitStatus.DONE, finished_at=db.now())
        session.add(fit)
        session.flush()
        standing = {"snapshot": "w48-policy", "best_of": 1, "elo": {"elo": 80.5, "low": 20.0, "high": 140.0}}
        best_of = {"snapshot": "w48-policy", "best_of": 16, "elo": {"elo": 200.0}}
        board = {"standings": [best_of, standing, {"snapshot": "initial", "best_of": 1, "elo": None}]}
        session.add(EloBoard(fit_id=fit.id, task_id=task.id, week=None, comparisons=1, board=board))
    body = researcher.get("/iterations/timeline").json()
    assert (body["count"], body["next"]) == (1, None)
    week = body["weeks"][0]
    assert (week["id"], week["status"], week["stage"], week["seconds"]) == (id, "deployed", "deploy", 60)
    assert (week["comparisons_new"], week["comparisons"]) == (300, 900)
    assert week["pm"] == {"snapshot": "w48-pm", "accuracy": 0.62, "low": 0.52, "high": 0.71, "comparisons": 100}
    elo = [{"task": task.slug, "elo": 80.5, "low": 20.0, "high": 140.0}]
    assert week["policy"] == {"snapshot": "w48-policy", "kl": 4.5, "elo": elo}


def test_a_week_that_has_not_come_far_says_only_what_it_knows(researcher: TestClient) -> None:
    with db.writing() as session:
        make_iteration(session, IterationStatus.FAILED, freeze_tranche=StageStatus.FAILED)
        session.add(Iteration(number=2, name="w49", preset="toy", overrides={}, status=IterationStatus.SKIPPED))
    skipped, failed = researcher.get("/iterations/timeline").json()["weeks"]
    for week in (skipped, failed):
        assert [week[name] for name in ("seconds", "comparisons_new", "comparisons", "pm", "policy")] == [None] * 5
    assert (skipped["stage"], failed["stage"]) == (None, "freeze_tranche")


def test_a_week_without_test_comparisons_has_no_accuracy(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_week(session)
        stage_of(session, id, "evaluate_pm", result={"measures": {"comparisons": 0}})
    week = researcher.get("/iterations/timeline").json()["weeks"][0]
    assert (week["pm"], week["policy"]["kl"], week["policy"]["elo"]) == (None, 4.5, [])


def test_all_attempts_count_into_the_time_a_week_took_and_waiting_does_not(researcher: TestClient) -> None:
    began = db.now() - timedelta(days=2)
    with db.writing() as session:
        id = make_iteration(session, IterationStatus.FAILED, train_pm=StageStatus.FAILED)
        stage_of(session, id, "train_pm", started_at=began, finished_at=began + timedelta(seconds=30))
        again = StageRun(iteration_id=id, stage="train_pm", attempt=2, status=StageStatus.FAILED)
        again.started_at, again.finished_at = began + timedelta(days=1), began + timedelta(days=1, seconds=12)
        session.add(again)
    assert researcher.get("/iterations/timeline").json()["weeks"][0]["seconds"] == 42


def test_weeks_come_page_by_page(researcher: TestClient) -> None:
    with db.writing() as session:
        for number in range(1, 6):
            make_iteration(session, IterationStatus.FAILED, number=number)
    pages, before = [], None
    while True:
        body = researcher.get("/iterations/timeline", params={"limit": 2} | ({"before": before} if before else {}))
        pages.append([week["number"] for week in body.json()["weeks"]])
        before = body.json()["next"]
        if before is None:
            break
    assert pages == [[5, 4], [3, 2], [1]]
    assert body.json()["count"] == 5


def test_a_stage_says_what_went_in_and_what_came_out(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_week(session)
        session.get_one(Iteration, id).overrides = {"pm.epochs": 1, "policy.rollouts": 8}
        stage_of(session, id, "train_pm", config={"pm": {"epochs": 1, "lora_rank": 4}}, input_hash="1f3a")
        for directory, module in (("pm-1f3a", "train_pm"), ("test-pm-1f3a", "train_pm"), ("policy-1", "train_policy")):
            session.add(TrainingRun(module=module, directory=f"2026-w48/{directory}"))
        session.add(TrainingRun(module="train_pm", directory="2026-w48-2/pm-77"))  # another iteration's
    body = researcher.get(f"/iterations/{id}/stages/train_pm").json()
    assert [(thing["name"], thing["fact"]) for thing in body["inputs"]] == [
        ("w48-online", "200 comparisons, new"),
        ("w48-base", "100 comparisons, new"),
        ("w47-base", "600 comparisons"),
    ]
    assert (body["input_hash"], body["overridden"], body["more_inputs"]) == ("1f3a", ["pm.epochs"], 0)
    assert body["outputs"] == [{"kind": "pm", "name": "w48-pm", "fact": "PM"}]
    assert sorted(run["name"] for run in body["runs"]) == ["pm-1f3a", "test-pm-1f3a"]
    policy = researcher.get(f"/iterations/{id}/stages/train_policy").json()
    assert [thing["name"] for thing in policy["outputs"]] == ["w48-policy", "w48-policy-kl4"]
    deploy = researcher.get(f"/iterations/{id}/stages/deploy").json()
    assert deploy["outputs"] == [{"kind": "deployment", "name": "w48-policy", "fact": "90 % of helpfulness"}]


def test_a_stage_that_has_not_begun_has_nothing_to_show(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, freeze_tranche=StageStatus.RUNNING)
    for stage in STAGES:
        body = researcher.get(f"/iterations/{id}/stages/{stage}").json()
        assert [body[name] for name in ("inputs", "outputs", "config", "result", "runs")] == [[], [], None, None, []]
    answer = researcher.get(f"/iterations/{id}/stages/celebrate")
    assert (answer.status_code, answer.json()["type"]) == (404, "unknown-stage")


def test_every_attempt_of_a_stage_is_told_newest_first(researcher: TestClient) -> None:
    with db.writing() as session:
        id = make_iteration(session, train_pm=StageStatus.FAILED)
        stage_of(session, id, "train_pm", error="Out of memory.")
        session.add(StageRun(iteration_id=id, stage="train_pm", attempt=2, status=StageStatus.RUNNING))
    attempts = researcher.get(f"/iterations/{id}/stages/train_pm").json()["attempts"]
    assert [(one["attempt"], one["status"], one["error"]) for one in attempts] == [
        (2, "running", None),
        (1, "failed", "Out of memory."),
    ]
