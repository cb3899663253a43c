"""What researchers decide about people: who may edit responses, who may not take part any more. Audited."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.people.queries import not_erased
from app.tables import Account, Role


class UnknownPerson(DomainError):
    status = 404


class ReasonNeeded(DomainError):
    status = 422


class NotAllowed(DomainError):
    status = 403


def set_may_edit(session: Session, account_id: str, researcher: Account, *, may_edit: bool) -> None:
    account = _get(session, account_id)
    if account.may_edit != may_edit:
        before, after = {"may_edit": account.may_edit}, {"may_edit": may_edit}
        audit(session, researcher, "may-edit", f"account:{account.id}", before=before, after=after)
        account.may_edit = may_edit
    session.flush()


def set_suspended(session: Session, account_id: str, researcher: Account, *, suspended: bool, reason: str) -> None:
    """A suspended person keeps what they did, and can do nothing more; what they chose stays in the data."""
    account = _get(session, account_id)
    if account.id == researcher.id:
        raise NotAllowed("You cannot suspend yourself.")
    if account.role != Role.CROWDWORKER and researcher.role != Role.ADMIN:
        raise NotAllowed("Only an admin may suspend a researcher or an admin.")
    if suspended and not reason.strip():
        raise ReasonNeeded("reason: please say why, for those who ask later.")
    was = account.suspended_at is not None
    if was != suspended:
        before, after = {"suspended": was}, {"suspended": suspended}
        subject, why = f"account:{account.id}", reason or None
        audit(session, researcher, "suspend", subject, before=before, after=after, reason=why)
        account.suspended_at = now() if suspended else None
    session.flush()


def _get(session: Session, account_id: str) -> Account:
    account = session.scalar(select(Account).where(Account.id == account_id, not_erased).with_for_update())
    if account is None:
        raise UnknownPerson("There is no such account.")
    return account
