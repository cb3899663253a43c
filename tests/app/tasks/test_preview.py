"""A researcher looks around as a crowdworker would: the same pages, and nothing that counts."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.tables import Account, Comparison, Iteration, Role, TrancheMember
from app.tranches.export_hh import hh_lines
from app.tranches.queries import count_freezable
from app.tranches.service import EmptyTranche, freeze
from tests.app.conftest import Browser, answer
from tests.factories import make_account


@pytest.fixture(params=[Role.RESEARCHER, Role.ADMIN])
def account(request: pytest.FixtureRequest, browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, request.param, consent_version=None)


@pytest.fixture
def researcher(account: Account, browser: Browser) -> TestClient:
    return browser(account, qualified=False)


def hold_a_conversation(person: TestClient) -> None:
    assignment = person.post("/assignments", json={"task": "helpfulness"}).json()
    conversation = assignment["conversation_id"]
    for number in (1, 2):
        body = {"client_id": f"c{number}", "text": "Hello?"}
        turn = person.post(f"/conversations/{conversation}/turns", json=body).json()
        answer(turn["id"])
        choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
        person.put(f"/turns/{turn['id']}/comparison", json=choice).raise_for_status()
    person.post(f"/conversations/{conversation}/complete", json={}).raise_for_status()


def test_neither_consent_nor_qualification_is_asked_and_the_page_knows(researcher: TestClient) -> None:
    assignment = researcher.post("/assignments", json={"task": "helpfulness"}).json()
    assert researcher.get(f"/conversations/{assignment['conversation_id']}").json()["preview"] is True


def test_a_crowdworkers_conversation_is_no_preview(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker = browser(account)
    assignment = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    assert crowdworker.get(f"/conversations/{assignment['conversation_id']}").json()["preview"] is False


def test_nothing_of_it_counts_anywhere(researcher: TestClient) -> None:
    hold_a_conversation(researcher)
    second = researcher.get("/assignments").json()[0]["conversation_id"]
    assert researcher.get(f"/conversations/{second}").json()["preview"] is True, "the next conversation, too"

    collected = researcher.get("/overview").json()["collected"]
    assert set(collected["all"].values()) == {0}
    assert (collected["new"], collected["crowdworkers"], collected["assignments_open"]) == (0, 0, 0)
    assert (collected["by_task"], collected["by_kind"]) == ({}, {})
    for entry in researcher.get("/figures").json():
        assert researcher.get(f"/figures/{entry['name']}").json()["missing"], entry["name"]
    with db.writing() as session:
        assert len(session.scalars(select(Comparison.id)).all()) == 2, "the choices are there"
        assert count_freezable(session) == 0
        assert list(hh_lines(session)) == []
        iteration = Iteration(number=1, name="2026-w48", preset="small", overrides={})
        session.add(iteration)
        session.flush()
        with pytest.raises(EmptyTranche):
            freeze(session, iteration)


def test_a_crowdworkers_choices_next_to_it_are_frozen_alone(researcher: TestClient, browser: Browser) -> None:
    with db.writing() as session:
        crowdworker = make_account(session)
    hold_a_conversation(researcher)
    hold_a_conversation(browser(crowdworker))
    assert researcher.get("/overview").json()["collected"]["all"]["total"] == 2
    with db.writing() as session:
        iteration = Iteration(number=1, name="2026-w48", preset="small", overrides={})
        session.add(iteration)
        session.flush()
        (tranche,) = freeze(session, iteration)
        frozen = (
            select(Comparison.account_id)
            .join(TrancheMember, TrancheMember.comparison_id == Comparison.id)
            .where(TrancheMember.tranche_id == tranche.id)
        )
        assert session.scalars(frozen).all() == [crowdworker.id] * 2
