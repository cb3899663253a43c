"""Weeks begin on Monday in UTC, wherever somebody is."""

from datetime import date, datetime, timedelta, timezone

import pytest

from app.weeks import monday_of

MONDAY = date(2026, 11, 23)
SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize("days", range(7))
def test_every_day_belongs_to_the_monday_before_it(days: int) -> None:
    assert monday_of(MONDAY + timedelta(days)) == MONDAY


def test_a_moment_belongs_to_its_week_in_utc() -> None:
    assert monday_of(datetime(2026, 11, 30, 8, 59, tzinfo=SEOUL)) == MONDAY, "still Sunday in UTC"
    assert monday_of(datetime(2026, 11, 30, 9, 0, tzinfo=SEOUL)) == date(2026, 11, 30)
