"""What researchers decide about people, through the API."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.people import queries
from app.tables import Account, AuditEvent, Role
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_conversation, make_turn
from worker import crowdworkers


@pytest.fixture
def account(browser: Browser) -> Account:
    with db.writing() as session:
        account = make_account(session, username="ada")
        conversation = make_conversation(session, account=account)
        make_comparison(session, make_turn(session, conversation), superseded_at=db.now())
        make_comparison(session, conversation.turns[0])
        make_comparison(session, make_turn(session, make_conversation(session, account=account, preview=True)))
    crowdworkers.count()
    return account


@pytest.fixture
def grace(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="grace")


@pytest.fixture
def researcher(browser: Browser, grace: Account) -> TestClient:
    return browser(grace)


def test_researchers_see_who_is_here(researcher: TestClient, account: Account) -> None:
    people = {person["username"]: person for person in researcher.get("/accounts").json()["people"]}
    assert people["ada"] | {"created_at": ""} == {
        "id": account.id, "username": "ada", "role": "crowdworker", "may_edit": False, "suspended": False,
        "comparisons": 1, "created_at": "",
    }  # fmt: skip
    assert people["grace"]["comparisons"] == 0


def test_people_come_a_page_at_a_time_newest_first_and_nobody_twice(
    researcher: TestClient, grace: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    with db.writing() as session:
        started = grace.created_at + timedelta(hours=1)
        for number in range(6):  # two and two at the same moment
            make_account(session, username=f"w{number}", created_at=started + timedelta(hours=number // 2))
    pages, after = [], ""
    while not pages or after:
        page = researcher.get("/accounts", params={"after": after} if after else {}).json()
        pages.append([person["username"] for person in page["people"]])
        after = page["next"]
    assert list(map(len, pages)) == [3, 3, 1]
    names = [name for page in pages for name in page]
    assert [sorted(names[i : i + 2]) for i in (0, 2, 4)] == [["w4", "w5"], ["w2", "w3"], ["w0", "w1"]]
    assert names[-1] == "grace"


def test_people_are_found_by_a_part_of_their_name(researcher: TestClient) -> None:
    with db.writing() as session:
        for username in ("adam", "nora", "a_b"):
            make_account(session, username=username)

    def found(q: str) -> set[str]:
        return {person["username"] for person in researcher.get("/accounts", params={"q": q}).json()["people"]}

    assert found(" AD ") == {"adam"}
    assert found("_") == {"a_b"}, "no wildcard"
    assert found("nobody") == set()


def test_a_page_after_somebody_who_is_not_here_is_refused(researcher: TestClient) -> None:
    refused = researcher.get("/accounts", params={"after": "gone"})
    assert (refused.status_code, refused.json()["type"]) == (422, "unknown-place")


def test_who_may_edit_is_decided_by_a_researcher_and_audited(
    browser: Browser, researcher: TestClient, grace: Account, account: Account
) -> None:
    for _ in range(2):
        allowed = researcher.put(f"/accounts/{account.id}/may-edit", json={"may_edit": True}).json()
        assert allowed["may_edit"] is True
    assert browser(account).get("/session").json()["account"]["may_edit"] is True
    with db.reading() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "may-edit")).all()
        assert (event.account_id, event.subject) == (grace.id, f"account:{account.id}")
        assert (event.before, event.after) == ({"may_edit": False}, {"may_edit": True})


def test_a_suspended_person_gets_one_sentence_everywhere_until_it_is_lifted(
    browser: Browser, researcher: TestClient, account: Account
) -> None:
    crowdworker = browser(account)
    body = {"suspended": True, "reason": "The same choice 400 times."}
    assert researcher.put(f"/accounts/{account.id}/suspended", json=body).json()["suspended"] is True
    for verb, path in (("GET", "/session"), ("GET", "/tasks"), ("POST", "/messages"), ("GET", "/account/data")):
        refused = crowdworker.request(verb, path, json={"text": "?"} if verb == "POST" else None)
        assert (refused.status_code, refused.json()["type"]) == (403, "account-suspended")
        assert "suspended" in refused.json()["detail"]
        assert "400" not in refused.json()["detail"]
    researcher.put(f"/accounts/{account.id}/suspended", json={"suspended": False})
    assert crowdworker.get("/session").status_code == 200
    with db.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "suspend").order_by(AuditEvent.id)).all()
        assert [(event.after, event.reason) for event in events] == [
            ({"suspended": True}, "The same choice 400 times."),
            ({"suspended": False}, None),
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_not_decide_is_told_so(
    browser: Browser, researcher: TestClient, grace: Account, account: Account
) -> None:
    with db.writing() as session:
        admin = make_account(session, Role.ADMIN)
    suspend = {"suspended": True, "reason": "x"}
    crowdworker = browser(account)
    for refused, status, type in (
        (crowdworker.get("/accounts"), 403, "not-allowed"),
        (crowdworker.put(f"/accounts/{account.id}/may-edit", json={"may_edit": True}), 403, "not-allowed"),
        (researcher.put(f"/accounts/{grace.id}/suspended", json=suspend), 403, "not-allowed"),
        (researcher.put(f"/accounts/{admin.id}/suspended", json=suspend), 403, "not-allowed"),
        (researcher.put(f"/accounts/{account.id}/suspended", json={"suspended": True}), 422, "reason-needed"),
        (researcher.put("/accounts/nobody/suspended", json=suspend), 404, "unknown-person"),
    ):
        assert (refused.status_code, refused.json()["type"]) == (status, type)
    assert browser(admin).put(f"/accounts/{grace.id}/suspended", json=suspend).status_code == 200
