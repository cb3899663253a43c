"""Two people who edit the same thing at once: whoever saves second is told, and nothing is lost unseen.

The version of a thing is the number of its newest entry in the audit log, which every change writes in its own
transaction; 0 until somebody changes what the installation brought. A thing that is locked while it is changed has its
versions in order.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import Account, AuditEvent


class ChangedMeanwhile(DomainError):
    status = 409


def version_of(session: Session, subject: str, actions: Sequence[str]) -> int:
    newest = _newest(session, subject, actions)
    return newest[0].id if newest else 0


def refuse_overtaken(session: Session, subject: str, actions: Sequence[str], seen: int | None, what: str) -> None:
    """`seen`: the version that the change was made from; None: whatever is there may be replaced, as a script does."""
    newest = _newest(session, subject, actions)
    if seen is None or newest is None or newest[0].id == seen:
        return
    event, who = newest
    raise ChangedMeanwhile(
        f"{who or 'Turnwise'} changed {what} on {event.at:%Y-%m-%d at %H:%M} UTC, after you had opened it; "
        "look at it first. Nothing of yours is saved yet."
    )


def _newest(session: Session, subject: str, actions: Sequence[str]) -> tuple[AuditEvent, str | None] | None:
    query = (
        select(AuditEvent, Account.username)
        .outerjoin(Account, AuditEvent.account_id == Account.id)
        .where(AuditEvent.subject == subject, AuditEvent.action.in_(actions))
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    return session.execute(query).tuples().first()
