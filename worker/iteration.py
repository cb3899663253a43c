"""The week. STAGES, in order, is the whole of it; the rest of this file makes it resumable.

One job runs one stage. Its row is (iteration, stage, attempt, input hash): claimed by one conditional UPDATE, so a
duplicate delivery finds nothing to do; marked succeeded in the same transaction as the rows it made and as the next
stage's row, so nothing is repeated and nothing is lost between two of them; taken up again when its heartbeat stops.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from app import db
from app.doctor import database_sentence
from app.errors import DomainError
from app.iterations.service import close, latest_stages
from app.jobs import send_after_commit
from app.tables import Iteration, IterationStatus, StageRun, StageStatus
from models.run import BadInput
from worker import runs
from worker.presets import IterationConfig, parse_config
from worker.stages import deploy, evaluate_pm, evaluate_policy, freeze_tranche, gate, train_pm, train_policy
from worker.week import Result, Week

log = logging.getLogger(__name__)


class Stage(NamedTuple):
    name: str
    reads: tuple[str, ...]  # sections of the config; with earlier results they decide whether a success still holds
    record: Callable[[Session, Week], Result]  # rows, in the transaction that marks the stage succeeded
    work: Callable[[Week], None] | None = None  # long, in child processes, with no session open


STAGES = (
    Stage("freeze_tranche", (), freeze_tranche.record),
    Stage("train_pm", ("pm", "data"), train_pm.record, train_pm.work),
    Stage("evaluate_pm", ("evaluation",), evaluate_pm.record, evaluate_pm.work),
    Stage("train_policy", ("policy", "data"), train_policy.record, train_policy.work),
    Stage("evaluate_policy", ("evaluation",), evaluate_policy.record, evaluate_policy.work),
    Stage("gate", ("gate",), gate.record),
    Stage("deploy", ("shares",), deploy.record),
)
NAMES = [stage.name for stage in STAGES]


def run_stage(stage_run_id: str) -> None:
    """Run one stage to its end and send the next one. Does nothing when there is nothing to do."""
    if not _claim(stage_run_id):
        return
    try:
        week, stage = _week(stage_run_id)
        log.info("iteration %s: %s", week.iteration.name, stage.name)
        _keep_config(week, stage)
        if stage.work:
            stage.work(week)
        _succeed(week, stage)
    except runs.RunCancelled:
        _end(stage_run_id, StageStatus.CANCELLED, IterationStatus.CANCELLED, "Cancelled.")
    except runs.TakenOver:
        log.warning("stage %s: another worker has taken it up", stage_run_id)
    except runs.RunPreempted as preempted:
        # Sent at once when this worker is leaving; while another one holds the slot, the tick asks again.
        _give_back(stage_run_id, send=not isinstance(preempted, runs.SlotTaken))
    except (runs.RunFailed, BadInput, DomainError) as error:
        _end(stage_run_id, StageStatus.FAILED, IterationStatus.FAILED, str(error))
    except OSError as error:
        log.exception("stage %s", stage_run_id)
        _end(stage_run_id, StageStatus.FAILED, IterationStatus.FAILED, system_sentence(error))
    except OperationalError as error:
        log.exception("stage %s", stage_run_id)
        _end(stage_run_id, StageStatus.FAILED, IterationStatus.FAILED, database_sentence(error))
    except Exception as error:
        log.exception("stage %s", stage_run_id)
        # The first line, and of a statement the database's own word: what follows tells of SQL and of stored values.
        told = error.orig if isinstance(error, StatementError) and error.orig else error
        first = str(told).strip().partition("\n")[0].rstrip(".")
        sentence = f"Unexpected {type(told).__name__}: {first}. The worker's log has the details."
        _end(stage_run_id, StageStatus.FAILED, IterationStatus.FAILED, sentence)


def system_sentence(error: OSError) -> str:
    """What the system says, and of which file if of one; of many that could not be copied, the first."""
    if error.strerror:
        return f"{error.strerror}: {error.filename}." if error.filename else f"{error.strerror}."
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        _source, _target, why = error.args[0][0]
        return f"{why}."
    return f"{str(error) or type(error).__name__}."


def claimable() -> Any:
    """Stages that wait for a worker, or whose worker's heart has stopped."""
    stale = StageRun.heartbeat_at < runs.stale_before()
    return or_(StageRun.status == StageStatus.PENDING, (StageRun.status == StageStatus.RUNNING) & stale)


