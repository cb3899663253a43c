import json
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
        account = make_account(session, Role.RESEARCHER, username="rosa")
    return client_of(account)


def test_an_iteration_is_planned_weekly_before_anybody_says_so(researcher: TestClient) -> None:
    body = researcher.get("/schedule").json()
    assert (body["cron"], body["timezone"], body["enabled"]) == ("0 3 * * 1", "UTC", True)
    assert datetime.fromisoformat(body["next_run_at"]) > db.now()


def test_a_changed_plan_is_kept_and_written_down(researcher: TestClient) -> None:
    body = researcher.put("/schedule", json=WEEKLY).json()
    due = body["next_run_at"]
    assert body.items() >= WEEKLY.items()
    assert (body["changed_by"], body["sentence"]) == ("rosa", "Every Monday at 04:30.")
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
    ("cron", "0 0 30 2 *", "bad-cron", "“0 0 30 2 *” names a date that never comes."),
    ("cron", "R R * * *", "bad-cron", "“R R * * *” is not a cron expression"),  # croniter's: at random, anew each time
    ("cron", "@weekly", "bad-cron", "“@weekly” is not a cron expression"),
    ("cron", "0 3 * * 1" * 100, "invalid", "cron: String should have at most 200 characters"),
    ("timezone", "Europe", "bad-timezone", "“Europe” is not a time zone"),
    ("min_new_comparisons", -1, "invalid", "min_new_comparisons: Input should be greater than or equal to 0"),
    ("min_new_comparisons", 10**12, "invalid", "min_new_comparisons: Input should be less than or equal to 1000000000"),
    ("overrides", {"pm": {"epochs": 1}}, "invalid", "overrides.pm"),
    ("overrides", {"pm.epochs": 10**400}, "invalid", "overrides: pm.epochs is not a number that a config can hold."),
    ("overrides", {"pm.base": "a\0"}, "invalid", "overrides: a name or a word has at most 500 characters"),
    ("overrides", {"pm" * 300: 1}, "invalid", "overrides: a name or a word has at most 500 characters"),
    ("overrides", {"pm.\0": 1}, "invalid", "overrides: a name or a word has at most 500 characters"),
    (
        "overrides",
        {"pm.epoch": 1},
        "invalid",
        "overrides: there is no field pm.epoch to override; did you mean pm.epochs",
    ),
    ("first_run_at", "2026-11-01T03:00", "schedule-in-the-past", "2026-11-01 03:00 is over; the first start must lie"),
    ("first_run_at", "0001-01-01T00:00", "first-run-too-far", "0001-01-01T00:00:00 is no date"),
    ("first_run_at", "9999-12-31T23:59+00:00", "first-run-too-far", "9999-12-31 23:59 is more than a year away."),
    ("first_run_at", "next week", "invalid", "first_run_at: Input should be a valid datetime"),
    ("timezone", "Mars/Olympus", "bad-timezone", "“Mars/Olympus” is not a time zone"),
    ("timezone", "../etc/passwd", "bad-timezone", "“../etc/passwd” is not a time zone"),
    ("timezone", "", "bad-timezone", "“” is not a time zone"),
    ("preset", "huge", "unknown-preset", "There is no preset “huge”"),
]


