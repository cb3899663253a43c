"""Many simulated crowdworkers at once, and what they did together."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crowd.api import Api
from crowd.crowdworker import Crowdworker, Done, Work
from crowd.judges import Judge
from crowd.openers import Opener
from crowd.profiles import PROFILES


@dataclass(frozen=True)
class Plan:
    url: str
    crowdworkers: int
    conversations: int
    turns: int
    task: str  # helpfulness | red-team
    noise: float
    seed: int
    think: float = 0.0
    patience: float = 120.0
    profiles: tuple[str, ...] = ("careful",)  # taken in turn


@dataclass(frozen=True)
class Summary:
    wanted: int
    seconds: float
    done: Done

    @property
    def whole(self) -> bool:
        return not self.done.lost and self.done.conversations == self.wanted

    def lines(self) -> list[str]:
        done = self.done
        return [
            f"{done.conversations} of {self.wanted} conversations, {done.turns} turns, {done.choices} choices"
            f" ({done.changed} changed), {done.codes} assignments, {self.seconds:.1f} s",
            f"{done.repeated} requests repeated, {len(done.failures)} failures, {len(done.lost)} lost",
            *(f"failed: {failure}" for failure in done.failures),
            *(f"LOST: {lost}" for lost in done.lost),
        ]


def run(plan: Plan, judge: Judge, openers: Sequence[Opener]) -> Summary:
    """Hold the conversations; each crowdworker is a thread that begins the next one when theirs has ended."""
    began, dice = time.monotonic(), random.Random(plan.seed)
    work = Work(plan.task, plan.turns, judge, plan.noise, plan.think, _dealer(openers, plan.conversations, dice))
    together = secrets.token_hex(4)  # the same crowd may come back to the same server, as other people
    crowdworkers = [
        Crowdworker(
            Api(plan.url, plan.patience),
            f"simulated-{together}-{number + 1}",
            PROFILES[plan.profiles[number % len(plan.profiles)]],
            work,
            random.Random(f"{plan.seed}/{number}"),
        )
        for number in range(min(plan.crowdworkers, plan.conversations))
    ]
    # Daemons: Ctrl-C leaves at once, without waiting for conversations to end.
    threads = [threading.Thread(target=crowdworker.run, daemon=True) for crowdworker in crowdworkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = _together([crowdworker.done for crowdworker in crowdworkers])
    return Summary(plan.conversations, time.monotonic() - began, done)


def _dealer(openers: Sequence[Opener], count: int, dice: random.Random) -> Callable[[], Opener | None]:
    """Deals every opener once before any comes back, to whoever asks next."""
    deck: list[Opener] = []
    while len(deck) < count:
        deck += dice.sample(openers, len(openers))
    dealt, lock = iter(deck[:count]), threading.Lock()

    def next_opener() -> Opener | None:
        with lock:
            return next(dealt, None)

    return next_opener


def _together(parts: Sequence[Done]) -> Done:
    return Done(
        conversations=sum(part.conversations for part in parts),
        turns=sum(part.turns for part in parts),
        choices=sum(part.choices for part in parts),
        changed=sum(part.changed for part in parts),
        repeated=sum(part.repeated for part in parts),
        codes=sum(part.codes for part in parts),
        failures=[failure for part in parts for failure in part.failures],
        lost=[lost for part in parts for lost in part.lost],
    )
