"""The audit log over HTTP, for researchers and admins: nobody changes it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from app.audit import queries
from app.audit.schemas import AuditChoices, AuditEntry, AuditPage
from app.deps import Reading, Researcher

router = APIRouter(tags=["audit"])

Wanted = Annotated[queries.Filters, Query()]


@router.get("/audit")
def find(_: Researcher, session: Reading, filters: Annotated[queries.PagedFilters, Query()]) -> AuditPage:
    return queries.find(session, filters, filters.before)


@router.get("/audit/filters")
def filters(_: Researcher, session: Reading) -> AuditChoices:
    return queries.choices(session)


@router.get("/audit/csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def as_csv(_: Researcher, session: Reading, filters: Wanted) -> StreamingResponse:
    """Of all that is found, with both sides as JSON."""
    queries.refuse_unanswerable(session, filters)
    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"'}
    return StreamingResponse(queries.as_csv(filters), media_type="text/csv", headers=headers)


@router.get("/audit/{event_id}")
def one(_: Researcher, session: Reading, event_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> AuditEntry:
    """With its long texts, line by line."""
    return queries.one(session, event_id)
