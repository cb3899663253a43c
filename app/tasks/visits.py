"""What becomes of a visit from a crowd platform when its participant takes a task, ends it, or does not qualify.

Whoever came by no study has no visit, and then these change nothing.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.tables import Account, Assignment, Study, StudyVisit, VisitStatus


def begun(session: Session, assignment: Assignment) -> None:
    """The newest open visit for this task is about this assignment."""
    visit = session.scalar(
        select(StudyVisit)
        .join(Study, Study.id == StudyVisit.study_id)
        .where(
            StudyVisit.account_id == assignment.account_id,
            StudyVisit.status == VisitStatus.OPEN,
            StudyVisit.assignment_id.is_(None),
            Study.task_id == assignment.task_id,
        )
        .order_by(StudyVisit.created_at.desc())
        .limit(1)
    )
    if visit is not None:
        visit.assignment_id = assignment.id
        session.flush()


def ended(session: Session, assignment: Assignment, how: VisitStatus) -> None:
    session.execute(
        update(StudyVisit)
        .where(StudyVisit.assignment_id == assignment.id, StudyVisit.status == VisitStatus.OPEN)
        .values(status=how, ended_at=now())
    )


def screened_out(session: Session, account: Account, task_id: str) -> None:
    """No tries are left, and none was passed."""
    of_task = select(Study.id).where(Study.task_id == task_id)
    session.execute(
        update(StudyVisit)
        .where(
            StudyVisit.account_id == account.id,
            StudyVisit.study_id.in_(of_task),
            StudyVisit.status == VisitStatus.OPEN,
            StudyVisit.assignment_id.is_(None),
        )
        .values(status=VisitStatus.SCREENED_OUT, ended_at=now())
    )
