"""What researchers decide about a crowdworker's data and place here, through the API; each is audited."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app import db
from app.leaderboard.league import counted
from app.tables import (
    Account,
    AuditEvent,
    Comparison,
    CrowdworkerTotal,
    CrowdworkerWeek,
    QualificationAttempt,
    QualificationDecision,
    Review,
    Role,
    Task,
    TaskText,
    TrancheKind,
)
from app.tranches.queries import is_frozen, left_out_because, visible_comparisons
from tests.app.conftest import Browser
from tests.app.crowdworkers.conftest import MONDAY, chosen
from tests.factories import make_account, make_task, make_tranche
from worker import crowdworkers

PAIR = {"prompt": "2+2?", "a": "4", "b": "5", "picked": "a", "why": "It is."}


@pytest.fixture
def ada(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, username="ada")


@pytest.fixture
def rosa(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="rosa")


@pytest.fixture
def researcher(browser: Browser, rosa: Account) -> TestClient:
    return browser(rosa)


def events(action: str) -> list[AuditEvent]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def waiting() -> list[str | None]:
    """Why each unfrozen comparison would be left out, oldest first."""
    with db.reading() as session:
        query = visible_comparisons().where(~is_frozen()).order_by(Comparison.created_at)
        return list(session.scalars(query.with_only_columns(left_out_because())))


def test_what_somebody_chose_since_a_day_is_left_out_and_comes_in_again(
    researcher: TestClient, ada: Account, rosa: Account
) -> None:
    with db.writing() as session:
        for days in range(4):
            chosen(session, ada, at=MONDAY + timedelta(days=days), kind=TrancheKind.BASE)
        frozen = chosen(session, ada, at=MONDAY + timedelta(days=3, hours=1))
        make_tranche(session, frozen)
        chosen(session, make_account(session), at=MONDAY + timedelta(days=4))
    tuesday = str((MONDAY + timedelta(days=1)).date())

    path = f"/accounts/{ada.id}/exclusion"
    assert researcher.get(path).json() == {"left_out": 4, "frozen": 1, "tranches": 1}
    assert researcher.get(path, params={"since": tuesday}).json() == {"left_out": 3, "frozen": 1, "tranches": 1}
    assert waiting() == [None] * 5
    assert researcher.put(path, json={"reason": "Asleep.", "since": tuesday}).status_code == 204
    assert waiting() == [None, *["crowdworker excluded"] * 3, None]
    assert researcher.put(path, json={"reason": "Asleep."}).status_code == 204
    assert waiting() == [*["crowdworker excluded"] * 4, None]
    assert researcher.put(path, json={"reason": None, "since": tuesday}).status_code == 204
    assert waiting() == [None] * 5

    told = [(event.account_id, event.reason, event.before, event.after) for event in events("exclude-crowdworker")]
    assert told == [
        (rosa.id, "Asleep.", _excluded(None, None), _excluded("Asleep.", tuesday)),
        (rosa.id, "Asleep.", _excluded("Asleep.", tuesday), _excluded("Asleep.", None)),
        (rosa.id, None, _excluded("Asleep.", None), _excluded(None, None)),
    ]


def _excluded(reason: str | None, since: str | None) -> dict[str, Any]:
    return {"excluded_reason": reason, "since": since}


def test_the_leaderboard_counts_what_was_chosen_before_that_day(researcher: TestClient, ada: Account) -> None:
    with db.writing() as session:
        for days in range(3):
            chosen(session, ada, at=MONDAY + timedelta(days=days), propensity=0.5)

    def met() -> int:
        conditions = [condition for condition in counted() if "deployment" not in str(condition)]
        with db.reading() as session:
            return len(session.scalars(select(Comparison.id).where(*conditions)).all())

    assert met() == 3
    since = str((MONDAY + timedelta(days=1)).date())
    researcher.put(f"/accounts/{ada.id}/exclusion", json={"reason": "x", "since": since})
    assert met() == 1
    researcher.put(f"/accounts/{ada.id}/exclusion", json={"reason": "x"})
    assert met() == 0


@pytest.fixture
def task(browser: Browser) -> Task:
    """It asks for a qualification, and allows one try."""
    with db.writing() as session:
        task = make_task(session, slug="talk", qualification_tries=1, pass_mark=1)
        session.scalars(select(TaskText).where(TaskText.task_id == task.id)).one().qualification = [PAIR]
        return task


def take(crowdworker: TestClient) -> tuple[int, str]:
    answer = crowdworker.post("/assignments", json={"task": "talk"})
    return answer.status_code, answer.json().get("detail", "")


def test_a_task_is_opened_for_somebody_who_failed_and_closed_for_who_passed(
    browser: Browser, researcher: TestClient, ada: Account, task: Task, rosa: Account
) -> None:
    crowdworker = browser(ada)
    with db.writing() as session:
        session.execute(delete(QualificationAttempt))  # `browser` has passed everything
    assert crowdworker.post("/tasks/talk/qualification", json={"text_version": 1, "picked": ["b"]}).status_code == 200
    assert take(crowdworker)[0] == 403
    path = f"/accounts/{ada.id}/qualifications/talk"
    assert researcher.put(path, json={"qualified": True, "reason": "We spoke."}).status_code == 204
    standing = researcher.get(f"/crowdworkers/{ada.id}").json()["tasks"]
    (talk,) = [one for one in standing if one["task"] == "talk"]
    assert (talk["state"], talk["decision"]["by"], len(talk["tries"])) == ("passed", "rosa", 1)
    assert take(crowdworker)[0] == 201
    crowdworker.post(f"/assignments/{crowdworker.get('/assignments').json()[0]['id']}/withdraw")

    assert researcher.put(path, json={"qualified": False}).json()["type"] == "reason-needed"
    assert researcher.put(path, json={"qualified": False, "reason": "Pasted answers."}).status_code == 204
    status, sentence = take(crowdworker)
    assert (status, "closed this task" in sentence, "Pasted" in sentence) == (403, True, False)
    refused = crowdworker.post("/tasks/talk/qualification", json={"text_version": 1, "picked": ["a"]})
    assert (refused.status_code, refused.json()["type"]) == (403, "closed-for-you")
    offered = [one for one in crowdworker.get("/tasks").json() if one["slug"] == "talk"]
    assert "closed this task" in offered[0]["available"]

    assert researcher.put(path, json={"qualified": None}).status_code == 204
    assert "all your tries" in take(crowdworker)[1]
    told = [((event.before or {})["qualified"], (event.after or {})["qualified"]) for event in events("qualify")]
    assert told == [(None, True), (True, False), (False, None)]


def test_an_admin_makes_a_crowdworker_a_researcher_and_back(
    browser: Browser, researcher: TestClient, ada: Account
) -> None:
    with db.writing() as session:
        admin = make_account(session, Role.ADMIN, username="ana")
    path = f"/accounts/{ada.id}/role"
    assert researcher.put(path, json={"role": "researcher"}).json()["type"] == "not-allowed"
    theirs, boss = browser(ada), browser(admin)
    assert theirs.get("/crowdworkers").status_code == 403
    assert boss.put(path, json={"role": "researcher", "reason": "Joins us."}).status_code == 204
    assert theirs.get("/crowdworkers").status_code == 200
    assert boss.put(path, json={"role": "crowdworker"}).status_code == 204
    assert theirs.get("/crowdworkers").status_code == 403
    assert [(event.account_id, event.after) for event in events("set-role")] == [
        (admin.id, {"role": "researcher"}),
        (admin.id, {"role": "crowdworker"}),
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_decided_is_said_in_a_sentence(
    browser: Browser, researcher: TestClient, ada: Account, rosa: Account, task: Task
) -> None:
    with db.writing() as session:
        admin, other = (make_account(session, Role.ADMIN) for _ in range(2))
        guest = make_account(session, external_provider="prolific", external_id="5f", password_hash=None)
    boss = browser(admin)
    assert take(browser(ada))[0] == 201
    tomorrow = str(db.now().date() + timedelta(days=1))
    for refused, status, type in (
        (researcher.put(f"/accounts/{rosa.id}/exclusion", json={"reason": "x"}), 409, "not-a-crowdworker"),
        (researcher.put("/accounts/nobody/exclusion", json={"reason": "x"}), 404, "unknown-person"),
        (researcher.put(f"/accounts/{ada.id}/exclusion", json={"reason": "x", "since": tomorrow}), 422, "day-to-come"),
        (researcher.get(f"/accounts/{ada.id}/exclusion", params={"since": "soon"}), 422, "invalid"),
        (researcher.put(f"/accounts/{ada.id}/qualifications/nope", json={"qualified": True}), 404, "unknown-task"),
        (boss.put(f"/accounts/{guest.id}/role", json={"role": "researcher"}), 409, "cannot-sign-in"),
        (boss.put(f"/accounts/{ada.id}/role", json={"role": "researcher"}), 409, "assignment-open"),
        (boss.put(f"/accounts/{ada.id}/role", json={"role": "admin"}), 422, "invalid"),
        (boss.put(f"/accounts/{admin.id}/role", json={"role": "crowdworker"}), 403, "not-allowed"),
        (boss.put(f"/accounts/{other.id}/role", json={"role": "crowdworker"}), 403, "not-allowed"),
    ):
        assert (refused.status_code, refused.json()["type"]) == (status, type)
        assert refused.json()["detail"].endswith(".")


def test_an_erasure_takes_the_counts_the_decisions_and_the_reviewers_words(
    browser: Browser, researcher: TestClient, ada: Account, rosa: Account, task: Task
) -> None:
    with db.writing() as session:
        row = chosen(session, ada)
        review = Review(comparison_id=row.id, turn_id=row.turn_id, account_id=rosa.id, note="She wrote “basil”.")
        review.picked_id, review.picked_shown = row.picked_id, "a"
        session.add(review)
        account = session.get_one(Account, ada.id)
        account.password_hash, account.external_id = None, "x"
    crowdworkers.count()
    path = f"/accounts/{ada.id}"
    researcher.put(f"{path}/qualifications/talk", json={"qualified": True}).raise_for_status()
    since = {"reason": "x", "since": str(MONDAY.date())}
    researcher.put(f"{path}/exclusion", json=since).raise_for_status()
    theirs = browser(ada)
    assert theirs.get("/account/data").json()["qualification_decisions"][0]["qualified"] is True
    theirs.request("DELETE", "/account/data", json={"confirm": "erase"}).raise_for_status()
    with db.reading() as session:
        for table in (CrowdworkerWeek, CrowdworkerTotal, QualificationDecision):
            assert session.scalars(select(table)).all() == []
        kept = session.scalars(select(Review)).one()
        assert (kept.picked_id, kept.note) == (row.picked_id, "")
        assert session.get_one(Account, ada.id).excluded_since is None
    assert researcher.get("/crowdworkers").json()["count"] == 0
    assert researcher.get(f"/crowdworkers/{ada.id}").status_code == 404
