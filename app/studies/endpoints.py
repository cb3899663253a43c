"""Studies on Prolific and MTurk: researchers keep them, participants come in and go back with a code."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import tables
from app.accounts import consent, cookie, limits
from app.accounts import service as accounts
from app.accounts.schemas import Session as SignedInSession
from app.deps import CurrentAccount, Reading, Researcher, SameOrigin, Writing
from app.edition import version_of
from app.studies import links, service
from app.studies.schemas import (
    ChangedStudy,
    Entered,
    EnteredStudy,
    Entry,
    MTurkFrame,
    ParticipantVisit,
    ProlificEntry,
    Study,
    StudySettings,
    Visit,
    VisitCounts,
    code_of,
    visit_view,
)
from app.tables import StudyProvider

router = APIRouter(tags=["studies"])


def _not_too_often(request: Request) -> None:
    """Before the writing session, which must not wait for Redis."""
    address = cookie.address(request)
    limits.refuse_if_spent(limits.ENTRIES_PER_ADDRESS, address)
    limits.spend(limits.ENTRIES_PER_ADDRESS, address)


@router.post("/studies/enter", dependencies=[SameOrigin, Depends(_not_too_often)])
def enter_study(body: Entry, session: Writing, response: Response, old_token: cookie.OldToken) -> Entered:
    """Signs the participant in. Who comes back meets the same account and visit, with the code once it has ended."""
    if isinstance(body, ProlificEntry):
        links.required(
            "Prolific", {"PROLIFIC_PID": body.participant, "STUDY_ID": body.study, "SESSION_ID": body.session}
        )
        study = service.study_on(session, StudyProvider.PROLIFIC, body.study)
        participant = links.Participant(body.participant, body.session)
    else:
        study_id, participant = links.opened(body.token)
        study = service.study(session, study_id)
    account, visit = service.enter(session, study, participant)
    service.refuse_signed_in(session, old_token, account)
    row, token = accounts.sign_in(session, account, replaces=old_token)
    cookie.put(response, token)  # a commit that fails makes another answer, without it
    signed_in = SignedInSession.of(account, row.csrf_token, consented=consent.is_given(session, account))
    task = session.get_one(tables.Task, study.task_id)
    entered = EnteredStudy(id=study.id, task=task.slug, provider=study.provider)
    return Entered(**dict(signed_in), **dict(visit_view(visit, study)), study=entered)


@router.get("/studies/mturk")
def mturk_frame(
    session: Reading,
    study: str = "",
    assignment_id: Annotated[str, Query(alias="assignmentId")] = "",
    worker_id: Annotated[str, Query(alias="workerId")] = "",
    turk_submit_to: Annotated[str, Query(alias="turkSubmitTo")] = "",
) -> MTurkFrame:
    """For the page in MTurk's frame, which passes its own query string on. Nothing is stored until the tab opens."""
    links.required("MTurk", {"study": study, "assignmentId": assignment_id})
    row = service.study(session, study)
    title, instructions = session.execute(
        select(tables.TaskText.title, tables.TaskText.instructions)
        .join(tables.Task, tables.Task.id == tables.TaskText.task_id)
        .where(tables.Task.id == row.task_id, tables.TaskText.version == tables.Task.text_version)
    ).one()
    if assignment_id == links.PREVIEW:
        return MTurkFrame(preview=True, title=title, instructions=instructions, entry_url=None, submit_url=None)
    links.required("MTurk", {"workerId": worker_id})
    return MTurkFrame(
        preview=False,
        title=title,
        instructions=instructions,
        entry_url=f"/study?token={links.token_for(row, links.Participant(worker_id, assignment_id))}",
        submit_url=links.submit_url(turk_submit_to),
    )


@router.get("/visits/current")
def current_visit(account: CurrentAccount, session: Reading) -> Visit | None:
    """Null for who came by no study."""
    found = service.current(session, account)
    return visit_view(*found) if found else None


@router.post("/visits/current/withdraw")
def leave_study(account: CurrentAccount, session: Writing) -> Visit:
    """For who has not taken the task yet; after that, the assignment is withdrawn and the visit ends with it."""
    return visit_view(*service.leave(session, account))


@router.get("/studies")
def list_studies(_: Researcher, session: Reading) -> list[Study]:
    rows = session.scalars(select(tables.Study).order_by(tables.Study.created_at.desc())).all()
    return [_view(session, row) for row in rows]


@router.post("/studies", status_code=201)
def create_study(body: StudySettings, researcher: Researcher, session: Writing) -> Study:
    return _view(session, service.put(session, None, body, researcher))


@router.put("/studies/{study_id}")
def change_study(study_id: str, body: ChangedStudy, researcher: Researcher, session: Writing) -> Study:
    return _view(
        session, service.put(session, service.study(session, study_id, lock=True), body, researcher, body.version)
    )


@router.get("/studies/{study_id}/visits")
def list_visits(study_id: str, _: Researcher, session: Reading) -> list[ParticipantVisit]:
    study = service.study(session, study_id)
    rows = session.execute(
        select(tables.StudyVisit, tables.Account)
        .join(tables.Account, tables.Account.id == tables.StudyVisit.account_id)
        .where(tables.StudyVisit.study_id == study.id)
        .order_by(tables.StudyVisit.created_at.desc())
    ).all()
    return [
        ParticipantVisit(
            participant=account.external_id,
            session=visit.external_session,
            username=account.username,
            status=visit.status,
            code=code_of(visit, study),
            created_at=visit.created_at,
            ended_at=visit.ended_at,
        )
        for visit, account in rows
    ]


def _view(session: Session, study: tables.Study) -> Study:
    by_status = session.execute(
        select(tables.StudyVisit.status, func.count())
        .where(tables.StudyVisit.study_id == study.id)
        .group_by(tables.StudyVisit.status)
    ).all()
    return Study(
        **{name: getattr(study, name) for name in StudySettings.model_fields if name != "task"},
        id=study.id,
        version=version_of(session, f"study:{study.id}", service.CHANGES),
        task=session.get_one(tables.Task, study.task_id).slug,
        entry_url=links.entry_url(study),
        visits=VisitCounts(**{status.replace("-", "_"): count for status, count in by_status}),
        created_at=study.created_at,
    )
