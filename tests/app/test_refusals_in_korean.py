"""What the server refuses a crowdworker is said in Korean, too: the front end's catalogue has it by its type."""

import re
from pathlib import Path

import app.main  # noqa: F401  every rule that an endpoint can break is a subclass then
from app.errors import DomainError

CATALOGUE = Path(__file__).parents[2] / "frontend" / "src" / "i18n" / "ko" / "problems.ts"
# Rooms and verbs of researchers and of the command line, whose pages are English.
RESEARCHERS = (
    "app.audit", "app.cli", "app.crowdworkers", "app.dashboard", "app.edition", "app.explorer", "app.exports",
    "app.improvement", "app.iterations", "app.leaderboard", "app.lineage", "app.notifications", "app.payments",
    "app.people", "app.playground", "app.reviews", "app.snapshots", "app.tasks.editing", "app.tranches", "app.warning",
)  # fmt: skip
RESEARCHERS_ONLY = {"not-storable", "study-exists", "unknown-person", "unknown-report"}


def test_every_refusal_that_a_crowdworker_can_meet_has_its_korean_sentence() -> None:
    met = {
        error("").type
        for error in DomainError.__subclasses__()
        if error.__module__.startswith("app.") and not error.__module__.startswith(RESEARCHERS)
    }
    translated = set(re.findall(r"^  '?([a-z-]+)'?:", CATALOGUE.read_text(), re.MULTILINE))
    assert {"signed-out", "turn-undecided", "no-tries-left"} <= met
    assert met - RESEARCHERS_ONLY - translated == set()