def test_a_bad_plan_is_refused_in_one_sentence_and_changes_nothing(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = researcher.get("/schedule").json()
    monkeypatch.setattr(schedule, "now", lambda: datetime(2026, 11, 29, 12, tzinfo=UTC))
    for field, value, type, sentence in BAD_PLANS:
        answer = researcher.put("/schedule", json=WEEKLY | {field: value})
        assert (answer.status_code, answer.json()["type"]) == (422, type), (field, value)
        assert answer.json()["detail"].startswith(sentence), answer.json()
    for number in ("NaN", "-Infinity", "1e999"):  # what no database keeps, and the first is no JSON at all
        said = json.dumps(WEEKLY).replace('"pm.epochs": 1', f'"pm.learning_rate": {number}')
        answer = researcher.put("/schedule", content=said, headers={"Content-Type": "application/json"})
        sentence = "overrides: pm.learning_rate is not a number that a config can hold."
        assert (answer.status_code, answer.json()["detail"]) == (422, sentence)
    assert researcher.get("/schedule").json() == before
    with db.reading() as session:
        assert session.scalars(select(AuditEvent)).all() == []


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


def test_a_first_start_on_a_date_of_its_own_comes_before_what_the_cron_says(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    body = researcher.put("/schedule", json=WEEKLY | {"first_run_at": "2027-01-04T09:00"}).json()  # a Monday in Berlin
    assert body["next_runs"] == ["2027-01-04T09:00:00+01:00", "2027-01-11T04:30:00+01:00", "2027-01-18T04:30:00+01:00"]
    with db.writing() as session:
        assert schedule.claim_due(session, datetime(2026, 12, 7, 12, tzinfo=UTC)) is None
    with db.writing() as session:
        assert schedule.claim_due(session, datetime(2027, 1, 4, 8, tzinfo=UTC)) is not None
    assert researcher.get("/schedule").json()["next_run_at"] == "2027-01-11T03:30:00Z"


def test_what_a_plan_would_mean_is_said_before_it_is_saved(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.iterations.endpoints.db.now", lambda: datetime(2026, 3, 20, tzinfo=UTC))
    plan = {"cron": "0 3 * * 1", "timezone": "Europe/Berlin"}
    body = researcher.get("/schedule/starts", params=plan).json()
    assert body["sentence"] == "Every Monday at 03:00."
    # The clocks go forward on the 29th: three o'clock stays three o'clock.
    assert body["next_runs"] == ["2026-03-23T03:00:00+01:00", "2026-03-30T03:00:00+02:00", "2026-04-06T03:00:00+02:00"]
    answer = researcher.get("/schedule/starts", params=plan | {"cron": "0 0 30 2 *"})
    assert (answer.status_code, answer.json()["type"]) == (422, "bad-cron")
    assert researcher.get("/schedule").json()["cron"] == schedule.Plan().cron


def test_an_hour_that_comes_twice_in_autumn_starts_one_iteration(engine: Engine) -> None:
    evening = datetime(2026, 10, 24, 12, tzinfo=UTC)  # clocks go back in the night to the 25th, from 3:00 to 2:00
    daily = schedule.starts("30 2 * * *", "Europe/Berlin", evening)
    assert [at.isoformat() for at in daily[:2]] == ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]
    hourly = schedule.starts("30 * * * *", "Europe/Berlin", datetime(2026, 10, 24, 23, 45, tzinfo=UTC))
    assert [at.hour for at in hourly] == [0, 1, 2]


def test_of_two_researchers_who_change_the_plan_at_once_the_second_is_told(researcher: TestClient) -> None:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="tom")
    tom = client_of(account)
    read = researcher.get("/schedule").json()["version"]
    assert tom.put("/schedule", json=WEEKLY | {"version": read}).json()["version"] == read + 1
    answer = researcher.put("/schedule", json=WEEKLY | {"enabled": False, "version": read})
    assert (answer.status_code, answer.json()["type"]) == (409, "schedule-changed")
    assert answer.json()["detail"] == "tom changed the schedule meanwhile; look at it again first."
    assert researcher.get("/schedule").json()["enabled"]
    again = researcher.put("/schedule", json=WEEKLY | {"enabled": False, "version": read + 1})
    assert (again.status_code, again.json()["changed_by"]) == (200, "rosa")


def test_saving_the_same_plan_again_is_no_change(researcher: TestClient) -> None:
    first = researcher.put("/schedule", json=WEEKLY).json()
    assert researcher.put("/schedule", json=WEEKLY).json() == first
    with db.reading() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == 1


def test_each_change_is_written_down_with_what_was_before(researcher: TestClient) -> None:
    researcher.put("/schedule", json=WEEKLY)
    researcher.put("/schedule", json=WEEKLY | {"enabled": False})
    with db.reading() as session:
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        assert (event.before, event.after) == (WEEKLY, WEEKLY | {"enabled": False})
