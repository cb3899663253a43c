"""Is a preference model as sure as it is right? Pure functions of margins; knows not what a PM or a comparison is.

A margin is r_chosen − r_rejected of one comparison, and P(chosen) = 1 / (1 + exp(−margin)) (Bai et al. 2022, eq. 4.2).

Measured this way every outcome is a win: "chosen" is what the crowdworker picked, and a plain reliability diagram of
P(chosen) against "chosen won" would be a flat line at 1. What can be right or wrong is the PM, so everything here is
symmetric: it stays the same if any comparison is read the other way round (outcome 0, margin negated). The log loss,
the Brier score, the slope and Spiegelhalter's z are so by themselves; for the reliability curve and the ECE each
comparison is oriented by the PM: confidence = P(its favourite) in [0.5, 1], right = whether its favourite was chosen.

All of them take comparisons as independent. Those of one conversation are not quite, so intervals are a little narrow.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MANY = 50  # comparisons below which no temperature is fitted: its error would be as large as itself
USUAL = 0.15  # of log slope: half of all PMs are calibrated to within 15 % as they are
CERTAIN = 500.0  # exp() of more is no number


def probability(margins: Array) -> Array:
    """1 / (1 + exp(−margin)): (n,) → (n,)."""
    return 1 / (1 + np.exp(-np.clip(margins, -CERTAIN, CERTAIN)))


def right(margins: Array) -> Array:
    """1, 0, or 0.5 for a tie: (n,) → (n,)."""
    return (np.sign(margins) + 1) / 2


def log_loss(margins: Array) -> float:
    """Mean of −log P(chosen); log 2 for a PM that says the same of everything."""
    return float(np.logaddexp(0, -margins).mean())


def brier(margins: Array) -> float:
    """Mean of (1 − P(chosen))² (Brier 1950); 0.25 for a PM that says the same of everything."""
    return float(((1 - probability(margins)) ** 2).mean())


class Bin(NamedTuple):
    """One point of the reliability curve: comparisons whose margins are about equally large."""

    comparisons: int
    gap: float
    """Mean |margin|."""
    confidence: float
    """Mean of 1 / (1 + exp(−|margin|)): the accuracy of a calibrated PM."""
    accuracy: float


def reliability(margins: Array, bins: int = 10) -> list[Bin]:
    """Accuracy against the score gap, in bins of equal counts (Bai et al. 2022, fig. 9)."""
    gaps = np.abs(margins)
    order = np.argsort(gaps, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [
        Bin(
            len(part),
            float(gaps[part].mean()),
            float(probability(gaps[part]).mean()),
            float(right(margins)[part].mean()),
        )
        for part in parts
    ]


def expected_calibration_error(margins: Array, bins: int = 10) -> float:
    """Mean |accuracy − confidence| over the bins of `reliability` (ECE, Naeini et al. 2015), in [0, 1]."""
    return sum(b.comparisons * abs(b.accuracy - b.confidence) for b in reliability(margins, bins)) / len(margins)


class Floor(NamedTuple):
    """The ECE that chance alone makes."""

    mean: float
    high: float
    """95 % of calibrated PMs stay below."""


def noise_floor(margins: Array, bins: int = 10, simulations: int = 400, seed: int = 0) -> Floor:
    """The ECE of a perfectly calibrated PM with these very confidences on as many comparisons, by simulation: it is far
    from zero on a few hundred, and an ECE says nothing without it."""
    draw = np.random.default_rng(seed)
    gaps = np.sort(np.abs(margins))
    confidence = probability(gaps)
    starts = np.cumsum([0, *(len(part) for part in np.array_split(gaps, bins) if len(part))])[:-1]
    found = np.empty(simulations)
    for i in range(simulations):
        surprise = (draw.random(len(gaps)) < confidence) - confidence  # (n,) right − confidence
        found[i] = np.abs(np.add.reduceat(surprise, starts)).sum() / len(gaps)
    return Floor(float(found.mean()), float(np.quantile(found, 0.95)))


def spiegelhalter_z(margins: Array) -> float | None:
    """Spiegelhalter's z (1986): Σ(y − p)(1 − 2p) / √Σ(1 − 2p)²p(1 − p), standard normal for a calibrated PM; above 2 it
    is too sure, below −2 not sure enough. None if the PM says the same of everything.

    Both factors of a term change their sign with the orientation, so y = 1, p = P(chosen) serves for all."""
    p = probability(margins)
    spread = float(np.sqrt((((1 - 2 * p) ** 2) * p * (1 - p)).sum()))
    return float(((1 - p) * (1 - 2 * p)).sum()) / spread if spread else None


class Slope(NamedTuple):
    value: float
    standard_error: float


def slope(margins: Array) -> Slope | None:
    """The calibration slope β (Cox 1958): logistic regression of the outcome on the margin, P(chosen) = σ(β·margin),
    by maximum likelihood. 1 is calibrated, below 1 too sure, above 1 not sure enough, 0 or less knows nothing.

    Through the origin, for an intercept would say that whichever response is called the first one is better. None where
    no β is best: all margins are zero, or the PM is always right or always wrong, so that β would grow for ever."""
    if not ((margins > 0).any() and (margins < 0).any()):
        return None
    scale = float(np.abs(margins).mean())  # in this unit β is about 1 whatever the scores' unit is
    x = margins / scale
    beta = 0.0
    for _ in range(100):
        p = probability(beta * x)
        gradient, curvature = float((x * (1 - p)).sum()), float((x**2 * p * (1 - p)).sum())
        # The likelihood is concave, but far from its top Newton's step may overshoot.
        step = max(-1.0, min(1.0, gradient / curvature))
        beta += step
        if abs(step) < 1e-10:
            break
    p = probability(beta * x)
    error = 1 / math.sqrt(float((x**2 * p * (1 - p)).sum()))
    return Slope(beta / scale, error / scale)


def temperature(margins: Array) -> float | None:
    """What margins must be divided by to be calibrated (Guo et al. 2017): 1 / slope, held back towards 1 where the
    comparisons are too few to tell. log slope is measured with a normal error, and over PMs it is Cauchy around 0, of
    which half are within `USUAL`: near that the prior weighs, and what is clearly far away is believed. This is its
    posterior mean. None where it would be a guess all the same: fewer than 50 comparisons, or a slope that is not
    clearly above zero (one standard error)."""
    found = slope(margins) if len(margins) >= MANY else None
    if found is None or found.value <= found.standard_error:
        return None
    measured, error = math.log(found.value), found.standard_error / found.value
    log_slopes = np.linspace(measured - 6 * error, measured + 6 * error, 2001)
    likelihood = np.exp(-0.5 * ((log_slopes - measured) / error) ** 2)
    posterior = likelihood / (1 + (log_slopes / USUAL) ** 2)
    return math.exp(-float((log_slopes * posterior).sum() / posterior.sum()))


def summary(margins: Array) -> dict[str, Any]:
    """All of the above, for JSON."""
    if not len(margins):
        return {"comparisons": 0}
    found, floor = slope(margins), noise_floor(margins)
    return {
        "comparisons": len(margins),
        "loss": log_loss(margins),
        "brier": brier(margins),
        "slope": found and found.value,
        "slope_error": found and found.standard_error,
        "spiegelhalter_z": spiegelhalter_z(margins),
        "ece": expected_calibration_error(margins),
        "ece_noise_floor": floor.mean,
        "ece_noise_high": floor.high,
        "reliability": [b._asdict() for b in reliability(margins)],
    }
