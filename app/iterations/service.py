"""Start, cancel, resume and overrule an iteration. The rules of its stages live in the worker; here are only those of
its row. The caller commits, and the job of the pending stage is then sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, object_session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.iterations.week import PRESETS, STAGES
from app.jobs import send_after_commit
from app.notifications.events import tell
from app.tables import (
    Account,
    Iteration,
    IterationStatus,
    RunStatus,
    StageRun,
    StageStatus,
    TrainingRun,
)


class IterationOpen(DomainError):
    status = 409


class IterationNotOpen(DomainError):
    status = 409


class IterationNotResumable(DomainError):
    status = 409


class IterationNotHeld(DomainError):
    status = 409


class ReasonNeeded(DomainError):
    status = 422


class UnknownPreset(DomainError):
    status = 422


def start(
    session: Session, preset: str, overrides: dict[str, Any] | None = None, *, account: Account | None = None
) -> Iteration:
    """Open this week's iteration with its first stage pending. Overrides were judged where they were typed; that stage
    judges them again, for a schedule may be older than this release's fields."""
    if preset not in PRESETS:
        raise UnknownPreset(f"There is no preset “{preset}”; there are {', '.join(PRESETS)}.")
    iteration = Iteration(
        number=_next_number(session),
        name=_unused_name(session, now()),
        preset=preset,
        overrides=overrides or {},
        started_by=account.id if account else None,
    )
    iteration.stages = [StageRun(stage=STAGES[0])]
    _open(session, iteration)
    after = {"preset": preset, "overrides": iteration.overrides}
    audit(session, account, "iterate", f"iteration:{iteration.id}", after=after)
    send_after_commit(session, "run_stage", iteration.stages[0].id)
    return iteration


def skip(session: Session, preset: str, overrides: dict[str, Any], reason: str) -> Iteration:
    """Record that the schedule's hour came and nothing was started."""
    iteration = Iteration(
        number=_next_number(session),
        name=week_name(now()),
        preset=preset,
        overrides=overrides,
        status=IterationStatus.SKIPPED,
        reason=reason,
        finished_at=now(),
    )
    session.add(iteration)
    session.flush()
    audit(session, None, "skip", f"iteration:{iteration.id}", reason=reason)
    return iteration


def cancel(session: Session, iteration: Iteration, *, account: Account | None = None) -> None:
    """Ask for the end. A stage at work stops within seconds; one that has not begun is cancelled here. Asked again
    while it stops, there is nothing more to do."""
    if iteration.status != IterationStatus.RUNNING:
        raise IterationNotOpen(f"Iteration {iteration.name} is {iteration.status}; only a running one is cancelled.")
    if iteration.cancel_requested:
        return
    iteration.cancel_requested = True
    unfinished = TrainingRun.status.in_([RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.LOST])
    session.execute(_of_runs(iteration).where(unfinished).values(cancel_requested=True))
    session.execute(
        update(StageRun)
        .where(StageRun.iteration_id == iteration.id, StageRun.status == StageStatus.PENDING)
        .values(status=StageStatus.CANCELLED, finished_at=now())
    )
    at = max(iteration.stages, key=lambda row: (STAGES.index(row.stage), row.attempt)).stage
    audit(session, account, "cancel", f"iteration:{iteration.id}", before={"status": "running", "stage": at})
    session.flush()
    at_work = select(StageRun.id).where(StageRun.iteration_id == iteration.id, StageRun.status == StageStatus.RUNNING)
    if session.scalar(at_work.limit(1)) is None:
        close(iteration, IterationStatus.CANCELLED, "Cancelled.")
    session.flush()


