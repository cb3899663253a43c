"""Who may take a task: those who picked right in enough of its worked pairs.

A task whose present text has no pairs asks nobody. Whoever passed once has passed, whatever the text becomes. Tries are
counted over all versions, or every corrected comma would give them back; a researcher who allows more tries does so on
purpose. Researchers may try the pairs as often as they like, and nothing is stored. What a researcher decided about
somebody by hand outranks all of it.
"""

from typing import Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import Account, QualificationAttempt, QualificationDecision, Role, Task
from app.tasks import visits
from app.tasks.schemas import Feedback, Letter, Pair, Qualification, QualificationItem, QualificationResult


class QualificationNeeded(DomainError):
    status = 403


class ClosedForYou(DomainError):
    """A researcher decided so by hand."""

    status = 403


class TextChanged(DomainError):
    status = 409


class NoTriesLeft(DomainError):
    status = 409


class AlreadyQualified(DomainError):
    status = 409


class NothingToQualifyFor(DomainError):
    status = 409


class PicksMissing(DomainError):
    status = 422


class Standing(NamedTuple):
    state: Literal["none", "needed", "passed", "failed"]
    tries_left: int | None


CLOSED = "The researchers have closed this task for you. Others may be open; you can write to them about it."
NO_TRIES_LEFT = "You have used all your tries at this task's worked pairs, so it cannot be taken. Others may be open."


def standing(session: Session, task: Task, account: Account) -> Standing:
    if account.role != Role.CROWDWORKER:
        return Standing("none", None)
    if decided := decision(session, task, account):
        return Standing("passed" if decided.qualified else "failed", None)
    if not task.current_text.qualification:
        return Standing("none", None)
    return _standing(task, attempts(session, task, account))


def decision(session: Session, task: Task, account: Account) -> QualificationDecision | None:
    return session.get(QualificationDecision, (account.id, task.id))


def why_not(session: Session, task: Task, account: Account) -> str:
    """For somebody whose standing is "failed"."""
    return CLOSED if decision(session, task, account) else NO_TRIES_LEFT


def refuse_unqualified(session: Session, task: Task, account: Account) -> None:
    match standing(session, task, account).state:
        case "needed":
            raise QualificationNeeded("Please work through this task's pairs first; they show what is asked here.")
        case "failed":
            if decision(session, task, account):
                raise ClosedForYou(CLOSED)
            raise QualificationNeeded(NO_TRIES_LEFT)


def asked(session: Session, task: Task, account: Account) -> Qualification:
    """The pairs without their answers: these leave only with the feedback on a try."""
    counted = account.role == Role.CROWDWORKER
    return Qualification(
        items=[Pair(prompt=item.prompt, a=item.a, b=item.b) for item in _items(task)],
        pass_mark=task.pass_mark,
        tries_left=_tries_left(task, attempts(session, task, account)) if counted else None,
        text_version=task.text_version,
    )


def attempt(session: Session, task: Task, account: Account, version: int, picked: list[Letter]) -> QualificationResult:
    """One try, and what is to be learned from it. The same picks sent again are the same try."""
    # Locks the crowdworker's row: of two requests at once the second sees the first one's try.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    items = _items(task)
    if version != task.text_version:
        raise TextChanged("The pairs were changed meanwhile; please look at the new ones.")
    if not items:
        raise NothingToQualifyFor("This task asks for no qualification.")
    if len(picked) != len(items):
        raise PicksMissing(f"picked: there are {len(items)} pairs, and {len(picked)} picks.")
    correct = sum(pick == item.picked for pick, item in zip(picked, items, strict=True))
    tries_left = None
    if account.role == Role.CROWDWORKER:
        tries = attempts(session, task, account)
        if not (tries and (tries[-1].text_version, tries[-1].picked) == (version, picked)):
            tries.append(_store(session, task, account, picked, correct, before=tries))
        tries_left = _tries_left(task, tries)
    return QualificationResult(
        correct=correct,
        of=len(items),
        passed=correct >= task.pass_mark,
        tries_left=tries_left,
        feedback=[
            Feedback(right=pick == item.picked, picked=pick, better=item.picked, why=item.why)
            for pick, item in zip(picked, items, strict=True)
        ],
    )


def _store(
    session: Session,
    task: Task,
    account: Account,
    picked: list[Letter],
    correct: int,
    before: list[QualificationAttempt],
) -> QualificationAttempt:
    decided = decision(session, task, account)
    match standing(session, task, account).state if decided else _standing(task, before).state:
        case "passed":
            raise AlreadyQualified("You have qualified for this task already.")
        case "failed":
            if decided:
                raise ClosedForYou(CLOSED)
            raise NoTriesLeft(NO_TRIES_LEFT)
    attempt = QualificationAttempt(
        account_id=account.id,
        task_id=task.id,
        text_version=task.text_version,
        picked=list(picked),
        correct=correct,
        passed=correct >= task.pass_mark,
    )
    session.add(attempt)
    session.flush()
    if _standing(task, [*before, attempt]).state == "failed":
        visits.screened_out(session, account, task.id)
    return attempt


def _items(task: Task) -> list[QualificationItem]:
    return [QualificationItem.model_validate(item) for item in task.current_text.qualification]


def attempts(session: Session, task: Task, account: Account) -> list[QualificationAttempt]:
    """Of this person, oldest first."""
    own = select(QualificationAttempt).where(
        QualificationAttempt.task_id == task.id, QualificationAttempt.account_id == account.id
    )
    return list(session.scalars(own.order_by(QualificationAttempt.created_at)))


def _standing(task: Task, tries: list[QualificationAttempt]) -> Standing:
    if any(attempt.passed for attempt in tries):
        return Standing("passed", None)
    left = _tries_left(task, tries)
    return Standing("needed" if left else "failed", left)


def _tries_left(task: Task, tries: list[QualificationAttempt]) -> int:
    return max(0, task.qualification_tries - len(tries))
