"""Shares with their uncertainty, and how much two people agree beyond chance. Where there is too little to say, None: a
page then says "not enough data"."""

from collections.abc import Sequence
from math import sqrt
from typing import Annotated

from pydantic import BaseModel, Field

Z = 1.959964
"""Of 95 %."""
ENOUGH = 10
"""Fewer than so many of anything are no share: of nine picks, five and nine are not told apart."""


class Share(BaseModel):
    """How many of so many, with Wilson's 95 % interval; all from 0 to 1."""

    share: float
    low: float
    high: float
    of: Annotated[int, Field(description="How many were counted.")]


def share(some: int, of: int) -> Share | None:
    """None below ENOUGH."""
    if of < ENOUGH:
        return None
    low, high = wilson(some / of, of)
    return Share(share=some / of, low=low, high=high, of=of)


def wilson(share: float, of: float) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share, 95 %: it stays within 0 and 1, and is right for few and for rare."""
    squared = Z * Z
    centre = share + squared / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + squared / (4 * of * of))
    return max(0.0, (centre - half) / (1 + squared / of)), min(1.0, (centre + half) / (1 + squared / of))


def kappa(picks: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa (1960) of two people's picks on the same things: (agreement − by chance) / (1 − by chance), from −1
    to 1. None below ENOUGH, and where both always picked the same label: then there is nothing beyond chance."""
    if len(picks) < ENOUGH:
        return None
    agreed = sum(one == other for one, other in picks) / len(picks)
    labels = {label for pair in picks for label in pair}
    by_chance = (
        sum(sum(one == label for one, _ in picks) * sum(other == label for _, other in picks) for label in labels)
        / len(picks) ** 2
    )
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)
