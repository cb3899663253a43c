from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import db
from app.tables import Account, Conversation, Role, Turn
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_conversation, make_turn


@pytest.fixture
def ana(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="ana")


@pytest.fixture
def researcher(browser: Browser, ana: Account) -> TestClient:
    return browser(ana)


def hold(
    human: str = "Hello?", a: str = "Yes.", b: str = "No.", *, choose: dict[str, Any] | None = None, **fields: Any
) -> Conversation:
    """A conversation of one turn, chosen on with what `choose` says."""
    with db.writing() as session:
        conversation = make_conversation(session, **fields)
        turn = make_turn(session, conversation, (a, b), text=human)
        if choose is not None:
            make_comparison(session, turn, **choose)
        return conversation


def first_turn(conversation: Conversation) -> Turn:
    with db.reading() as session:
        return session.get_one(Conversation, conversation.id).turns[0]


def found(researcher: TestClient, **filters: Any) -> list[str]:
    answer = researcher.get("/explorer/conversations", params=filters)
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["found"]]
