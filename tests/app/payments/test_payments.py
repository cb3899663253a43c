"""Pay and bonuses through the API: what is due, exports, and that nothing is counted twice."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import db
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    AuditEvent,
    ConversationStatus,
    Payment,
    Role,
    Study,
    StudyProvider,
    StudyVisit,
    Task,
    VisitStatus,
)
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_conversation, make_task, make_turn


def assign(session: Session, task: Task, account: Account, compared: int, **fields: Any) -> Assignment:
    """An assignment of five conversations, of which so many were compared."""
    fields = {
        "status": AssignmentStatus.COMPLETED,
        "pay_cents": 451,
        "currency": "USD",
        "completed_at": db.now(),
    } | fields
    row = Assignment(task_id=task.id, account_id=account.id, conversation_count=5, **fields)
    session.add(row)
    session.flush()
    for position in range(1, compared + 1):
        held = {"assignment_id": row.id, "position": position, "status": ConversationStatus.COMPLETED}
        make_comparison(session, make_turn(session, make_conversation(session, task, account, **held)))
    return row


@pytest.fixture
def people(browser: Browser) -> dict[str, Account]:
    """Ada finished one and left one after two conversations; Bob came by Prolific; Cem is at it; Dee did nothing."""
    with db.writing() as session:
        task = make_task(session, slug="talk")
        people = {name: make_account(session, username=name) for name in ("ada", "cem", "dee")}
        people["bob"] = make_account(
            session, username="prolific-1f", external_provider="prolific", external_id="5f3c", password_hash=None
        )
        assign(session, task, people["ada"], 5, completion_code="TW-1")
        assign(session, task, people["ada"], 2, status=AssignmentStatus.WITHDRAWN)
        of_bob = assign(session, task, people["bob"], 5)
        assign(session, task, people["cem"], 3, status=AssignmentStatus.OPEN, completed_at=None)
        assign(session, task, people["dee"], 0, status=AssignmentStatus.WITHDRAWN)
        assign(session, task, people["dee"], 5, pay_cents=None, currency=None)
        codes = {"code_completed": "A", "code_screened_out": "B", "code_withdrawn": "C"}
        study = Study(provider=StudyProvider.PROLIFIC, external_id="64a1", task_id=task.id, **codes)
        session.add(study)
        session.flush()
        visit = StudyVisit(
            study_id=study.id, account_id=people["bob"].id, external_session="sess", status=VisitStatus.OPEN
        )
        visit.assignment_id = of_bob.id
        session.add(visit)
        people["rosa"] = make_account(session, Role.RESEARCHER, username="rosa")
    return people


@pytest.fixture
def researcher(browser: Browser, people: dict[str, Account]) -> TestClient:
    return browser(people["rosa"])


def lines(researcher: TestClient, export_id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(researcher.get(f"/pay/exports/{export_id}/csv").text)))


def bonus(researcher: TestClient, account: Account, **fields: Any) -> Any:
    body = {"key": "k1", "cents": 250, "currency": "USD", "reason": "Many thanks."} | fields
    return researcher.post(f"/accounts/{account.id}/bonuses", json=body)


def test_what_has_ended_and_earned_something_is_due_once(researcher: TestClient, people: dict[str, Account]) -> None:
    # 451 for five conversations, and for two of five 180.4, rounded up.
    (due,) = researcher.get("/pay").json()["due"]
    assert due == {"currency": "USD", "cents": 451 + 181 + 451, "assignments": 3, "bonuses": 0, "people": 2}
    assert bonus(researcher, people["dee"]).status_code == 201

    export = researcher.post("/pay/exports", json={}).json()
    assert (export["payments"], export["people"], export["by"]) == (4, 3, "rosa")
    assert export["totals"] == [{"cents": 1333, "currency": "USD"}]
    page = researcher.get("/pay").json()
    assert (page["due"], page["bonuses"], [one["id"] for one in page["exports"]]) == ([], [], [export["id"]])
    again = researcher.post("/pay/exports", json={})
    assert (again.status_code, again.json()["type"]) == (409, "nothing-due")

    found = lines(researcher, export["id"])
    assert [(line["name"], line["kind"], line["status"], line["cents"]) for line in found] == [
        ("ada", "assignment", "completed", "451"),
        ("ada", "assignment", "withdrawn", "181"),
        ("dee", "bonus", "", "250"),
        ("prolific-1f", "assignment", "completed", "451"),
    ]
    assert found[0]["completion_code"] == "TW-1"
    assert found[2]["reason"] == "Many thanks."
    by_study = found[3]
    assert (by_study["platform"], by_study["participant"]) == ("prolific", "5f3c")
    assert (by_study["study"], by_study["session"], by_study["task"]) == ("64a1", "sess", "talk")
    assert lines(researcher, export["id"]) == found, "the same file whenever it is asked for"
    with db.reading() as session:
        actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
    assert actions[-2:] == ["add-bonus", "export-pay"]


def test_until_a_day_takes_what_ended_by_then(researcher: TestClient, people: dict[str, Account]) -> None:
    with db.writing() as session:
        for row in session.scalars(select(Assignment).where(Assignment.account_id == people["ada"].id)):
            row.completed_at = db.now() - timedelta(days=3)
    until = str(db.now().date() - timedelta(days=2))
    first = researcher.post("/pay/exports", json={"until": until}).json()
    assert (first["payments"], first["people"], first["until"]) == (2, 1, until)
    assert researcher.post("/pay/exports", json={}).json()["people"] == 1


def test_a_bonus_comes_once_however_often_it_is_sent_and_can_be_taken_back_until_it_is_exported(
    researcher: TestClient, people: dict[str, Account]
) -> None:
    for _ in range(2):
        page = bonus(researcher, people["ada"]).json()
    assert [(one["username"], one["amount"]["cents"], one["by"]) for one in page["bonuses"]] == [("ada", 250, "rosa")]
    assert researcher.delete(f"/pay/bonuses/{page['bonuses'][0]['id']}").status_code == 204
    assert researcher.get("/pay").json()["bonuses"] == []
    bonus(researcher, people["ada"], key="k2")
    researcher.post("/pay/exports", json={}).raise_for_status()
    with db.reading() as session:
        paid = session.scalars(select(Payment).where(Payment.reason.is_not(None))).one()
    refused = researcher.delete(f"/pay/bonuses/{paid.id}")
    assert (refused.status_code, refused.json()["type"]) == (409, "bonus-exported")


def test_a_file_of_bonuses_is_taken_whole_and_once(researcher: TestClient, people: dict[str, Account]) -> None:
    file = 'who,amount,reason\nAda,2.50,For the guide\n5f3c,10,"Long, good dialogues"\n\n'
    added = researcher.post("/pay/bonuses", json={"csv": file, "currency": "USD"})
    assert added.json() == {"bonuses": 2, "total": {"cents": 1250, "currency": "USD"}}
    again = researcher.post("/pay/bonuses", json={"csv": file, "currency": "USD"})
    assert (again.status_code, again.json()["type"]) == (409, "file-counted-already")
    won = researcher.post("/pay/bonuses", json={"csv": "ada,3000,Danke", "currency": "KRW"})
    assert won.json()["total"] == {"cents": 3000, "currency": "KRW"}
    assert {(due["currency"], due["bonuses"]) for due in researcher.get("/pay").json()["due"]} == {
        ("USD", 2),
        ("KRW", 1),
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_names_the_line_and_nothing_is_stored(
    browser: Browser, researcher: TestClient, people: dict[str, Account]
) -> None:
    for file, currency, sentence in (
        ("ada,2.50,Thanks\nzoe,1,Thanks", "USD", "csv: line 2: nobody here is called “zoe”."),
        ("ada,2.505,Thanks", "USD", "csv: line 1: “2.505” is not an amount in USD like 0.5."),
        ("ada,2.50,Thanks", "KRW", "csv: line 1: “2.50” is not an amount in KRW like 500."),
        ("ada,-1,Thanks", "USD", "csv: line 1: “-1” is not an amount in USD like 0.5."),
        ("ada,NaN1,Thanks", "USD", "csv: line 1: “NaN1” is not an amount in USD like 0.5."),
        ("ada,99999999,Thanks", "USD", "csv: line 1: “99999999” is not an amount in USD like 0.5."),
        ("ada,2.50", "USD", "csv: line 1 has 2 fields; it wants a name or id, an amount, a reason."),
        ("ada,2.50, ", "USD", "csv: line 1: please give a reason, of 300 characters at most."),
        ("rosa,2.50,Me", "USD", "csv: line 1: nobody here is called “rosa”."),
        ("", "USD", "csv: there is no bonus in it; a line is a name or platform id, an amount and a reason."),
    ):
        refused = researcher.post("/pay/bonuses", json={"csv": file, "currency": currency})
        assert (refused.status_code, refused.json()["detail"]) == (422, sentence)
    for refused, status, type in (
        (researcher.post("/pay/bonuses", json={"csv": "ada,1,x", "currency": "usd"}), 422, "invalid"),
        (bonus(researcher, people["rosa"]), 409, "not-a-crowdworker"),
        (bonus(researcher, people["ada"], reason=" "), 422, "invalid"),
        (bonus(researcher, people["ada"], cents=0), 422, "invalid"),
        (researcher.post("/pay/exports", json={"until": "2999-01-01"}), 422, "day-to-come"),
        (researcher.get("/pay/exports/none/csv"), 404, "unknown-export"),
        (researcher.delete("/pay/bonuses/none"), 404, "unknown-bonus"),
        (browser(people["ada"]).get("/pay"), 403, "not-allowed"),
    ):
        assert (refused.status_code, refused.json()["type"]) == (status, type)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 0


def test_no_name_or_reason_is_a_spreadsheets_formula(researcher: TestClient, people: dict[str, Account]) -> None:
    bonus(researcher, people["ada"], reason='=HYPERLINK("x")')
    export = researcher.post("/pay/exports", json={}).json()
    (found,) = [line for line in lines(researcher, export["id"]) if line["kind"] == "bonus"]
    assert found["reason"] == '\'=HYPERLINK("x")'


def test_the_person_reads_what_was_paid_and_an_erasure_leaves_the_amount_alone(
    browser: Browser, researcher: TestClient, people: dict[str, Account]
) -> None:
    bonus(researcher, people["ada"])
    researcher.post("/pay/exports", json={}).raise_for_status()
    ada = browser(people["ada"])
    own = ada.get("/account/data").json()["payments"]
    assert sorted((one["kind"], one["amount"]["cents"], one["reason"]) for one in own) == [
        ("assignment", 181, None),
        ("assignment", 451, None),
        ("bonus", 250, "Many thanks."),
    ]
    assert all(one["exported_at"] for one in own)
    with db.writing() as session:
        session.get_one(Account, people["ada"].id).password_hash = None
        session.get_one(Account, people["ada"].id).external_id = "x"
    ada.request("DELETE", "/account/data", json={"confirm": "erase"}).raise_for_status()
    with db.reading() as session:
        kept = session.scalars(select(Payment).where(Payment.account_id == people["ada"].id)).all()
    assert sorted((row.cents, row.reason) for row in kept if row.reason is not None) == [(250, "")]
    assert len(kept) == 3
