"""What the pages about PMs and about policies let a researcher choose from, each with its headline: evaluated PMs, and
policy trainings."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tables import Evaluation, Iteration, RunStatus, Snapshot, StageRun, TrainingRun

EVALUATE_PM, TRAIN_PM, TRAIN_POLICY = "evaluate_pm", "train_pm", "train_policy"


class EvaluatedPM(BaseModel):
    """A PM by its newest evaluation; accuracies are shares."""

    name: str
    iteration_id: str | None
    iteration: str | None
    evaluated_at: datetime
    comparisons: int
    families: int
    accuracy: float
    low: Annotated[float, Field(description="95 %, over families of dialogues")]
    high: float
    longer_wins: float
    over_longer_p: Annotated[float | None, Field(description="McNemar's test of the PM against “longer wins”")]
    loss: Annotated[
        float | None, Field(description="log(1 + exp(rejected − chosen)); 0.693 for a PM that says nothing")
    ]
    length_correlation: float | None
    trained_on: Annotated[int | None, Field(description="comparisons")]
    alarms: list[str]


class PolicyRun(BaseModel):
    """An iteration's policy training, by its newest attempt."""

    iteration_id: str
    iteration: str
    run_id: str
    status: RunStatus
    steps: Annotated[int | None, Field(description="that the snapshot has learned from; null: not finished")]
    kl_to_initial: Annotated[float | None, Field(description="nats per response, of the finished policy")]
    sentences: Annotated[list[str], Field(description="why it stopped early, and its alarms")]


def pms(session: Session) -> list[EvaluatedPM]:
    """The newest first."""
    result = Evaluation.result
    numbers = [result[name].as_float() for name in ("accuracy", "low", "high", "longer_wins", "over_longer_p", "loss")]
    rows = (
        select(
            Snapshot.name,
            Snapshot.training_run_id,
            Snapshot.iteration_id,
            Iteration.name,
            Evaluation.created_at,
            result["comparisons"].as_integer(),
            result["families"].as_integer(),
            *numbers,
            result[("score", "length_correlation")].as_float(),
            result["alarms"],
        )
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .outerjoin(Iteration, Snapshot.iteration_id == Iteration.id)
        .where(Evaluation.kind == EVALUATE_PM)
        .order_by(Snapshot.created_at.desc(), Snapshot.name, Evaluation.created_at.desc())
    )
    trained_on = _trained_on(session)
    found: dict[str, EvaluatedPM] = {}
    for name, run, iteration_id, iteration, at, comparisons, families, *shares, correlation, alarms in session.execute(
        rows
    ):
        if name in found or not comparisons or shares[0] is None:
            continue
        accuracy, low, high, longer, p, loss = shares
        found[name] = EvaluatedPM(
            name=name,
            iteration_id=iteration_id,
            iteration=iteration,
            evaluated_at=at,
            comparisons=comparisons,
            families=families,
            accuracy=accuracy,
            low=low,
            high=high,
            longer_wins=longer,
            over_longer_p=p,
            loss=loss,
            length_correlation=correlation,
            trained_on=trained_on.get(run),
            alarms=alarms or [],
        )
    return list(found.values())


def _trained_on(session: Session) -> dict[str | None, int | None]:
    """Comparisons, by training run."""
    stages = select(StageRun.training_run_id, StageRun.result["comparisons"].as_integer()).where(
        StageRun.stage == TRAIN_PM, StageRun.training_run_id.is_not(None)
    )
    return dict(session.execute(stages).tuples().all())


def evaluation_of(session: Session, pm: str | None) -> tuple[str, dict[str, Any]] | None:
    """The PM's name and its newest evaluation; of the newest PM, if none is named."""
    rows = (
        select(Snapshot.name, Evaluation.result)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .where(Evaluation.kind == EVALUATE_PM)
        .order_by(Snapshot.created_at.desc(), Snapshot.name, Evaluation.created_at.desc())
        .limit(1)
    )
    if pm is not None:
        rows = rows.where(Snapshot.name == pm)
    found = session.execute(rows).first()
    return (found[0], found[1]) if found else None


class Trained(NamedTuple):
    """A policy training, and what its stage has kept of it (docs/seams.md: `result.json` of `train_policy`)."""

    iteration_id: str
    iteration: str
    run_id: str
    status: RunStatus
    result: dict[str, Any]


def policy_trainings(session: Session) -> list[Trained]:
    """Each iteration's newest attempt, the newest iteration first."""
    rows = (
        select(Iteration.id, Iteration.name, TrainingRun.id, TrainingRun.status, StageRun.result)
        .join(StageRun, StageRun.iteration_id == Iteration.id)
        .join(TrainingRun, StageRun.training_run_id == TrainingRun.id)
        .where(StageRun.stage == TRAIN_POLICY)
        .order_by(Iteration.number.desc(), StageRun.attempt.desc())
    )
    found: dict[str, Trained] = {}
    for iteration_id, iteration, run_id, status, result in session.execute(rows):
        found.setdefault(iteration_id, Trained(iteration_id, iteration, run_id, status, result or {}))
    return list(found.values())


def policy_runs(session: Session) -> list[PolicyRun]:
    return [
        PolicyRun(
            iteration_id=trained.iteration_id,
            iteration=trained.iteration,
            run_id=trained.run_id,
            status=trained.status,
            steps=trained.result.get("steps"),
            kl_to_initial=(trained.result.get("final") or {}).get("kl_to_initial"),
            sentences=[*filter(None, [trained.result.get("stopped")]), *trained.result.get("warnings", [])],
        )
        for trained in policy_trainings(session)
    ]
