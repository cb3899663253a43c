"""What researchers decide about a crowdworker's data and place here: leave it out of tranches, open or close a task for
them by hand, make them a researcher. Each is audited, with what was before, and can be taken back.

Leaving out is a flag and a reason, which the next freeze counts under its exclusions. What a tranche holds already
stays in it, or its hash would be a lie.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.crowdworkers import person
from app.crowdworkers.schemas import ExclusionPreview, NewDecision, NewRole
from app.errors import DomainError
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    Comparison,
    Conversation,
    QualificationDecision,
    Role,
    Task,
    TrancheMember,
    Turn,
)
from app.tasks import qualification, visits


class NotACrowdworker(DomainError):
    status = 409


class ReasonNeeded(DomainError):
    status = 422


class NotAllowed(DomainError):
    status = 403


class UnknownTask(DomainError):
    status = 404


class DayToCome(DomainError):
    status = 422


class CannotSignIn(DomainError):
    status = 409


class AssignmentOpen(DomainError):
    status = 409


def exclude(session: Session, account_id: str, reason: str | None, since: date | None, researcher: Account) -> None:
    """All that they chose (since that day), but what is frozen; what they choose from now on, too, until it is taken
    back, by no reason."""
    account = _crowdworker(session, account_id)
    reason = (reason or "").strip() or None
    at = _midnight(since) if since and reason else None
    before, after = _excluded(account), {"excluded_reason": reason, "since": at and f"{at:%Y-%m-%d}"}
    if before == after:
        return
    account.excluded_reason, account.excluded_since = reason, at
    subject = f"account:{account.id}"
    audit(session, researcher, "exclude-crowdworker", subject, before=before, after=after, reason=reason)
    session.flush()


def preview(session: Session, account_id: str, since: date | None) -> ExclusionPreview:
    """How many comparisons leaving them out would keep from tranches, and how many it comes too late for."""
    account = _crowdworker(session, account_id, lock=False)
    looked_around = (
        select(Turn.id).join(Conversation).where(Conversation.account_id == account.id, Conversation.preview)
    )
    theirs = and_(
        Comparison.account_id == account.id,
        Comparison.superseded_at.is_(None),
        Comparison.turn_id.not_in(looked_around),  # as a researcher, once
    )
    made: ColumnElement[bool] = theirs if since is None else and_(theirs, Comparison.created_at >= _midnight(since))
    held = TrancheMember.tranche_id
    counted = (
        select(func.count(), func.count(held), func.count(held.distinct()))
        .select_from(Comparison)
        .outerjoin(TrancheMember, TrancheMember.comparison_id == Comparison.id)
        .where(made)
    )
    every, frozen, tranches = session.execute(counted).one()
    return ExclusionPreview(left_out=every - frozen, frozen=frozen, tranches=tranches)


def decide(session: Session, account_id: str, slug: str, new: NewDecision, researcher: Account) -> None:
    """Open or close a task for somebody by hand, or let their own tries count again."""
    account = _crowdworker(session, account_id)
    task = session.scalar(select(Task).where(Task.slug == slug))
    if task is None:
        raise UnknownTask(f"There is no task “{slug}”.")
    row = qualification.decision(session, task, account)
    before = row.qualified if row else None
    if before == new.qualified:
        return
    if new.qualified is False and not new.reason.strip():
        raise ReasonNeeded("reason: please say why this task is closed for them, for those who ask later.")
    if new.qualified is None:
        session.delete(row)
    elif row is None:
        row = QualificationDecision(account_id=account.id, task_id=task.id, qualified=new.qualified)
        row.decided_by = researcher.id
        session.add(row)
    else:
        row.qualified, row.decided_by = new.qualified, researcher.id
    session.flush()
    if new.qualified is False:
        visits.screened_out(session, account, task.id)
    was, is_now = ({"task": slug, "qualified": qualified} for qualified in (before, new.qualified))
    reason = new.reason.strip() or None
    audit(session, researcher, "qualify", f"account:{account.id}", before=was, after=is_now, reason=reason)
    session.flush()


def set_role(session: Session, account_id: str, new: NewRole, admin: Account) -> None:
    """A crowdworker becomes a researcher, or the other way round. What they chose as a crowdworker stays data."""
    account = person.get(session, account_id, lock=True)
    if account.id == admin.id:
        raise NotAllowed("You cannot change your own role.")
    if account.role == Role.ADMIN:
        raise NotAllowed("An admin's role is not changed here.")
    if account.role == new.role:
        return
    if account.password_hash is None:
        raise CannotSignIn(
            f"{account.username} came by a study's link and has no password, so nobody could sign in; "
            "please send an invitation instead."
        )
    under_way = select(Assignment.id).where(
        Assignment.account_id == account.id, Assignment.status == AssignmentStatus.OPEN
    )
    if session.scalar(under_way.limit(1)) is not None:
        raise AssignmentOpen(f"{account.username} has an open assignment; please wait until it is finished.")
    before, after = {"role": account.role}, {"role": new.role}
    account.role, account.may_edit = new.role, False
    reason = new.reason.strip() or None
    audit(session, admin, "set-role", f"account:{account.id}", before=before, after=after, reason=reason)
    session.flush()


def _crowdworker(session: Session, account_id: str, *, lock: bool = True) -> Account:
    account = person.get(session, account_id, lock=lock)
    if account.role != Role.CROWDWORKER:
        raise NotACrowdworker(f"{account.username} is not a crowdworker.")
    return account


def _excluded(account: Account) -> dict[str, Any]:
    since = account.excluded_since
    return {"excluded_reason": account.excluded_reason, "since": since and f"{since:%Y-%m-%d}"}


def _midnight(day: date) -> datetime:
    at = datetime.combine(day, time(), UTC)
    if at > datetime.now(UTC):
        raise DayToCome(f"since: {day} is still to come.")
    return at
