"""The welfare of those who red-team: how much they have had, when to suggest a break, when to ask how they are."""

from sqlalchemy.orm import Session

from app.care import queries
from app.care.exposure import LOOK_BACK, exposure
from app.care.feelings import FEELINGS
from app.care.schemas import Care, Survey
from app.db import now
from app.tables import Account, WellbeingSurvey

SURVEY_EVERY = 10  # red-team conversations, as in the paper's sister study


def care(session: Session, account: Account) -> Care:
    at, ended = now(), queries.ended(session, account)
    lately = exposure(queries.marks(session, account, at - LOOK_BACK), at)
    return Care(
        red_team_conversations=ended,
        today_minutes=round(lately.today.total_seconds() / 60),
        break_suggested=lately.wants_break,
        survey_due=ended - queries.asked_at(session, account) >= SURVEY_EVERY,
        feelings=list(FEELINGS),
    )


def answer(session: Session, account: Account, survey: Survey) -> None:
    """Also one that nobody asked for. A declined one is a row too, so that it is not asked again at once."""
    session.add(
        WellbeingSurvey(
            account_id=account.id,
            conversations=queries.ended(session, account),
            feelings=survey.feelings,
            comment=survey.comment,
        )
    )
    session.flush()
