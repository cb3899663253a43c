"""Reads with a name: iterations as the dashboard shows them, and how long one may take."""

from collections.abc import Sequence
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.errors import DomainError
from app.iterations import schemas
from app.iterations.service import UnknownPreset, latest_stages
from app.iterations.week import INSTANT, PRESETS, STAGES
from app.tables import Account, Iteration, IterationStatus, StageRun, StageStatus, TrainingRun

SHOWN = 20  # iterations with all their stages
PAST = 3  # iterations whose durations are averaged
USUAL = 15  # and so many of which the median is taken


class UnknownIteration(DomainError):
    status = 404


def get(session: Session, id: str, *, lock: bool = False) -> Iteration:
    found = session.get(Iteration, id, with_for_update=lock or None)
    if found is None:
        raise UnknownIteration("There is no such iteration.")
    return found


def shown(session: Session, iterations: Sequence[Iteration]) -> list[schemas.Iteration]:
    """With all seven stages each, live progress included."""
    run_ids = [row.training_run_id for iteration in iterations for row in iteration.stages if row.training_run_id]
    found = session.scalars(select(TrainingRun).where(TrainingRun.id.in_(run_ids)))
    progress = {run.id: run.progress for run in found.all()}
    people = select(Account.id, Account.username).where(Account.id.in_({i.started_by for i in iterations}))
    names = dict(session.execute(people).tuples().all())
    return [_shown(iteration, progress, names.get(iteration.started_by or "")) for iteration in iterations]


def one(session: Session, iteration: Iteration) -> schemas.Iteration:
    """With what is only asked of a single one: how long its stages usually take, and whether the loop has gone on."""
    view = shown(session, [iteration])[0]
    usual = _usual_seconds(session, iteration)
    for stage in view.stages:
        stage.usual_seconds = usual.get(stage.stage)
    deployed = select(Iteration.name).where(
        Iteration.status == IterationStatus.DEPLOYED, Iteration.number > iteration.number
    )
    view.newer_deployed = session.scalar(deployed.order_by(Iteration.number.desc()).limit(1))
    return view


def newest(
    session: Session, before: int | None = None, limit: int = SHOWN, status: IterationStatus | None = None
) -> list[Iteration]:
    """Those below a number, and of a status, if one is given."""
    rows = select(Iteration).options(selectinload(Iteration.stages)).order_by(Iteration.number.desc())
    if before is not None:
        rows = rows.where(Iteration.number < before)
    if status is not None:
        rows = rows.where(Iteration.status == status)
    return list(session.scalars(rows.limit(limit)))


def _shown(iteration: Iteration, progress: dict[str, dict[str, object] | None], by: str | None) -> schemas.Iteration:
    latest = latest_stages(iteration)
    return schemas.Iteration(
        id=iteration.id,
        number=iteration.number,
        name=iteration.name,
        preset=iteration.preset,
        overrides=iteration.overrides,
        status=iteration.status,
        reason=iteration.reason,
        cancelling=iteration.cancel_requested and iteration.status == IterationStatus.RUNNING,
        created_at=iteration.created_at,
        finished_at=iteration.finished_at,
        started_by=by,
        stages=[_stage(name, latest.get(name), progress) for name in STAGES],
    )


def _stage(name: str, row: StageRun | None, progress: dict[str, dict[str, object] | None]) -> schemas.Stage:
    if row is None:
        return schemas.Stage(stage=name, attempt=0, status=StageStatus.PENDING)
    live = progress.get(row.training_run_id or "") if row.status == StageStatus.RUNNING else None
    return schemas.Stage(
        stage=name,
        attempt=row.attempt,
        status=row.status,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=schemas.Progress.model_validate(live) if live else None,
        result=row.result,
        error=row.error,
        training_run_id=row.training_run_id,
    )


def _usual_seconds(session: Session, iteration: Iteration) -> dict[str, float]:
    """Per stage the median of earlier iterations with this preset that came through it."""
    earlier = select(Iteration.id).where(Iteration.preset == iteration.preset, Iteration.number < iteration.number)
    rows = select(StageRun.stage, StageRun.started_at, StageRun.finished_at).where(
        StageRun.iteration_id.in_(earlier.order_by(Iteration.number.desc()).limit(USUAL)),
        StageRun.status == StageStatus.SUCCEEDED,
    )
    took: dict[str, list[float]] = {}
    for stage, began, ended in session.execute(rows):
        if began and ended:
            took.setdefault(stage, []).append((ended - began).total_seconds())
    return {stage: median(seconds) for stage, seconds in took.items()}


def estimate(session: Session, preset: str) -> schemas.Estimate:
    """From this installation's own last iterations with the preset, else what a two-core machine took."""
    if preset not in PRESETS:
        raise UnknownPreset(f"There is no preset “{preset}”; there are {', '.join(PRESETS)}.")
    past = {name: _past_seconds(session, preset, name) for name in STAGES}
    reference = {name: PRESETS[preset].seconds.get(name, INSTANT) for name in STAGES}
    own = {name: sum(seconds) / len(seconds) for name, seconds in past.items() if seconds}
    measured = own.keys() >= PRESETS[preset].seconds.keys()
    seconds = reference | own if measured else reference
    return schemas.Estimate(
        seconds=sum(seconds.values()),
        stages=[schemas.StageEstimate(stage=name, seconds=round(seconds[name], 1)) for name in STAGES],
        basis="past runs" if measured else "estimate",
    )


def _past_seconds(session: Session, preset: str, stage: str) -> list[float]:
    rows = (
        select(StageRun.started_at, StageRun.finished_at)
        .join(Iteration)
        .where(
            Iteration.preset == preset,
            StageRun.stage == stage,
            StageRun.status == StageStatus.SUCCEEDED,
            StageRun.started_at.is_not(None),
        )
        .order_by(StageRun.finished_at.desc())
        .limit(PAST)
    )
    return [(ended - began).total_seconds() for began, ended in session.execute(rows) if began and ended]
