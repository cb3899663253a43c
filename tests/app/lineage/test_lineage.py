"""Tranche → PM → policy → deployment → comparisons that it earned, counted by eye."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app import db
from app.tables import (
    Iteration,
    IterationStatus,
    IterationTranche,
    Role,
    SnapshotKind,
    Tranche,
    TrancheKind,
)
from tests.app.clients import client_of
from tests.factories import make_account, make_comparison, make_deployment, make_snapshot, make_task


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return client_of(account)


@pytest.fixture
def week(engine: Engine) -> str:
    """Two tranches, a PM and its test-PM, a policy that answers in two generations and met the initial one three times
    and itself once; its id."""
    with db.writing() as session:
        iteration = Iteration(number=1, name="w48", preset="toy", overrides={}, status=IterationStatus.DEPLOYED)
        session.add(iteration)
        session.flush()
        for name, frozen_by, comparisons in (("w47-base", None, 600), ("w48-online", iteration.id, 200)):
            tranche = Tranche(
                name=name,
                kind=TrancheKind.BASE,
                content_hash="h",
                counts={"comparisons": comparisons},
                exclusions={},
                iteration_id=frozen_by,
            )
            session.add(tranche)
            session.flush()
            session.add(IterationTranche(iteration_id=iteration.id, tranche_id=tranche.id))
        pm = make_snapshot(session, "w48-pm", SnapshotKind.PM, iteration_id=iteration.id)
        make_snapshot(session, "w48-test-pm", SnapshotKind.PM, iteration_id=iteration.id)
        policy = make_snapshot(session, "w48-policy", iteration_id=iteration.id, pm_id=pm.id)
        initial, task = make_snapshot(session, "initial"), make_task(session, slug="helpfulness")
        make_deployment(session, None, pm)
        first = {"generation": 1, "active": False, "retired_at": db.now()}
        old, old_initial = (
            make_deployment(session, task, policy, 90, **first),
            make_deployment(session, task, initial, 10, **first),
        )
        new = make_deployment(session, task, policy, 50, generation=2)
        best = make_deployment(session, task, policy, 20, generation=2, best_of=16)
        new_initial = make_deployment(session, task, initial, 30, generation=2)
        for picked, other in (
            (old, old_initial),
            (old_initial, old),
            (new_initial, new),
            (best, new),
            (new_initial, new_initial),
        ):
            make_comparison(session, picked_deployment_id=picked.id, other_deployment_id=other.id)
        changed = make_comparison(session, picked_deployment_id=new.id, other_deployment_id=new_initial.id)
        changed.superseded_at = db.now()  # a choice that was taken back earns nothing
        make_comparison(session)  # and one that says nothing of two policies
        return iteration.id


def names(body: dict[str, list[dict[str, str]]], column: str) -> list[str]:
    return [node["name"] for node in body["nodes"] if node["column"] == column]


def test_an_iteration_leads_from_its_tranches_to_the_comparisons_it_earned(researcher: TestClient, week: str) -> None:
    body = researcher.get("/lineage", params={"iteration": week}).json()
    assert names(body, "tranches") == ["w48-online", "w47-base"]
    assert sorted(names(body, "pms")) == ["w48-pm", "w48-test-pm"]
    assert names(body, "policies") == ["w48-policy"]
    assert sorted(names(body, "deployments")) == ["helpfulness", "scoring PM"]
    nodes = {node["id"]: node for node in body["nodes"]}
    use = next(node for node in nodes.values() if (node["column"], node["name"]) == ("deployments", "helpfulness"))
    assert use["facts"] == ["2 generations, 1 to 2", "90 → 70 %"]
    assert use["until"] is None
    earned = [node for node in nodes.values() if node["column"] == "earned"]
    assert [node["comparisons"] for node in earned] == [4]
    made = {(nodes[edge["made_from"]]["name"], nodes[edge["made"]]["name"]) for edge in body["edges"]}
    assert {("w48-online", "w48-pm"), ("w48-pm", "w48-policy"), ("w48-policy", "helpfulness")} <= made
    assert ("helpfulness", "helpfulness") in made  # the deployment and what it earned
    assert ("w48-test-pm", "w48-policy") not in made  # it only watched


def test_a_snapshot_has_its_own_part_of_the_lineage(researcher: TestClient, week: str) -> None:
    body = researcher.get("/lineage", params={"snapshot": "w48-policy"}).json()
    assert (names(body, "pms"), names(body, "policies")) == (["w48-pm"], ["w48-policy"])
    assert [node["name"] for node in body["nodes"] if node["asked"]] == ["w48-policy"]
    of_pm = researcher.get("/lineage", params={"snapshot": "w48-test-pm"}).json()
    assert (names(of_pm, "tranches"), names(of_pm, "policies")) == (["w48-online", "w47-base"], [])
    assert names(of_pm, "deployments") == []


def test_the_initial_policy_comes_from_nowhere_and_earns_comparisons(researcher: TestClient, week: str) -> None:
    body = researcher.get("/lineage", params={"snapshot": "initial"}).json()
    assert (names(body, "tranches"), names(body, "pms"), names(body, "policies")) == ([], [], ["initial"])
    # Three with the policy, and one in which both candidates were its own.
    assert [node["comparisons"] for node in body["nodes"] if node["column"] == "earned"] == [4]


def test_many_tranches_are_the_newest_and_one_node_for_the_others(researcher: TestClient, week: str) -> None:
    with db.writing() as session:
        for number in range(10):
            counts = {"comparisons": 10}
            fields = {"content_hash": "h", "counts": counts, "exclusions": {}, "kind": TrancheKind.ONLINE}
            tranche = Tranche(name=f"w49-{number}", created_at=db.now(), **fields)
            session.add(tranche)
            session.flush()
            session.add(IterationTranche(iteration_id=week, tranche_id=tranche.id))
    body = researcher.get("/lineage", params={"iteration": week}).json()
    assert names(body, "tranches") == [*(f"w49-{number}" for number in (9, 8, 7, 6)), "8 earlier tranches"]
    assert next(node["comparisons"] for node in body["nodes"] if node["id"] == "older") == 60 + 200 + 600


def test_an_iteration_that_made_nothing_says_so(researcher: TestClient) -> None:
    with db.writing() as session:
        iteration = Iteration(number=1, name="w48", preset="toy", overrides={})
        session.add(iteration)
    body = researcher.get("/lineage", params={"iteration": iteration.id}).json()
    assert (body["nodes"], body["missing"]) == ([], "This iteration has frozen no tranche and made no snapshot yet.")


@pytest.mark.parametrize(
    ("asked", "status", "type"),
    [
        ({}, 422, "lineage-of-what"),
        ({"iteration": "x", "snapshot": "y"}, 422, "lineage-of-what"),
        ({"iteration": "unknown"}, 404, "nothing-of-that-name"),
        ({"snapshot": "unknown"}, 404, "nothing-of-that-name"),
        ({"snapshot": ""}, 404, "nothing-of-that-name"),
        ({"snapshot": "x" * 201}, 422, "invalid"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(
    researcher: TestClient, asked: dict[str, str], status: int, type: str
) -> None:
    answer = researcher.get("/lineage", params=asked)
    assert (answer.status_code, answer.json()["type"]) == (status, type)
