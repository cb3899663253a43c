"""Exposure, from marks alone."""

from datetime import UTC, datetime, timedelta

import pytest

from app.care.exposure import Exposure, Mark, exposure

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def marks(*minutes_ago: float, ends: tuple[float, ...] = ()) -> list[Mark]:
    return [Mark(NOON - ago * MINUTE, ago in ends) for ago in minutes_ago]


def test_nothing_happened() -> None:
    assert exposure([], NOON) == Exposure(timedelta(), timedelta(), 0)
    assert exposure([], NOON).wants_break is False


def test_time_is_counted_between_marks_and_not_over_pauses() -> None:
    seen = exposure(marks(60, 55, 50, 20, 14, 8), NOON)
    assert seen.today == 22 * MINUTE
    assert seen.since_break == 12 * MINUTE, "thirty minutes away were a break"


def test_the_order_of_marks_does_not_matter() -> None:
    assert exposure(marks(8, 60, 20, 55, 14, 50), NOON) == exposure(marks(60, 55, 50, 20, 14, 8), NOON)


@pytest.mark.parametrize(("minutes", "wanted"), [(44, False), (45, True)])
def test_a_break_is_suggested_after_three_quarters_of_an_hour(minutes: int, wanted: bool) -> None:
    assert exposure(marks(*range(minutes + 1)), NOON).wants_break is wanted


@pytest.mark.parametrize(("conversations", "wanted"), [(4, False), (5, True)])
def test_a_break_is_suggested_after_five_conversations_in_a_row(conversations: int, wanted: bool) -> None:
    ends = tuple(float(ago) for ago in range(conversations))
    assert exposure(marks(*ends, ends=ends), NOON).wants_break is wanted


def test_ten_minutes_away_are_a_break() -> None:
    hour = marks(*range(10, 71))
    assert exposure(hour, NOON).wants_break is False
    assert exposure(hour, NOON - MINUTE).wants_break is True
    assert exposure([*hour, *marks(0)], NOON).conversations_since_break == 0


def test_a_new_day_begins_after_a_night_wherever_one_lives() -> None:
    evening = marks(*range(600, 631))
    assert exposure([*evening, *marks(5, 0)], NOON).today == 5 * MINUTE
    assert exposure(evening, NOON).today == timedelta()
    assert exposure(evening, NOON - 595 * MINUTE).today == 30 * MINUTE
