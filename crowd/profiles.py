"""How simulated crowdworkers differ from a judge: habits that quality control has to find, and one that has none."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from crowd.judges import Judge, Length, Message


@dataclass(frozen=True)
class Profile:
    inattentive: float = 0.0
    """How often the two replies are not read, and either one is picked."""
    left: float = 0.0
    """How often the reply on the left is picked, whatever it says."""
    longer: float = 0.0
    """How much the longer reply seems better, against what the judge says (0 to 1)."""
    always: int | None = None
    """A strength that never changes."""
    second_thoughts: float = 0.1
    """How often a choice is changed before the next message."""
    patience: float = 1.0
    """The share of the asked turns that is held."""
    comments: float = 0.5
    """How often a conversation ends with a comment and a rating."""
    pace: float = 1.0
    """Times the think time of others."""
    competence: float = 0.8
    """How often a worked pair of the qualification is judged as the guide says, and its explanation remembered."""


PROFILES = {
    "careful": Profile(),
    "lazy": Profile(inattentive=0.5, second_thoughts=0.0, patience=0.5, comments=0.0, pace=0.3, competence=0.3),
    "position-biased": Profile(left=0.6),
    "length-biased": Profile(longer=0.8),
    "extreme": Profile(always=4),
    "random": Profile(inattentive=1.0, competence=0.0),
}


@dataclass(frozen=True)
class Choice:
    picked: int  # 0 = the one shown as a
    strength: int  # 1 about equal … 4 clear


def choose(
    profile: Profile,
    judge: Judge,
    dialogue: Sequence[Message],
    replies: tuple[str, str],
    *,
    pick_better: bool,
    noise: float,
    dice: random.Random,
) -> Choice:
    """The judge's preference, bent by the profile; `noise` is how often it comes out the other way round."""
    preference = judge.preference(dialogue, *replies)
    if profile.longer:
        preference += profile.longer * (Length().preference(dialogue, *replies) - preference)
    if dice.random() < profile.inattentive:
        preference = dice.uniform(-1, 1)
    if dice.random() < noise:
        preference = -preference / 2  # a mistake is rarely made with conviction
    better = 0 if preference > 0 or (preference == 0 and dice.random() < 0.5) else 1
    picked = better if pick_better else 1 - better
    if dice.random() < profile.left:
        picked = 0
    return Choice(picked, profile.always or 1 + min(3, int(4 * abs(preference))))
