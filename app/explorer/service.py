"""What researchers do from here: open a red-team conversation, and leave comparisons out of tranches. Both are audited.

Nothing is deleted: a flag and a reason, which the next freeze counts under its exclusions. What a tranche holds already
stays in it, or its hash would be a lie.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.errors import DomainError
from app.explorer import transcript
from app.explorer.schemas import ComparisonShown, Transcript
from app.tables import Account, Comparison
from app.tranches.members import keeping_from_tranches
from app.warning import refuse_unwarned


class UnknownComparison(DomainError):
    status = 404


class Superseded(DomainError):
    status = 409


class Frozen(DomainError):
    status = 409


def open_transcript(session: Session, conversation_id: str, researcher: Account) -> Transcript:
    """With its words. Of a red-team conversation only for who has agreed to the warning, and every time on record."""
    if transcript.is_red_team(session, conversation_id):
        refuse_unwarned(researcher)
        audit(session, researcher, "read-red-team", f"conversation:{conversation_id}")
    return transcript.transcript(session, conversation_id, opened=True)


def exclude_comparison(
    session: Session, comparison_id: str, reason: str | None, researcher: Account
) -> ComparisonShown:
    keeping_from_tranches(session)
    row = session.scalar(select(Comparison).where(Comparison.id == comparison_id).with_for_update())
    if row is None:
        raise UnknownComparison("There is no such comparison.")
    shown = transcript.comparison(session, comparison_id)  # refuses what does not count
    if row.superseded_at is not None:
        raise Superseded("This choice was replaced by a later one; no tranche takes it anyway.")
    if shown.tranche is not None:
        raise Frozen(
            f"The tranche {shown.tranche} holds this comparison already, and a frozen tranche does not change."
        )
    before, reason = row.excluded_reason, _said(reason)
    if before == reason:
        return shown
    row.excluded_reason = reason
    was, is_now = {"excluded_reason": before}, {"excluded_reason": reason}
    audit(session, researcher, "exclude-comparison", f"comparison:{row.id}", before=was, after=is_now, reason=reason)
    session.flush()
    return transcript.comparison(session, comparison_id)


def _said(reason: str | None) -> str | None:
    return (reason or "").strip() or None
