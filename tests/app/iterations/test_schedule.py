from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from app import db
from app.iterations import schedule
from app.tables import AuditEvent, Role, Schedule
from tests.app.clients import client_of
from tests.factories import make_account

WEEKLY = {
    "cron": "30 4 * * 1",
    "timezone": "Europe/Berlin",
    "enabled": True,
    "preset": "toy",
    "overrides": {"pm.epochs": 1},
    "min_new_comparisons": 5,
}


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return client_of(account)


def test_an_iteration_is_planned_weekly_before_anybody_says_so(researcher: TestClient) -> None:
    body = researcher.get("/schedule").json()
    assert (body["cron"], body["timezone"], body["enabled"]) == ("0 3 * * 1", "UTC", True)
    assert datetime.fromisoformat(body["next_run_at"]) > db.now()


def test_a_changed_plan_is_kept_and_written_down(researcher: TestClient) -> None:
    body = researcher.put("/schedule", json=WEEKLY).json()
    due = body.pop("next_run_at")
    assert body == WEEKLY
    assert datetime.fromisoformat(due).astimezone(UTC).minute == 30
    assert researcher.get("/schedule").json()["next_run_at"] == due
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert event.action == "schedule"
        assert event.after == WEEKLY


BAD_PLANS = [
    ("cron", "every monday", "bad-cron", "“every monday” is not a cron expression of five fields"),
    ("cron", "61 * * * *", "bad-cron", "“61 * * * *” is not a cron expression"),
    ("cron", "* * * * * *", "bad-cron", "“* * * * * *” is not a cron expression"),
    ("cron", "0 0 31 2 *", "bad-cron", "“0 0 31 2 *” names a date that never comes."),
    ("timezone", "Mars/Olympus", "bad-timezone", "“Mars/Olympus” is not a time zone"),
    ("timezone", "../etc/passwd", "bad-timezone", "“../etc/passwd” is not a time zone"),
    ("timezone", "", "bad-timezone", "“” is not a time zone"),
    ("preset", "huge", "unknown-preset", "There is no preset “huge”"),
]


def test_a_bad_plan_is_refused_in_one_sentence_and_changes_nothing(researcher: TestClient) -> None:
    before = researcher.get("/schedule").json()
    for field, value, type, sentence in BAD_PLANS:
        answer = researcher.put("/schedule", json=WEEKLY | {field: value})
        assert (answer.status_code, answer.json()["type"]) == (422, type), (field, value)
        assert answer.json()["detail"].startswith(sentence)
    assert researcher.get("/schedule").json() == before


def test_the_hour_is_that_of_the_time_zone_across_the_change_to_summer_time() -> None:
    before = schedule.next_run("30 4 * * *", "Europe/Berlin", datetime(2026, 3, 27, 12, tzinfo=UTC))
    after = schedule.next_run("30 4 * * *", "Europe/Berlin", datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert before.astimezone(UTC) == datetime(2026, 3, 28, 3, 30, tzinfo=UTC)
    assert after.astimezone(UTC) == datetime(2026, 3, 30, 2, 30, tzinfo=UTC)


def test_a_due_schedule_is_claimed_once_and_missed_hours_are_one(engine: Engine) -> None:
    with db.writing() as session:
        row = schedule.put(session, schedule.Plan(cron="0 3 * * *"))
        row.next_run_at = db.now() - timedelta(days=3)
    with db.writing() as session:
        assert schedule.claim_due(session, db.now()) is not None
    with db.writing() as session:
        assert schedule.claim_due(session, db.now()) is None
        assert session.scalars(select(Schedule)).one().next_run_at > db.now()


def test_a_plan_that_is_switched_off_is_never_due(engine: Engine) -> None:
    with db.writing() as session:
        schedule.put(session, schedule.Plan(enabled=False)).next_run_at = db.now() - timedelta(days=1)
    with db.writing() as session:
        assert schedule.claim_due(session, db.now()) is None
