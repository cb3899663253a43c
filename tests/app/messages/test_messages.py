"""The line between crowdworkers and researchers, through the API."""

import pytest
from fastapi.testclient import TestClient

from app import db
from app.tables import Account, Role
from tests.app.conftest import Browser
from tests.factories import make_account, make_conversation, make_turn


@pytest.fixture
def account(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, username="ada")


@pytest.fixture
def crowdworker(browser: Browser, account: Account) -> TestClient:
    return browser(account)


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="grace")
    return browser(account)


def test_a_question_about_a_turn_is_answered(crowdworker: TestClient, researcher: TestClient, account: Account) -> None:
    with db.writing() as session:
        conversation = make_conversation(session, account=session.get_one(Account, account.id))
        turn = make_turn(session, conversation, ("Left.", "Right."), text="Which way?")
    sent = crowdworker.post("/messages", json={"text": "Both wrong?", "turn_id": turn.id})
    assert sent.status_code == 201
    assert (sent.json()["mine"], sent.json()["author"], sent.json()["read"]) == (True, "you", False)

    (summary,) = researcher.get("/threads").json()
    assert (summary["username"], summary["unread"], summary["last_text"]) == ("ada", 1, "Both wrong?")
    thread = researcher.get(f"/threads/{account.id}").json()
    (asked,) = thread["messages"]
    assert (asked["author"], asked["from_crowdworker"], asked["read"]) == ("ada", True, False)
    assert asked["about"]["human"] == "Which way?"
    assert [one["text"] for one in asked["about"]["candidates"]] == ["Left.", "Right."]
    assert researcher.get("/threads").json()[0]["unread"] == 0, "who opens a thread has read it"
    answered = researcher.post(f"/threads/{account.id}", json={"text": "Yes: choose 4."})
    assert answered.status_code == 201
    assert (answered.json()["mine"], answered.json()["author"]) == (True, "grace")

    assert crowdworker.get("/messages/unread").json() == {"count": 1}
    mine, theirs = crowdworker.get("/messages").json()
    assert (mine["text"], mine["turn_id"], mine["read"]) == ("Both wrong?", turn.id, True)
    assert (theirs["text"], theirs["author"], theirs["read"]) == ("Yes: choose 4.", "researchers", False)
    assert "grace" not in str(theirs), "which researcher answers stays among the researchers"
    assert crowdworker.get("/messages/unread").json() == {"count": 0}
    assert crowdworker.get("/messages").json()[1]["read"] is True


def test_threads_are_listed_by_their_newest_message(
    browser: Browser, crowdworker: TestClient, researcher: TestClient, account: Account
) -> None:
    with db.writing() as session:
        other = make_account(session, username="bob")
    crowdworker.post("/messages", json={"text": "1"})
    crowdworker.post("/messages", json={"text": "2"})
    browser(other).post("/messages", json={"text": "3"})
    assert [(row["username"], row["unread"]) for row in researcher.get("/threads").json()] == [("bob", 1), ("ada", 2)]
    researcher.post(f"/threads/{account.id}", json={"text": "4"})
    rows = [(row["username"], row["unread"], row["last_text"]) for row in researcher.get("/threads").json()]
    assert rows == [("ada", 2, "4"), ("bob", 1, "3")]
    assert [message["text"] for message in crowdworker.get("/messages").json()] == ["1", "2", "4"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_sent_gets_a_sentence(
    browser: Browser, crowdworker: TestClient, researcher: TestClient, account: Account
) -> None:
    with db.writing() as session:
        not_theirs = make_turn(session).id
    refused = crowdworker.post("/messages", json={"text": "Hm?", "turn_id": not_theirs})
    assert (refused.status_code, refused.json()["type"]) == (404, "unknown-turn")
    assert crowdworker.post("/messages", json={"text": "  "}).status_code == 422
    assert crowdworker.get("/threads").status_code == 403
    assert crowdworker.get(f"/threads/{account.id}").status_code == 403
    assert researcher.post("/threads/nobody", json={"text": "Hm?"}).json()["type"] == "unknown-person"
    assert crowdworker.get("/messages").json() == []
