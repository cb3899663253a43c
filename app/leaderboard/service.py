"""When the leaderboard is fitted, and the rows that a fit becomes. The fitting itself is a job's."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import now
from app.jobs import send_after_commit
from app.tables import Account, Comparison, EloBoard, EloFit, EloFitStatus

JOB = "fit_leaderboard"
ENOUGH_NEW = 20
ENOUGH_NEW_SHARE = 0.01
"""Of what the last fit was fitted on: a hundredth more says nothing new, and a large leaderboard takes seconds."""
OVERDUE = timedelta(seconds=90)
"""A fit that was asked for so long ago lost its job, or takes long; twice does no harm."""
AFTER_A_FAILURE = timedelta(hours=1)
"""Only a researcher tries sooner."""


def ask(session: Session, account: Account | None) -> EloFit:
    """A fit of all that is counted when the job comes to it. One waits at a time: asked again, it is the same one."""
    waiting = session.scalar(select(EloFit).where(EloFit.status == EloFitStatus.WAITING))
    if waiting is None:
        waiting = EloFit(asked_by=account.id if account else None)
        session.add(waiting)
        session.flush()
    send_after_commit(session, JOB, waiting.id)
    return waiting


def is_due(session: Session) -> bool:
    """Enough was compared since the newest fit, or one that was asked for has not come."""
    waiting = session.scalar(select(EloFit).where(EloFit.status == EloFitStatus.WAITING))
    if waiting is not None:
        return waiting.asked_at < now() - OVERDUE
    lately = select(EloFit.id).where(EloFit.status == EloFitStatus.FAILED, EloFit.finished_at > now() - AFTER_A_FAILURE)
    if session.scalar(lately.limit(1)) is not None:
        return False
    newest = newest_done(session)
    wanted = max(ENOUGH_NEW, ENOUGH_NEW_SHARE * (newest.comparisons or 0) if newest else 0)
    return count_new(session, newest) >= wanted


def newest_done(session: Session) -> EloFit | None:
    done = select(EloFit).where(EloFit.status == EloFitStatus.DONE)
    return session.scalar(done.order_by(EloFit.finished_at.desc()).limit(1))


def count_new(session: Session, newest: EloFit | None) -> int:
    """Choices between two policies since the newest that this fit has seen."""
    new = select(func.count()).where(Comparison.picked_deployment_id.is_not(None), Comparison.superseded_at.is_(None))
    if newest and newest.newest_at:
        new = new.where(Comparison.created_at > newest.newest_at)
    return session.scalar(new) or 0


def keep(session: Session, fit: EloFit) -> None:
    """From now on this one is the leaderboard; those before it go, whatever they were asked for by."""
    fit.status, fit.finished_at = EloFitStatus.DONE, now()
    others = select(EloFit.id).where(EloFit.id != fit.id, EloFit.status != EloFitStatus.WAITING)
    session.execute(delete(EloBoard).where(EloBoard.fit_id.in_(others)))
    session.execute(delete(EloFit).where(EloFit.id.in_(others)))
