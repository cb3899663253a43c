"""One stage of one iteration: what went in, what came out, each attempt, and its runs."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.iterations import schemas
from app.iterations.service import latest_stages
from app.iterations.week import STAGES
from app.tables import Iteration, Snapshot, SnapshotKind, StageStatus, TrainingRun

LISTED = 8  # tranches: the newest ones

Results = Mapping[str, Mapping[str, Any]]
Thing = schemas.Thing


class UnknownStage(DomainError):
    status = 404


def stage_detail(session: Session, iteration: Iteration, stage: str) -> schemas.StageDetail:
    if stage not in STAGES:
        raise UnknownStage(f"There is no stage “{stage}”; there are {', '.join(STAGES)}.")
    latest = latest_stages(iteration)
    results = {name: row.result or {} for name, row in latest.items() if row.status == StageStatus.SUCCEEDED}
    row, inputs = latest.get(stage), _inputs(session, stage, results)
    attempts = sorted((one for one in iteration.stages if one.stage == stage), key=lambda one: -one.attempt)
    config = row.config if row else None
    return schemas.StageDetail(
        stage=stage,
        input_hash=row.input_hash if row else None,
        inputs=inputs[:LISTED],
        more_inputs=max(0, len(inputs) - LISTED),
        config=config,
        overridden=[name for name in iteration.overrides if name.partition(".")[0] in (config or {})],
        outputs=_outputs(session, stage, results, iteration),
        result=row.result if row else None,
        attempts=[schemas.Attempt.model_validate(one, from_attributes=True) for one in attempts],
        runs=_runs(session, iteration, stage),
    )


def _inputs(session: Session, stage: str, results: Results) -> list[Thing]:
    """Of what earlier stages said that they made."""
    frozen, pm, policy = (results.get(name, {}) for name in ("freeze_tranche", "train_pm", "train_policy"))
    match stage:
        case "train_pm":
            return [_tranche(tranche) for tranche in reversed(frozen.get("tranches", []))]
        case "evaluate_pm":
            deployed = session.get(Snapshot, frozen.get("deployed_pm_id") or "")
            return [*_snapshot(pm, "pm", "the new one"), *_row(deployed, "deployed when the tranches were frozen")]
        case "train_policy" | "evaluate_policy":
            judges = [*_snapshot(pm, "pm", "its reward"), *_snapshot(pm.get("test_pm"), "pm", "test-PM, which watches")]
            return judges if stage == "train_policy" else [*_snapshot(policy, "policy", "the new one"), *judges]
        case "deploy":
            return [*_snapshot(policy, "policy", "to answer"), *_snapshot(pm, "pm", "to score")]
    return []


def _outputs(session: Session, stage: str, results: Results, iteration: Iteration) -> list[Thing]:
    result = results.get(stage, {})
    match stage:
        case "freeze_tranche":
            return [_tranche(tranche) for tranche in result.get("tranches", []) if tranche["new"]]
        case "train_pm":
            return [*_snapshot(result, "pm", "PM"), *_snapshot(result.get("test_pm"), "pm", "test-PM")]
        case "train_policy" if result:
            along = select(Snapshot).where(
                Snapshot.iteration_id == iteration.id,
                Snapshot.kind == SnapshotKind.POLICY,
                Snapshot.name != result["snapshot"],
            )
            kept = session.scalars(along.order_by(Snapshot.created_at, Snapshot.name))
            return [*_snapshot(result, "policy", "at the end"), *(_row_of(row, "along the run") for row in kept)]
        case "deploy":
            return [
                Thing(kind="deployment", name=line["snapshot"], fact=f"{line['share']:g} % of {task}")
                for task, lines in result.get("deployments", {}).items()
                for line in lines
            ]
    return []


def _tranche(tranche: Mapping[str, Any]) -> Thing:
    fact = f"{tranche['comparisons']:,} comparisons{', new' if tranche['new'] else ''}"
    return Thing(kind="tranche", name=tranche["name"], fact=fact)


def _snapshot(made: Mapping[str, Any] | None, kind: Any, fact: str) -> list[Thing]:
    return [Thing(kind=kind, name=made["snapshot"], fact=fact)] if made and "snapshot" in made else []


def _row(snapshot: Snapshot | None, fact: str) -> list[Thing]:
    return [_row_of(snapshot, fact)] if snapshot else []


def _row_of(snapshot: Snapshot, fact: str) -> Thing:
    return Thing(kind="pm" if snapshot.kind == SnapshotKind.PM else "policy", name=snapshot.name, fact=fact)


PREPARED_BY = {"train_policy": "generate_prompts"}


def _runs(session: Session, iteration: Iteration, stage: str) -> list[schemas.Run]:
    """A stage may have several: a test-PM beside the PM, prompts that were generated first, another one after its
    inputs changed."""
    of_iteration = TrainingRun.directory.startswith(f"{iteration.name}/", autoescape=True)
    of_stage = of_iteration, TrainingRun.module.in_((stage, PREPARED_BY.get(stage, stage)))
    rows = session.scalars(select(TrainingRun).where(*of_stage).order_by(TrainingRun.created_at.desc()))
    return [
        schemas.Run(
            id=run.id,
            name=run.directory.rpartition("/")[2],
            module=run.module,
            status=run.status,
            attempt=run.attempt,
            started_at=run.started_at,
            finished_at=run.finished_at,
            error=run.error,
        )
        for run in rows
    ]
