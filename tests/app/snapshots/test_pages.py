"""The list of snapshots, and all that is known of one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.snapshots import queries
from app.tables import (
    EloBoard,
    EloFit,
    EloFitStatus,
    Evaluation,
    Iteration,
    IterationStatus,
    IterationTranche,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    Task,
    Tranche,
    TrancheKind,
)
from tests.app.conftest import Browser
from tests.app.snapshots.conftest import snapshot_on_disk
from tests.factories import make_account, make_deployment, make_snapshot

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SUMMARY = {"score": 1.5, "kl_to_initial": 4.0, "entropy": 2.0, "length": 60.0, "refusal_rate": 0.25}
BEFORE = {"score": 0.5, "kl_to_initial": 0.0, "entropy": 2.5, "length": 50.0, "refusal_rate": 0.0}
POLICY_REPORT = {
    "prompts": 32,
    "new": SUMMARY,
    "old": BEFORE,
    "paired": {
        "score": {
            "mean": 1.0, "low": 0.6, "high": 1.4, "win_rate": 0.75,
            "at_equal_length": {"mean": 0.7, "low": 0.2, "high": 1.2, "per_token": 0.01},
        }
    },
}  # fmt: skip
PM_REPORT = {"comparisons": 100, "accuracy": 0.62, "low": 0.53, "high": 0.71, "longer_wins": 0.55, "loss": 0.66}


@pytest.fixture
def week(researcher: TestClient) -> TestClient:
    """A week that has made a PM, a policy and a snapshot along its run; the policy answers half of “talk”."""
    with db.writing() as session:
        iteration = Iteration(number=1, name="2026-w48", preset="small", overrides={}, status=IterationStatus.DEPLOYED)
        session.add(iteration)
        session.flush()
        result = {"passed": True, "reason": None, "lines": []}
        session.add(StageRun(iteration_id=iteration.id, stage="gate", status=StageStatus.SUCCEEDED, result=result))
        tranche = Tranche(name="w48", kind=TrancheKind.BASE, content_hash="h", counts={}, exclusions={}, erased=3)
        session.add(tranche)
        session.flush()
        session.add(IterationTranche(iteration_id=iteration.id, tranche_id=tranche.id))
        made: dict[str, Any] = {"iteration_id": iteration.id, "created_at": MONDAY}
        snapshot_on_disk(session, "w48-pm", SnapshotKind.PM, evaluated=False, manifest={"name": "w48-pm"}, **made)
        pm = session.scalars(select(Snapshot).where(Snapshot.name == "w48-pm")).one()
        manifest = {
            "name": "w48-policy",
            "parents": ["w48-pm", "distilled"],
            "base": {"source": "toy", "hash": "abc"},
            "metrics": SUMMARY,
            "config": {"learning_rate": 1e-5},
            "files": {"adapter_model.safetensors": "123"},
        }
        snapshot_on_disk(session, "w48-policy", evaluated=False, manifest=manifest, pm_id=pm.id, **made)
        snapshot_on_disk(session, "w48-policy-kl4", evaluated=False, pm_id=pm.id, **made)
        policy = session.scalars(select(Snapshot).where(Snapshot.name == "w48-policy")).one()
        for row, kind, report in ((pm, "evaluate_pm", PM_REPORT), (policy, "evaluate_policy", POLICY_REPORT)):
            session.add(Evaluation(snapshot_id=row.id, kind=kind, iteration_id=iteration.id, result=report))
        task = session.scalars(select(Task)).one()
        make_deployment(session, task, policy, 50, generation=2, active=False, retired_at=MONDAY + timedelta(days=1))
        fit = EloFit(status=EloFitStatus.DONE, finished_at=MONDAY)
        session.add(fit)
        session.flush()
        standing = {"snapshot": "w48-policy", "best_of": 1, "comparisons": 40, "missing": None}
        board = {"standings": [{**standing, "elo": {"elo": 120.0, "low": 40.0, "high": 200.0}}]}
        session.add(EloBoard(fit_id=fit.id, task_id=task.id, week=None, comparisons=40, board=board))
    return researcher


def test_the_page_of_a_policy_has_what_it_is_what_it_reached_and_where_it_answered(week: TestClient) -> None:
    page = week.get("/snapshots/w48-policy").json()
    assert page["snapshot"]["iteration"] == "2026-w48"
    assert (page["snapshot"]["evaluated"], page["snapshot"]["erased"]) == (True, 3)
    assert page["base"] == {"source": "toy", "hash": "abc"}
    assert page["files"] == {"adapter_model.safetensors": "123"}
    assert page["bytes"] > len("weights of w48-policy"), "and the manifest"
    assert (page["gate"]["passed"], page["gate"]["iteration"]) == (True, "2026-w48")
    (evaluated,) = page["evaluations"]
    measured = {one["quantity"]: (one["value"], one["against"]) for one in evaluated["measured"]}
    assert evaluated["of"] == 32
    assert measured["score"] == (1.5, 0.5)
    assert measured["refusal_rate"] == (0.25, 0.0)
    assert measured["score_gain"] == (1.0, None)
    assert measured["score_gain_at_equal_length"] == (0.7, None)
    assert [(one["name"], one["relation"], one["registered"]) for one in page["relatives"]] == [
        ("w48-pm", "reward", True),
        ("distilled", "parent", False),
    ]
    assert [(elo["task"], elo["elo"], elo["comparisons"]) for elo in page["elo"]] == [("talk", 120.0, 40)]
    (term,) = page["terms"]
    assert (term["task"], term["share"], term["until"]) == ("talk", 50.0, "2026-11-24T00:00:00Z")


def test_the_page_of_a_pm_has_its_accuracy_beside_longer_wins_and_who_was_trained_against_it(week: TestClient) -> None:
    page = week.get("/snapshots/w48-pm").json()
    (evaluated,) = page["evaluations"]
    accuracy = evaluated["measured"][0]
    assert (evaluated["of"], accuracy["value"], accuracy["low"], accuracy["against"]) == (100, 0.62, 0.53, 0.55)
    assert [(one["name"], one["relation"]) for one in page["relatives"]] == [
        ("w48-policy", "trained against it"),
        ("w48-policy-kl4", "trained against it"),
    ]


def test_the_initial_policy_has_a_page_with_nothing_on_disk(week: TestClient) -> None:
    page = week.get("/snapshots/initial").json()
    assert (page["bytes"], page["gate"], page["evaluations"], page["files"]) == (None, None, [], {})


def test_a_snapshot_whose_files_are_gone_still_has_its_page(week: TestClient) -> None:
    with db.writing() as session:
        make_snapshot(session, "lost", directory="nowhere")
    assert week.get("/snapshots/lost").json()["bytes"] is None
    assert week.get("/snapshots/unknown").status_code == 404


def test_snapshots_come_in_pages_newest_first_and_by_kind(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "AT_A_TIME", 2)
    with db.writing() as session:
        for number in range(3):  # two of them in the same instant
            made = MONDAY + timedelta(days=min(number, 1))
            make_snapshot(session, f"policy-{number}", created_at=made)
        make_snapshot(session, "pm", SnapshotKind.PM, created_at=MONDAY + timedelta(days=2))
        session.scalars(select(Snapshot).where(Snapshot.name == "initial")).one().created_at = MONDAY - timedelta(
            days=9
        )

    def listed(query: str) -> list[str]:
        return [row["name"] for row in researcher.get(f"/snapshots?{query}").json()]

    first = listed("")
    second = listed(f"before={first[-1]}")
    third = listed(f"before={second[-1]}")
    listed_in_all = first + second + third
    assert listed_in_all[0] == "pm"
    assert set(listed_in_all[1:3]) == {"policy-1", "policy-2"}
    assert listed_in_all[3:] == ["policy-0", "initial"]
    assert listed("kind=pm") == ["pm"]
    assert researcher.get("/snapshots?kind=reward").status_code == 422
    assert researcher.get("/snapshots?before=nobody").status_code == 404


def test_crowdworkers_read_none_of_it(week: TestClient, browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker = browser(account)
    for path in ("/snapshots", "/snapshots/initial", "/snapshot-names", "/deployments"):
        assert crowdworker.get(path).status_code == 403, path
