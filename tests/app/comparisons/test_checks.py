"""The occasional question of red-teaming: which response are you asked to pick?"""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db, views
from app.db import new_id
from app.tables import DirectionCheck
from app.views import is_checked
from tests.app.conftest import Browser, answer
from tests.factories import make_account

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, red_team_opt_in_at=db.now())
    return browser(account)


@pytest.fixture
def chosen(crowdworker: TestClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A turn after its choice, whose hash says that there is a question, or that there is none."""

    def make(task: str = "red-team", asked: bool = True) -> Json:
        monkeypatch.setattr(views, "CHECK_EVERY", 1 if asked else 2**40)
        conversation = crowdworker.post("/assignments", json={"task": task}).json()["conversation_id"]
        turn = crowdworker.post(f"/conversations/{conversation}/turns", json={"client_id": "c", "text": "Hi"}).json()
        assert turn["check"] is False, "not before the choice"
        answer(turn["id"])
        choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
        decided: Json = crowdworker.put(f"/turns/{turn['id']}/comparison", json=choice).json()
        return decided | {"conversation_id": conversation}

    return make


def test_about_every_eighth_choice_is_asked_about() -> None:
    assert 0.1 < sum(is_checked(new_id()) for _ in range(8000)) / 8000 < 0.15  # 1/8, and six standard errors


def test_the_question_comes_after_the_choice_and_once(crowdworker: TestClient, chosen: Any) -> None:
    turn = chosen()
    assert turn["check"] is True
    assert crowdworker.get(f"/turns/{turn['id']}").json()["check"] is True, "also after a reload"
    url = f"/turns/{turn['id']}/check"
    assert crowdworker.post(url, json={"picks": "better"}).json() == {"right": False}
    assert crowdworker.post(url, json={"picks": "worse"}).json() == {"right": False}, "the first answer counts"
    assert crowdworker.get(f"/turns/{turn['id']}").json()["check"] is False
    with db.reading() as session:
        assert [row.right for row in session.scalars(select(DirectionCheck))] == [False]


def test_the_worse_one_is_right(crowdworker: TestClient, chosen: Any) -> None:
    assert crowdworker.post(f"/turns/{chosen()['id']}/check", json={"picks": "worse"}).json() == {"right": True}


@pytest.mark.parametrize(("task", "asked"), [("helpfulness", True), ("red-team", False)])
def test_nobody_is_asked_elsewhere(crowdworker: TestClient, chosen: Any, task: str, asked: bool) -> None:
    turn = chosen(task, asked)
    assert turn["check"] is False
    refused = crowdworker.post(f"/turns/{turn['id']}/check", json={"picks": "worse"})
    assert (refused.status_code, refused.json()["type"]) == (409, "check-not-asked")


def test_nobody_is_asked_about_a_choice_of_long_ago(crowdworker: TestClient, chosen: Any) -> None:
    turn = chosen()
    body = {"client_id": "c2", "text": "And?"}
    crowdworker.post(f"/conversations/{turn['conversation_id']}/turns", json=body).raise_for_status()
    assert crowdworker.get(f"/turns/{turn['id']}").json()["check"] is False
    assert crowdworker.post(f"/turns/{turn['id']}/check", json={"picks": "worse"}).status_code == 409


def test_somebody_elses_question_is_unknown(chosen: Any, browser: Browser) -> None:
    with db.writing() as session:
        stranger = make_account(session)
    refused = browser(stranger).post(f"/turns/{chosen()['id']}/check", json={"picks": "worse"})
    assert (refused.status_code, refused.json()["type"]) == (404, "unknown-turn")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_is_one_of_two(crowdworker: TestClient, chosen: Any) -> None:
    refused = crowdworker.post(f"/turns/{chosen()['id']}/check", json={"picks": "the-blue-one"})
    assert refused.json()["detail"].startswith("picks: ")