def resume(session: Session, iteration: Iteration, *, account: Account | None = None) -> StageRun:
    """Try the stage that failed or was cancelled again; what succeeded before it stays."""
    if iteration.status not in (IterationStatus.FAILED, IterationStatus.CANCELLED):
        raise IterationNotResumable(
            f"Iteration {iteration.name} is {iteration.status}; only a failed or cancelled one can be resumed."
        )
    latest = latest_stages(iteration)
    stage = next(name for name in STAGES if name not in latest or latest[name].status != StageStatus.SUCCEEDED)
    again = StageRun(stage=stage, attempt=latest[stage].attempt + 1 if stage in latest else 1)
    before = {"status": iteration.status, "reason": iteration.reason}
    iteration.stages.append(again)
    _reopen(session, iteration)
    iteration.reason = None
    after = {"status": "running", "stage": stage}
    audit(session, account, "resume", f"iteration:{iteration.id}", before=before, after=after)
    session.flush()
    send_after_commit(session, "run_stage", again.id)
    return again


def overrule(session: Session, iteration: Iteration, reason: str, *, account: Account | None = None) -> StageRun:
    """Deploy although the gate said no."""
    if iteration.status != IterationStatus.HELD:
        raise IterationNotHeld(f"Iteration {iteration.name} is {iteration.status}; only a held one can be overruled.")
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded("reason: say why this is deployed although the gate said no; the reason is recorded.")
    before = {"status": iteration.status, "reason": iteration.reason}
    stage = StageRun(stage="deploy")
    iteration.stages.append(stage)
    _reopen(session, iteration)
    iteration.reason = f"Overruled: {reason}"
    after = {"status": "running", "stage": "deploy"}
    audit(session, account, "overrule", f"iteration:{iteration.id}", before=before, after=after, reason=reason)
    session.flush()
    send_after_commit(session, "run_stage", stage.id)
    return stage


def close(iteration: Iteration, status: IterationStatus, reason: str | None = None) -> None:
    """End an iteration; only a deployed one may keep the reason it has (that it was overruled). Whoever wants to know
    is told, if and when this is committed."""
    before, after = {"status": iteration.status}, {"status": status}
    iteration.status = status
    iteration.reason = reason if reason is not None else iteration.reason
    iteration.finished_at = now()
    if session := object_session(iteration):
        audit(session, None, status, f"iteration:{iteration.id}", before=before, after=after, reason=iteration.reason)
        tell(session, iteration)


def latest_stages(iteration: Iteration) -> dict[str, StageRun]:
    """The latest attempt of each stage that has one."""
    latest: dict[str, StageRun] = {}
    for row in sorted(iteration.stages, key=lambda row: row.attempt):
        latest[row.stage] = row
    return latest


def week_name(at: datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"{year}-w{week:02d}"


def _unused_name(session: Session, at: datetime) -> str:
    """2026-w48, and for a second iteration of that week 2026-w48-2: tranches and snapshots are named after it."""
    week = week_name(at)
    taken = set(
        session.scalars(
            select(Iteration.name).where(Iteration.name.startswith(week), Iteration.status != IterationStatus.SKIPPED)
        )
    )
    number = 1
    while (name := week if number == 1 else f"{week}-{number}") in taken:
        number += 1
    return name


def _next_number(session: Session) -> int:
    return (session.scalar(select(func.max(Iteration.number))) or 0) + 1


def _reopen(session: Session, iteration: Iteration) -> None:
    session.flush()
    _open(session, iteration)
    iteration.cancel_requested = False
    # A run that was waiting or lost when it was to end has met nobody who ended it, and would be at once.
    session.execute(_of_runs(iteration).values(cancel_requested=False))
    iteration.finished_at = None


def _of_runs(iteration: Iteration) -> Update:
    runs = select(StageRun.training_run_id).where(StageRun.iteration_id == iteration.id)
    return update(TrainingRun).where(TrainingRun.id.in_(runs))


def _open(session: Session, iteration: Iteration) -> None:
    """The database says whether another one is open, so that two clicks at the same moment cannot start two."""
    try:
        with session.begin_nested():
            iteration.status = IterationStatus.RUNNING
            session.add(iteration)
            session.flush()
    except IntegrityError:
        raise IterationOpen("Another iteration is running; wait for its end or cancel it first.") from None
