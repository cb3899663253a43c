"""What is wrong, as far as rows tell: each alarm is a function from rows to sentences.

What only the inference server can tell is in `inference.py`; what waits for somebody's decision in `decisions.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session, joinedload

from app.dashboard.notice import Notice, ago, iteration_page, many
from app.db import now
from app.tables import (
    Delivery,
    DeliveryStatus,
    Deployment,
    EloFit,
    EloFitStatus,
    Erasure,
    Evaluation,
    Heartbeat,
    Iteration,
    IterationStatus,
    Report,
    ReportReason,
    Snapshot,
    SnapshotKind,
    StageRun,
    StageStatus,
    Task,
    TrainingRun,
    Turn,
    TurnStatus,
)

TICK = "tick"
SILENT = timedelta(minutes=5)  # the tick comes every minute, a running stage's heartbeat every few seconds
PATIENCE = timedelta(minutes=2)  # of somebody who looks at a turn without responses
ERASED_WITHIN = timedelta(days=1)
LATELY = timedelta(days=7)


def alarms(session: Session) -> list[Notice]:
    """What halts comes first."""
    found = [notice for alarm in ALARMS for notice in alarm(session)]
    return sorted(found, key=lambda notice: not notice.halts)


def clock_stands_still(session: Session) -> Iterator[Notice]:
    """No tick: nothing starts by the schedule, and no lost job is sent again."""
    beat = session.get(Heartbeat, TICK)
    # An installation is as old as its first policy.
    since = beat.at if beat else session.scalar(select(func.min(Snapshot.created_at)))
    if since is not None and since < now() - SILENT:
        silent = ago((now() - since).total_seconds())
        yield Notice(
            kind="clock",
            sentence=f"Jobs stand still: the clock has not ticked for {silent}. Are the worker and beat running?",
            halts=True,
        )


def stage_is_stuck(session: Session) -> Iterator[Notice]:
    """Of the open iteration: its worker shows no life, or none has come for it."""
    open_stages = (
        select(StageRun)
        .join(Iteration)
        .where(
            Iteration.status == IterationStatus.RUNNING,
            StageRun.status.in_([StageStatus.PENDING, StageStatus.RUNNING]),
        )
    )
    for stage in session.scalars(open_stages.options(joinedload(StageRun.iteration))):
        since = max(filter(None, (stage.created_at, stage.started_at, stage.heartbeat_at)))
        if since >= now() - SILENT:
            continue
        long, name = ago((now() - since).total_seconds()), stage.iteration.name
        waits = stage.status == StageStatus.PENDING
        yield Notice(
            kind="stuck-run",
            sentence=f"{stage.stage} of {name} has waited for a trainer for {long}: is one running, and free?"
            if waits
            else f"{stage.stage} of {name} has shown no sign of life for {long}. A trainer takes it up again by "
            "itself; is one running?",
            link=iteration_page(stage.iteration_id),
            halts=True,
        )


def run_crashed(session: Session) -> Iterator[Notice]:
    """A run of the open iteration ended in a crash, and is tried again."""
    again = (
        select(TrainingRun, Iteration)
        .join(StageRun, StageRun.training_run_id == TrainingRun.id)
        .join(Iteration, StageRun.iteration_id == Iteration.id)
        .where(
            Iteration.status == IterationStatus.RUNNING, StageRun.status == StageStatus.RUNNING, TrainingRun.attempt > 1
        )
    )
    for run, iteration in session.execute(again):
        yield Notice(
            kind="crashed-run",
            sentence=f"{run.module} of {iteration.name} ended unexpectedly and was started again from its last "
            f"checkpoint: attempt {run.attempt}. Its log says why.",
            link=iteration_page(iteration.id),
        )


def turns_wait(session: Session) -> Iterator[Notice]:
    """Crowdworkers who look at an empty pair."""
    # Spelt out, for SQLite takes an index of some rows only for a condition without parameters.
    generating = Turn.status == literal(TurnStatus.GENERATING, Turn.status.type, literal_execute=True)
    waiting = select(func.count()).where(generating, Turn.created_at < now() - PATIENCE)
    if count := session.scalar(waiting):
        yield Notice(
            kind="waiting-turns",
            sentence=f"{many(count, 'turn has', 'turns have')} waited for responses for more than two minutes.",
            halts=True,
        )


def task_without_policy(session: Session) -> Iterator[Notice]:
    answered = select(Deployment.task_id).where(Deployment.active, Deployment.task_id.is_not(None))
    for slug in session.scalars(select(Task.slug).where(Task.active, Task.id.not_in(answered)).order_by(Task.slug)):
        yield Notice(
            kind="task-without-policy",
            sentence=f"Nobody answers “{slug}”: no snapshot is deployed there.",
            link="/admin/deployments",
            halts=True,
        )


def no_scoring_pm(session: Session) -> Iterator[Notice]:
    """A PM was trained and none is in use; before the first one there is nothing to miss."""
    trained = select(Snapshot.id).where(Snapshot.kind == SnapshotKind.PM, Snapshot.retired_at.is_(None))
    deployed = select(Deployment.id).where(Deployment.active, Deployment.task_id.is_(None))
    was = select(Deployment.id).where(Deployment.task_id.is_(None))
    if session.scalar(trained.limit(1)) and session.scalar(was.limit(1)) and session.scalar(deployed.limit(1)) is None:
        yield Notice(
            kind="no-scoring-pm",
            sentence="No PM is deployed: new responses get no score, and best-of-k cannot choose.",
            link="/admin/deployments",
        )


def policy_training(session: Session) -> Iterator[Notice]:
    """What the newest policy training said of itself: over-optimisation, repetition, an end before its time."""
    stage = session.scalar(_newest("train_policy"))
    said = stage.result if stage and stage.result else {}
    for sentence in [*said.get("warnings", ()), *filter(None, [said.get("stopped")])]:
        assert stage is not None
        yield Notice(
            kind="policy-training",
            sentence=f"{stage.iteration.name}: {sentence}",
            link=iteration_page(stage.iteration_id),
        )


def gate_lines(session: Session) -> Iterator[Notice]:
    """What the newest gate said no to, be it that the iteration is held, or deployed all the same."""
    stage = session.scalar(_newest("gate"))
    for line in (stage.result or {}).get("lines", ()) if stage else ():
        if line["verdict"] == "fail":
            assert stage is not None
            yield Notice(
                kind=f"gate-{line['check']}",
                sentence=f"{stage.iteration.name}: {line['sentence']}",
                link=iteration_page(stage.iteration_id),
            )


def pm_evaluation(session: Session) -> Iterator[Notice]:
    """What the newest evaluation of a PM of its own week said."""
    newest = (
        select(Evaluation.result["alarms"], Iteration)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .join(Iteration, Evaluation.iteration_id == Iteration.id)
        .where(Evaluation.kind == "evaluate_pm", Snapshot.iteration_id == Evaluation.iteration_id)
        .order_by(Evaluation.created_at.desc())
        .limit(1)
    )
    for said, iteration in session.execute(newest):
        for sentence in said or ():
            yield Notice(
                kind="pm-evaluation", sentence=f"{iteration.name}: {sentence}", link=iteration_page(iteration.id)
            )


def flagged_content(session: Session) -> Iterator[Notice]:
    """Reports that cannot wait: private data, or something illegal."""
    grave = select(func.count()).where(
        Report.handled_at.is_(None), Report.reason.in_([ReportReason.PRIVACY, ReportReason.ILLEGAL])
    )
    if count := session.scalar(grave):
        yield Notice(
            kind="flagged-content",
            sentence=f"{many(count, 'response is', 'responses are')} reported as illegal or as holding private data, "
            "and nobody has looked.",
            link="/admin/inbox/reports",
        )


def week_was_skipped(session: Session) -> Iterator[Notice]:
    newest = session.scalar(select(Iteration).order_by(Iteration.number.desc()).limit(1))
    if newest and newest.status == IterationStatus.SKIPPED:
        yield Notice(
            kind="skipped-week",
            sentence=f"No iteration was started in {newest.name}: {newest.reason}",
            link="/admin/schedule",
        )


def leaderboard_failed(session: Session) -> Iterator[Notice]:
    """The newest fit that ended did so without a result."""
    ended = select(EloFit).where(EloFit.status != EloFitStatus.WAITING).order_by(EloFit.finished_at.desc())
    newest = session.scalar(ended.limit(1))
    if newest and newest.status == EloFitStatus.FAILED:
        yield Notice(
            kind="leaderboard",
            sentence=f"The leaderboard could not be fitted: {newest.error}",
            link="/admin/leaderboard",
        )


def not_told(session: Session) -> Iterator[Notice]:
    """Notifications that nobody got, of the last seven days."""
    given_up = select(func.count()).where(
        Delivery.status == DeliveryStatus.GIVEN_UP, Delivery.created_at > now() - LATELY
    )
    if count := session.scalar(given_up):
        yield Notice(
            kind="not-told",
            sentence=f"{many(count, 'notification')} could not be delivered.",
            link="/admin/notifications",
        )


def erasure_overdue(session: Session) -> Iterator[Notice]:
    """Somebody's words still lie in copies a day after they asked for their end."""
    overdue = select(func.count()).where(Erasure.done_at.is_(None), Erasure.created_at < now() - ERASED_WITHIN)
    if count := session.scalar(overdue):
        yield Notice(
            kind="erasure",
            sentence=f"{many(count, 'erasure')} asked for more than a day ago "
            f"{'is' if count == 1 else 'are'} not done: copies wait until no run is at work on them.",
        )


def _newest(stage: str) -> Select[StageRun]:
    succeeded = select(StageRun).join(Iteration)
    succeeded = succeeded.where(StageRun.stage == stage, StageRun.status == StageStatus.SUCCEEDED)
    newest = succeeded.order_by(Iteration.number.desc(), StageRun.attempt.desc()).limit(1)
    return newest.options(joinedload(StageRun.iteration))


ALARMS: tuple[Callable[[Session], Iterable[Notice]], ...] = (
    clock_stands_still,
    stage_is_stuck,
    turns_wait,
    task_without_policy,
    run_crashed,
    policy_training,
    gate_lines,
    pm_evaluation,
    flagged_content,
    no_scoring_pm,
    week_was_skipped,
    leaderboard_failed,
    not_told,
    erasure_overdue,
)
