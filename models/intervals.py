"""How sure is an accuracy? Intervals and paired tests on comparisons that come in families.

Comparisons of one conversation, and of conversations that open alike, are not independent: whoever counts them as if
they were gets intervals that are too narrow. All errors here are cluster-robust, with the dialogue family as cluster
(Liang and Zeger 1986); with one comparison per family they are the textbook ones.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

Z = 1.959964  # 95 % of a standard normal lie within ± this


class Share(NamedTuple):
    value: float
    low: float
    high: float


class Paired(NamedTuple):
    """Two judges of the same comparisons, first minus second."""

    difference: float
    standard_error: float
    mcnemar_p: float


def wilson(share: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n trials (Wilson 1927): honest also for few and near 0 or 1."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(outcomes: Sequence[float], families: Sequence[str]) -> Share:
    """Mean of outcomes (1, 0, or 0.5 for a tie) with its 95 % interval: Wilson's, for as many independent comparisons
    as these are worth: n over the design effect, which is the cluster-robust variance of the mean over the one that
    independent comparisons would have (Kish 1965; Korn and Graubard 1998)."""
    n = len(outcomes)
    mean = sum(outcomes) / n
    return Share(mean, *wilson(mean, n / _design_effect(outcomes, families)))


def standard_error(values: Sequence[float], families: Sequence[str]) -> float:
    """Cluster-robust standard error of a mean: √(G/(G−1) · Σ over families of (Σ of its deviations)²) / n. Infinite for
    one family."""
    n, mean = len(values), sum(values) / len(values)
    sums: dict[str, float] = {}
    for value, family in zip(values, families, strict=True):
        sums[family] = sums.get(family, 0.0) + value - mean
    clusters = len(sums)
    if clusters < 2:
        return math.inf
    return math.sqrt(clusters / (clusters - 1) * sum(s**2 for s in sums.values())) / n


def paired(first: Sequence[float], second: Sequence[float], families: Sequence[str]) -> Paired:
    """The difference of two accuracies on the same comparisons, with its cluster-robust error, and McNemar's test."""
    differences = [a - b for a, b in zip(first, second, strict=True)]
    p = mcnemar(sum(d > 0 for d in differences), sum(d < 0 for d in differences))
    return Paired(sum(differences) / len(differences), standard_error(differences, families), p)


def mcnemar(first_only: int, second_only: int) -> float:
    """Exact two-sided p of McNemar's test (1947): of the comparisons on which only one of two judges is right, each has
    as many by chance. It takes comparisons as independent; the cluster-robust error of the difference does not."""
    n, fewer = first_only + second_only, min(first_only, second_only)
    ways = total = 1
    for k in range(1, fewer + 1):
        ways = ways * (n - k + 1) // k
        total += ways
    return min(1.0, 2 * total / 2**n)


def _design_effect(outcomes: Sequence[float], families: Sequence[str]) -> float:
    """At least 1: families may by chance be more mixed than strangers, which makes nothing more certain."""
    n, clusters = len(outcomes), len(set(families))
    mean = sum(outcomes) / n
    if mean in (0.0, 1.0) or clusters < 2:
        return n / clusters  # nothing to see of how alike families are, so as if each were one comparison
    independent = mean * (1 - mean) / (n - 1)
    return max(1.0, standard_error(outcomes, families) ** 2 / independent)
