"""The leaderboard over HTTP, for researchers and admins. It reads rows; the fit is a job."""

from datetime import date

from fastapi import APIRouter

from app.deps import Reading, Researcher, Writing
from app.leaderboard import queries, service
from app.leaderboard.schemas import Fit, Leaderboard

router = APIRouter(tags=["leaderboard"])


@router.get("/leaderboard")
def leaderboard(_: Researcher, session: Reading, task: str | None = None, week: date | None = None) -> Leaderboard:
    """`week`: a Monday (UTC); without it, all weeks. Without `task`, the first that has a board."""
    return queries.leaderboard(session, task, week)


@router.post("/leaderboard/fit", status_code=202)
def fit(account: Researcher, session: Writing) -> Fit:
    return queries.fit_view(session, service.ask(session, account))
