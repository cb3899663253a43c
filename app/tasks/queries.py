"""Reads of tasks and assignments that have a name."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import Account, Assignment, Role, Task


class UnknownTask(DomainError):
    status = 404


def tasks(session: Session, account: Account) -> Sequence[Task]:
    return session.scalars(_seen_by(account).order_by(Task.slug)).all()


def task(session: Session, slug: str, account: Account, *, lock: bool = False) -> Task:
    query = _seen_by(account).where(Task.slug == slug)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise UnknownTask(f"There is no task “{slug}”.")
    return found


def _seen_by(account: Account) -> Select[Task]:
    """A task that is switched off is there for researchers alone."""
    every = select(Task)
    return every if account.role != Role.CROWDWORKER else every.where(Task.active)


def assignments(session: Session, account: Account) -> Sequence[Assignment]:
    """Somebody's newest hundred, newest first."""
    own = select(Assignment).where(Assignment.account_id == account.id)
    return session.scalars(own.order_by(Assignment.created_at.desc()).limit(100)).all()
