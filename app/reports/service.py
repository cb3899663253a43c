"""A crowdworker points at a candidate that a person should look at; a researcher looks, and says so."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.reports.schemas import NewReport
from app.tables import Account, Candidate, Conversation, Report, Turn


class UnknownCandidate(DomainError):
    status = 404


class UnknownReport(DomainError):
    status = 404


def report(session: Session, candidate_id: str, account: Account, body: NewReport) -> Report:
    """One report of a person on a candidate: the same again changes nothing, another reason opens it anew."""
    of_own = (
        select(Candidate.id)
        .join(Turn, Candidate.turn_id == Turn.id)
        .join(Conversation)
        .where(Candidate.id == candidate_id, Conversation.account_id == account.id)
        .with_for_update(of=Conversation)  # a double click waits here, and finds the first one's row
    )
    if session.scalar(of_own) is None:
        raise UnknownCandidate("There is no such response in a conversation of yours.")
    row = session.scalar(select(Report).where(Report.candidate_id == candidate_id, Report.account_id == account.id))
    if row is None:
        row = Report(candidate_id=candidate_id, account_id=account.id, reason=body.reason, comment=body.comment)
    elif (row.reason, row.comment) != (body.reason, body.comment):
        row.reason, row.comment = body.reason, body.comment
        row.handled_by = row.handled_at = None
    session.add(row)
    session.flush()
    return row


def handle(session: Session, report_id: str, researcher: Account) -> Report:
    row = session.scalar(select(Report).where(Report.id == report_id).with_for_update())
    if row is None:
        raise UnknownReport("There is no such report.")
    if row.handled_at is None:
        row.handled_by, row.handled_at = researcher.id, now()
        before, after = {"handled": False}, {"handled": True}
        audit(session, researcher, "handle-report", f"report:{row.id}", before=before, after=after)
    session.flush()
    return row
