"""Studies and their visits. How a visit ends is written where it happens: `app/tasks/visits.py`."""

import secrets

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.record import audit
from app.db import now
from app.deps import NotAllowed, refuse_suspended, token_hash
from app.edition import refuse_overtaken
from app.errors import DomainError
from app.studies.links import Participant
from app.studies.schemas import StudySettings
from app.tables import (
    Account,
    Assignment,
    AssignmentStatus,
    Role,
    SignIn,
    Study,
    StudyProvider,
    StudyVisit,
    Task,
    VisitStatus,
)
from app.tasks import qualification, visits


class UnknownStudy(DomainError):
    status = 404


class UnknownVisit(DomainError):
    status = 404


class UnknownTask(DomainError):
    status = 422


class StudyExists(DomainError):
    status = 409


class StudyClosed(DomainError):
    status = 403


class VisitOfAnother(DomainError):
    status = 409


class SignedInAlready(DomainError):
    status = 409


class AssignmentOpen(DomainError):
    status = 409


CHANGES = ("create-study", "change-study")


def put(
    session: Session, study: Study | None, settings: StudySettings, researcher: Account, seen: int | None = None
) -> Study:
    """A new study, or a changed one, which must be locked; `seen` is its version (app/edition.py)."""
    if study:
        refuse_overtaken(session, f"study:{study.id}", CHANGES, seen, "this study")
    task = session.scalar(select(Task).where(Task.slug == settings.task))
    if task is None:
        raise UnknownTask(f"task: there is no task “{settings.task}”.")
    before = _remembered(study) if study else None
    study = study or Study()
    for name, value in settings.model_dump(exclude={"task", "version"}).items():
        setattr(study, name, value)
    study.task_id = task.id
    try:
        with session.begin_nested():
            session.add(study)
    except IntegrityError:
        raise StudyExists(f"There is a {settings.provider} study “{settings.external_id}” already.") from None
    action = "change-study" if before else "create-study"
    audit(session, researcher, action, f"study:{study.id}", before=before, after=_remembered(study))
    session.flush()
    return study


def _remembered(study: Study) -> dict[str, object]:
    names = ("provider", "external_id", "task_id", "code_completed", "code_screened_out", "code_withdrawn", "active")
    return {name: getattr(study, name) for name in names}


def study(session: Session, study_id: str, *, lock: bool = False) -> Study:
    found = session.get(Study, study_id, with_for_update=lock or None)
    if found is None:
        raise UnknownStudy("There is no such study here; please tell the researchers whose link this is.")
    return found


def study_on(session: Session, provider: StudyProvider, external_id: str) -> Study:
    query = select(Study).where(Study.provider == provider, Study.external_id == external_id)
    found = session.scalar(query)
    if found is None:
        raise UnknownStudy("This study is not known here yet; please tell the researchers on the platform.")
    return found


def enter(session: Session, study: Study, participant: Participant) -> tuple[Account, StudyVisit]:
    """The participant's account and visit, both made at the first time; the same ones ever after, in any browser."""
    query = select(StudyVisit).where(
        StudyVisit.study_id == study.id, StudyVisit.external_session == participant.session
    )
    if session.scalar(query) is None and not study.active:
        raise StudyClosed("This study takes no new participants any more. Thank you for coming.")
    account = _account(session, study.provider, participant.id)  # locked: a reload at the same moment waits here
    refuse_suspended(account)
    if account.role != Role.CROWDWORKER:
        raise NotAllowed("This account is not a crowdworker's; please sign in with its password.")
    visit = session.scalar(query)
    if visit is None:
        visit = _begin(session, study, account, participant.session)
    if visit.account_id != account.id:
        raise VisitOfAnother("This link belongs to another participant; please open the study from the platform.")
    return account, visit


def _account(session: Session, provider: StudyProvider, participant: str) -> Account:
    query = select(Account).where(Account.external_provider == provider, Account.external_id == participant)
    if found := session.scalar(query.with_for_update()):
        return found
    account = Account(
        username=f"{provider}-{secrets.token_hex(5)}",  # others may see it, and it must not tell them the platform's id
        external_provider=provider,
        external_id=participant,
        role=Role.CROWDWORKER,
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:  # another tab of theirs was first
        return session.scalars(query.with_for_update()).one()
    return account


def _begin(session: Session, study: Study, account: Account, external_session: str) -> StudyVisit:
    """A new session on the platform ends an earlier one there; work that is open here goes on in the new visit."""
    open_before = (StudyVisit.account_id == account.id, StudyVisit.status == VisitStatus.OPEN)
    session.execute(
        update(StudyVisit)
        .where(*open_before, StudyVisit.study_id == study.id)
        .values(status=VisitStatus.WITHDRAWN, ended_at=now())
    )
    open_assignment = session.scalar(
        select(Assignment.id).where(
            Assignment.account_id == account.id,
            Assignment.task_id == study.task_id,
            Assignment.status == AssignmentStatus.OPEN,
        )
    )
    taken = open_assignment and session.scalar(
        select(StudyVisit.id).where(*open_before, StudyVisit.assignment_id == open_assignment)
    )
    visit = StudyVisit(
        study_id=study.id,
        account_id=account.id,
        external_session=external_session,
        assignment_id=None if taken else open_assignment,  # work for another study is not paid by this one
    )
    session.add(visit)
    session.flush()
    if qualification.standing(session, session.get_one(Task, study.task_id), account).state == "failed":
        visits.screened_out(session, account, study.task_id)
        session.refresh(visit)
    return visit


def refuse_signed_in(session: Session, token: str | None, account: Account) -> None:
    """A link must not take a browser from somebody who signed in with a password: they would not notice."""
    signed_in = session.scalar(
        select(Account)
        .join(SignIn, SignIn.account_id == Account.id)
        .where(SignIn.token_hash == token_hash(token or ""), SignIn.expires_at > now())
    )
    if signed_in and signed_in.id != account.id and signed_in.password_hash is not None:
        raise SignedInAlready(
            f"You are signed in here as “{signed_in.username}”. Please sign out first, or open the link in a private "
            "window."
        )


def current(session: Session, account: Account) -> tuple[StudyVisit, Study] | None:
    query = select(StudyVisit, Study).join(Study, Study.id == StudyVisit.study_id)
    found = session.execute(
        query.where(StudyVisit.account_id == account.id).order_by(StudyVisit.created_at.desc()).limit(1)
    ).first()
    return (found[0], found[1]) if found else None


def leave(session: Session, account: Account) -> tuple[StudyVisit, Study]:
    """Withdraw before a task was taken, for instance instead of consenting."""
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())  # `take` waits here too
    found = current(session, account)
    if found is None:
        raise UnknownVisit("You did not come here from a crowd platform, so there is nothing to leave.")
    visit, study = found
    if visit.status == VisitStatus.OPEN:
        if visit.assignment_id is not None:
            raise AssignmentOpen("You have begun the task; please stop it there.")
        visit.status, visit.ended_at = VisitStatus.WITHDRAWN, now()
        session.flush()
    return visit, study
