"""What the browser noticed about a message goes into its row, and comes out to nobody but researchers."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.tables import Turn
from tests.app.conftest import Browser
from tests.factories import make_account

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session)
    return browser(account)


@pytest.fixture
def url(crowdworker: TestClient) -> str:
    assignment = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    return f"/conversations/{assignment['conversation_id']}/turns"


def test_signals_are_stored_with_the_turn(crowdworker: TestClient, url: str) -> None:
    signals = {"pasted_characters": 12, "private_kinds": ["phone", "email", "phone"]}
    turn = crowdworker.post(url, json={"client_id": "c1", "text": "Call 555-0100, please."} | signals).json()
    with db.reading() as session:
        row = session.scalars(select(Turn)).one()
        assert (row.pasted_characters, row.private_kinds) == (12, ["email", "phone"])
    assert not {"pasted_characters", "private_kinds"} & set(turn)
    assert not {"pasted_characters", "private_kinds"} & set(crowdworker.get(f"/turns/{turn['id']}").json())


def test_a_client_without_signals_says_nothing(crowdworker: TestClient, url: str) -> None:
    crowdworker.post(url, json={"client_id": "c1", "text": "Hello?"}).raise_for_status()
    with db.reading() as session:
        row = session.scalars(select(Turn)).one()
        assert (row.pasted_characters, row.private_kinds) == (None, None)


def test_pasted_emoji_count_as_a_browser_counts_them(crowdworker: TestClient, url: str) -> None:
    """An emoji has length 2 there; a message must not be refused for that."""
    body = {"client_id": "c1", "text": "🙂🙂", "pasted_characters": 4}
    assert crowdworker.post(url, json=body).status_code == 201


@pytest.mark.parametrize(
    ("signals", "field"),
    [
        ({"pasted_characters": 7}, "pasted_characters"),
        ({"pasted_characters": -1}, "pasted_characters"),
        ({"pasted_characters": "3"}, "pasted_characters"),
        ({"pasted_characters": 1.5}, "pasted_characters"),
        ({"private_kinds": ["shoe-size"]}, "private_kinds"),
        ({"private_kinds": "email"}, "private_kinds"),
        ({"private_kinds": ["email"] * 21}, "private_kinds"),
    ],
)
def test_a_signal_that_cannot_be_is_refused_by_name(
    crowdworker: TestClient, url: str, signals: Json, field: str
) -> None:
    refused = crowdworker.post(url, json={"client_id": "c1", "text": "Hello?"} | signals)
    assert refused.status_code == 422
    assert field in refused.json()["detail"]
    with db.reading() as session:
        assert session.scalars(select(Turn)).all() == []
