"""How much red-teaming somebody has had lately: pure functions of when it happened.

Time is measured between the marks that rows leave (a message, two responses, a choice, an end), so reading and writing
count and a closed laptop does not.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

PAUSE = timedelta(minutes=10)
"""Without a mark for so long, somebody was away: shorter ones are reading or writing, a longer one is a break."""
BREAK_AFTER = timedelta(minutes=45)
"""A school lesson, and what most advice for moderators of upsetting text says: less than an hour at a stretch."""
BREAK_AFTER_CONVERSATIONS = 5
"""One assignment as it comes: its end is the natural moment to stop. The paper's authors invited people often."""
NIGHT = timedelta(hours=5)
"""A new day begins after a pause this long. Time zones are not known, and the UTC midnight is somebody's afternoon."""
LOOK_BACK = timedelta(hours=24)


class Mark(NamedTuple):
    at: datetime
    ends_conversation: bool = False


class Exposure(NamedTuple):
    today: timedelta
    since_break: timedelta
    conversations_since_break: int

    @property
    def wants_break(self) -> bool:
        return self.since_break >= BREAK_AFTER or self.conversations_since_break >= BREAK_AFTER_CONVERSATIONS


def exposure(marks: Iterable[Mark], now: datetime) -> Exposure:
    today = since_break = timedelta()
    ended, last = 0, None
    for mark in sorted(marks):
        gap = mark.at - last if last else timedelta()
        if gap >= NIGHT:
            today = timedelta()
        if gap >= PAUSE:
            since_break, ended = timedelta(), 0
        else:
            today, since_break = today + gap, since_break + gap
        ended += mark.ends_conversation
        last = mark.at
    if last is None or now - last >= PAUSE:
        since_break, ended = timedelta(), 0
    if last is None or now - last >= NIGHT:
        today = timedelta()
    return Exposure(today, since_break, ended)
