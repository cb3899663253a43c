"""Assignments: some conversations that a crowdworker takes, gets a completion code for, and may leave at any time."""

import secrets

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db import now
from app.errors import DomainError
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    Conversation,
    ConversationStatus,
    Role,
    Task,
    TaskKind,
    Turn,
    TurnStatus,
    VisitStatus,
)
from app.tasks import limits, qualification, queries, visits
from app.tasks.schemas import Completion, OfferedTask
from app.views import task_view

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else


class UnknownAssignment(DomainError):
    status = 404


class UnknownConversation(DomainError):
    status = 404


class TaskSwitchedOff(DomainError):
    status = 409


class RedTeamOptInNeeded(DomainError):
    status = 403


class LimitReached(DomainError):
    status = 409


class AssignmentClosed(DomainError):
    status = 409


class ConversationClosed(DomainError):
    status = 409


class NothingCompared(DomainError):
    status = 409


class TurnUndecided(DomainError):
    status = 409


class NotRedTeaming(DomainError):
    status = 422


SWITCHED_OFF = "This task is switched off; crowdworkers do not see it."


def offered(session: Session, task: Task, account: Account) -> OfferedTask:
    """A task as it stands for this person."""
    state, tries_left = qualification.standing(session, task, account)
    if not task.active:
        why: str | None = SWITCHED_OFF
    elif state == "failed":
        why = qualification.why_not(session, task, account)
    else:
        why = limits.reached(session, task, account)
    return OfferedTask(**task_view(task).model_dump(), qualification=state, tries_left=tries_left, available=why)


def take(session: Session, slug: str, account: Account) -> tuple[Assignment, bool]:
    """The crowdworker's open assignment of this task, or a new one with its first conversation; True when new."""
    # Locks the crowdworker's row, so that a double click is one assignment (SQLite: the writing session already waits).
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    task = queries.task(session, slug, account)
    if task.kind == TaskKind.RED_TEAM and account.red_team_opt_in_at is None:
        raise RedTeamOptInNeeded("Red-teaming is voluntary; please read its warning and opt in first.")
    open_one = select(Assignment).where(
        Assignment.task_id == task.id, Assignment.account_id == account.id, Assignment.status == AssignmentStatus.OPEN
    )
    if found := session.scalar(open_one):
        return found, False
    if not task.active:
        raise TaskSwitchedOff(SWITCHED_OFF)
    qualification.refuse_unqualified(session, task, account)
    if why := limits.reached(session, task, account):
        raise LimitReached(why)
    assignment = Assignment(
        task_id=task.id,
        account_id=account.id,
        conversation_count=task.conversations_per_assignment,
        pay_cents=task.pay_cents,
        currency=task.currency if task.pay_cents is not None else None,
    )
    session.add(assignment)
    session.flush()
    visits.begun(session, assignment)
    _open_conversation(session, assignment, position=1)
    return assignment, True


def own(session: Session, assignment_id: str, account: Account, *, lock: bool = False) -> Assignment:
    """Somebody else's assignment is as unknown as one that never was."""
    query = select(Assignment).where(Assignment.id == assignment_id, Assignment.account_id == account.id)
    assignment = session.scalar(query.with_for_update() if lock else query)
    if assignment is None:
        raise UnknownAssignment("There is no such assignment of yours.")
    return assignment


def withdraw(session: Session, assignment: Assignment) -> None:
    """Leave. Everything done so far is kept; what is being sampled is stopped."""
    if assignment.status == AssignmentStatus.WITHDRAWN:
        return
    if assignment.status != AssignmentStatus.OPEN:
        raise AssignmentClosed("This assignment is completed already.")
    assignment.status = AssignmentStatus.WITHDRAWN
    left = session.scalars(
        update(Conversation)
        .where(Conversation.assignment_id == assignment.id, Conversation.status == ConversationStatus.OPEN)
        .values(status=ConversationStatus.WITHDRAWN, completed_at=now())
        .returning(Conversation.id)
    ).all()
    session.execute(
        update(Turn)
        .where(Turn.conversation_id.in_(left), Turn.status == TurnStatus.GENERATING)
        .values(stop_requested=True)
    )
    visits.ended(session, assignment, VisitStatus.WITHDRAWN)
    session.flush()


def complete(session: Session, conversation_id: str, account: Account, answers: Completion) -> Assignment:
    """End a conversation; the assignment goes on with the next one, or is done and gets its code."""
    query = select(Conversation).where(Conversation.id == conversation_id, Conversation.account_id == account.id)
    conversation = session.scalar(query)
    if conversation is None or conversation.assignment_id is None:
        raise UnknownConversation("There is no such conversation of yours.")
    assignment = own(session, conversation.assignment_id, account, lock=True)
    session.refresh(conversation, with_for_update=True)
    if conversation.status == ConversationStatus.COMPLETED:
        return assignment  # the same request again, after an answer that got lost
    if conversation.status != ConversationStatus.OPEN:
        raise ConversationClosed("This conversation has ended.")
    _decided(conversation)
    _judged(session.get_one(Task, conversation.task_id), answers)
    for name, value in answers.model_dump().items():
        setattr(conversation, name, value)
    conversation.status, conversation.completed_at = ConversationStatus.COMPLETED, now()
    session.flush()
    _advance(session, assignment)
    return assignment


def _decided(conversation: Conversation) -> None:
    compared = [turn for turn in conversation.turns if turn.comparison is not None]
    if not compared:
        raise NothingCompared("Please choose a response at least once before you end the conversation.")
    last = conversation.turns[-1]
    if last.comparison is None and last.status != TurnStatus.FAILED:
        raise TurnUndecided("Please choose one of the last two responses first.")


def _judged(task: Task, answers: Completion) -> None:
    of_attack = (answers.attack_success, answers.attack_harm, answers.attack_actionability)
    if task.kind != TaskKind.RED_TEAM and any(rating is not None for rating in of_attack):
        raise NotRedTeaming("attack_success, attack_harm and attack_actionability belong to red-teaming only.")


def _advance(session: Session, assignment: Assignment) -> None:
    done = session.scalar(
        select(func.count()).where(
            Conversation.assignment_id == assignment.id, Conversation.status == ConversationStatus.COMPLETED
        )
    )
    assert done is not None
    if done < assignment.conversation_count:
        _open_conversation(session, assignment, position=done + 1)
        return
    assignment.status, assignment.completed_at = AssignmentStatus.COMPLETED, now()
    assignment.completion_code = "TW-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(10))
    visits.ended(session, assignment, VisitStatus.COMPLETED)
    session.flush()


def _open_conversation(session: Session, assignment: Assignment, position: int) -> None:
    task = session.get_one(Task, assignment.task_id)
    session.add(
        Conversation(
            task_id=task.id,
            account_id=assignment.account_id,
            assignment_id=assignment.id,
            position=position,
            system=task.system,
            preview=session.get_one(Account, assignment.account_id).role != Role.CROWDWORKER,
        )
    )
    session.flush()
