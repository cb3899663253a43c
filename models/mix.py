"""Which prompts a policy is trained on, and in which order: people's and generated ones, about helpfulness and about
harm, each with its share.

The paper mixed 137,000 prompts of people with 369,000 generated ones, and raised the share of helpful prompts where
its policies had learnt to refuse too much (Bai et al. 2022 §4.1, §4.4).
"""

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from models.dialogue import RED_TEAM, Prompt
from models.run import BadInput
from models.sampling import seed_of


class Kind(NamedTuple):
    """Prompts that share a share."""

    words: str
    share: float
    members: list[int]
    """Which of a run's prompts."""


def kinds_of(
    prompts: Sequence[Prompt], generated_share: float | None, helpful_share: float | None, path: Path
) -> list[Kind]:
    """One kind if neither share is given; where both are, each holds within the other. BadInput if a kind that is asked
    for has no prompt in `path`."""
    by_writer = _sides(generated_share, "generated", "human")
    by_task = by_side(helpful_share)
    kinds = []
    for (writer, of_writer), (task, of_task) in itertools.product(by_writer.items(), by_task.items()):
        words, share = " ".join(filter(None, (writer, task))), of_writer * of_task
        members = [
            i
            for i, prompt in enumerate(prompts)
            if writer in ("", "generated" if prompt.generated_by else "human") and task in ("", side_of(prompt.task))
        ]
        if share and not members:
            given = [
                f"{name} {value:g}"
                for name, value in (("generated_share", generated_share), ("helpful_share", helpful_share))
                if value is not None
            ]
            raise BadInput(f"{path} holds no {words} prompt that fits, which {' with '.join(given)} asks for.")
        if share:
            kinds.append(Kind(words, share, members))
    return kinds


def by_side(helpful_share: float | None) -> dict[str, float]:
    """The share of either side; all is one side, without a name, where no share is given."""
    return _sides(helpful_share, "helpfulness", RED_TEAM)


def side_of(task: str) -> str:
    """Red-teaming, or helpfulness with all else."""
    return RED_TEAM if task == RED_TEAM else "helpfulness"


def _sides(share: float | None, yes: str, no: str) -> dict[str, float]:
    return {"": 1.0} if share is None else {yes: share, no: 1 - share}


def order(kinds: Sequence[Kind], count: int, seed: int) -> list[int]:
    """The first `count` prompts of a run. After any of them each kind has had its share, to less than one prompt. All
    prompts of a kind come once, in a shuffled order, before one comes again in another order."""
    chosen: list[int] = []
    taken = [0] * len(kinds)
    shuffled: list[list[int]] = [[] for _ in kinds]
    for number in range(1, count + 1):
        kind = max(range(len(kinds)), key=lambda k: kinds[k].share * number - taken[k])
        turn, place = divmod(taken[kind], len(kinds[kind].members))
        if place == 0:
            shuffled[kind] = list(kinds[kind].members)
            random.Random(seed_of(seed, "prompts", turn)).shuffle(shuffled[kind])
        chosen.append(shuffled[kind][place])
        taken[kind] += 1
    return chosen


def counts(kinds: Sequence[Kind], count: int, seed: int) -> dict[str, int]:
    """How many of the first `count` prompts of a run are of each kind, by its words; nothing where no share is
    given."""
    words_of = {member: kind.words for kind in kinds for member in kind.members}
    return Counter(words_of[i] for i in order(kinds, count, seed) if words_of[i])
