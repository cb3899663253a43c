"""Figures about one PM, by its newest evaluation: how often it is right and where, how sure, and what it likes."""

from collections.abc import Mapping
from itertools import pairwise
from math import exp
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.agreement import wilson
from app.dashboard.evaluated import evaluation_of
from app.dashboard.figure import Asked, Axis, Figure, Point, Role, Series

CALIBRATION = "Is the PM as sure as it is right?"
HIGH_SCORES = "Accuracy where both scores are high"
SCORES_BY_TRANCHE, SCORES_BY_TASK = "Scores by tranche kind", "Scores by task"

OVER_FAMILIES = "95 %, over families of dialogues"
ALL_COUNTED = "none, since all candidates of the evaluation are counted"
RIGHT = Axis(label="Right", unit="%")
NONE_EVALUATED = "No iteration has evaluated a PM yet."
SIDES: tuple[tuple[str, Role | None], ...] = (("chosen", None), ("rejected", "companion"))
CURVE = 40  # pieces of the calibrated curve


class Slicing(NamedTuple):
    """How an evaluation's comparisons are divided, and what the parts tell."""

    part: str  # of the evaluation
    name: str
    title: str
    axis: str
    paper: str
    how_to_read: str

    def draw(self, session: Session, asked: Asked) -> Figure:
        figure = Figure(
            name=self.name,
            title=self.title,
            kind="points",
            interval=OVER_FAMILIES,
            paper=self.paper,
            x=Axis(label=self.axis),
            y=RIGHT,
            how_to_read=self.how_to_read,
        )
        found = evaluation_of(session, asked.snapshot)
        if found is None:
            return _missing(figure, asked)
        slices = {name: part for name, part in found[1].get(self.part, {}).items() if part.get("comparisons")}
        if not slices:
            return _evaluate_again(figure, found[0])
        pm = [
            Point(x=name, y=100 * p["accuracy"], low=100 * p["low"], high=100 * p["high"], of=p["comparisons"])
            for name, p in slices.items()
        ]
        longer = [Point(x=name, y=100 * p["longer_wins"], of=p["comparisons"]) for name, p in slices.items()]
        figure.series = [Series(name=found[0], points=pm), Series(name="longer wins", points=longer)]
        return figure


BY_TRANCHE = Slicing(
    "by_kind",
    "pm-by-tranche",
    "Accuracy by tranche kind",
    "Tranche kind",
    "§4.5: base 74 %, rejection-sampled 70 %, online 67 %",
    "Candidates of better policies are harder to tell apart: accuracy falls from base to online also for a good PM.",
)
BY_TURN = Slicing(
    "by_turn",
    "pm-by-turn",
    "Accuracy by turn",
    "Turn of the conversation",
    "Fig. 8",
    "The paper's PMs were a few points better on the first turn, and equally good on all later ones. Late turns are "
    "few: look at the intervals.",
)
BY_STRENGTH = Slicing(
    "by_strength",
    "pm-by-strength",
    "Accuracy by strength of the choice",
    "Strength (1: about equal, 4: much better)",
    "§2.2: only the strength decides what is trained on",
    "Stronger choices are easier to predict. Where accuracy does not rise with strength, crowdworkers use the scale "
    "in another way than meant, or the PM has learnt something else. Imported comparisons have no strength: unknown.",
)
BY_TASK = Slicing(
    "by_task",
    "pm-by-task",
    "Accuracy by task",
    "Task",
    "§5.1: a PM of one task alone is below chance on the other",
    "What is better in one task is often worse in the other. A task below 50 % is learnt the wrong way round.",
)
BY_LENGTHS = Slicing(
    "by_lengths",
    "pm-by-lengths",
    "Accuracy by which response is longer",
    "Lengths (about equal: within a tenth)",
    "not in the paper; Singhal et al. 2023",
    "A PM that is right where the chosen one is longer and wrong where the rejected one is follows length. Among "
    "responses of about equal length it must still be right.",
)
SLICINGS = (BY_TRANCHE, BY_TURN, BY_STRENGTH, BY_TASK, BY_LENGTHS)


def calibration(session: Session, asked: Asked) -> Figure:
    """Accuracy in bins of equally many comparisons against their score gap, beside 1/(1 + exp(−gap))."""
    figure = Figure(
        name="pm-calibration",
        title=CALIBRATION,
        x=Axis(label="Gap between the two scores"),
        y=RIGHT,
        interval="95 % (Wilson), comparisons taken as independent",
        paper="Fig. 9",
        how_to_read="A tenth of the comparisons is in each point. On the dotted curve, a gap of 1 is right in 73 %, "
        "one of 2 in 88 %. Below it the PM is too sure, above it not sure enough. The expected calibration error "
        "(ECE) is never 0, for chance makes one too: compare it with that of a calibrated PM.",
    )
    found = evaluation_of(session, asked.snapshot)
    if found is None:
        return _missing(figure, asked)
    measured = found[1].get("calibration") or {}
    as_is = measured.get("as_is") or {}
    bins = [one for one in as_is.get("reliability", []) if one["comparisons"]]
    if not bins:
        return _evaluate_again(figure, found[0])
    figure.series = [Series(name=found[0], points=[_reliable(one) for one in bins])]
    widest = max(one["gap"] for one in bins)
    steps = [widest * step / CURVE for step in range(CURVE + 1)]
    curve = [Point(x=gap, y=100 / (1 + exp(-gap))) for gap in steps]
    figure.series.append(Series(name="calibrated", role="reference", points=curve))
    figure.finding = _said_of(as_is, measured)
    return figure


