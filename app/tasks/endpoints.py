"""Tasks and what is read about them, assignments, and the end of a conversation, which moves its assignment on."""

from fastapi import APIRouter, Response

from app.deps import ConsentingAccount, CurrentAccount, Reading, Researcher, Writing
from app.tasks import editing, qualification, queries, service
from app.tasks.schemas import (
    ChangedSettings,
    Completion,
    Guide,
    NewAssignment,
    OfferedTask,
    PublishedText,
    Qualification,
    QualificationResult,
    QualificationTry,
    SettingsShown,
    TaskText,
)
from app.views import Assignment, assignment_view

router = APIRouter(tags=["tasks"])


@router.get("/tasks")
def list_tasks(account: CurrentAccount, session: Reading) -> list[OfferedTask]:
    """Researchers also see those that are switched off."""
    return [service.offered(session, task, account) for task in queries.tasks(session, account)]


@router.get("/tasks/{slug}/guide")
def get_guide(slug: str, account: CurrentAccount, session: Reading) -> Guide:
    text = queries.task(session, slug, account).current_text
    return Guide(title=text.title, body=text.guide, version=text.version)


@router.get("/tasks/{slug}/qualification")
def get_qualification(slug: str, account: CurrentAccount, session: Reading) -> Qualification:
    return qualification.asked(session, queries.task(session, slug, account), account)


@router.post("/tasks/{slug}/qualification")
def qualify(slug: str, body: QualificationTry, account: ConsentingAccount, session: Writing) -> QualificationResult:
    task = queries.task(session, slug, account)
    return qualification.attempt(session, task, account, body.text_version, body.picked)


@router.get("/tasks/{slug}")
def get_task_settings(slug: str, researcher: Researcher, session: Reading) -> SettingsShown:
    return editing.settings(session, queries.task(session, slug, researcher))


@router.put("/tasks/{slug}")
def change_task_settings(slug: str, body: ChangedSettings, researcher: Researcher, session: Writing) -> SettingsShown:
    return editing.change_settings(session, queries.task(session, slug, researcher, lock=True), body, researcher)


@router.get("/tasks/{slug}/texts")
def list_task_texts(slug: str, researcher: Researcher, session: Reading) -> list[TaskText]:
    return editing.versions(session, queries.task(session, slug, researcher))


@router.post("/tasks/{slug}/texts", status_code=201)
def publish_task_text(slug: str, body: PublishedText, researcher: Researcher, session: Writing) -> TaskText:
    return editing.publish(session, queries.task(session, slug, researcher, lock=True), body, researcher)


@router.post("/assignments", status_code=201, responses={200: {"model": Assignment, "description": "The open one."}})
def take_assignment(
    body: NewAssignment, account: ConsentingAccount, session: Writing, response: Response
) -> Assignment:
    assignment, is_new = service.take(session, body.task, account)
    response.status_code = 201 if is_new else 200
    return assignment_view(session, assignment)


@router.get("/assignments")
def list_assignments(account: CurrentAccount, session: Reading) -> list[Assignment]:
    return [assignment_view(session, assignment) for assignment in queries.assignments(session, account)]


@router.get("/assignments/{assignment_id}")
def get_assignment(assignment_id: str, account: CurrentAccount, session: Reading) -> Assignment:
    return assignment_view(session, service.own(session, assignment_id, account))


@router.post("/assignments/{assignment_id}/withdraw")
def withdraw(assignment_id: str, account: CurrentAccount, session: Writing) -> Assignment:
    assignment = service.own(session, assignment_id, account, lock=True)
    service.withdraw(session, assignment)
    return assignment_view(session, assignment)


@router.post("/conversations/{conversation_id}/complete")
def complete_conversation(
    conversation_id: str, body: Completion, account: CurrentAccount, session: Writing
) -> Assignment:
    return assignment_view(session, service.complete(session, conversation_id, account, body))
