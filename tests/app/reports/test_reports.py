"""Reports, through the API."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app import db
from app.tables import Account, Report, Role, Turn
from tests.app.conftest import Browser
from tests.factories import make_account, make_conversation, make_turn


@pytest.fixture
def owner(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session)


@pytest.fixture
def turn(owner: Account) -> Turn:
    with db.writing() as session:
        conversation = make_conversation(session, account=owner)
        turn = make_turn(session, conversation, ("Call 555-0100.", "No."), text="Who are you?")
        assert len(turn.candidates) == 2, "loaded, for tests to look at"
        return turn


@pytest.fixture
def researcher(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER)


def test_a_report_reaches_the_researchers_and_is_handled_once(
    browser: Browser, turn: Turn, owner: Account, researcher: Account
) -> None:
    crowdworker, inbox = browser(owner), browser(researcher)
    path = f"/candidates/{turn.candidates[0].id}/report"
    body = {"reason": "privacy", "comment": "A telephone number."}
    assert crowdworker.post(path, json=body).status_code == 204
    assert crowdworker.post(path, json=body).status_code == 204
    shown = crowdworker.get(f"/turns/{turn.id}").json()["candidates"]
    assert [candidate["reported"] for candidate in shown] == [True, False]

    (report,) = inbox.get("/reports").json()

    assert (report["reason"], report["comment"], report["reported_by"]) == (
        "privacy", "A telephone number.", owner.username,
    )  # fmt: skip
    assert (report["human"], report["text"], report["shown"]) == ("Who are you?", "Call 555-0100.", "a")
    assert "snapshot" not in str(report)
    handled = inbox.post(f"/reports/{report['id']}/handled").json()
    assert (handled["handled_by"], handled["handled_at"] is not None) == (researcher.username, True)
    assert inbox.post(f"/reports/{report['id']}/handled").json() == handled

    crowdworker.post(path, json={"reason": "illegal"})
    (anew,) = inbox.get("/reports").json()
    assert (anew["id"], anew["reason"], anew["handled_at"]) == (report["id"], "illegal", None)


def test_what_nobody_has_looked_at_comes_first(
    browser: Browser, turn: Turn, owner: Account, researcher: Account
) -> None:
    crowdworker, inbox = browser(owner), browser(researcher)
    for candidate in turn.candidates:
        crowdworker.post(f"/candidates/{candidate.id}/report", json={"reason": "other"})
    newest, older = inbox.get("/reports").json()
    assert (newest["shown"], older["shown"]) == ("b", "a")
    inbox.post(f"/reports/{newest['id']}/handled")
    assert [row["shown"] for row in inbox.get("/reports").json()] == ["a", "b"]


def test_a_double_click_is_one_report(browser: Browser, turn: Turn, owner: Account) -> None:
    crowdworker, path = browser(owner), f"/candidates/{turn.candidates[0].id}/report"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: crowdworker.post(path, json={"reason": "broken"}), range(4)))
    assert {response.status_code for response in answers} == {204}
    with db.reading() as session:
        assert len(session.scalars(select(Report)).all()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_ones_own_conversations_are_reported_and_only_researchers_read(
    browser: Browser, turn: Turn, owner: Account, researcher: Account
) -> None:
    with db.writing() as session:
        stranger = make_account(session)
    path = f"/candidates/{turn.candidates[0].id}/report"
    assert browser(stranger).post(path, json={"reason": "other"}).json()["type"] == "unknown-candidate"
    crowdworker = browser(owner)
    assert crowdworker.post(path, json={"reason": "boring"}).status_code == 422
    assert crowdworker.get("/reports").status_code == 403
    assert crowdworker.post("/reports/x/handled").status_code == 403
    assert browser(researcher).post("/reports/x/handled").json()["type"] == "unknown-report"
