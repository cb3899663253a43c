"""Figures about finished policies: what they gained on each task and for their distance, and what crowdworkers say."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from math import log, sqrt
from statistics import NormalDist, fmean

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agreement import wilson
from app.dashboard.evaluated import Trained, policy_trainings
from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.dashboard.figures.policy_runs import KL, PM, TOGETHER, against_distance, steps_of
from app.leaderboard.queries import board, leaderboard
from app.leaderboard.schemas import Standing
from app.tables import UNSEEN, Evaluation, Iteration, Snapshot

TENSION = "What each policy gained on each task"
BEST_OF_K = "Score for distance, beside the best of k samples"
WIN_RATE = "Win rate against the initial policy, judged by crowdworkers"
INITIAL = "initial"
KS = (1, 2, 4, 8, 16, 32, 64)


def tension(session: Session, _: Asked) -> Figure:
    """What each iteration's policy gained on the prompts of each task over the initial one, by its own PM."""
    figure = Figure(
        name="policy-tension",
        title=TENSION,
        kind="points",
        x=Axis(label="Policy"),
        y=Axis(label="Score gained"),
        interval="95 %, over test prompts",
        paper="Fig. 14; §4.4",
        how_to_read="Helpfulness and harmlessness pull against each other. A policy that gains much in red-teaming "
        "and nothing in helpfulness has learnt to refuse: raise the share of helpful prompts. Each is in the unit of "
        "its own week's PM.",
    )
    rows = (
        select(Snapshot.name, Evaluation.result["by_task"])
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .join(Iteration, Evaluation.iteration_id == Iteration.id)
        .where(Evaluation.kind == "evaluate_policy", Evaluation.result["prompts_from"].as_string() == UNSEEN)
        .order_by(Iteration.number, Evaluation.created_at)
    )
    by_task: dict[str, dict[str, Point]] = defaultdict(dict)
    for name, tasks in session.execute(rows):
        for task, part in (tasks or {}).items():
            if gain := part.get("paired", {}).get("score"):
                point = Point(x=name, y=gain["mean"], low=gain["low"], high=gain["high"], of=part["prompts"])
                by_task[task][name] = point
    figure.series = [Series(name=task, points=list(points.values())) for task, points in sorted(by_task.items())]
    if not figure.series:
        figure.missing = (
            "Not enough data: no iteration has compared its policy with the initial one on test prompts whose task is "
            "known. The next evaluation of a policy will."
        )
    return figure


def best_of_k(session: Session, asked: Asked) -> Figure:
    """What a policy gained for its distance, beside what choosing the best of k responses of the initial one gains."""
    figure = Figure(
        name="policy-best-of-k",
        title=BEST_OF_K,
        kind="points",
        x=Axis(label="√KL to the initial policy", unit="√nats"),
        y=Axis(label="Score gained", unit="SD"),
        interval="95 %, over prompts of training",
        paper="Fig. 36 and App. B.6",
        how_to_read="The best of k samples is log k − (k−1)/k nats away: k = 4 lies at 0.80 √nats, 16 at 1.36, 64 at "
        "1.78. Gains are in standard deviations (SD) of the initial policy's scores within a prompt. The dotted curve "
        "is what it gains where scores are normal; the initial policy's own best is measured. A run below that curve "
        "at the same distance pays more for its score than choosing would.",
    )
    trainings = policy_trainings(session)
    asked_for = next((one for one in trainings if asked.iteration in (None, one.iteration_id)), None)
    if asked_for and (unit := _deviation(asked_for)):
        steps = steps_of(session, [asked_for], [KL, PM], TOGETHER).get(asked_for.run_id, {})
        along = [Point(x=point.x, y=point.y / unit) for point in against_distance(steps, PM, gained=True)]
        figure.series.append(Series(name=f"{asked_for.iteration}, along its run", points=along))
    if ends := [point for one in trainings if (point := _end(one))]:
        figure.series.append(Series(name="finished policies", points=ends))
    if measured := _measured_best(trainings):
        figure.series.append(Series(name="best of k, measured", points=measured))
    if not figure.series:
        figure.missing = (
            "Not enough data: no policy training has answered its first prompts again, several times each "
            "(`policy.evaluation_rollouts`, `policy.responses_per_prompt`)."
        )
        return figure
    curve = [Point(x=sqrt(kl_of_best(k)), y=mean_of_best(k)) for k in KS]
    figure.series.append(Series(name="best of k, normal scores", role="reference", points=curve))
    return figure


