"""What the metrics of a policy run say about it: `python -m models.health RUN_DIR [--plot PNG]`.

How the reward grew with the distance travelled, and whether it still meant anything. Functions of the lines of
`metrics.jsonl`; alarms are sentences, and stop nothing.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models.run import BadInput, file_atomically, main

WINDOW = 4  # steps at least whose means are compared: that of one step is noise
ERRORS = 3.0  # standard errors that make a change: the best of many windows is above its neighbours by luck alone
ENGINE_GAP = 0.1  # nats per token
REPETITIVE = 0.5  # of the variety of the first step's responses


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
    finite = np.isfinite(x) & np.isfinite(y)  # the step that ended a run may not be
    x, y = x[finite], y[finite]
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
    return [alarm for alarm in (over_optimised(steps), repetitive(steps), sampled_elsewhere(steps)) if alarm]


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
        f"different ones, of the first step's {variety[0]:.0%}."
    )


def sampled_elsewhere(steps: Sequence[Mapping[str, float]]) -> str | None:
    """Whether the server that sampled the responses computed another policy than the one that learned from them."""
    gaps = [step["policy/engine_gap"] for step in steps if "policy/engine_gap" in step]
    gap = float(np.mean(gaps[-WINDOW:])) if gaps else 0.0
    if gap <= ENGINE_GAP:
        return None
    return (
        f"The server that samples and the policy that learns differ by {gap:.3f} nats per token in the last steps; "
        f"rounding makes some hundredths: serve the base in the dtype of the training, and without quantisation."
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


# By hand ----------------------------------------------------------------------------------------------------------


def plot(steps: Sequence[Mapping[str, float]], line: RewardLine | None, path: Path) -> None:
    """Four panels: both PMs' scores against √KL with the fitted line, the same by step, KL, entropy and endings."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    number = [step["step"] for step in steps]
    sqrt_kl = [step["policy/sqrt_kl"] for step in steps]
    blue, orange, grey = "#0072B2", "#D55E00", "#555555"  # told apart by the colour-blind too
    figure, panels = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    distance, course, kl, style = panels.flat

    pms = [("policy/score", "PM", blue, "o"), ("policy/test_score", "test-PM", orange, "s")]
    for name, label, colour, marker in pms:
        judged = [i for i, step in enumerate(steps) if name in step]
        if judged:
            first = steps[judged[0]][name]  # a PM's zero means nothing
            grown = [steps[i][name] - first for i in judged]
            distance.plot([sqrt_kl[i] for i in judged], grown, marker, color=colour, markersize=4, label=label)
            course.plot([number[i] for i in judged], grown, color=colour, label=label)
    if line is not None:
        end = max(sqrt_kl) if line.bend is None else line.bend
        ends = [line.start + line.slope * x - steps[0]["policy/score"] for x in (0.0, end)]
        distance.plot([0, end], ends, "-", color=grey, linewidth=1, label=f"{line.slope:+.3f} per √nat")
    distance.set(xlabel="√KL to the initial policy (√nats)", ylabel="score gained")
    course.set(xlabel="step", ylabel="score gained")
    kl.plot(number, [step["policy/kl_to_initial"] for step in steps], color=blue)
    kl.set(xlabel="step", ylabel="KL to the initial policy (nats a response)", ylim=(0, None))
    first_entropy, first_length = steps[0]["policy/entropy"], steps[0]["policy/length"]
    style.plot(
        number, [step["policy/entropy"] / first_entropy for step in steps], color=blue, label="entropy per token"
    )
    style.plot(number, [step["policy/length"] / first_length for step in steps], color=orange, label="length")
    style.plot(number, [step["policy/end_of_turn_rate"] for step in steps], color=grey, label="ends by itself (share)")
    style.set(xlabel="step", ylabel="of the first step's", ylim=(0, None))
    for panel in (distance, course, style):
        panel.legend(frameon=False, fontsize=8)
    for panel in panels.flat:
        panel.spines[["top", "right"]].set_visible(False)
    with file_atomically(path) as file:
        figure.savefig(file, dpi=130, format="png")
    pyplot.close(figure)


def table(steps: Sequence[Mapping[str, float]]) -> str:
    """Each quantity's mean over the first and over the last steps, and the minutes that the parts of a step took."""
    n = min(WINDOW, len(steps))
    lines = [f"{'':22}{f'first {n}':>10}{f'last {n}':>10}"]
    for name in steps[0]:
        if name.startswith("policy/") and "seconds" not in name:
            first, last = (np.mean([step[name] for step in part if name in step]) for part in (steps[:n], steps[-n:]))
            lines.append(f"{name.removeprefix('policy/'):22}{first:10.3f}{last:10.3f}")
    parts = [name for name in steps[0] if "seconds" in name]
    minutes = {name: sum(step.get(name, 0.0) for step in steps) / 60 for name in parts}  # what ends a run: no update
    took = ", ".join(f"{name.removeprefix('policy/seconds_')} {each:.1f}" for name, each in minutes.items())
    return "\n".join([*lines, f"Minutes: {took}."])


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.health", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="of a policy training, finished or not")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="also draw its curves")
    arguments = parser.parse_args()
    path = arguments.run_dir / "metrics.jsonl"
    if not path.is_file():
        raise BadInput(f"{arguments.run_dir} has no metrics.jsonl: it is no policy training, or has taken no step yet.")
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    steps = [line for line in lines if "policy/score" in line]
    if not steps:
        raise BadInput(f"{path} has no metrics of a policy.")
    found = reward_line([step["policy/sqrt_kl"] for step in steps], [step["policy/score"] for step in steps])
    if found is None:
        print(f"{len(steps)} steps are too few for a line of reward against √KL.")
    else:
        bend = "without a bend" if found.bend is None else f"up to a bend at {found.bend:.2f} √nats"
        print(f"The score grew by {found.slope:.3f} per √nat from {found.start:.3f}, {bend}.")
    print("\n".join(alarms(steps)) or "No alarms.")
    print(table(steps))
    if arguments.plot:
        plot(steps, found, arguments.plot)


if __name__ == "__main__":
    main(command)
