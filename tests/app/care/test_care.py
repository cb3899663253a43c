"""The care for those who red-team, through the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.care.feelings import FEELINGS
from app.tables import Account, ConversationStatus, Role, Task, TaskKind, WellbeingSurvey
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_conversation, make_turn


@pytest.fixture
def account(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session)


def red_team(account: Account, *minutes_ago: float, kind: TaskKind = TaskKind.RED_TEAM, **fields: Any) -> None:
    """A conversation of one turn that ended so long ago, for each."""
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.kind == kind)).one()
        for ago in minutes_ago:
            end = db.now() - timedelta(minutes=ago)
            stored = session.get_one(Account, account.id)
            defaults = {"status": ConversationStatus.COMPLETED, "completed_at": end}
            conversation = make_conversation(session, task, stored, **(defaults | fields))
            turn = make_turn(session, conversation, created_at=end - timedelta(minutes=3), ready_at=end)
            make_comparison(session, turn, created_at=end)


def test_care_counts_what_rows_say(browser: Browser, account: Account) -> None:
    crowdworker = browser(account)
    assert crowdworker.get("/care").json() == {
        "red_team_conversations": 0,
        "today_minutes": 0,
        "break_suggested": False,
        "survey_due": False,
        "feelings": list(FEELINGS),
    }
    red_team(account, 16, 12, 8, 4)
    red_team(account, 2, status=ConversationStatus.WITHDRAWN)
    # None of these is red-teaming of theirs that has ended.
    red_team(account, 1, kind=TaskKind.HELPFULNESS)
    red_team(account, 1, preview=True)
    red_team(account, 3000, status=ConversationStatus.OPEN, completed_at=None)
    with db.writing() as session:
        stranger = make_account(session)
    red_team(stranger, 5)

    care = crowdworker.get("/care").json()

    assert (care["red_team_conversations"], care["today_minutes"]) == (5, 17)
    assert care["break_suggested"] is True, "five conversations without a pause"


def test_a_survey_is_due_every_ten_conversations_and_may_be_declined(browser: Browser, account: Account) -> None:
    crowdworker = browser(account)
    red_team(account, *range(100, 109))
    assert crowdworker.get("/care").json()["survey_due"] is False
    red_team(account, 99)
    assert crowdworker.get("/care").json()["survey_due"] is True
    assert crowdworker.post("/care/survey", json={"feelings": None}).status_code == 204
    assert crowdworker.get("/care").json()["survey_due"] is False
    red_team(account, *range(80, 90))
    assert crowdworker.get("/care").json()["survey_due"] is True
    body = {"feelings": {"upset": 3, "active": 0}, "comment": "A rest would be good."}
    assert crowdworker.post("/care/survey", json=body).status_code == 204
    assert crowdworker.get("/care").json()["survey_due"] is False
    with db.reading() as session:
        rows = session.scalars(select(WellbeingSurvey).order_by(WellbeingSurvey.conversations)).all()
        assert [(row.conversations, row.feelings, row.comment) for row in rows] == [
            (10, None, None),
            (20, {"upset": 3, "active": 0}, "A rest would be good."),
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_survey_that_says_something_else_is_refused(browser: Browser, account: Account) -> None:
    crowdworker: TestClient = browser(account)
    for feelings, words in (
        ({"hungry": 2}, "“hungry” is not one of upset"),
        ({}, "at least one"),
        ({"upset": 5}, "feelings.upset"),
        ({"upset": True}, "feelings.upset"),
        ("fine", "feelings"),
    ):
        refused = crowdworker.post("/care/survey", json={"feelings": feelings})
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
    with db.reading() as session:
        assert session.scalars(select(WellbeingSurvey)).all() == []


MONDAY, SUNDAY = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 22, 23, 59, tzinfo=UTC)


def surveyed(account: Account, at: datetime, feelings: dict[str, int] | None, comment: str | None = None) -> None:
    with db.writing() as session:
        of = {"account_id": account.id, "conversations": 10, "created_at": at}
        session.add(WellbeingSurvey(feelings=feelings, comment=comment, **of))


def test_researchers_read_surveys_by_week_and_only_where_five_people_answered(browser: Browser) -> None:
    with db.writing() as session:
        people = [make_account(session) for _ in range(5)]
        researcher = make_account(session, Role.RESEARCHER)
    for number, person in enumerate(people):
        surveyed(person, MONDAY if number else SUNDAY, {"upset": number} | ({"active": 1} if number else {}), "Mine.")
    surveyed(people[4], SUNDAY, {"upset": 2})  # the same person again: 4 and 2 are a 3
    surveyed(researcher, SUNDAY, {"upset": 4})
    for person in people:  # a week later: four people, one of them twice, and one who declined
        surveyed(person, SUNDAY + timedelta(minutes=1), {"upset": 4} if person is not people[0] else None)
    surveyed(people[1], SUNDAY + timedelta(days=3), {"upset": 4})

    answer = browser(researcher).get("/care/surveys")

    (week,) = answer.json()
    assert (week["monday"], week["people"]) == ("2026-11-16", 5)
    means = {felt["feeling"]: felt["mean"] for felt in week["feelings"]}
    assert means == dict.fromkeys(FEELINGS) | {"upset": 1.8}, "active was told by four only"
    assert "Mine." not in answer.text
    assert browser(people[0]).get("/care/surveys").status_code == 403