def kl_of_best(k: int) -> float:
    """Nats by which the best of k is away from what it is chosen of, at most (Beirami et al. 2024)."""
    return log(k) - (k - 1) / k


@cache
def mean_of_best(k: int) -> float:
    """The expected largest of k standard normal numbers, ∫ x · k·φ(x)·Φ(x)^(k−1) dx: 0, 0.56, … 2.34 for k = 64."""
    normal, step = NormalDist(), 0.01
    places = [step * i for i in range(-800, 801)]
    return step * sum(x * k * normal.pdf(x) * normal.cdf(x) ** (k - 1) for x in places)


def _score_of(one: Trained) -> dict[str, float]:
    return (one.result.get("paired") or {}).get("score") or {}


def _deviation(one: Trained) -> float | None:
    """The standard deviation of the initial policy's scores within a prompt."""
    return _score_of(one).get("deviation")


def _end(one: Trained) -> Point | None:
    score, kl = _score_of(one), (one.result.get("final") or {}).get("kl_to_initial")
    if "gain" not in score or kl is None:
        return None
    return Point(x=sqrt(max(0.0, kl)), y=score["gain"], low=score["gain_low"], high=score["gain_high"])


def _measured_best(trainings: Sequence[Trained]) -> list[Point]:
    """The mean over runs, for each k that they sampled."""
    gains: dict[int, list[float]] = defaultdict(list)
    for one in trainings:
        for name, gain in _score_of(one).items():
            if name.startswith("best_of_"):
                gains[int(name.removeprefix("best_of_"))].append(gain)
    return [Point(x=sqrt(kl_of_best(k)), y=fmean(of), of=len(of)) for k, of in sorted(gains.items())]


def win_rate_against_initial(session: Session, _: Asked) -> Figure:
    """Each trained policy that met the initial one, oldest first, by task; from the leaderboard's newest fit."""
    figure = Figure(
        name="win-rate-against-initial",
        title=WIN_RATE,
        kind="points",
        interval="95 %, over crowdworkers",
        paper="Fig. 1",
        x=Axis(label="Policy"),
        y=Axis(label="Wins", unit="%"),
        how_to_read="How often a policy's candidate was the better one when the other came from the initial policy; "
        "50 % is no difference. Counted by the leaderboard's newest fit, without the weakest choices. One crowdworker "
        "alone has no interval.",
    )
    for entry in leaderboard(session, None, None).boards:
        points = [_won(one) for one in board(session, entry.task).standings if one.met_initial and one.name != INITIAL]
        if points:
            figure.series.append(Series(name=entry.task, points=points))
    if not figure.series:
        figure.missing = (
            "No crowdworker has compared a trained policy with the initial one yet, or the leaderboard has not counted "
            "it: its first fit starts by itself after 20 choices between two different policies."
        )
    return figure


def _won(one: Standing) -> Point:
    """The interval is Wilson's, for as many choices as theirs are worth where people differ."""
    share, error = one.beat_initial / one.met_initial, one.beat_initial_error
    low, high = wilson(share, share * (1 - share) / error**2) if error and 0 < share < 1 else (None, None)
    ends = {"low": None if low is None else 100 * low, "high": None if high is None else 100 * high}
    return Point(x=one.name, y=100 * share, of=one.met_initial, **ends)
