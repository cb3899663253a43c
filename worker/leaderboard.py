"""The job that fits the leaderboard: from all comparisons to one row per task and week."""

import logging
import time

from sqlalchemy import select

from app import db
from app.leaderboard import fitting, service
from app.tables import EloBoard, EloFit, EloFitStatus

log = logging.getLogger(__name__)


def ask_if_due() -> None:
    with db.reading() as session:
        due = service.is_due(session)
    if due:
        with db.writing() as session:
            service.ask(session, None)


def fit(fit_id: str) -> None:
    """Returns if it is done. A failure is said on the page, and the next fit is a new one."""
    with db.reading() as session:
        asked = session.get(EloFit, fit_id)
        if asked is None or asked.status != EloFitStatus.WAITING:
            return
        began = time.monotonic()
        try:
            fitted = fitting.fit(session, seed=asked.seed)
        except Exception as error:
            _failed(fit_id, error)
            raise
    seconds = time.monotonic() - began
    with db.writing() as session:
        waiting = select(EloFit).where(EloFit.id == fit_id, EloFit.status == EloFitStatus.WAITING)
        row = session.scalar(waiting.with_for_update())
        if row is None:
            return  # another worker was quicker
        row.seconds, row.counts_hash = round(seconds, 2), fitted.counts_hash
        row.comparisons, row.newest_at = len(fitted.league.better), fitted.league.newest_at
        for one in fitted.boards:
            session.add(
                EloBoard(
                    fit_id=row.id,
                    task_id=one.task.id,
                    week=one.week,
                    comparisons=one.board.comparisons,
                    board=one.board.model_dump(mode="json"),
                )
            )
        service.keep(session, row)
    log.info("The leaderboard was fitted on %d comparisons in %.1f s.", len(fitted.league.better), seconds)


def _failed(fit_id: str, error: Exception) -> None:
    with db.writing() as session:
        row = session.get(EloFit, fit_id)
        if row and row.status == EloFitStatus.WAITING:
            row.status, row.finished_at = EloFitStatus.FAILED, db.now()
            row.error = f"{type(error).__name__}: {error}"
