"""Figures about finished policies: what they gained on each task and for their distance, and what crowdworkers say."""

import random
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from math import log, sqrt
from statistics import NormalDist, fmean
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.dashboard.evaluated import Trained, policy_trainings
from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.dashboard.figures.policy_runs import KL, PM, TOGETHER, against_distance, steps_of
from app.dashboard.queries import counted
from app.tables import (
    Candidate,
    ChoiceDirection,
    Comparison,
    Conversation,
    Evaluation,
    Iteration,
    Snapshot,
    SnapshotKind,
    Task,
)

TENSION = "What each policy gained on each task"
BEST_OF_K = "Score for distance, beside the best of k samples"
WIN_RATE = "Win rate against the initial policy, judged by crowdworkers"
INITIAL = "initial"
UNSEEN = "test families"  # as the evaluation says (worker/stages/evaluate_policy.py)
KS = (1, 2, 4, 8, 16, 32, 64)
RESAMPLES = 400


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


class Tally(NamedTuple):
    """One crowdworker's comparisons of a policy with the initial one."""

    wins: int
    comparisons: int


def win_rate_against_initial(session: Session, _: Asked) -> Figure:
    """Each trained policy that met the initial one, oldest first; one series per task."""
    tallies = _tallies(session)
    order = select(Snapshot.name).where(Snapshot.kind == SnapshotKind.POLICY).order_by(Snapshot.created_at)
    names = [name for name in session.scalars(order) if any(policy == name for _, policy in tallies)]
    return Figure(
        name="win-rate-against-initial",
        title=WIN_RATE,
        kind="points",
        interval="95 %, bootstrap over crowdworkers",
        paper="Fig. 1",
        x=Axis(label="Policy"),
        y=Axis(label="Wins", unit="%"),
        series=[
            Series(
                name=task,
                points=[_point(name, list(tallies[task, name].values())) for name in names if (task, name) in tallies],
            )
            for task in sorted({task for task, _ in tallies})
        ],
        how_to_read="How often a policy's candidate was the better one when the other came from the initial policy; "
        "50 % is no difference. Intervals (95 %) resample crowdworkers, not comparisons.",
        missing=None if tallies else "No crowdworker has compared a trained policy with the initial one yet.",
    )


def _tallies(session: Session) -> dict[tuple[str, str], dict[str, Tally]]:
    """(task, policy) -> crowdworker -> tally. Where the worse one was asked for, the other one won."""
    picked, other = aliased(Candidate), aliased(Candidate)
    picked_from, other_from = aliased(Snapshot), aliased(Snapshot)
    rows = (
        counted()
        .join(Task, Conversation.task_id == Task.id)
        .join(picked, Comparison.picked_id == picked.id)
        .join(other, Comparison.other_id == other.id)
        .join(picked_from, picked.snapshot_id == picked_from.id)
        .join(other_from, other.snapshot_id == other_from.id)
        .where(picked_from.id != other_from.id, (picked_from.name == INITIAL) | (other_from.name == INITIAL))
        .with_only_columns(
            Task.slug, Comparison.account_id, Comparison.choice_direction, picked_from.name, other_from.name
        )
    )
    tallies: dict[tuple[str, str], dict[str, Tally]] = defaultdict(dict)
    for task, account, direction, picked_name, other_name in session.execute(rows):
        better, worse = (
            (picked_name, other_name) if direction == ChoiceDirection.PICK_BETTER else (other_name, picked_name)
        )
        policy = worse if better == INITIAL else better
        so_far = tallies[task, policy].get(account or "", Tally(0, 0))
        tallies[task, policy][account or ""] = Tally(so_far.wins + (better == policy), so_far.comparisons + 1)
    return dict(tallies)


def _point(policy: str, tallies: Sequence[Tally]) -> Point:
    low, high = interval(tallies) if len(tallies) > 1 else (None, None)
    return Point(x=policy, y=_rate(tallies), low=low, high=high)


def interval(tallies: Sequence[Tally], resamples: int = RESAMPLES) -> tuple[float, float]:
    """95 % bootstrap over crowdworkers, in percent; the same rows give the same interval."""
    draw = random.Random(0)
    rates = sorted(_rate(draw.choices(tallies, k=len(tallies))) for _ in range(resamples))
    return rates[int(0.025 * resamples)], rates[int(0.975 * resamples)]


def _rate(tallies: Sequence[Tally]) -> float:
    return 100 * sum(tally.wins for tally in tallies) / sum(tally.comparisons for tally in tallies)
