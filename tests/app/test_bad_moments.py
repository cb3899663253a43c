"""What goes wrong in the middle of a conversation: one sentence says what, and nothing that was done is lost."""

import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app import db
from app.tables import Account, SignIn, Turn
from tests.app.clients import signed_in
from tests.app.conftest import Browser, answer
from tests.factories import make_account

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Json = dict[str, Any]
JSON = {"Content-Type": "application/json"}
HTML = '<script>alert("hi")</script><img src=x onerror=alert(1)>&amp;\u2028</textarea>\u202edesrever'


@pytest.fixture
def account(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session)


@pytest.fixture
def crowdworker(browser: Browser, account: Account) -> TestClient:
    return browser(account)


@pytest.fixture
def conversation(crowdworker: TestClient) -> str:
    taken: str = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    return taken


def say(crowdworker: TestClient, conversation: str, text: str, client_id: str = "c1") -> httpx.Response:
    return crowdworker.post(f"/conversations/{conversation}/turns", json={"client_id": client_id, "text": text})


def choose(crowdworker: TestClient, turn: Json) -> httpx.Response:
    choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
    return crowdworker.put(f"/turns/{turn['id']}/comparison", json=choice)


def turns() -> int | None:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Turn))


def test_a_message_of_100_kilobytes_is_refused_in_a_sentence(crowdworker: TestClient, conversation: str) -> None:
    refused = say(crowdworker, conversation, "long " * 20_000)
    assert (refused.status_code, refused.json()["type"]) == (422, "invalid")
    assert refused.json()["detail"] == "text: a message may have 20,000 characters, this one has 100,000."
    assert turns() == 0
    assert say(crowdworker, conversation, "shorter").status_code == 201, "the same client id, once it fits"


def test_html_comes_out_as_it_went_in_and_never_as_a_page(crowdworker: TestClient, conversation: str) -> None:
    turn = say(crowdworker, conversation, HTML).json()
    answer(turn["id"], a=HTML, b="plain")
    for path in (f"/turns/{turn['id']}", f"/conversations/{conversation}"):
        response = crowdworker.get(path)
        told = response.json()["turns"][0] if "turns" in response.json() else response.json()
        assert (told["text"], told["candidates"][0]["text"]) == (HTML, HTML)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
    with crowdworker.stream("GET", f"/turns/{turn['id']}/events") as stream:
        body = stream.read().decode()
    assert stream.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in body.split("\n") if line.startswith("data: ")]
    assert [event["candidates"][0]["text"] for event in events] == [HTML, HTML], "state, done"


