"""Where the loop stands: the latest iteration's stage with its progress and the time that is left, and the next one's
hour."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.dashboard.decisions import latest_iteration
from app.db import now
from app.iterations import queries as iterations
from app.iterations import schedule
from app.iterations.schemas import Progress
from app.iterations.service import latest_stages
from app.iterations.week import STAGES
from app.tables import Iteration, IterationStatus, Schedule, StageRun, StageStatus, TrainingRun


class Training(BaseModel):
    id: str
    name: str
    status: IterationStatus
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    stages_done: int
    stages: int
    stage: str | None  # running, or waiting for a trainer; null: the iteration is over
    waiting: bool
    progress: Progress | None
    seconds_left: float | None  # of the whole iteration: this stage's own estimate, and what the later ones took before


class NextRun(BaseModel):
    at: datetime
    preset: str
    min_new_comparisons: int


def training(session: Session) -> Training | None:
    latest = latest_iteration(session)
    if latest is None:
        return None
    rows = latest_stages(latest)
    done = [name for name in STAGES if name in rows and rows[name].status == StageStatus.SUCCEEDED]
    current = next((rows[name] for name in STAGES if name in rows and _is_open(rows[name])), None)
    progress = _progress(session, current) if current else None
    return Training(
        id=latest.id,
        name=latest.name,
        status=latest.status,
        reason=latest.reason,
        created_at=latest.created_at,
        finished_at=latest.finished_at,
        stages_done=len(done),
        stages=len(STAGES),
        stage=current.stage if current else None,
        waiting=current is not None and current.status == StageStatus.PENDING,
        progress=progress,
        seconds_left=_seconds_left(session, latest, current, progress) if current else None,
    )


def next_run(session: Session) -> NextRun | None:
    planned = session.scalar(select(Schedule).where(Schedule.name == schedule.NAME, Schedule.enabled))
    if planned is None:
        return None
    return NextRun(at=planned.next_run_at, preset=planned.preset, min_new_comparisons=planned.min_new_comparisons)


def _is_open(row: StageRun) -> bool:
    return row.iteration.status == IterationStatus.RUNNING and row.status in (StageStatus.PENDING, StageStatus.RUNNING)


def _progress(session: Session, stage: StageRun) -> Progress | None:
    run = session.get(TrainingRun, stage.training_run_id) if stage.training_run_id else None
    return Progress.model_validate(run.progress) if run and run.progress else None


def _seconds_left(session: Session, latest: Iteration, current: StageRun, progress: Progress | None) -> float:
    usual = {stage.stage: stage.seconds for stage in iterations.estimate(session, latest.preset).stages}
    if progress and progress.seconds_left is not None:
        this = progress.seconds_left
    else:
        elapsed = (now() - current.started_at).total_seconds() if current.started_at else 0
        this = max(0.0, usual[current.stage] - elapsed)
    return this + sum(usual[name] for name in STAGES[STAGES.index(current.stage) + 1 :])
