"""What people agree to: by version, before they talk, and again after it has changed."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app import db
from app.tables import Account, AuditEvent, ConsentText, Role
from tests.app.conftest import Browser, answer
from tests.factories import make_account

ADA = {"username": "ada", "password": "correct horse battery", "consent": True}


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, consent_version=None)
    return browser(account)


@pytest.fixture
def newcomer(browser: Browser) -> TestClient:
    """Somebody who came from a crowd platform: an account, and no consent yet."""
    with db.writing() as session:
        account = make_account(session, consent_version=None)
    return browser(account)


def test_anybody_may_read_the_text_before_there_is_an_account(browser: Browser) -> None:
    text = browser(None).get("/consent").json()
    assert text["version"] == 1
    for promise in ("voluntary", "Stop", "Have it erased", "identifies you"):
        assert promise in text["body"]


def test_who_has_not_agreed_takes_nothing_and_does_after_agreeing(newcomer: TestClient) -> None:
    assert newcomer.get("/session").json()["account"]["consented"] is False
    refused = newcomer.post("/assignments", json={"task": "helpfulness"})
    assert (refused.status_code, refused.json()["type"]) == (403, "consent-needed")
    assert newcomer.post("/account/consent", json={"version": 1}).json()["account"]["consented"] is True
    assert newcomer.get("/session").json()["account"]["consented"] is True
    assert newcomer.post("/assignments", json={"task": "helpfulness"}).status_code == 201


def test_signing_up_agrees_to_the_newest_text(browser: Browser, researcher: TestClient) -> None:
    assert researcher.post("/consent", json={"body": "Be kind."}).json() == {"version": 2, "body": "Be kind."}
    assert browser(None).post("/accounts", json=ADA).json()["account"]["consented"] is True
    with db.reading() as session:
        account = session.scalars(select(Account).where(Account.username == "ada")).one()
        assert account.consent_version == 2
        assert account.consented_at is not None


def test_a_new_text_is_asked_for_before_the_next_message_and_what_was_said_stays(
    browser: Browser, researcher: TestClient
) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker = browser(account)
    conversation = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    messages = f"/conversations/{conversation}/turns"
    turn = crowdworker.post(messages, json={"client_id": "c1", "text": "Hello?"}).json()
    answer(turn["id"])

    assert researcher.post("/consent", json={"body": "New."}).status_code == 201

    assert crowdworker.get("/session").json()["account"]["consented"] is False
    choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
    choose = f"/turns/{turn['id']}/comparison"
    for refused in (
        crowdworker.put(choose, json=choice),
        crowdworker.post(messages, json={"client_id": "c2", "text": "?"}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (403, "consent-needed")
    assert crowdworker.get(f"/conversations/{conversation}").json()["turns"][0]["text"] == "Hello?"
    assert crowdworker.post("/account/consent", json={"version": 2}).status_code == 200
    assert crowdworker.put(choose, json=choice).status_code == 200
    assert crowdworker.post(messages, json={"client_id": "c2", "text": "And?"}).status_code == 201


def test_nobody_agrees_to_another_text_than_the_newest(newcomer: TestClient, researcher: TestClient) -> None:
    researcher.post("/consent", json={"body": "New."}).raise_for_status()
    for version in (1, 3):
        refused = newcomer.post("/account/consent", json={"version": version})
        assert (refused.status_code, refused.json()["type"]) == (409, "consent-outdated")
    assert newcomer.get("/session").json()["account"]["consented"] is False


def test_publishing_is_for_researchers_and_leaves_a_trace(newcomer: TestClient, researcher: TestClient) -> None:
    refused = newcomer.post("/consent", json={"body": "Sell your soul."})
    assert (refused.status_code, refused.json()["type"]) == (403, "not-allowed")
    for empty in ("", " \n", "\x00"):
        assert researcher.post("/consent", json={"body": empty}).json()["detail"].startswith("body: ")
    researcher.post("/consent", json={"body": "New."}).raise_for_status()
    with db.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.account_id.is_not(None))).one()
        assert (event.action, event.before, event.after) == ("publish-consent", {"version": 1}, {"version": 2})
        assert session.scalars(select(ConsentText.body).where(ConsentText.version == 1)).one().startswith("# ")


def test_researchers_are_not_asked_for_it(researcher: TestClient) -> None:
    assert researcher.get("/session").json()["account"]["consented"] is True
    assert researcher.post("/assignments", json={"task": "helpfulness"}).status_code == 201


def test_a_database_without_a_text_locks_nobody_out(newcomer: TestClient) -> None:
    with db.writing() as session:
        session.execute(delete(ConsentText))
    assert newcomer.get("/consent").json()["type"] == "no-consent-text"
    assert newcomer.get("/session").json()["account"]["consented"] is True
    assert newcomer.post("/assignments", json={"task": "helpfulness"}).status_code == 201