def _reliable(one: Mapping[str, Any]) -> Point:
    low, high = wilson(one["accuracy"], one["comparisons"])
    return Point(x=one["gap"], y=100 * one["accuracy"], low=100 * low, high=100 * high, of=one["comparisons"])


def _said_of(as_is: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    slope = as_is.get("slope")
    slope_is = f"{slope:.2f} ± {as_is['slope_error']:.2f}" if slope is not None else "not enough data"
    fitted, scaled = "Temperature: not enough data.", measured.get("with_temperature") or {}
    if scaled.get("comparisons"):
        fitted = (
            f"Divided by its temperature, {measured['temperature']:.2f}: ECE {scaled['ece']:.3f}, by chance "
            f"{scaled['ece_noise_floor']:.3f}, on the half that did not fit it."
        )
    return (
        f"ECE {as_is['ece']:.3f} on {as_is['comparisons']:,} comparisons; chance alone makes "
        f"{as_is['ece_noise_floor']:.3f}, and 95 % of calibrated PMs stay below {as_is['ece_noise_high']:.3f}. "
        f"Slope {slope_is} (1: calibrated, below: too sure). Brier score {as_is['brier']:.3f} "
        f"(0.25: knows nothing). {fitted}"
    )


def high_scores(session: Session, asked: Asked) -> Figure:
    """Accuracy among the comparisons of which both scores reach a threshold."""
    figure = Figure(
        name="pm-high-scores",
        title=HIGH_SCORES,
        x=Axis(label="Both scores at least"),
        y=RIGHT,
        interval=OVER_FAMILIES,
        paper="Fig. 25",
        how_to_read="Thresholds are quantiles of all scores. A policy is pushed to the right end. Where accuracy "
        "falls there, more optimisation against this PM gains little, and comparisons of better policies are what it "
        "lacks.",
    )
    found = evaluation_of(session, asked.snapshot)
    if found is None:
        return _missing(figure, asked)
    parts = [part for part in found[1].get("above_thresholds", []) if part.get("comparisons")]
    if not parts:
        return _evaluate_again(figure, found[0])
    points = [
        Point(x=p["threshold"], y=100 * p["accuracy"], low=100 * p["low"], high=100 * p["high"], of=p["comparisons"])
        for p in parts
    ]
    figure.series = [Series(name=found[0], points=points)]
    return figure


def scores_by_tranche(session: Session, asked: Asked) -> Figure:
    return _histogram(
        session,
        asked,
        "by_kind",
        Figure(
            name="pm-scores-by-tranche",
            title=SCORES_BY_TRANCHE,
            kind="histogram",
            x=Axis(label="PM score"),
            y=Axis(label="Share of candidates", unit="%"),
            interval=ALL_COUNTED,
            paper="Fig. 15, left",
            how_to_read="Solid: chosen candidates, dashed: rejected ones; each adds up to 100 %. Tranches of better "
            "policies lie further to the right, where the PM has seen less.",
        ),
    )


def scores_by_task(session: Session, asked: Asked) -> Figure:
    return _histogram(
        session,
        asked,
        "by_task",
        Figure(
            name="pm-scores-by-task",
            title=SCORES_BY_TASK,
            kind="histogram",
            x=Axis(label="PM score"),
            y=Axis(label="Share of candidates", unit="%"),
            interval=ALL_COUNTED,
            paper="Fig. 14, left",
            how_to_read="Solid: chosen candidates, dashed: rejected ones; each adds up to 100 %. A policy whose mean "
            "score on a task is far beyond all candidates of that task has over-optimised it.",
        ),
    )


def _histogram(session: Session, asked: Asked, part: str, figure: Figure) -> Figure:
    found = evaluation_of(session, asked.snapshot)
    if found is None:
        return _missing(figure, asked)
    counted = found[1].get("histograms")
    if not counted:
        return _evaluate_again(figure, found[0])
    edges = counted["edges"]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    for name, sides in counted[part].items():
        for side, role in SIDES:
            total = sum(sides[side])
            if not total:
                continue
            points = [Point(x=x, y=100 * n / total, of=total) for x, n in zip(middles, sides[side], strict=True)]
            figure.series.append(Series(name=f"{name}: {side}", role=role, points=points))
    return figure


def _missing(figure: Figure, asked: Asked) -> Figure:
    figure.missing = NONE_EVALUATED if asked.snapshot is None else f"No evaluation of a PM “{asked.snapshot}” is known."
    return figure


def _evaluate_again(figure: Figure, pm: str) -> Figure:
    figure.missing = (
        f"Not enough data: the evaluation of {pm} did not measure this. An iteration evaluates its new PM and the "
        "deployed one; the next one will."
    )
    return figure
