"""How everything that changes something, in any room, writes what it did into the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.tables import Account, AuditEvent


def audit(
    session: Session,
    who: Account | None,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """In the transaction of the change itself, so that there is neither without the other. `who`: None for the loop
    itself, and for the command line. `subject`: a kind and an id, as in task:helpfulness. `before` and `after` name the
    same fields."""
    session.add(
        AuditEvent(
            account_id=who.id if who else None,
            action=action,
            subject=subject,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            reason=reason,
        )
    )
