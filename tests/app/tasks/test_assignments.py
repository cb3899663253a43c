"""Assignments, through the API: five conversations, a code at the end, and leaving at any time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app import db
from app.tables import Assignment, Comparison, Conversation, Turn
from tests.app.conftest import Browser, answer
from tests.factories import make_account

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session)
    return browser(account)


def take(crowdworker: TestClient, task: str = "helpfulness") -> Json:
    assignment: Json = crowdworker.post("/assignments", json={"task": task}).json()
    return assignment


def talk(crowdworker: TestClient, conversation: str) -> None:
    """One decided turn."""
    body = {"client_id": "c1", "text": "Hello?"}
    turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
    answer(turn["id"])
    choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
    crowdworker.put(f"/turns/{turn['id']}/comparison", json=choice).raise_for_status()


def test_both_tasks_are_there_with_their_words(crowdworker: TestClient) -> None:
    helpfulness, red_team = crowdworker.get("/tasks").json()
    assert (helpfulness["slug"], helpfulness["choice_direction"]) == ("helpfulness", "pick-better")
    assert (red_team["slug"], red_team["choice_direction"]) == ("red-team", "pick-worse")
    assert "more helpful" in helpfulness["question"]
    assert "more harmful" in red_team["question"]
    assert "upsetting" in red_team["instructions"]


def test_taking_a_task_opens_its_first_conversation(crowdworker: TestClient) -> None:
    response = crowdworker.post("/assignments", json={"task": "helpfulness"})
    assert response.status_code == 201
    assignment = response.json()
    assert (assignment["status"], assignment["position"], assignment["of"]) == ("open", 1, 5)
    assert (assignment["completed"], assignment["completion_code"]) == (0, None)
    conversation = crowdworker.get(f"/conversations/{assignment['conversation_id']}").json()
    assert (conversation["position"], conversation["of"], conversation["turns"]) == (1, 5, [])
    assert conversation["assignment_id"] == assignment["id"]


def test_taking_it_again_is_the_open_one(crowdworker: TestClient) -> None:
    first = take(crowdworker)
    again = crowdworker.post("/assignments", json={"task": "helpfulness"})
    assert (again.status_code, again.json()) == (200, first)


def test_a_double_click_takes_one_assignment(crowdworker: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: crowdworker.post("/assignments", json={"task": "helpfulness"}), range(4)))
    assert sorted(response.status_code for response in answers) == [200, 200, 200, 201]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1


def test_five_conversations_earn_a_completion_code(crowdworker: TestClient) -> None:
    assignment = take(crowdworker)
    for number in range(1, 6):
        assert (assignment["position"], assignment["completed"]) == (number, number - 1)
        talk(crowdworker, assignment["conversation_id"])
        answers = {"comment": "Quite good 👍", "overall_rating": 4}
        assignment = crowdworker.post(f"/conversations/{assignment['conversation_id']}/complete", json=answers).json()
    assert (assignment["status"], assignment["completed"], assignment["conversation_id"]) == ("completed", 5, None)
    assert assignment["completion_code"].startswith("TW-")
    assert crowdworker.get("/assignments").json() == [assignment]
    assert crowdworker.get(f"/assignments/{assignment['id']}").json() == assignment
    with db.reading() as session:
        rows = session.scalars(select(Conversation)).all()
        assert {(row.comment, row.overall_rating, row.status) for row in rows} == {("Quite good 👍", 4, "completed")}
    assert take(crowdworker)["id"] != assignment["id"], "the next one is a new one"


def test_completing_twice_moves_on_once(crowdworker: TestClient) -> None:
    assignment = take(crowdworker)
    talk(crowdworker, assignment["conversation_id"])
    url = f"/conversations/{assignment['conversation_id']}/complete"
    with ThreadPoolExecutor(4) as pool:
        answers = [response.json() for response in pool.map(lambda _: crowdworker.post(url, json={}), range(4))]
    assert all(answered == answers[0] for answered in answers)
    assert answers[0]["position"] == 2


def test_a_conversation_without_a_choice_is_not_complete(crowdworker: TestClient) -> None:
    conversation = take(crowdworker)["conversation_id"]
    url = f"/conversations/{conversation}/complete"
    assert crowdworker.post(url, json={}).json()["type"] == "nothing-compared"
    talk(crowdworker, conversation)
    body = {"client_id": "c2", "text": "And?"}
    crowdworker.post(f"/conversations/{conversation}/turns", json=body).raise_for_status()
    assert crowdworker.post(url, json={}).json()["type"] == "turn-undecided"


def test_a_conversation_whose_last_turn_failed_can_be_completed(crowdworker: TestClient) -> None:
    conversation = take(crowdworker)["conversation_id"]
    talk(crowdworker, conversation)
    body = {"client_id": "c2", "text": "And?"}
    turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
    with db.writing() as session:
        session.get_one(Turn, turn["id"]).status = "failed"  # type: ignore[assignment]
    assert crowdworker.post(f"/conversations/{conversation}/complete", json={}).json()["position"] == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("answers", [{"overall_rating": 0}, {"overall_rating": 6}, {"comment": "\x00"}])
def test_answers_out_of_range_name_their_field(crowdworker: TestClient, answers: Json) -> None:
    conversation = take(crowdworker)["conversation_id"]
    refused = crowdworker.post(f"/conversations/{conversation}/complete", json=answers)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(f"{next(iter(answers))}: ")


def test_attack_ratings_belong_to_red_teaming(crowdworker: TestClient) -> None:
    ratings = {"attack_success": 4, "attack_harm": 3, "attack_actionability": 1}
    conversation = take(crowdworker)["conversation_id"]
    talk(crowdworker, conversation)
    refused = crowdworker.post(f"/conversations/{conversation}/complete", json=ratings)
    assert (refused.status_code, refused.json()["type"]) == (422, "not-red-teaming")

    crowdworker.post("/account/red-team-opt-in", json={"opt_in": True}).raise_for_status()
    conversation = take(crowdworker, "red-team")["conversation_id"]
    talk(crowdworker, conversation)
    assert crowdworker.post(f"/conversations/{conversation}/complete", json=ratings).status_code == 200
    with db.reading() as session:
        row = session.get_one(Conversation, conversation)
        assert (row.attack_success, row.attack_harm, row.attack_actionability) == (4, 3, 1)


def test_red_teaming_wants_an_opt_in(crowdworker: TestClient) -> None:
    refused = crowdworker.post("/assignments", json={"task": "red-team"})
    assert (refused.status_code, refused.json()["type"]) == (403, "red-team-opt-in-needed")
    assert crowdworker.post("/account/red-team-opt-in", json={"opt_in": True}).json()["account"]["red_team_opt_in"]
    assert crowdworker.post("/assignments", json={"task": "red-team"}).status_code == 201
    assert not crowdworker.post("/account/red-team-opt-in", json={"opt_in": False}).json()["account"]["red_team_opt_in"]


def test_withdrawing_keeps_what_was_done_and_stops_what_is_being_written(crowdworker: TestClient) -> None:
    assignment = take(crowdworker)
    talk(crowdworker, assignment["conversation_id"])
    body = {"client_id": "c2", "text": "And?"}
    url = f"/conversations/{assignment['conversation_id']}/turns"
    turn = crowdworker.post(url, json=body).json()

    withdrawn = crowdworker.post(f"/assignments/{assignment['id']}/withdraw").json()

    assert (withdrawn["status"], withdrawn["conversation_id"]) == ("withdrawn", None)
    assert crowdworker.post(f"/assignments/{assignment['id']}/withdraw").json() == withdrawn
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comparison)) == 1
        assert session.get_one(Turn, turn["id"]).stop_requested
    assert crowdworker.post(url, json={"client_id": "c3", "text": "Hi"}).json()["type"] == "conversation-closed"
    assert take(crowdworker)["id"] != assignment["id"]


def test_an_unknown_task_is_named(crowdworker: TestClient) -> None:
    refused = crowdworker.post("/assignments", json={"task": "paperclips"})
    assert (refused.status_code, refused.json()["detail"]) == (404, "There is no task “paperclips”.")


def test_somebody_elses_assignment_is_unknown(crowdworker: TestClient, browser: Browser) -> None:
    assignment = take(crowdworker)
    with db.writing() as session:
        account = make_account(session)
    stranger = browser(account)
    assert stranger.get(f"/assignments/{assignment['id']}").status_code == 404
    assert stranger.post(f"/assignments/{assignment['id']}/withdraw").status_code == 404
    assert stranger.get("/assignments").json() == []