def _claim(stage_run_id: str) -> bool:
    with db.writing() as session:
        of_open = select(Iteration.id).where(
            Iteration.status == IterationStatus.RUNNING, Iteration.cancel_requested.is_(False)
        )
        claimed = session.execute(
            update(StageRun)
            .where(StageRun.id == stage_run_id, claimable(), StageRun.iteration_id.in_(of_open))
            .values(status=StageStatus.RUNNING, heartbeat_at=db.now())
            .returning(StageRun)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if claimed is not None:
            claimed.started_at = claimed.started_at or db.now()
        return claimed is not None


def _week(stage_run_id: str) -> tuple[Week, Stage]:
    with db.reading() as session:
        row = session.get_one(StageRun, stage_run_id)
        latest = latest_stages(row.iteration)
        iteration = row.iteration
    results = {name: latest[name].result or {} for name in NAMES[: NAMES.index(row.stage)]}
    stage = STAGES[NAMES.index(row.stage)]
    config = parse_config(iteration.preset, iteration.overrides)
    return Week(iteration, stage_run_id, config, results, input_hash(stage, config, results)), stage


def _keep_config(week: Week, stage: Stage) -> None:
    """What the stage goes by, from its first moment on: presets change from release to release, a row does not."""
    kept = {name: asdict(getattr(week.config, name)) for name in stage.reads}
    with db.writing() as session:
        session.execute(update(StageRun).where(StageRun.id == week.stage_run_id).values(config=kept))


def input_hash(stage: Stage, config: IterationConfig, results: Mapping[str, Result]) -> str:
    """Of all that decides a stage's result: its name, its sections of the config, and the results before it."""
    sections = {name: asdict(getattr(config, name)) for name in stage.reads}
    text = json.dumps([stage.name, sections, results], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _succeed(week: Week, stage: Stage) -> None:
    with db.writing() as session:
        # First, for it locks the row: if two workers come this far, one of them records and the other finds it done.
        won = (
            update(StageRun)
            .where(StageRun.id == week.stage_run_id, StageRun.status == StageStatus.RUNNING)
            .values(status=StageStatus.SUCCEEDED, input_hash=week.input_hash, finished_at=db.now())
        )
        row = session.scalar(won.returning(StageRun))
        if row is None:
            return
        iteration = session.get_one(Iteration, week.iteration.id, with_for_update=True)
        if iteration.cancel_requested:
            row.status, row.input_hash = StageStatus.CANCELLED, None
            close(iteration, IterationStatus.CANCELLED, "Cancelled.")
            return
        row.result = stage.record(session, week)
        _advance(session, iteration, week, stage)


def _advance(session: Session, iteration: Iteration, week: Week, done: Stage) -> None:
    """What comes after a stage: the next one that has not succeeded with these inputs, or the iteration's end."""
    session.flush()
    session.refresh(iteration, ["stages"])
    latest = latest_stages(iteration)
    results = {name: latest[name].result or {} for name in NAMES[: NAMES.index(done.name) + 1]}
    if done.name == "gate" and not results["gate"]["passed"] and "deploy" not in latest:
        close(iteration, IterationStatus.HELD, results["gate"]["reason"])
        return
    for stage in STAGES[len(results) :]:
        row = latest.get(stage.name)
        if row is None or row.status != StageStatus.SUCCEEDED:
            break
        if row.input_hash != input_hash(stage, week.config, results):
            break
        results[stage.name] = row.result or {}
    else:
        close(iteration, IterationStatus.DEPLOYED)
        send_after_commit(session, "reconcile")
        return
    if row is None or row.status not in (StageStatus.PENDING, StageStatus.RUNNING):
        row = StageRun(iteration_id=iteration.id, stage=stage.name, attempt=row.attempt + 1 if row else 1)
        session.add(row)
        session.flush()
    send_after_commit(session, "run_stage", row.id)


def _give_back(stage_run_id: str, *, send: bool) -> None:
    with db.writing() as session:
        session.execute(
            update(StageRun)
            .where(StageRun.id == stage_run_id, StageRun.status == StageStatus.RUNNING)
            .values(status=StageStatus.PENDING)
        )
        if send:
            send_after_commit(session, "run_stage", stage_run_id)


def _end(stage_run_id: str, of_stage: StageStatus, of_iteration: IterationStatus, reason: str) -> None:
    with db.writing() as session:
        row = session.get_one(StageRun, stage_run_id, with_for_update=True)
        if row.status == StageStatus.RUNNING:
            row.status, row.finished_at = of_stage, db.now()
            row.error = reason if of_stage == StageStatus.FAILED else None
            if row.iteration.cancel_requested:
                close(row.iteration, IterationStatus.CANCELLED, "Cancelled.")
            else:
                close(row.iteration, of_iteration, reason)


def cancel_abandoned() -> None:
    """A cancelled stage whose worker is gone ends here."""
    with db.reading() as session:
        abandoned = select(StageRun.id).join(Iteration)
        abandoned = abandoned.where(Iteration.status == IterationStatus.RUNNING, Iteration.cancel_requested)
        found = session.scalars(abandoned.where(claimable(), StageRun.status == StageStatus.RUNNING)).all()
    for stage_run_id in found:
        _end(stage_run_id, StageStatus.CANCELLED, IterationStatus.CANCELLED, "Cancelled.")


def waiting_stages() -> list[str]:
    """Stages of the open iteration whose job was committed and never arrived, or whose worker was lost."""
    with db.writing() as session:
        runs.mark_lost(session)
        waiting = select(StageRun.id).join(Iteration).where(Iteration.status == IterationStatus.RUNNING, claimable())
        return list(session.scalars(waiting.where(Iteration.cancel_requested.is_(False))))
