"""Figures about policies: how far they moved for their score, and what crowdworkers say."""

import random
from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.dashboard.figure import Asked, Axis, Figure, Point, Series
from app.dashboard.queries import counted
from app.tables import (
    Candidate,
    ChoiceDirection,
    Comparison,
    Conversation,
    Iteration,
    Metric,
    Snapshot,
    SnapshotKind,
    StageRun,
    Task,
)

SCORE = "Policy score against its distance from the initial policy"
WIN_RATE = "Win rate against the initial policy, judged by crowdworkers"
INITIAL = "initial"
RESAMPLES = 400


def score_and_kl(session: Session, asked: Asked) -> Figure:
    """Of one policy training: the newest one, or that of the iteration asked for."""
    iteration_id = asked.iteration
    figure = Figure(
        name="policy-score-and-kl",
        title=SCORE,
        x=Axis(label="√KL to the initial policy", unit="√nats"),
        y=Axis(label="PM score"),
        paper="Fig. 13; with a test-PM also Fig. 4",
        how_to_read="Early in a run the score grows about linearly in √KL. Where the curve bends down while the "
        "policy keeps moving, it exploits its PM. A test-PM's curve that leaves the PM's shows the same earlier.",
    )
    trained = (
        select(StageRun.training_run_id, Iteration.name)
        .join(Iteration)
        .where(StageRun.stage == "train_policy", StageRun.training_run_id.is_not(None))
    )
    if iteration_id is not None:
        trained = trained.where(Iteration.id == iteration_id)
    found = session.execute(trained.order_by(StageRun.created_at.desc()).limit(1)).first()
    if found is None:
        which = "This iteration" if iteration_id else "No iteration"
        figure.missing = f"{which} has {'not ' if iteration_id else ''}trained a policy yet."
        return figure
    run_id, name = found
    rows = select(Metric.step, Metric.name, Metric.value).where(
        Metric.training_run_id == run_id, Metric.name.in_(["policy/kl_to_initial", "policy/score", "policy/test_score"])
    )
    steps: dict[int, dict[str, float]] = defaultdict(dict)
    for step, metric, value in session.execute(rows.order_by(Metric.step)):
        steps[step][metric] = value
    for metric, who in (("policy/score", "PM"), ("policy/test_score", "test-PM")):
        points = [
            Point(x=sqrt(max(0.0, values["policy/kl_to_initial"])), y=values[metric])
            for values in steps.values()
            if metric in values and "policy/kl_to_initial" in values
        ]
        if points:
            figure.series.append(Series(name=f"{name}: {who}", points=points))
    if not figure.series:
        figure.missing = f"The policy training of {name} has written no step yet."
    return figure


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
