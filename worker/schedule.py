"""The tick's first part: start the iteration whose hour has come."""

from sqlalchemy import select

from app import db
from app.iterations import schedule
from app.iterations.service import skip, start
from app.tables import Iteration, IterationStatus
from app.tranches.queries import count_freezable


def start_due() -> None:
    """Start, or record why not. Its first stage is sent with the others that wait."""
    with db.writing() as session:
        schedule.get(session)
        due = schedule.claim_due(session, db.now())
        if due is None:
            return
        open_name = session.scalar(select(Iteration.name).where(Iteration.status == IterationStatus.RUNNING))
        new = count_freezable(session)
        if open_name is not None:
            skip(session, due.preset, due.overrides, f"Iteration {open_name} was still running.")
        elif new < due.min_new_comparisons:
            reason = f"Only {new} new comparisons; {due.min_new_comparisons} are wanted."
            skip(session, due.preset, due.overrides, reason)
        else:
            start(session, due.preset, due.overrides)
