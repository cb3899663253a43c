"""A cron expression in words: “Every Monday at 03:00.” What croniter understands is what is said."""

import calendar
import re
from collections.abc import Mapping, Sequence
from typing import Any

from croniter import croniter

ALL = ["*"]
MOST_TIMES = 6  # of a day, each said by itself
WEEKDAYS = [calendar.day_name[6], *calendar.day_name[:6]]  # cron's 0 is Sunday
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", "l": "last"}
WORDS = {name.lower() for name in (*calendar.day_abbr, *calendar.month_abbr)} | {"l", ""}

Field = Sequence[Any]  # numbers, "l" for the last day, or ALL


def is_understood(cron: str) -> bool:
    """Five fields of numbers and names. croniter would also take "R", which is another time with every look."""
    words = re.split(r"[^a-zA-Z]+", cron.lower())
    return len(cron.split()) == 5 and WORDS.issuperset(words) and croniter.is_valid(cron)


def sentence(cron: str) -> str:
    """When a cron expression that `is_understood` comes, in its own time zone."""
    (minutes, hours, days, months, weekdays), nth = croniter.expand(cron)[:2]
    dates, times = _dates(days, months, weekdays, nth), _times(minutes, hours)
    if dates == "every day" and times.startswith("every"):
        dates = ""
    comma = "," if dates and times.startswith("every") else ""
    said = f"{dates}{comma} {times}".strip()
    return f"{said[0].upper()}{said[1:]}."


def _dates(days: Field, months: Field, weekdays: Field, nth: Mapping[Any, Any]) -> str:
    of = "every month" if months == ALL else _and([calendar.month_name[month] for month in months])
    within = "" if months == ALL else f" in {of}"
    on_days = "the " + _and([_day(day) for day in days])
    on_weekdays = _weekdays(weekdays, nth, of, within)
    if days == ALL:
        return on_weekdays
    if weekdays == ALL:
        return f"on {on_days} of {of}"
    # Cron's own rule: with both, either will do.
    return f"on {on_days} of {of} and {on_weekdays}"


def _weekdays(weekdays: Field, nth: Mapping[Any, Any], of: str, within: str) -> str:
    if weekdays == ALL:
        return f"every day{within}"
    from_monday = sorted(weekdays, key=lambda day: (day - 1) % 7)
    if nth:
        said = [f"{_and([ORDINALS[one] for one in nth[day]])} {WEEKDAYS[day]}" for day in from_monday if day in nth]
        return f"on the {_and(said)} of {of}"
    if from_monday == [1, 2, 3, 4, 5]:
        return f"every day from Monday to Friday{within}"
    return f"every {_and([WEEKDAYS[day] for day in from_monday])}{within}"


def _times(minutes: Field, hours: Field) -> str:
    if minutes == ALL:
        return "every minute" if hours == ALL else f"every minute of {_hours(hours)}"
    if hours == ALL:
        return "every hour" if minutes == [0] else f"every hour at {_minutes(minutes)}"
    if len(minutes) * len(hours) <= MOST_TIMES:
        return "at " + _and([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
    return f"at {_minutes(minutes)} of {_hours(hours)}"


def _minutes(minutes: Field) -> str:
    return f"minute{'s' if len(minutes) > 1 else ''} {_and([str(minute) for minute in minutes])}"


def _hours(hours: Field) -> str:
    return f"hour{'s' if len(hours) > 1 else ''} {_and([str(hour) for hour in hours])}"


def _day(day: int | str) -> str:
    if not isinstance(day, int):
        return "last day"
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
