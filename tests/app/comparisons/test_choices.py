"""A choice, through the API: what is stored with it, and until when it may change."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app import db
from app.tables import Candidate, Comparison, Conversation, Deployment, Snapshot, Task, Turn
from tests.app.conftest import Browser, answer
from tests.factories import make_account, make_deployment, make_snapshot

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, red_team_opt_in_at=db.now())
    return browser(account)


@pytest.fixture
def ready(crowdworker: TestClient) -> Callable[..., Json]:
    """A turn with two complete candidates, of this task."""

    def make(task: str = "helpfulness") -> Json:
        conversation = crowdworker.post("/assignments", json={"task": task}).json()["conversation_id"]
        body = {"client_id": "c1", "text": "Hello?"}
        turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
        answer(turn["id"], a="Good.", b="Bad.")
        return turn | {"conversation_id": conversation}

    return make


def choose(crowdworker: TestClient, turn: Json, shown: str = "a", strength: Any = 3) -> httpx.Response:
    picked = next(candidate["id"] for candidate in turn["candidates"] if candidate["shown"] == shown)
    return crowdworker.put(f"/turns/{turn['id']}/comparison", json={"picked": picked, "strength": strength})


def rows(turn: Json) -> list[Comparison]:
    with db.reading() as session:
        query = select(Comparison).where(Comparison.turn_id == turn["id"])
        return list(session.scalars(query.order_by(Comparison.created_at)))


def text_of(candidate_id: str) -> str:
    with db.reading() as session:
        return session.get_one(Candidate, candidate_id).text


def test_a_choice_is_stored_with_all_that_it_will_be_read_by(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    with db.writing() as session:
        session.execute(update(Turn).values(ready_at=db.now() - timedelta(seconds=12)))

    chosen = choose(crowdworker, turn, "b", 4).json()

    assert chosen["comparison"] == {"picked": turn["candidates"][1]["id"], "strength": 4}
    assert chosen["changeable"] is True
    (row,) = rows(turn)
    assert (text_of(row.picked_id), text_of(row.other_id), row.strength) == ("Bad.", "Good.", 4)
    assert (row.choice_direction, row.kind, row.propensity, row.text_version) == ("pick-better", "base", 1.0, 1)
    assert row.seconds_to_choose is not None
    assert 12 <= row.seconds_to_choose < 30
    assert row.account_id is not None


def test_the_direction_of_a_red_team_choice_is_to_pick_the_worse(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready("red-team")
    choose(crowdworker, turn, "b")
    (row,) = rows(turn)
    assert row.choice_direction == "pick-worse"
    assert text_of(row.picked_id) == "Bad."


def test_editing_the_task_flips_no_earlier_choice(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    choose(crowdworker, turn)
    with db.writing() as session:
        session.execute(update(Task).values(choice_direction="pick-worse", text_version=2))
    (row,) = rows(turn)
    assert (row.choice_direction, row.text_version) == ("pick-better", 1)


def test_the_same_choice_again_is_the_same_row(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    first, again = choose(crowdworker, turn), choose(crowdworker, turn)
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(rows(turn)) == 1


def test_a_changed_choice_supersedes_the_earlier_one(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    choose(crowdworker, turn, "a", 1)
    choose(crowdworker, turn, "a", 4)
    choose(crowdworker, turn, "b", 4)
    choose(crowdworker, turn, "a", 1)
    picks = [(text_of(row.picked_id), row.strength, row.superseded_at is None) for row in rows(turn)]
    assert picks == [("Good.", 1, False), ("Good.", 4, False), ("Bad.", 4, False), ("Good.", 1, True)]


def test_choices_at_once_leave_one_that_counts(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: choose(crowdworker, turn, "ab"[i % 2], 1 + i % 4), range(8)))
    assert {response.status_code for response in answers} == {200}
    assert sum(row.superseded_at is None for row in rows(turn)) == 1


def test_a_choice_is_final_once_the_next_message_was_sent(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    choose(crowdworker, turn, "a")
    body = {"client_id": "c2", "text": "And?"}
    crowdworker.post(f"/conversations/{turn['conversation_id']}/turns", json=body).raise_for_status()

    refused = choose(crowdworker, turn, "b")

    assert (refused.status_code, refused.json()["type"]) == (409, "choice-final")
    assert choose(crowdworker, turn, "a").status_code == 200, "the same again is the same answer, still"
    assert crowdworker.get(f"/turns/{turn['id']}").json()["changeable"] is False
    assert len(rows(turn)) == 1


def test_a_choice_is_final_once_the_conversation_has_ended(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    choose(crowdworker, turn, "a")
    crowdworker.post(f"/conversations/{turn['conversation_id']}/complete", json={}).raise_for_status()
    assert choose(crowdworker, turn, "b").json()["type"] == "choice-final"


def test_no_choice_while_the_candidates_are_being_written(crowdworker: TestClient) -> None:
    conversation = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    body = {"client_id": "c1", "text": "Hello?"}
    turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
    refused = choose(crowdworker, turn)
    assert (refused.status_code, refused.json()["type"]) == (409, "turn-not-ready")
    assert rows(turn) == []


def test_a_candidate_of_another_turn_cannot_be_picked(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn, other = ready(), ready("red-team")
    body = {"picked": other["candidates"][0]["id"], "strength": 2}
    refused = crowdworker.put(f"/turns/{turn['id']}/comparison", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "unknown-candidate")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("strength", [0, 5, 2.5, "3", None, True])
def test_a_strength_is_one_of_four(crowdworker: TestClient, ready: Callable[..., Json], strength: Any) -> None:
    refused = choose(crowdworker, ready(), strength=strength)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("strength: ")


def test_the_browser_cannot_say_more_than_picked_and_strength(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    picked = turn["candidates"][0]["id"]
    body = {"picked": picked, "strength": 3, "propensity": 0.1, "choice_direction": "pick-worse", "kind": "online"}
    assert crowdworker.put(f"/turns/{turn['id']}/comparison", json=body).status_code == 200
    (row,) = rows(turn)
    assert (row.propensity, row.choice_direction, row.kind) == (1.0, "pick-better", "base")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "best_of", "kind"),
    [("week-1", 1, "online"), ("initial", 16, "rejection-sampled"), ("week-1", 16, "rejection-sampled")],
)
def test_the_tranche_kind_follows_from_who_answered(
    crowdworker: TestClient, ready: Callable[..., Json], name: str, best_of: int, kind: str
) -> None:
    turn = ready()
    with db.writing() as session:
        snapshot = session.scalar(select(Snapshot).where(Snapshot.name == name)) or make_snapshot(session, name)
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        deployment = make_deployment(session, task, snapshot, generation=2, best_of=best_of)
        one = session.get_one(Turn, turn["id"]).candidates[1]
        one.deployment_id, one.snapshot_id = deployment.id, snapshot.id
    choose(crowdworker, turn)
    assert rows(turn)[0].kind == kind


def test_the_propensity_is_that_of_the_draw(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    with db.writing() as session:
        session.execute(update(Conversation).values(propensity=0.32))
        session.execute(update(Deployment).values(active=False))  # what is deployed now does not matter
    choose(crowdworker, turn)
    assert rows(turn)[0].propensity == 0.32


def test_a_stopped_candidate_can_be_picked(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    with db.writing() as session:
        session.execute(update(Candidate).values(status="stopped", finish="stopped"))
    assert choose(crowdworker, turn).status_code == 200
