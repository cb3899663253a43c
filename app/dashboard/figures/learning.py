"""Figures about what more comparisons, and of which task, make of a PM: over the weeks, and in scaling studies."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import log, sqrt
from statistics import fmean
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.dashboard import scaling
from app.dashboard.evaluated import EVALUATE_PM, TRAIN_PM
from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.dashboard.figures.preference_models import NONE_EVALUATED, OVER_FAMILIES, RIGHT
from app.tables import Evaluation, Iteration, Snapshot, StageRun, TaskKind

ACCURACY = "PM accuracy on test comparisons"
LEARNING = "PM accuracy against the number of comparisons"
MIXTURE = "Accuracy on each task against the mixture"
AT = 1000  # comparisons at which the law's constant is the accuracy (models/scaling.py)
PAPERS = 0.015  # accuracy per e-fold of comparisons, eq. A.1
CURVE = 24  # pieces of a law's curve


def accuracy(session: Session, _: Asked) -> Figure:
    """Each iteration's new PM, and on the same comparisons the rule that the longer candidate wins."""
    numbers = [Evaluation.result[name].as_float() for name in ("accuracy", "low", "high", "longer_wins")]
    rows = (
        select(Iteration.name, *numbers)
        .join(Iteration, Evaluation.iteration_id == Iteration.id)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .where(Evaluation.kind == EVALUATE_PM, Snapshot.iteration_id == Evaluation.iteration_id)
        .order_by(Iteration.number)
    )
    found = session.execute(rows).all()
    pm = [Point(x=name, y=100 * right, low=100 * low, high=100 * high) for name, right, low, high, _ in found]
    longer = [Point(x=name, y=100 * longer) for name, *_, longer in found]
    return Figure(
        name="pm-accuracy",
        title=ACCURACY,
        interval=OVER_FAMILIES,
        paper="Fig. 32, by week instead of by number of comparisons",
        x=Axis(label="Iteration"),
        y=RIGHT,
        series=[Series(name="PM", points=pm), Series(name="longer wins", points=longer)] if found else [],
        how_to_read="How often the PM scores the chosen candidate above the rejected one, on families that no "
        "training saw, with a 95 % interval. A PM that does not beat “longer wins” has learnt little but length.",
        missing=None if found else NONE_EVALUATED,
    )


class Week(NamedTuple):
    """An iteration's new PM: what it was trained on, and how often it was right."""

    iteration: str
    comparisons: int
    by_task: dict[str, int]
    accuracy: float
    low: float
    high: float
    accuracies: dict[str, scaling.Part]  # by task


def learning_curve(session: Session, _: Asked) -> Figure:
    """The weeks' PMs, and those of each study by base, each with the law fitted to it."""
    figure = Figure(
        name="pm-learning-curve",
        title=LEARNING,
        kind="points",
        x=Axis(label="Comparisons in training", scale="log"),
        y=RIGHT,
        interval=OVER_FAMILIES,
        paper="Fig. 32, eq. A.1: accuracy ≈ a + 0.015 · ln(comparisons)",
        how_to_read="On this axis the law is a straight line. Each colour's dashed line is fitted by least squares; "
        "the grey one has the paper's slope. Weeks are tested on growing sets of test comparisons, studies all on the "
        "same one (`python -m models.scaling`, then `turnwise import-study`).",
    )
    said: list[str] = []
    measured: list[tuple[int, float]] = []
    weeks = [(w.comparisons, w.accuracy, w.low, w.high) for w in _weeks(session)]
    for name, points, known in [("weeks", weeks, None), *_studied(session)]:
        if not points:
            continue
        measured += [(comparisons, right) for comparisons, right, *_ in points]
        drawn = [Point(x=d, y=100 * right, low=100 * low, high=100 * high) for d, right, low, high in sorted(points)]
        figure.series.append(Series(name=name, points=drawn))
        if found := known or law([d for d, *_ in points], [right for _, right, *_ in points]):
            curve = _curve(found, min(d for d, *_ in points), max(d for d, *_ in points))
            figure.series.append(Series(name=f"{name}: fitted", role="companion", points=curve))
            said.append(f"{name}: {_law_in_words(found)}")
    if not measured:
        figure.missing = NONE_EVALUATED + " A scaling study can be imported: `turnwise import-study`."
        return figure
    first, last = min(measured)[0], max(measured)[0]
    if first < last:
        level = fmean(right - PAPERS * log(comparisons / AT) for comparisons, right in measured)
        papers = _curve(scaling.Law(a=level, b=PAPERS), first, last)
        figure.series.append(Series(name="the paper's slope", role="reference", points=papers))
    figure.finding = "; ".join(said) + "." if said else "A law needs PMs of at least three sizes: not enough data."
    return figure


