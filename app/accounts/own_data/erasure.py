"""A person's wish to have their data erased.

Texts and person go at once, in one transaction. What stays are rows without words: which of two policies was picked,
and the content hash of each frozen comparison, so that a tranche's hash can still be checked. Copies in run directories
and, on SQLite, the file's index of words are rewritten by a job (`worker/erasure.py`), which the Erasure row keeps
alive until it is done. What a snapshot has learned cannot be taken out of its weights: its tranches say how many of
their comparisons are erased.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ScalarResult, delete, func, select, update
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.errors import DomainError
from app.jobs import send_after_commit
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    AuditEvent,
    Candidate,
    Comparison,
    Conversation,
    ConversationStatus,
    CrowdworkerTotal,
    CrowdworkerWeek,
    Erasure,
    Invitation,
    Message,
    Payment,
    QualificationAttempt,
    QualificationDecision,
    Report,
    Review,
    Role,
    Sample,
    SignIn,
    StudyVisit,
    Tranche,
    TrancheMember,
    Turn,
    TurnStatus,
    WellbeingSurvey,
)
from app.tasks.service import withdraw
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, read_dialogues
from app.tranches.members import keeping_from_tranches
from app.tranches.queries import is_frozen

NO_PASSWORD = "erased"
"""In place of a hash: no password matches it, and it tells that an account is nobody's any more."""


class LastAdmin(DomainError):
    status = 409


def erase(session: Session, account_id: str) -> None:
    account = session.get_one(Account, account_id, with_for_update=True)
    if account.password_hash == NO_PASSWORD:
        return
    _refuse_last_admin(session, account)
    keeping_from_tranches(session)
    own = list(session.scalars(select(Conversation.id).where(Conversation.account_id == account.id).with_for_update()))
    _overwrite_on_disk(session)
    for assignment in session.scalars(_open_assignments(account)).all():
        withdraw(session, assignment)
    erasure = Erasure(conversations=list(_to_be_found(session, own)))
    session.add(erasure)
    erase_samples(session, {prompt for one in erasure.conversations for prompt in one["prompts"]})
    frozen = _blank_dialogues(session, account)
    _forget_person(session, account)
    counts = {"conversations": len(own), "frozen_comparisons": frozen}
    audit(session, account, "erase", f"account:{account.id}", after=counts)
    session.flush()
    send_after_commit(session, "erase_copies", erasure.id)


def prompt_hash(said: Sequence[str]) -> str:
    """By which a copied prompt is found when its text is gone from the rows: human, assistant, …, human."""
    return hashlib.sha256(json.dumps(list(said)).encode()).hexdigest()


def erase_samples(session: Session, prompt_hashes: Collection[str]) -> None:
    """What snapshots said to these prompts goes with the prompts. The job does it once more: a run may have ended."""
    found = select(Sample.prompt_hash).distinct()
    own = [prompt for prompt in session.scalars(found) if prompt in prompt_hashes]
    _run(session, delete(Sample).where(Sample.prompt_hash.in_(own)))


