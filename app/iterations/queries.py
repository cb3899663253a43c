"""Reads with a name: iterations as the dashboard shows them, and how long one may take."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.errors import DomainError
from app.iterations import schemas
from app.iterations.service import UnknownPreset, latest_stages
from app.iterations.week import INSTANT, PRESETS, STAGES
from app.settings import get_settings
from app.tables import Account, Iteration, Metric, StageRun, StageStatus, TrainingRun

SHOWN = 100  # iterations: two years of weeks
PAST = 3  # iterations whose durations are averaged
LOG_BYTES = 64 * 1024
POINTS = 1000  # of one curve: more than a screen has pixels for


class IterationUnknown(DomainError):
    status = 404


class RunUnknown(DomainError):
    status = 404


def get(session: Session, id: str, *, lock: bool = False) -> Iteration:
    found = session.get(Iteration, id, with_for_update=lock or None)
    if found is None:
        raise IterationUnknown("There is no such iteration.")
    return found


def shown(session: Session, iterations: Sequence[Iteration]) -> list[schemas.Iteration]:
    """With all seven stages each, live progress included."""
    run_ids = [row.training_run_id for iteration in iterations for row in iteration.stages if row.training_run_id]
    found = session.scalars(select(TrainingRun).where(TrainingRun.id.in_(run_ids)))
    progress = {run.id: run.progress for run in found.all()}
    people = select(Account.id, Account.username).where(Account.id.in_({i.started_by for i in iterations}))
    names = dict(session.execute(people).tuples().all())
    return [_shown(iteration, progress, names.get(iteration.started_by or "")) for iteration in iterations]


def newest(session: Session) -> list[Iteration]:
    rows = select(Iteration).options(selectinload(Iteration.stages)).order_by(Iteration.number.desc())
    return list(session.scalars(rows.limit(SHOWN)))


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


def metrics(session: Session, run_id: str, names: Sequence[str] | None) -> list[schemas.MetricSeries]:
    """Curves of a run by name; long ones thinned evenly, the last point kept."""
    _run(session, run_id)
    rows = select(Metric.name, Metric.step, Metric.value).where(Metric.training_run_id == run_id)
    if names:
        rows = rows.where(Metric.name.in_(names))
    found = session.execute(rows.order_by(Metric.name, Metric.step))
    return [
        schemas.MetricSeries(name=name, points=_thinned([(step, value) for _, step, value in points]))
        for name, points in groupby(found, key=lambda row: row[0])
    ]


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    every = -(-len(points) // POINTS)
    return points if every <= 1 else [*points[:-1:every], points[-1]]


def log_tail(session: Session, run_id: str) -> str:
    """The end of what the child printed; empty while it has not been started."""
    path: Path = get_settings().runs_dir / _run(session, run_id).directory / "log.txt"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _run(session: Session, run_id: str) -> TrainingRun:
    run = session.get(TrainingRun, run_id)
    if run is None:
        raise RunUnknown("There is no such run.")
    return run
