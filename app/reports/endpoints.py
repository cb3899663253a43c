"""Reports of candidates, and the researchers' inbox."""

from fastapi import APIRouter

from app.deps import ConsentingAccount, Reading, Researcher, Writing
from app.reports import queries, service
from app.reports.schemas import NewReport, Report

router = APIRouter(tags=["reports"])


@router.post("/candidates/{candidate_id}/report", status_code=204)
def report(candidate_id: str, body: NewReport, account: ConsentingAccount, session: Writing) -> None:
    service.report(session, candidate_id, account, body)


@router.get("/reports")
def inbox(_: Researcher, session: Reading) -> list[Report]:
    return queries.inbox(session)


@router.post("/reports/{report_id}/handled")
def handle(report_id: str, researcher: Researcher, session: Writing) -> Report:
    row = service.handle(session, report_id, researcher)
    return queries.inbox(session, row.id)[0]
