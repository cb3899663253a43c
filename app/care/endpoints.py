"""How much red-teaming somebody has had, and how they are."""

from fastapi import APIRouter

from app.care import service, surveys
from app.care.schemas import Care, Survey, SurveyWeek
from app.deps import CurrentAccount, Reading, Researcher, Writing

router = APIRouter(tags=["care"])


@router.get("/care")
def get_care(account: CurrentAccount, session: Reading) -> Care:
    return service.care(session, account)


@router.post("/care/survey", status_code=204)
def answer_survey(body: Survey, account: CurrentAccount, session: Writing) -> None:
    service.answer(session, account, body)


@router.get("/care/surveys")
def get_surveys(_: Researcher, session: Reading) -> list[SurveyWeek]:
    return surveys.by_week(session)
