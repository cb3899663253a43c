"""What the metrics of a policy run say about it: how the reward grew with the distance travelled, and whether it still
meant anything. Functions of the lines of `metrics.jsonl`; alarms are sentences, and stop nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

WINDOW = 4  # steps at least whose means are compared: that of one step is noise
ERRORS = 3.0  # standard errors that make a change: the best of many windows is above its neighbours by luck alone
REPETITIVE = 0.5  # of the variety of the initial policy's responses


class RewardLine(NamedTuple):
    """PM score ≈ start + slope·√KL, up to a bend (Bai et al. 2022, §4.3)."""

    start: float
    slope: float
    """PM score per √nat."""
    bend: float | None
    """√KL from which the score grows more slowly, or falls; None where one line fits as well."""


def reward_line(sqrt_kl: Sequence[float], score: Sequence[float]) -> RewardLine | None:
    """Least squares of a line, and of one with a bend at whichever point fits best, which is taken if its two further
    parameters are worth it by the Bayesian information criterion. None for fewer than 3 · WINDOW points, or if all are
    at the same place."""
    x, y = np.asarray(sqrt_kl, float), np.asarray(score, float)
    if len(x) < 3 * WINDOW or np.ptp(x) == 0:
        return None

    def fit(bend: float | None) -> tuple[float, list[float]]:
        """Sum of squared errors, and the weights."""
        columns = [np.ones_like(x), x] + ([] if bend is None else [np.maximum(0, x - bend)])
        design = np.stack(columns, 1)
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        return float(((design @ weights - y) ** 2).sum()), weights.tolist()

    error, (start, slope) = fit(None)
    inner = np.sort(x)[WINDOW:-WINDOW].tolist()  # a bend needs points on both sides
    bend = min(inner, key=lambda place: fit(place)[0])
    bent_error, (bent_start, bent_slope, change) = fit(bend)
    n, least = len(x), 1e-12 * float((y**2).sum())
    worth_it = n * math.log((error + least) / (bent_error + least)) > 2 * math.log(n)
    return RewardLine(bent_start, bent_slope, bend) if worth_it and change < 0 else RewardLine(start, slope, None)


def alarms(steps: Sequence[Mapping[str, float]]) -> list[str]:
    """What a researcher should know of these steps, from the first one on."""
    return [alarm for alarm in (over_optimised(steps), repetitive(steps)) if alarm]


def over_optimised(steps: Sequence[Mapping[str, float]]) -> str | None:
    """Whether the test-PM has turned while the PM that is optimised went on (Bai et al. 2022, §4.2): since the window
    of steps that the test-PM liked best, the one fell and the other rose, each by more than noise."""
    judged = [step for step in steps if "policy/test_score" in step]
    train, test = ([step[f"policy/{name}"] for step in judged] for name in ("score", "test_score"))
    if len(test) < 3 * WINDOW:
        return None
    window = max(WINDOW, len(test) // 4)
    best = max(range(len(test) - 2 * window + 1), key=lambda start: float(np.mean(test[start : start + window])))
    fell, rose = (_change(values[best : best + window], values[-window:]) for values in (test, train))
    if not (fell.in_errors < -ERRORS and rose.in_errors > ERRORS):
        return None
    since = judged[best]["step"] + window - 1
    return (
        f"The policy exploits its PM: since step {since:g} the PM's score rose from {rose.before:.3f} to "
        f"{rose.now:.3f}, but the test-PM's fell from {fell.before:.3f} to {fell.now:.3f}. Raise kl_coef or end sooner."
    )


def repetitive(steps: Sequence[Mapping[str, float]]) -> str | None:
    """Whether the responses of a step have come to share their words."""
    variety = [step["policy/distinct_2"] for step in steps if "policy/distinct_2" in step]
    if len(variety) <= WINDOW or np.mean(variety[-WINDOW:]) >= REPETITIVE * variety[0]:
        return None
    return (
        f"The policy repeats itself: {np.mean(variety[-WINDOW:]):.0%} of the pairs of words in a step's responses are "
        f"different ones, of the initial policy's {variety[0]:.0%}."
    )


class _Change(NamedTuple):
    before: float
    now: float
    in_errors: float


def _change(before: Sequence[float], now: Sequence[float]) -> _Change:
    """Between the means of two windows, in standard errors of their difference."""
    error = math.sqrt((np.var(before, ddof=1) + np.var(now, ddof=1)) / len(now))
    difference = float(np.mean(now) - np.mean(before))
    return _Change(float(np.mean(before)), float(np.mean(now)), difference / max(error, 1e-12))
