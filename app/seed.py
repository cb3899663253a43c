"""What every installation has from the start: what people agree to, two tasks, the initial policy answering both, a
weekly schedule."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import consent
from app.audit.record import audit
from app.iterations import schedule
from app.snapshots import service as snapshots
from app.snapshots.reconcile import INITIAL
from app.snapshots.shares import Wanted
from app.tables import Deployment, Schedule, Snapshot, SnapshotKind, Task, TaskText
from app.tasks.defaults import DEFAULT_SYSTEM, DEFAULT_TASKS, DefaultTask

CONSENT = Path(consent.__file__).with_suffix(".md")
WEEKLY = schedule.Plan(cron="0 4 * * 1", timezone="UTC", enabled=True, preset="small", min_new_comparisons=200)


def ensure_defaults(session: Session) -> None:
    """Add what is missing; what is there, and may have been edited, stays. The caller commits."""
    if consent.newest(session) is None:
        consent.publish(session, CONSENT.read_text(encoding="utf-8"), author=None)
    if session.scalar(select(Snapshot.id).where(Snapshot.name == INITIAL)) is None:
        session.add(Snapshot(name=INITIAL, kind=SnapshotKind.POLICY))
        session.flush()
    for default in DEFAULT_TASKS:
        task = session.scalar(select(Task).where(Task.slug == default.slug)) or _add(session, default)
        if _is_older_default(task.current_text):
            before = {"text_version": task.text_version}
            _show(session, task, default, task.text_version + 1)
            after = {"text_version": task.text_version}
            why = "A newer release brought another text, and nobody had written one."
            audit(session, None, "publish-text", f"task:{task.slug}", before=before, after=after, reason=why)
        if session.scalar(select(Deployment.id).where(Deployment.task_id == task.id).limit(1)) is None:
            snapshots.deploy(session, task, [Wanted(INITIAL, 100)], reason="A new installation's default.")
    if session.scalar(select(Schedule.id).where(Schedule.name == schedule.NAME)) is None:
        schedule.put(session, WEEKLY)


def _add(session: Session, default: DefaultTask) -> Task:
    task = Task(slug=default.slug, kind=default.kind, choice_direction=default.choice_direction, system=DEFAULT_SYSTEM)
    session.add(task)
    session.flush()
    _show(session, task, default, task.text_version)
    return task


def _show(session: Session, task: Task, default: DefaultTask, version: int) -> None:
    text = TaskText(
        task_id=task.id,
        version=version,
        title=default.title,
        question=default.question,
        instructions=default.instructions,
        guide=default.guide,
        qualification=default.qualification,
    )
    session.add(text)
    task.text_version = version
    session.flush()
    session.refresh(task, ["current_text"])


def _is_older_default(text: TaskText) -> bool:
    """An earlier release's, which had neither guide nor worked pairs; what a researcher wrote has an author."""
    return text.created_by is None and not text.guide and not text.qualification
