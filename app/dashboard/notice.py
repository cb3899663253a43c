"""One thing that a researcher should know or decide: a sentence, and the page where it is looked at or decided."""

from pydantic import BaseModel


class Notice(BaseModel):
    kind: str
    sentence: str
    link: str | None = None  # a page of ours
    halts: bool = False  # nothing goes on there until somebody sees to it


def iteration_page(id: str) -> str:
    return f"/admin/iterations/{id}"


def ago(seconds: float) -> str:
    """Whole minutes, hours or days: "7 minutes", "1 hour"."""
    minutes = max(1, int(seconds // 60))
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or size == 1:
            count = minutes // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError


def many(count: int, one: str, more: str = "") -> str:
    """ "1 report", "2 reports"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
