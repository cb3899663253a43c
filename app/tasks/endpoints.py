"""Tasks, assignments, and the end of a conversation, which moves its assignment on."""

from fastapi import APIRouter, Response
from sqlalchemy import select

from app import tables
from app.deps import ConsentingAccount, CurrentAccount, Reading, Writing
from app.tasks import service
from app.tasks.schemas import Completion, NewAssignment
from app.views import Assignment, Task, assignment_view, task_view

router = APIRouter(tags=["tasks"])


@router.get("/tasks")
def list_tasks(_: CurrentAccount, session: Reading) -> list[Task]:
    tasks = session.scalars(select(tables.Task).where(tables.Task.active).order_by(tables.Task.slug)).all()
    return [task_view(session, task) for task in tasks]


@router.post("/assignments", status_code=201, responses={200: {"model": Assignment, "description": "The open one."}})
def take_assignment(
    body: NewAssignment, account: ConsentingAccount, session: Writing, response: Response
) -> Assignment:
    assignment, is_new = service.take(session, body.task, account)
    response.status_code = 201 if is_new else 200
    return assignment_view(session, assignment)


@router.get("/assignments")
def list_assignments(account: CurrentAccount, session: Reading) -> list[Assignment]:
    own = select(tables.Assignment).where(tables.Assignment.account_id == account.id)
    newest_first = own.order_by(tables.Assignment.created_at.desc()).limit(100)
    return [assignment_view(session, assignment) for assignment in session.scalars(newest_first).all()]


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
