"""The newest fit, and one of its boards."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.leaderboard import schemas, service
from app.tables import EloBoard, EloFit, EloFitStatus, Task


class NoSuchBoard(DomainError):
    status = 404


def leaderboard(session: Session, slug: str | None, week: date | None) -> schemas.Leaderboard:
    """The board asked for; without a task, that of the first one; without any fit, none."""
    fit = service.newest_done(session)
    waiting = session.scalar(select(EloFit).where(EloFit.status == EloFitStatus.WAITING)) or _failed_since(session, fit)
    boards = _entries(session, fit)
    slug = slug or (boards[0].task if boards else None)
    return schemas.Leaderboard(
        boards=boards,
        fit=fit_view(session, fit) if fit else None,
        waiting=fit_view(session, waiting) if waiting else None,
        task=slug,
        week=week,
        board=board(session, slug, week) if fit and boards and slug else None,
    )


def board(session: Session, slug: str, week: date | None = None) -> schemas.Board:
    found = session.scalar(
        select(EloBoard.board)
        .join(EloFit)
        .join(Task, EloBoard.task_id == Task.id)
        .where(EloFit.status == EloFitStatus.DONE, Task.slug == slug, EloBoard.week.is_not_distinct_from(week))
        .order_by(EloFit.finished_at.desc())
        .limit(1)
    )
    if found is None:
        when = "" if week is None else f" in the week of {week}"
        raise NoSuchBoard(f"No policies were compared with each other on “{slug}”{when}.")
    return schemas.Board.model_validate(found)


def fit_view(session: Session, fit: EloFit) -> schemas.Fit:
    return schemas.Fit(
        id=fit.id,
        status=fit.status,
        asked_at=fit.asked_at,
        finished_at=fit.finished_at,
        seconds=fit.seconds,
        comparisons=fit.comparisons,
        new=service.count_new(session, fit) if fit.status == EloFitStatus.DONE else 0,
        seed=fit.seed,
        counts_hash=fit.counts_hash,
        error=fit.error,
    )


def _failed_since(session: Session, done: EloFit | None) -> EloFit | None:
    failed = select(EloFit).where(EloFit.status == EloFitStatus.FAILED).order_by(EloFit.asked_at.desc()).limit(1)
    if done is not None:
        failed = failed.where(EloFit.asked_at > done.asked_at)
    return session.scalar(failed)


def _entries(session: Session, fit: EloFit | None) -> list[schemas.Entry]:
    if fit is None:
        return []
    rows = (
        select(Task, EloBoard.week)
        .join(EloBoard, EloBoard.task_id == Task.id)
        .where(EloBoard.fit_id == fit.id)
        .order_by(Task.slug, EloBoard.week.desc())
    )
    entries: dict[str, schemas.Entry] = {}
    for task, week in session.execute(rows):
        title = task.current_text.title
        entry = entries.setdefault(task.slug, schemas.Entry(task=task.slug, title=title, kind=task.kind, weeks=[]))
        if week is not None:
            entry.weeks.append(week)
    return list(entries.values())
