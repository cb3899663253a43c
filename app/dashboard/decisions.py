"""What waits for somebody, each with the page where it is decided."""

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.dashboard.alarms import LATELY
from app.dashboard.notice import Notice, ago, iteration_page, many
from app.db import now
from app.tables import (
    Deployment,
    Iteration,
    IterationStatus,
    Message,
    QualificationAttempt,
    QualificationDecision,
    Report,
    Snapshot,
    StageRun,
    StageStatus,
    Task,
)


def decisions(session: Session) -> list[Notice]:
    return [notice for kind in DECISIONS for notice in kind(session)]


def latest_iteration(session: Session) -> Iteration | None:
    """Skipped weeks are no iterations that anybody waits for."""
    rows = select(Iteration).where(Iteration.status != IterationStatus.SKIPPED).order_by(Iteration.number.desc())
    return session.scalar(rows.limit(1))


def iteration_ended_without_deployment(session: Session) -> Iterator[Notice]:
    """Held or failed, until the next one has begun."""
    latest = latest_iteration(session)
    if latest is None:
        return
    if latest.status == IterationStatus.HELD:
        yield Notice(
            kind="held",
            sentence=f"Iteration {latest.name} is held. Overrule the gate and say why, or leave it: the next week "
            "starts all the same.",
            link=iteration_page(latest.id),
        )
    if latest.status == IterationStatus.FAILED:
        failed = select(StageRun.stage).where(StageRun.iteration_id == latest.id, StageRun.status == StageStatus.FAILED)
        stage = session.scalar(failed.order_by(StageRun.finished_at.desc()).limit(1))
        where = f" in {stage}" if stage else ""
        yield Notice(
            kind="failed",
            sentence=f"Iteration {latest.name} failed{where}: {latest.reason or 'without a reason.'} Resume it there, "
            "or leave it.",
            link=iteration_page(latest.id),
        )


def unread_messages(session: Session) -> Iterator[Notice]:
    unread = select(func.count(), func.count(Message.account_id.distinct())).where(
        Message.author_id == Message.account_id, Message.read_at.is_(None)
    )
    messages, people = session.execute(unread).one()
    if messages:
        yield Notice(
            kind="messages",
            sentence=f"{many(messages, 'message')} from {many(people, 'crowdworker')} "
            f"{'is' if messages == 1 else 'are'} not read yet.",
            link="/admin/inbox/messages",
        )


def open_reports(session: Session) -> Iterator[Notice]:
    count = session.scalar(select(func.count()).select_from(Report).where(Report.handled_at.is_(None)))
    if count:
        yield Notice(
            kind="reports",
            sentence=f"{many(count, 'report of a response is', 'reports of responses are')} not looked at yet.",
            link="/admin/inbox/reports",
        )


def canaries(session: Session) -> Iterator[Notice]:
    """New snapshots with a small share, until somebody promotes them or rolls back."""
    rows = select(Task.slug, Snapshot.name, Deployment.share, Deployment.created_at)
    rows = rows.join(Task, Deployment.task_id == Task.id).join(Snapshot, Deployment.snapshot_id == Snapshot.id)
    rows = rows.where(Deployment.active, Deployment.full_share > Deployment.share)
    for slug, name, share, since in session.execute(rows.order_by(Task.slug, Snapshot.name)):
        yield Notice(
            kind="canary",
            sentence=f"“{name}” has answered {share:g} % of “{slug}” as a canary for "
            f"{ago((now() - since).total_seconds())}. Promote it, or roll back.",
            link="/admin/deployments",
        )


def out_of_tries(session: Session) -> Iterator[Notice]:
    """Who used up the tries of an offered task in the last seven days, and of whom no researcher has said anything:
    they can do nothing but wait."""
    attempt = QualificationAttempt
    allowed = select(Task.qualification_tries).where(Task.id == attempt.task_id).scalar_subquery()
    decided = select(QualificationDecision.account_id).where(
        QualificationDecision.account_id == attempt.account_id, QualificationDecision.task_id == attempt.task_id
    )
    tried = (
        select(attempt.account_id, attempt.task_id)
        .where(~decided.exists())
        .group_by(attempt.account_id, attempt.task_id)
        .having(
            func.max(case((attempt.passed, 1), else_=0)) == 0,
            func.max(attempt.created_at) > now() - LATELY,
            func.count() >= allowed,
        )
        .subquery()
    )
    waiting = select(Task.slug, func.count()).join(tried, tried.c.task_id == Task.id).where(Task.active)
    for slug, count in session.execute(waiting.group_by(Task.slug).order_by(Task.slug)):
        yield Notice(
            kind="out-of-tries",
            sentence=f"{many(count, 'crowdworker has', 'crowdworkers have')} used up the tries of “{slug}” in the last "
            "seven days. Let them take it all the same, or leave it.",
            link="/admin/crowdworkers",
        )


DECISIONS: tuple[Callable[[Session], Iterable[Notice]], ...] = (
    iteration_ended_without_deployment,
    canaries,
    open_reports,
    unread_messages,
    out_of_tries,
)