def _to_be_found(session: Session, conversation_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Only what was frozen was ever copied. Comparisons carry the conversation's id; prompts carry nothing."""
    frozen = select(Turn.conversation_id).join(Comparison, Comparison.turn_id == Turn.id).where(is_frozen()).distinct()
    for start in range(0, len(conversation_ids), CONVERSATIONS_AT_A_TIME):
        some = conversation_ids[start : start + CONVERSATIONS_AT_A_TIME]
        found = session.scalars(frozen.where(Turn.conversation_id.in_(some)).order_by(Turn.conversation_id)).all()
        for dialogue in read_dialogues(session, found):
            hashes = [prompt_hash(dialogue.before(position)) for position in range(len(dialogue.turns))]
            yield {"id": dialogue.id, "prompts": hashes}


def _blank_dialogues(session: Session, account: Account) -> int:
    """Returns how many frozen comparisons there were. The person's name on conversations comes off last: until then it
    says which rows are meant. Turns before candidates, as whoever finishes a turn locks them."""
    conversations = select(Conversation.id).where(Conversation.account_id == account.id)
    turns = select(Turn.id).where(Turn.conversation_id.in_(conversations))
    frozen = _count_in_tranches(session, turns)
    of_turns = update(Comparison).where(Comparison.turn_id.in_(turns))
    _run(session, of_turns.values(account_id=None, import_raw=None))
    _run(session, update(Review).where(Review.turn_id.in_(turns)).values(note=""))  # may quote what was said
    # Whoever is sampling one has lost its lease, and writes no text any more.
    generating = update(Turn).where(Turn.conversation_id.in_(conversations), Turn.status == TurnStatus.GENERATING)
    _run(session, generating.values(status=TurnStatus.FAILED, lease_owner=None, lease_until=None))
    # A client id is whatever the client made of it.
    blank = {"text": "", "client_id": Turn.id, "pasted_characters": None, "private_kinds": None, "error": None}
    _run(session, update(Turn).where(Turn.conversation_id.in_(conversations)).values(blank))
    _run(session, update(Candidate).where(Candidate.turn_id.in_(turns)).values(text="", best_of_texts=None))
    own = update(Conversation).where(Conversation.account_id == account.id)
    _run(session, own.where(Conversation.status == ConversationStatus.OPEN).values(status=ConversationStatus.WITHDRAWN))
    _run(
        session,
        own.values(account_id=None, comment=None, red_team_plan=None, family=None, erased_at=now()),
    )
    return frozen


def _count_in_tranches(session: Session, turns: Any) -> int:
    members = (
        select(TrancheMember.tranche_id, func.count())
        .join(Comparison, Comparison.id == TrancheMember.comparison_id)
        .where(Comparison.turn_id.in_(turns))
    )
    counted = session.execute(members.group_by(TrancheMember.tranche_id)).tuples().all()
    for tranche_id, count in counted:
        _run(session, update(Tranche).where(Tranche.id == tranche_id).values(erased=Tranche.erased + count))
    return sum(count for _, count in counted)


def _forget_person(session: Session, account: Account) -> None:
    """Assignments stay, with their codes and pay: somebody may still have to be paid, by a code alone."""
    for table in (SignIn, QualificationAttempt, QualificationDecision, WellbeingSurvey, Message, CrowdworkerWeek,
                  CrowdworkerTotal):  # fmt: skip
        _run(session, delete(table).where(table.account_id == account.id))
    _run(session, update(Report).where(Report.account_id == account.id).values(account_id=None, comment=None))
    bonuses = update(Payment).where(Payment.account_id == account.id, Payment.reason.is_not(None))
    _run(session, bonuses.values(reason=""))
    visits = update(StudyVisit).where(StudyVisit.account_id == account.id)
    _run(session, visits.values(external_session="erased-" + StudyVisit.id))
    _forget_invitations(session, session.scalars(select(Invitation.id).where(Invitation.used_by == account.id)))
    account.username, account.password_hash = f"erased-{account.id}", NO_PASSWORD
    account.external_provider = account.external_id = account.excluded_reason = account.excluded_since = None
    account.consented_at = account.consent_version = account.red_team_opt_in_at = None
    account.may_edit, account.suspended_at = False, now()


def _forget_invitations(session: Session, ids: ScalarResult[str]) -> None:
    """A note may say for whom the link was made; the audit log has it as the reason."""
    for id in ids:
        _run(session, update(Invitation).where(Invitation.id == id).values(note=""))
        of_invitation = update(AuditEvent).where(AuditEvent.subject == f"invitation:{id}")
        _run(session, of_invitation.values(reason=None))


def _open_assignments(account: Account) -> Any:
    return select(Assignment).where(Assignment.account_id == account.id, Assignment.status == AssignmentStatus.OPEN)


def _refuse_last_admin(session: Session, account: Account) -> None:
    if account.role != Role.ADMIN:
        return
    others = select(Account.id).where(
        Account.role == Role.ADMIN, Account.id != account.id, Account.suspended_at.is_(None)
    )
    if session.scalar(others.limit(1)) is None:
        raise LastAdmin("You are the only admin here; invite another one before you leave.")


def _overwrite_on_disk(session: Session) -> None:
    """SQLite would leave the old bytes in free places of its file (some builds already do not)."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")


def _run(session: Session, statement: Any) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})