def law(comparisons: Sequence[int], accuracies: Sequence[float]) -> scaling.Law | None:
    """Accuracy ≈ a + b·ln(D / 1,000) of D comparisons, by least squares, with the error of b (the law of data of Bai et
    al. 2022, eq. A.1). None for fewer than three sizes, through which a line would pass all too well."""
    if len(set(comparisons)) < 3:
        return None
    x = [log(d / AT) for d in comparisons]
    middle, level = fmean(x), fmean(accuracies)
    spread = sum((one - middle) ** 2 for one in x)
    b = sum((one - middle) * (y - level) for one, y in zip(x, accuracies, strict=True)) / spread
    a = level - b * middle
    noise = sum((y - a - b * one) ** 2 for one, y in zip(x, accuracies, strict=True)) / (len(x) - 2)
    return scaling.Law(a=a, b=b, b_error=sqrt(noise / spread))


def _curve(found: scaling.Law, first: float, last: float) -> list[Point]:
    sizes = [first * (last / first) ** (step / CURVE) for step in range(CURVE + 1)] if first < last else [first]
    return [Point(x=size, y=100 * (found.a + found.b * log(size / AT))) for size in sizes]


def _law_in_words(found: scaling.Law) -> str:
    error = "" if found.b_error is None else f" ± {100 * found.b_error:.1f}"
    doubling = 100 * found.b * log(2)
    return f"{100 * found.b:+.1f}{error} points for e times the comparisons (paper: +1.5), {doubling:+.1f} for twice"


def mixture(session: Session, _: Asked) -> Figure:
    """Accuracy on each task against the share of red-team comparisons in training: weeks, and the scans of studies."""
    figure = Figure(
        name="pm-mixture",
        title=MIXTURE,
        kind="points",
        x=Axis(label="Red-team comparisons in training", unit="%"),
        y=RIGHT,
        interval=OVER_FAMILIES,
        paper="Fig. 19 and Fig. 26",
        how_to_read="A PM of one task alone is far below 50 % on the other: what is better there is worse here. Large "
        "PMs have a flat middle, where the mixture hardly matters. A study scans it (`python -m models.scaling "
        "--mixtures …`), weeks are where they are.",
    )
    by_series: dict[str, list[tuple[float, scaling.Part]]] = defaultdict(list)
    for week in _weeks(session):
        share = _share(week.by_task)
        if share is not None:
            for task, part in week.accuracies.items():
                by_series[f"weeks: {task}"].append((share, part))
    for study in scaling.studies(session):
        for run in study.study.runs:
            if run.harmless is not None:
                for task, part in run.by_task.items():
                    by_series[f"{study.name}: {task}"].append((100 * run.harmless, part))
    for name, parts in by_series.items():
        drawn = [_accuracy(share, part) for share, part in sorted(parts, key=lambda one: one[0])]
        figure.series.append(Series(name=name, points=drawn))
    if not by_series:
        figure.missing = "No PM was trained on known tasks and evaluated yet; nor is a study of mixtures imported."
    return figure


def _accuracy(share: float, part: scaling.Part) -> Point:
    return Point(x=share, y=100 * part.accuracy, low=100 * part.low, high=100 * part.high, of=part.comparisons)


def _share(by_task: dict[str, int]) -> float | None:
    """Of red-team comparisons, in percent."""
    total = sum(by_task.values())
    return 100 * by_task.get(TaskKind.RED_TEAM, 0) / total if total else None


def _weeks(session: Session) -> list[Week]:
    """Each iteration's own new PM."""
    result = Evaluation.result
    rows = (
        select(
            Iteration.name,
            StageRun.result["comparisons"].as_integer(),
            StageRun.result["tasks"],
            *(result[name].as_float() for name in ("accuracy", "low", "high")),
            result["by_task"],
        )
        .join(Iteration, Evaluation.iteration_id == Iteration.id)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .join(StageRun, StageRun.training_run_id == Snapshot.training_run_id)
        .where(Evaluation.kind == EVALUATE_PM, Snapshot.iteration_id == Iteration.id, StageRun.stage == TRAIN_PM)
        .order_by(Iteration.number)
    )
    return [
        Week(name, comparisons, tasks or {}, accuracy, low, high, _counted(by_task or {}))
        for name, comparisons, tasks, accuracy, low, high, by_task in session.execute(rows)
        if comparisons and accuracy is not None
    ]


def _counted(by_task: dict[str, dict[str, Any]]) -> dict[str, scaling.Part]:
    return {task: scaling.Part.model_validate(part) for task, part in by_task.items() if part.get("comparisons")}


Measured = tuple[int, float, float, float]  # comparisons, accuracy, low, high


def _studied(session: Session) -> Iterator[tuple[str, list[Measured], scaling.Law | None]]:
    """Of each study and base the runs with the files' own mixture."""
    for study in scaling.studies(session):
        for base, known in study.study.laws.items():
            runs = [run for run in study.study.runs if run.base == base and run.harmless is None]
            points = [(run.trained_on, run.overall.accuracy, run.overall.low, run.overall.high) for run in runs]
            several = len({run.trained_on for run in runs}) > 2  # a line through two points says nothing
            yield f"{study.name}: {base}", points, known if several else None