def test_a_suspended_crowdworker_is_told_so_everywhere_and_goes_on_when_that_ends(
    crowdworker: TestClient, conversation: str, account: Account
) -> None:
    turn = say(crowdworker, conversation, "Hello?").json()
    answer(turn["id"])
    suspend(account, db.now())
    for refused in (
        choose(crowdworker, turn),
        say(crowdworker, conversation, "And?", "c2"),
        crowdworker.get(f"/turns/{turn['id']}"),
        crowdworker.get(f"/turns/{turn['id']}/events"),
        crowdworker.post("/assignments", json={"task": "helpfulness"}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (403, "account-suspended")
        assert "Your work is kept" in refused.json()["detail"]
    suspend(account, None)
    assert choose(crowdworker, turn).json()["comparison"]["strength"] == 2


def suspend(account: Account, at: Any) -> None:
    with db.writing() as session:
        session.execute(update(Account).where(Account.id == account.id).values(suspended_at=at))


def test_a_session_that_ends_in_mid_conversation_loses_nothing(
    crowdworker: TestClient, conversation: str, account: Account
) -> None:
    turn = say(crowdworker, conversation, "Hello?").json()
    answer(turn["id"])
    with db.writing() as session:
        session.execute(update(SignIn).values(expires_at=db.now() - timedelta(seconds=1)))
    for refused in (choose(crowdworker, turn), crowdworker.get(f"/turns/{turn['id']}/events")):
        assert (refused.status_code, refused.json()["type"]) == (401, "signed-out")
        assert refused.json()["detail"] == "You are signed out; please sign in again."
    with db.writing() as session:
        session.query(SignIn).delete()
    crowdworker.headers.update(signed_in(account, qualified=False))
    assert choose(crowdworker, turn).status_code == 200
    assert say(crowdworker, conversation, "And?", "c2").status_code == 201


def test_a_page_of_before_the_last_sign_in_is_asked_to_reload(crowdworker: TestClient, conversation: str) -> None:
    refused = crowdworker.post(
        f"/conversations/{conversation}/turns", json={"client_id": "c1", "text": "Hi"}, headers={"X-CSRF-Token": "old"}
    )
    assert (refused.status_code, refused.json()["type"]) == (403, "cross-site-request")
    assert "reload the page" in refused.json()["detail"]
    assert turns() == 0


@pytest.mark.parametrize(
    ("verb", "path", "body", "says"),
    [
        ("PUT", "/turns/{turn}/comparison", {"picked": "", "strength": 2}, "picked: "),
        ("PUT", "/turns/{turn}/comparison", {"picked": "\x00", "strength": 2}, "picked: "),
        ("PUT", "/turns/{turn}/comparison", {"picked": {"id": 1}, "strength": 2}, "picked: "),
        ("PUT", "/turns/{turn}/comparison", [], "The body is wrong: "),
        ("POST", "/conversations/{conversation}/turns", {"client_id": "x" * 65, "text": "Hi"}, "client_id: "),
        ("POST", "/conversations/{conversation}/turns", {"client_id": "c2", "text": None}, "text: "),
        ("POST", "/conversations/{conversation}/complete", {"comment": "long " * 1001}, "comment: "),
        ("POST", "/conversations/{conversation}/complete", {"comment": "\ud83d"}, "comment: "),
    ],
)
def test_a_body_that_makes_no_sense_is_named_by_its_field(
    crowdworker: TestClient, conversation: str, verb: str, path: str, body: Any, says: str
) -> None:
    turn = say(crowdworker, conversation, "Hello?").json()
    url = path.format(turn=turn["id"], conversation=conversation)
    content = json.dumps(body).encode()
    refused = crowdworker.request(verb, url, content=content, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(says), refused.json()["detail"]


@pytest.mark.parametrize("id", ["0" * 24, "null", "%00", "..%2f..", "' OR 1=1 --", "שלום", "x" * 5000])
def test_an_address_that_makes_no_sense_is_no_crash(crowdworker: TestClient, id: str) -> None:
    for path in (f"/turns/{id}", f"/conversations/{id}", f"/assignments/{id}", f"/turns/{id}/events"):
        refused = crowdworker.get(path)
        assert refused.status_code in (404, 422), path
        assert refused.headers["content-type"] == "application/problem+json"


HUGE = 10**40
JUNK: dict[str, bytes] = {
    "no JSON": b'{"text": ',
    "half a character": b'{"text": "\xff"}',
    "a list": b"[]",
    "a number": b"1e999",
    "deep": b"[" * 50_000,
    "NUL": json.dumps(dict.fromkeys(("text", "picked", "task", "username", "password", "comment"), "a\0b")).encode(),
    "surrogate": json.dumps(dict.fromkeys(("text", "picked", "task", "username", "password"), "\ud83d")).encode(),
    "huge": json.dumps(dict.fromkeys(("strength", "version", "overall_rating", "text_version"), HUGE)).encode(),
}
IDS = ("%00", "x" * 5000, "%ED%A0%BD", str(HUGE), "..%2F..", "%E2%80%AE")


def test_no_address_answers_junk_with_anything_but_a_problem(crowdworker: TestClient) -> None:
    """Every route, every kind of junk in its body, and in the place of an id: a sentence, and never a crash."""
    for path, verbs in crowdworker.app.openapi()["paths"].items():  # type: ignore[attr-defined]
        address = path.removeprefix("/api/v1")
        for verb in verbs:
            if verb != "get":
                for kind, junk in JUNK.items():
                    place = f"{verb} {address} {kind}"
                    is_a_problem(
                        crowdworker.request(verb, re.sub("{.*?}", "x", address), content=junk, headers=JSON), place
                    )
            for id in IDS if "{" in address and not address.endswith("/events") else ():
                is_a_problem(
                    crowdworker.request(verb, re.sub("{.*?}", id, address), json={}), f"{verb} {address} {id[:9]}"
                )


def is_a_problem(response: httpx.Response, place: str) -> None:
    if response.status_code >= 400:
        assert response.status_code < 500, place
        assert response.headers["content-type"] == "application/problem+json", place
        assert response.json()["detail"], place
