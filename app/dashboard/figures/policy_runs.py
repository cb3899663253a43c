"""Figures about policy trainings: what the score cost in distance, whether it still meant something, and what became of
the responses. Thinned by the database, so that a run of any length is a few hundred points."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from math import sqrt

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.dashboard.evaluated import Trained, policy_trainings
from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.tables import Metric, TaskKind

RUNS = "Score gained against distance, every run"
SCORE = "Policy score against its distance from the initial policy"
BY_STEP = "The PM's score and the test-PM's, by step"
BY_TASK = "Score on each task, by step"
STYLE = "Entropy, length and variety, by step"
RATES = "Endings and refusals, by step"
LOGP = "Does the policy find better responses likelier?"

ONE_RUN = "none, since a run happens once; the evaluation of its policy has them"
POINTS = 500  # of a series, at most
TOGETHER = 150  # of each of several runs
BEHIND = 25  # of one in the background
IN_COLOUR = 6  # runs; there are as many colours
KL, PM, TEST_PM = "policy/kl_to_initial", "policy/score", "policy/test_score"
DISTANCE = Axis(label="√KL to the initial policy", unit="√nats")
STEP = Axis(label="Step")

Steps = Mapping[int, Mapping[str, float]]  # step -> metric -> value, in order
NO_STEPS: Steps = {}


def runs(session: Session, asked: Asked) -> Figure:
    """The run asked for (else the newest) and the newest others with their fitted lines; those before them in grey."""
    figure = Figure(
        name="policy-runs",
        title=RUNS,
        x=DISTANCE,
        y=Axis(label="Score gained"),
        interval=ONE_RUN,
        paper="Fig. 13",
        how_to_read="Early in a run the score grows about linearly in √KL; the dashed line is that part and ends "
        "where the curve bends. Each run is in the unit of its own PM, so slopes of different weeks compare only "
        "roughly. Grey: earlier runs.",
    )
    trainings = policy_trainings(session)
    asked_for = [one for one in trainings if one.iteration_id == asked.iteration]
    ordered = asked_for + [one for one in trainings if one not in asked_for]
    shown, behind = ordered[:IN_COLOUR], ordered[IN_COLOUR:]
    steps = steps_of(session, shown, [KL, PM], TOGETHER) | steps_of(session, behind, [KL, PM], BEHIND)
    for one in shown:
        if points := against_distance(steps.get(one.run_id, NO_STEPS), PM, gained=True):
            figure.series.append(Series(name=one.iteration, points=points))
            if line := _reward_line(one, steps[one.run_id], _first(steps[one.run_id], PM)):
                figure.series.append(Series(name=f"{one.iteration}: fitted", role="companion", points=line))
    for one in behind:
        if points := against_distance(steps.get(one.run_id, NO_STEPS), PM, gained=True):
            figure.series.append(Series(name=one.iteration, role="background", points=points))
    if not figure.series:
        figure.missing = _none(shown[0] if shown else None, asked)
        return figure
    figure.finding = _line_in_words(shown[0])
    return figure


def score_and_kl(session: Session, asked: Asked) -> Figure:
    """Of one policy training: the newest one, or that of the iteration asked for."""
    figure = Figure(
        name="policy-score-and-kl",
        title=SCORE,
        x=DISTANCE,
        y=Axis(label="PM score"),
        interval=ONE_RUN,
        paper="Fig. 13; with a test-PM also Fig. 4",
        how_to_read="Early in a run the score grows about linearly in √KL. Where the curve bends down while the "
        "policy keeps moving, it exploits its PM. A test-PM's curve that leaves the PM's shows the same earlier.",
    )
    one, steps = _one_run(session, asked, figure, [KL, TEST_PM])
    if one is None:
        return figure
    for metric, who in ((PM, "PM"), (TEST_PM, "test-PM")):
        if points := against_distance(steps, metric, gained=False):
            figure.series.append(Series(name=f"{one.iteration}: {who}", points=points))
            if metric == PM and (line := _reward_line(one, steps, 0.0)):
                figure.series.append(Series(name="fitted", role="companion", points=line))
    figure.finding = _line_in_words(one)
    return figure


def scores_by_step(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="policy-scores-by-step",
        title=BY_STEP,
        x=STEP,
        y=Axis(label="Score gained"),
        interval=ONE_RUN,
        paper="Fig. 4, by steps instead of by samples",
        how_to_read="The policy learns from the PM; the test-PM, of other families, only watches. While both rise, "
        "what is learnt is real by both; where the PM's goes on alone, the policy exploits it. One curve: no test-PM "
        "was trained, which takes 10,000 comparisons by default.",
    )
    _, steps = _one_run(session, asked, figure, [TEST_PM])
    _add(figure, steps, {"PM": PM, "test-PM": TEST_PM}, lambda value, first: value - first)
    return figure


def scores_by_task(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="policy-scores-by-task",
        title=BY_TASK,
        x=STEP,
        y=Axis(label="Score gained"),
        interval=ONE_RUN,
        paper="Fig. 14, right",
        how_to_read="Refusing is learnt easily: the paper's early policies over-optimised harmlessness while "
        "helpfulness lagged. If one task rises and the other falls, change the share of helpful prompts "
        "(`policy.helpful_share`).",
    )
    wanted = {str(kind): f"{PM}_{kind}" for kind in TaskKind}
    one, steps = _one_run(session, asked, figure, wanted.values())
    _add(figure, steps, wanted, lambda value, first: value - first)
    if one is not None and not figure.series:
        figure.missing = f"Not enough data: {one.iteration} had prompts of one task, or is older than this figure."
    return figure


def style(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="policy-style",
        title=STYLE,
        x=STEP,
        y=Axis(label="Of the first step's", unit="%"),
        interval=ONE_RUN,
        paper="§6.6 and App. B.10: entropy falls with RL",
        how_to_read="Entropy per token, tokens per response, and different pairs of words in a step's responses. A "
        "length that runs away is what a PM that likes length teaches; variety that falls by half is a policy that "
        "repeats itself.",
    )
    wanted = {"entropy": "policy/entropy", "length": "policy/length", "variety": "policy/distinct_2"}
    _, steps = _one_run(session, asked, figure, wanted.values())
    _add(figure, steps, wanted, lambda value, first: 100 * value / first if first else None)
    return figure


def rates(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="policy-rates",
        title=RATES,
        x=STEP,
        y=Axis(label="Of a step's responses", unit="%"),
        interval=ONE_RUN,
        paper="§4.4: exaggerated caution is easy to learn",
        how_to_read="Endings: responses that end by themselves instead of being cut by length. Refusals: those that "
        "open like one, by a coarse list of phrases (`models/evaluate_policy.py`).",
    )
    wanted = {"endings": "policy/end_of_turn_rate", "refusals": "policy/refusal_rate"}
    one, steps = _one_run(session, asked, figure, wanted.values())
    _add(figure, steps, wanted, lambda value, _: 100 * value)
    if one is not None and figure.series and all(series.name != "refusals" for series in figure.series):
        figure.finding = f"{one.iteration} did not count refusals by step; newer runs do."
    return figure


def logp_accuracy(session: Session, asked: Asked) -> Figure:
    figure = Figure(
        name="policy-logp-accuracy",
        title=LOGP,
        x=STEP,
        y=Axis(label="Test comparisons", unit="%"),
        interval=ONE_RUN,
        paper="Fig. 34",
        how_to_read="How often the policy's mean log-probability per token is higher for the chosen response than for "
        "the rejected one. Dashed: how often its PM scores the chosen one higher, which is the ceiling. The paper saw "
        "it rise for helpfulness and stay for harmlessness.",
    )
    endings = {"all": "", **{str(kind): f"_{kind}" for kind in TaskKind}}
    names = [f"policy/{whose}_accuracy{end}" for whose in ("logp", "pm") for end in endings.values()]
    one, steps = _one_run(session, asked, figure, names)
    for name, end in endings.items():
        if points := _by_step(steps, f"policy/logp_accuracy{end}", lambda value, _: 100 * value):
            ceiling = _by_step(steps, f"policy/pm_accuracy{end}", lambda value, _: 100 * value)
            figure.series.append(Series(name=name, points=points))
            figure.series.append(Series(name=f"{name}: its PM", role="companion", points=ceiling))
    if one is not None and not figure.series:
        figure.missing = f"Not enough data: {one.iteration} held no test comparisons out (`policy.logp_comparisons`)."
    return figure


# From rows to points ------------------------------------------------------------------------------------------------


def _one_run(session: Session, asked: Asked, figure: Figure, metrics: Collection[str]) -> tuple[Trained | None, Steps]:
    """The run of the iteration asked for, else the newest; without one, or without a step, the figure says so."""
    trainings = policy_trainings(session)
    one = next((t for t in trainings if asked.iteration in (None, t.iteration_id)), None)
    # Every step has a score, so without one there is no step.
    steps = steps_of(session, [one], {PM, *metrics}, POINTS).get(one.run_id, NO_STEPS) if one else NO_STEPS
    if one is None or not steps:
        figure.missing = _none(one, asked)
        return None, NO_STEPS
    return one, steps


def _none(one: Trained | None, asked: Asked) -> str:
    if one is not None:
        return f"The policy training of {one.iteration} has written no step yet."
    return (
        "This iteration has not trained a policy yet." if asked.iteration else "No iteration has trained a policy yet."
    )


def steps_of(
    session: Session, of: Iterable[Trained], metrics: Collection[str], points: int
) -> dict[str, dict[int, dict[str, float]]]:
    """By run: every n-th step, so that there are at most `points` of them, and the last one."""
    ids = [one.run_id for one in of]
    if not ids:
        return {}
    last = (
        select(Metric.training_run_id, func.max(Metric.step).label("step"))
        .where(Metric.training_run_id.in_(ids), Metric.name == PM)  # every step has a score
        .group_by(Metric.training_run_id)
        .subquery()
    )
    every = (last.c.step - 1) // (points - 1) + 1
    rows = (
        select(Metric.training_run_id, Metric.step, Metric.name, Metric.value)
        .join(last, last.c.training_run_id == Metric.training_run_id)
        .where(Metric.training_run_id.in_(ids), Metric.name.in_(metrics))
        .where(or_((Metric.step - 1) % every == 0, Metric.step == last.c.step))
        .order_by(Metric.training_run_id, Metric.step)
    )
    found: dict[str, dict[int, dict[str, float]]] = {}
    for run_id, step, name, value in session.execute(rows):
        found.setdefault(run_id, defaultdict(dict))[step][name] = value
    return found


def _first(steps: Steps, metric: str) -> float:
    return next((values[metric] for values in steps.values() if metric in values), 0.0)


def against_distance(steps: Steps, metric: str, *, gained: bool) -> list[Point]:
    start = _first(steps, metric) if gained else 0.0
    return [
        Point(x=sqrt(max(0.0, values[KL])), y=values[metric] - start)
        for values in steps.values()
        if metric in values and KL in values
    ]


def _by_step(steps: Steps, metric: str, shown: Callable[[float, float], float | None]) -> list[Point]:
    """`shown` of a value and the first one."""
    first = _first(steps, metric)
    values = ((step, shown(of[metric], first)) for step, of in steps.items() if metric in of)
    return [Point(x=step, y=y) for step, y in values if y is not None]


def _add(
    figure: Figure, steps: Steps, wanted: Mapping[str, str], shown: Callable[[float, float], float | None]
) -> None:
    for name, metric in wanted.items():
        if points := _by_step(steps, metric, shown):
            figure.series.append(Series(name=name, points=points))


def _reward_line(one: Trained, steps: Steps, start: float) -> list[Point]:
    """What models/health.py fitted to all steps, up to its bend; nothing for a run that is short, or not finished."""
    line = one.result.get("reward_line")
    if not line:
        return []
    furthest = max(sqrt(max(0.0, values[KL])) for values in steps.values() if KL in values)
    end = line["bend"] if line["bend"] is not None else furthest
    return [Point(x=x, y=line["start"] - start + line["slope"] * x) for x in (0.0, end)]


def _line_in_words(one: Trained) -> str:
    line = one.result.get("reward_line")
    if not line:
        return f"{one.iteration}: too few steps, or not finished, for a line."
    bend = "without a bend" if line["bend"] is None else f"up to a bend at {line['bend']:.2f} √nats"
    return f"{one.iteration}: {line['slope']:+.3f} per √nat, {bend}."
