"""Drawing the two deployments of a turn. Pure functions of the shares."""

import random
from collections.abc import Sequence


def draw(shares: Sequence[float], rng: random.Random) -> tuple[int, int]:
    """Indices of two deployments, drawn by share and with replacement: twice the same policy is a pair like any other.

    In the order drawn, which is no side: that is a separate coin (`toss`).
    """
    first, second = rng.choices(range(len(shares)), weights=shares, k=2)
    return first, second


def propensity(shares: Sequence[float], first: int, second: int) -> float:
    """The probability of this unordered pair: p_i² for twice the same, 2·p_i·p_j for two."""
    total = sum(shares)
    p, q = shares[first] / total, shares[second] / total
    return p * q if first == second else 2 * p * q


def toss(rng: random.Random) -> bool:
    """Heads: the first of the pair is shown as a. Tossed at every turn, so that nobody learns "a is the better one"."""
    return rng.random() < 0.5
