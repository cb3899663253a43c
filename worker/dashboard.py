"""The tick's part of the dashboard: that it ticks, and the days that are over."""

from app import db
from app.dashboard.alarms import TICK
from app.dashboard.collected import close_days
from app.tables import Heartbeat

AT_ONCE = 6  # stretches of a month in one tick


def beat() -> None:
    with db.writing() as session:
        session.merge(Heartbeat(name=TICK, at=db.now()))


def close_collected_days() -> None:
    """At most some months at a time: a new release on old data catches up within minutes and keeps nobody waiting."""
    for _ in range(AT_ONCE):
        with db.writing() as session:
            if not close_days(session):
                return
