"""One's own data: all of it in one document, and its erasure."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from app import db, jobs
from app.accounts import passwords
from app.chat import lease
from app.chat.lease import Draft
from app.settings import get_settings
from app.tables import (
    Account,
    Assignment,
    AuditEvent,
    Candidate,
    Comparison,
    Conversation,
    ConversationStatus,
    Erasure,
    Iteration,
    Message,
    Report,
    Role,
    SignIn,
    Task,
    Tranche,
    TrancheMember,
    Turn,
    TurnStatus,
    WellbeingSurvey,
)
from app.tranches.export_hh import hh_lines
from app.tranches.queries import count_freezable
from app.tranches.scope import Scope
from app.tranches.service import conversations_of, freeze
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_conversation, make_snapshot, make_turn
from worker.erasure import overwrite_words

SECRET = "zanzibar"  # in every text of the person, and nowhere else


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "send", lambda name, *ids: sent.append((name, *ids)))
    return sent


@pytest.fixture(scope="module")
def password_hash() -> str:
    """Once: it takes its time on purpose."""
    return passwords.hashed("correct horse")


@pytest.fixture
def person(web: FastAPI, sent: list[tuple[str, ...]], password_hash: str) -> Account:
    """Somebody who has left words in every place there is."""
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        account = make_account(session, username=f"ada-{SECRET}", password_hash=password_hash)
        assignment = Assignment(task_id=task.id, account_id=account.id, conversation_count=5, pay_cents=500)
        assignment.currency = "USD"
        session.add(assignment)
        session.flush()
        conversation = make_conversation(
            session, task, account, assignment_id=assignment.id, position=1, comment=SECRET, red_team_plan=SECRET,
            status=ConversationStatus.COMPLETED, family="f" * 64,
        )  # fmt: skip
        turn = make_turn(session, conversation, (f"Yes, {SECRET}.", f"No, {SECRET}."), text=f"Where is {SECRET}?")
        turn.private_kinds = ["email"]
        turn.candidates[0].best_of_texts = [{"text": SECRET, "finish": "stop", "score": 0.5}]
        turn.candidates[0].sampling = {"best_of": 16, "temperature": 1.0}
        make_comparison(session, turn, superseded_at=db.now())
        make_comparison(session, turn, "b", import_raw=SECRET, kind="rejection-sampled", propensity=0.125)
        open_one = make_conversation(session, task, account, assignment_id=assignment.id, position=2)
        make_turn(session, open_one, (SECRET, SECRET), text=SECRET)
        session.add_all(
            [
                Message(account_id=account.id, author_id=account.id, turn_id=turn.id, text=SECRET),
                Report(candidate_id=turn.candidates[0].id, account_id=account.id, reason="privacy", comment=SECRET),
                WellbeingSurvey(account_id=account.id, conversations=10, feelings={"upset": 1}, comment=SECRET),
            ]
        )
        other = make_conversation(session, task, status=ConversationStatus.COMPLETED)
        make_comparison(session, make_turn(session, other, ("Left.", "Right."), text="Which way?"))
        return account


@pytest.fixture
def crowdworker(browser: Browser, person: Account) -> TestClient:
    return browser(person)


def frozen() -> str:
    with db.writing() as session:
        return frozen_by(session, 1)


def frozen_by(session: Session, number: int) -> str:
    iteration = Iteration(number=number, name=f"week-{number}", preset="toy", overrides={}, status="deployed")
    session.add(iteration)
    session.flush()
    freeze(session, iteration)
    return iteration.id


def erase(client: TestClient, **body: Any) -> httpx.Response:
    return client.request("DELETE", "/account/data", json=body)


def everything(engine: Engine) -> str:
    """All rows of all tables, as text."""
    with engine.connect() as connection:
        tables = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in Account.metadata.tables]
    return "\n".join(str([tuple(row) for row in rows]) for rows in tables)


def test_the_export_holds_what_is_the_persons_and_no_policy(crowdworker: TestClient, person: Account) -> None:
    response = crowdworker.get("/account/data")
    assert "attachment" in response.headers["content-disposition"]
    data = response.json()
    assert data["account"]["username"] == person.username
    assert data["account"]["consent_text"], "what they agreed to, in its words"
    first, second = data["conversations"]
    assert (first["comment"], first["red_team_plan"], second["status"]) == (SECRET, SECRET, "open")
    (turn,) = first["turns"]
    assert turn["message"] == f"Where is {SECRET}?"
    assert [(one["shown"], one["text"]) for one in turn["responses"]] == [
        ("a", f"Yes, {SECRET}."), ("b", f"No, {SECRET}."),
    ]  # fmt: skip
    assert [(one["picked"], one["over"], one["superseded_at"] is None) for one in turn["choices"]] == [
        ("a", "b", False), ("b", "a", True),
    ]  # fmt: skip
    assert data["assignments"][0]["earned"] == {"cents": 100, "currency": "USD"}
    for kind in ("reports", "messages", "wellbeing_surveys"):
        assert SECRET in json.dumps(data[kind])
    assert "Which way?" not in response.text, "nothing of anybody else"
    for word in ("best_of", "rejection", "propensity", "snapshot", "deployment", "seed", "score", "argon2"):
        assert word not in response.text.lower(), word


def test_erasure_leaves_hashes_without_words(
    crowdworker: TestClient, person: Account, engine: Engine, sent: list[tuple[str, ...]]
) -> None:
    frozen()
    with db.reading() as session:
        hashes = {row.comparison_id: row.content_hash for row in session.scalars(select(TrancheMember))}
    assert len(hashes) == 2
    assert everything(engine).count(SECRET) >= 12

    response = erase(crowdworker, password="correct horse")

    assert response.status_code == 204, response.text
    assert SECRET not in everything(engine)
    assert crowdworker.get("/session").status_code == 401
    with db.reading() as session:
        account = session.get_one(Account, person.id)
        assert account.username == f"erased-{person.id}"
        assert passwords.matches("correct horse", account.password_hash) is False
        assert session.scalars(select(SignIn).where(SignIn.account_id == person.id)).all() == []
        erased = select(Conversation).where(Conversation.erased_at.is_not(None)).order_by(Conversation.position)
        mine = session.scalars(erased).all()
        assert [(row.account_id, row.family, row.status) for row in mine] == [
            (None, None, "completed"), (None, None, "withdrawn"),
        ]  # fmt: skip
        # The rows are there, and with them a tranche's hash can still be checked.
        assert {row.comparison_id: row.content_hash for row in session.scalars(select(TrancheMember))} == hashes
        assert all(session.get(Comparison, id) for id in hashes)
        for tranche in session.scalars(select(Tranche)):
            members = select(TrancheMember.content_hash).where(TrancheMember.tranche_id == tranche.id)
            lines = "".join(f"{one}\n" for one in sorted(session.scalars(members)))
            assert hashlib.sha256(lines.encode()).hexdigest() == tranche.content_hash
        assert {tranche.kind: tranche.erased for tranche in session.scalars(select(Tranche))} == {
            "base": 0, "rejection-sampled": 1,
        }  # fmt: skip
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "erase")).one()
        assert event.after == {"conversations": 2, "frozen_comparisons": 1}
        erasure = session.scalars(select(Erasure)).one()
        assert [one["id"] for one in erasure.conversations] == [row.id for row in mine if row.position == 1]
        assert session.scalars(select(Assignment)).one().status == "withdrawn", "a ledger entry that names nobody"
    assert ("erase_copies", erasure.id) in sent


def test_snapshots_say_how_much_of_what_they_learned_is_erased(browser: Browser, crowdworker: TestClient) -> None:
    with db.writing() as session:
        make_snapshot(session, "week-policy", iteration_id=frozen_by(session, 1))
        make_snapshot(session, "next-policy", iteration_id=frozen_by(session, 2))  # on all so far, with nothing new
        researcher = make_account(session, Role.RESEARCHER)
    erase(crowdworker, password="correct horse")
    snapshots = {row["name"]: row["erased"] for row in browser(researcher).get("/snapshots").json()}
    assert snapshots == {"next-policy": 1, "week-policy": 1, "initial": 0}


def test_what_was_erased_is_neither_trained_on_nor_exported_again(crowdworker: TestClient) -> None:
    iteration_id = frozen()
    erase(crowdworker, password="correct horse")
    with db.writing() as session:
        tranches = freeze(session, session.get_one(Iteration, iteration_id))
        lines = list(conversations_of(session, [tranche.id for tranche in tranches]))
        assert [line["turns"][0]["human"] for line in lines] == ["Which way?"]
        assert len(list(hh_lines(session))) == 1
        for tranche in tranches:
            assert all(SECRET not in line for line in hh_lines(session, Scope(tranche_ids=(tranche.id,))))
        assert count_freezable(session) == 0


def test_what_was_not_frozen_yet_stays_out_of_new_tranches(crowdworker: TestClient) -> None:
    erase(crowdworker, password="correct horse")
    with db.reading() as session:
        assert count_freezable(session) == 1
        assert session.scalars(select(Erasure)).one().conversations == [], "no copy was ever made"
    frozen()
    with db.reading() as session:
        assert [tranche.counts["comparisons"] for tranche in session.scalars(select(Tranche))] == [1]


def test_a_turn_that_is_being_answered_writes_no_text_any_more(crowdworker: TestClient) -> None:
    with db.writing() as session:
        turn = session.scalars(select(Turn).where(Turn.text == SECRET)).one()
        turn.status, turn.lease_owner = TurnStatus.GENERATING, "web"
        turn.lease_until = db.now() + timedelta(minutes=1)
        session.execute(update(Candidate).where(Candidate.turn_id == turn.id).values(status="pending"))
    work = lease.Work(turn.id, "web", 1, False, [], [], None)
    erase(crowdworker, password="correct horse")
    assert lease.finish(work, {"a": Draft(SECRET, "stop"), "b": Draft(SECRET, "stop")}) is False
    with db.reading() as session:
        rows = session.scalars(select(Candidate).where(Candidate.turn_id == turn.id)).all()
        assert [row.text for row in rows] == ["", ""]
    assert turn.id not in lease.waiting()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_left_in_the_file_itself(crowdworker: TestClient) -> None:
    erase(crowdworker, password="correct horse")
    overwrite_words()  # as the job does within seconds
    with db.get_engine().connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert SECRET.encode() not in (get_settings().data_dir / "turnwise.db").read_bytes()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_erased_without_the_password(browser: Browser, crowdworker: TestClient, engine: Engine) -> None:
    before = everything(engine).count(SECRET)
    for body, status, type in (
        ({"password": "wrong"}, 403, "wrong-password"),
        ({}, 422, "confirmation-needed"),
        ({"confirm": "erase"}, 422, "confirmation-needed"),
        ({"confirm": "yes"}, 422, "invalid"),
    ):
        refused = erase(crowdworker, **body)
        assert (refused.status_code, refused.json()["type"]) == (status, type)
    crowdworker.headers.pop("X-CSRF-Token")
    assert erase(crowdworker, password="correct horse").status_code == 403
    assert erase(browser(None), password="correct horse").status_code == 401
    assert everything(engine).count(SECRET) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_guessing_the_password_is_limited(crowdworker: TestClient) -> None:
    answers = [erase(crowdworker, password=f"guess {n}").status_code for n in range(11)]
    assert answers == [403] * 10 + [429]


def test_who_came_by_a_platform_confirms_in_a_word(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session, password_hash=None, external_provider="prolific", external_id="5f1e")
    participant = browser(account)
    assert erase(participant).json()["type"] == "confirmation-needed"
    assert erase(participant, confirm="erase").status_code == 204
    with db.reading() as session:
        row = session.get_one(Account, account.id)
        assert (row.external_provider, row.external_id) == (None, None)
        again = select(Account).where(Account.external_id == "5f1e")
        assert session.scalar(again) is None, "the same person may come again, as somebody new"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_erased_person_is_no_more_on_the_lists(browser: Browser, crowdworker: TestClient, person: Account) -> None:
    with db.writing() as session:
        researcher = make_account(session, Role.RESEARCHER)
    erase(crowdworker, password="correct horse")
    client = browser(researcher)
    assert person.id not in [row["id"] for row in client.get("/accounts").json()["people"]]
    assert client.post(f"/threads/{person.id}", json={"text": "Hello?"}).json()["type"] == "unknown-person"
    (report,) = client.get("/reports").json()
    assert (report["reported_by"], report["comment"], report["text"]) == (None, None, "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_last_admin_stays(browser: Browser, session: Session) -> None:
    admin = make_account(session, Role.ADMIN, password_hash=None, external_id="a", external_provider="x")
    session.commit()
    client = browser(admin)
    assert erase(client, confirm="erase").json()["type"] == "last-admin"
    make_account(session, Role.ADMIN)
    session.commit()
    assert erase(client, confirm="erase").status_code == 204
