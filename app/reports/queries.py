"""The inbox."""

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app import tables
from app.reports.schemas import Report

AT_MOST = 500


def inbox(session: Session, report_id: str | None = None) -> list[Report]:
    """What nobody has looked at first, then the newest; or one report."""
    by, handler = aliased(tables.Account), aliased(tables.Account)
    query = (
        select(tables.Report, tables.Candidate, tables.Turn, tables.Task.slug, by.username, handler.username)
        .join(tables.Candidate, tables.Report.candidate_id == tables.Candidate.id)
        .join(tables.Turn, tables.Candidate.turn_id == tables.Turn.id)
        .join(tables.Conversation, tables.Turn.conversation_id == tables.Conversation.id)
        .join(tables.Task, tables.Conversation.task_id == tables.Task.id)
        .outerjoin(by, tables.Report.account_id == by.id)
        .outerjoin(handler, tables.Report.handled_by == handler.id)
        .order_by(tables.Report.handled_at.is_not(None), tables.Report.created_at.desc())
        .limit(AT_MOST)
    )
    if report_id is not None:
        query = query.where(tables.Report.id == report_id)
    return [
        Report(
            id=report.id,
            reason=report.reason,
            comment=report.comment,
            reported_by=reported_by,
            created_at=report.created_at,
            task=task,
            conversation_id=turn.conversation_id,
            turn_id=turn.id,
            human=turn.text,
            shown=candidate.shown,  # type: ignore[arg-type]  # pydantic checks
            text=candidate.text,
            handled_by=handled_by,
            handled_at=report.handled_at,
        )
        for report, candidate, turn, task, reported_by, handled_by in session.execute(query)
    ]
