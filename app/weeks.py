"""Weeks, which are named by their Monday in UTC."""

from datetime import UTC, date, datetime, timedelta

WEEK = timedelta(days=7)


def monday_of(moment: date | datetime) -> date:
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day - timedelta(days=day.weekday())
