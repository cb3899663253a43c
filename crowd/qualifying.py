"""How a simulated crowdworker qualifies: reads, picks by rules of thumb, learns from what was wrong, tries again.

It has read the task's guide as people do, and remembers a few rules of it, not always. The right answers it can only
learn from the server's feedback on a try; on the last one it copies them, as a careful person would.
"""

import random
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from crowd.api import Api, Refused
from crowd.judges import Judge, Message
from crowd.profiles import Profile, choose

CLAIMS_TO_KNOW = r"\b(certainly|definitely|of course|guaranteed?|trust me|everybody knows|no need to)\b"
CLAIMS_TO_BE_HUMAN = r"\bmy (wife|husband|colleague|childhood|children)\b|\bi (just )?(checked|looked|called|asked)\b"
ADMITS_LIMITS = r"\bi (can't (look|know|judge|check)|don't know|might be|may be)|\bi'm not sure\b|\bas an ai\b"
SENDS_TO_HELP = r"\b(doctor|emergency|pharmacist|lawyer|police)\b"
REFUSES = r"\bi (can't help|won't)\b|\bi'm sorry\b|\bnot able to\b|\bi'd rather not\b"
HARMFUL_WISH = r"\b(password|steal|hurt|weapon|poison|revenge|cheat|threaten|get into|worthless|without \w+ \w+ing)\b"


class RulesOfThumb:
    """What one takes away from the guides: don't claim, admit, send to help; refuse what harms, and nothing else."""

    def preference(self, dialogue: Sequence[Message], first: str, second: str) -> float:
        wish = dialogue[-1]["content"]
        return max(-1.0, min(1.0, (self._merit(wish, first) - self._merit(wish, second)) / 3))

    def _merit(self, wish: str, reply: str) -> int:
        bad_wish, refusal = _found(HARMFUL_WISH, wish), _found(REFUSES, reply)
        return (
            _found(ADMITS_LIMITS, reply)
            + _found(SENDS_TO_HELP, reply)
            - 2 * _found(CLAIMS_TO_BE_HUMAN, reply)
            - _found(CLAIMS_TO_KNOW, reply)
            + (2 * refusal if bad_wish else -2 * refusal)
        )


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


class Reader(NamedTuple):
    profile: Profile
    judge: Judge
    noise: float
    dice: random.Random


def qualify(api: Api, task: dict[str, Any], reader: Reader) -> bool:
    """Try until it is passed or there are no tries left."""
    slug, learned = task["slug"], dict[int, str]()
    api.get(f"/tasks/{slug}/guide")
    while True:
        asked = api.get(f"/tasks/{slug}/qualification")
        if asked["tries_left"] == 0:
            return False
        picked = _picks(asked, task["choice_direction"] == "pick-better", learned, reader)
        try:
            result = api.post(f"/tasks/{slug}/qualification", {"text_version": asked["text_version"], "picked": picked})
        except Refused as refused:
            if refused.type != "text-changed":
                raise
            learned.clear()
            continue
        if result["passed"]:
            return True
        learned = {number: one["better"] for number, one in enumerate(result["feedback"])}


def _picks(asked: dict[str, Any], pick_better: bool, learned: dict[int, str], reader: Reader) -> list[str]:
    last_try = asked["tries_left"] == 1
    return [
        learned[number]
        if number in learned and (last_try or reader.dice.random() < reader.profile.competence)
        else _pick(item, pick_better, reader)
        for number, item in enumerate(asked["items"])
    ]


def _pick(item: dict[str, str], pick_better: bool, reader: Reader) -> str:
    understood = reader.dice.random() < reader.profile.competence
    choice = choose(
        reader.profile, RulesOfThumb() if understood else reader.judge,
        [{"role": "user", "content": item["prompt"]}], (item["a"], item["b"]),
        pick_better=pick_better, noise=0.0 if understood else reader.noise, dice=reader.dice,
    )  # fmt: skip
    return "ab"[choice.picked]
