"""Rows of evaluated PMs and trained policies, as a week leaves them, with numbers to count by eye."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.tables import (
    Evaluation,
    Iteration,
    IterationStatus,
    Metric,
    RunStatus,
    Snapshot,
    SnapshotKind,
    StageRun,
    TrainingRun,
)
from tests.factories import make_snapshot


def part(accuracy: float, comparisons: int = 100, **changed: Any) -> dict[str, Any]:
    """A slice of an evaluation: its interval is ± 0.1, longer ones win half of the time."""
    return {
        "comparisons": comparisons,
        "families": comparisons,
        "accuracy": accuracy,
        "low": accuracy - 0.1,
        "high": accuracy + 0.1,
        "longer_wins": 0.5,
        "over_longer_p": 0.01,
        "loss": 0.6,
    } | changed


def make_iteration(session: Session, number: int) -> Iteration:
    name = f"week-{number}"
    iteration = Iteration(number=number, name=name, preset="toy", overrides={}, status=IterationStatus.DEPLOYED)
    session.add(iteration)
    session.flush()
    return iteration


def make_evaluated_pm(
    session: Session, number: int = 1, accuracy: float = 0.6, trained_on: Mapping[str, int] | None = None, **more: Any
) -> Snapshot:
    """An iteration with its new PM, trained on so many comparisons of each task and evaluated."""
    iteration, by_task = make_iteration(session, number), dict(trained_on or {"helpfulness": 100})
    run = TrainingRun(module="train_pm", directory=f"week-{number}/pm", status=RunStatus.SUCCEEDED)
    session.add(run)
    session.flush()
    result = {"comparisons": sum(by_task.values()), "tasks": by_task}
    session.add(StageRun(iteration_id=iteration.id, stage="train_pm", training_run_id=run.id, result=result))
    fields = {"iteration_id": iteration.id, "training_run_id": run.id}
    pm = make_snapshot(session, f"week-{number}-pm", SnapshotKind.PM, **fields)
    evaluate(session, pm, iteration, part(accuracy) | {"alarms": [], "score": {"length_correlation": 0.1}} | more)
    return pm


def evaluate(
    session: Session, snapshot: Snapshot, iteration: Iteration, result: dict[str, Any], kind: str = "evaluate_pm"
) -> None:
    session.add(Evaluation(snapshot_id=snapshot.id, iteration_id=iteration.id, kind=kind, result=result))
    session.flush()


def make_policy_run(
    session: Session, number: int, metrics: Mapping[str, Sequence[float]], result: dict[str, Any] | None = None
) -> Iteration:
    """An iteration whose policy training wrote these values, one a step."""
    iteration = make_iteration(session, number)
    run = TrainingRun(module="train_policy", directory=f"week-{number}/policy", status=RunStatus.SUCCEEDED)
    session.add(run)
    session.flush()
    session.add(StageRun(iteration_id=iteration.id, stage="train_policy", training_run_id=run.id, result=result))
    session.add_all(
        Metric(training_run_id=run.id, name=f"policy/{name}", step=step, value=value)
        for name, values in metrics.items()
        for step, value in enumerate(values, start=1)
    )
    session.flush()
    return iteration
