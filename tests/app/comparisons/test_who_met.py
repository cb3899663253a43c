"""What a comparison copies for the leaderboard: which two policies met, and how long their responses are."""

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app import db
from app.chat import lease
from app.chat.lease import Draft
from app.tables import Candidate, Comparison, Role
from tests.app.conftest import Browser, answer
from tests.factories import make_account
from tests.test_migrations import ALEMBIC

Met = tuple[bool, int | None, int | None]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, may_edit=True)
    return browser(account)


def begun(person: TestClient) -> str:
    conversation = person.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    turn = person.post(f"/conversations/{conversation}/turns", json={"client_id": "c", "text": "Hello?"}).json()
    return str(turn["id"])


def a_of(turn: str) -> str:
    with db.reading() as session:
        return session.scalars(select(Candidate.id).where(Candidate.turn_id == turn, Candidate.shown == "a")).one()


def choose(person: TestClient, turn: str, strength: int = 3) -> None:
    person.put(f"/turns/{turn}/comparison", json={"picked": a_of(turn), "strength": strength}).raise_for_status()


def met(turn: str) -> list[Met]:
    """(do both deployments stand there, length of the picked, of the other) of each choice, oldest first."""
    with db.reading() as session:
        rows = session.scalars(select(Comparison).where(Comparison.turn_id == turn).order_by(Comparison.created_at))
        return [
            (row.picked_deployment_id is not None and row.other_deployment_id is not None, row.picked_length,
             row.other_length)
            for row in rows
        ]  # fmt: skip


def test_a_choice_says_who_met_and_the_lengths_without_the_space_around_them(crowdworker: TestClient) -> None:
    turn = begun(crowdworker)
    answer(turn, a="Yes, do.\n", b="No.")
    choose(crowdworker, turn)
    assert met(turn) == [(True, 8, 3)]
    with db.reading() as session:
        (row,) = session.scalars(select(Comparison))
        by = dict(session.execute(select(Candidate.id, Candidate.deployment_id)).tuples().all())
        assert (row.picked_deployment_id, row.other_deployment_id) == (by[row.picked_id], by[row.other_id])


def test_two_equal_texts_say_nothing_about_two_policies(crowdworker: TestClient) -> None:
    turn = begun(crowdworker)
    answer(turn, a="Yes.", b=" Yes.")
    choose(crowdworker, turn)
    assert met(turn) == [(False, 4, 4)]


def test_a_stopped_candidate_says_nothing_about_its_policy(crowdworker: TestClient) -> None:
    turn = begun(crowdworker)
    work = lease.claim(turn, "the policies")
    assert work is not None
    lease.finish(work, {"a": Draft("Yes.", "stop", total_ms=5), "b": Draft("N", total_ms=6)})
    choose(crowdworker, turn)
    assert met(turn) == [(False, 4, 1)]


def test_a_researchers_preview_says_nothing(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    researcher = browser(account)
    turn = begun(researcher)
    answer(turn)
    choose(researcher, turn)
    assert met(turn) == [(False, 4, 3)]


def test_a_crowdworkers_own_words_are_no_policys_and_taking_them_back_makes_the_policies_meet_again(
    crowdworker: TestClient,
) -> None:
    turn = begun(crowdworker)
    answer(turn)
    choose(crowdworker, turn)
    body = {"candidate": a_of(turn), "text": "Yes, of course."}
    crowdworker.put(f"/turns/{turn}/edit", json=body).raise_for_status()
    crowdworker.delete(f"/turns/{turn}/edit").raise_for_status()
    assert met(turn) == [(True, 4, 3), (False, 15, 4), (True, 4, 3)]


def test_the_migration_gives_choices_made_before_it_the_same(crowdworker: TestClient) -> None:
    turn = begun(crowdworker)
    answer(turn)
    choose(crowdworker, turn)
    body = {"candidate": a_of(turn), "text": "Yes, of course."}
    crowdworker.put(f"/turns/{turn}/edit", json=body).raise_for_status()
    nothing = {"picked_deployment_id": None, "other_deployment_id": None, "picked_length": None, "other_length": None}
    with db.writing() as session:
        session.execute(update(Comparison).values(nothing))
        with Operations.context(MigrationContext.configure(session.connection())):
            ScriptDirectory.from_config(ALEMBIC).get_revision("the_leaderboard").module._copy_who_met()
    assert met(turn) == [(True, 4, 3), (False, 15, 4)]
