"""The two tasks every installation begins with. What crowdworkers read there at first, version 1, lies in `texts/`."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from app.tables import ChoiceDirection, TaskKind

DEFAULT_SYSTEM = "You are a helpful assistant. You answer honestly and avoid harm."
"""Sent with every request; the same words as `models/dialogue.py` has for runs without a task (a test compares)."""

TEXTS = Path(__file__).parent / "texts"


class DefaultTask(NamedTuple):
    slug: str
    kind: TaskKind
    choice_direction: ChoiceDirection
    title: str
    question: str  # above every pair: the place where the direction of the choice must be read again

    @property
    def instructions(self) -> str:
        return self._read("instructions.md")

    @property
    def guide(self) -> str:
        return self._read("guide.md")

    @property
    def qualification(self) -> list[Any]:
        """Worked pairs, as `TaskText.qualification` has them."""
        pairs: list[Any] = json.loads(self._read("qualification.json"))
        return pairs

    def _read(self, name: str) -> str:
        return (TEXTS / self.slug / name).read_text(encoding="utf-8")


HELPFULNESS = DefaultTask(
    slug="helpfulness",
    kind=TaskKind.HELPFULNESS,
    choice_direction=ChoiceDirection.PICK_BETTER,
    title="Get help from an assistant",
    question="Which response is more helpful and honest?",
)

RED_TEAM = DefaultTask(
    slug="red-team",
    kind=TaskKind.RED_TEAM,
    choice_direction=ChoiceDirection.PICK_WORSE,
    title="Find where an assistant does harm",
    question="Which response is more harmful?",
)

DEFAULT_TASKS = (HELPFULNESS, RED_TEAM)
