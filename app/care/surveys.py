"""How those who red-team are, for researchers: by week, and never by person.

Five people or more make a mean. Comments are not shown here: words name their author sooner than numbers do.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from statistics import mean

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.feelings import FEELINGS
from app.care.schemas import Felt, SurveyWeek
from app.tables import Account, Role, WellbeingSurvey
from app.weeks import monday_of

FEWEST_PEOPLE = 5


def by_week(session: Session) -> list[SurveyWeek]:
    """Newest first. Declined surveys have no feelings and count for nobody."""
    answered = select(WellbeingSurvey).join(Account, Account.id == WellbeingSurvey.account_id)
    weeks = defaultdict[date, list[WellbeingSurvey]](list)
    for survey in session.scalars(answered.where(Account.role == Role.CROWDWORKER)):
        if survey.feelings:
            weeks[monday_of(survey.created_at)].append(survey)
    found = [_week(monday, surveys) for monday, surveys in sorted(weeks.items(), reverse=True)]
    return [week for week in found if week.people >= FEWEST_PEOPLE]


def _week(monday: date, surveys: Sequence[WellbeingSurvey]) -> SurveyWeek:
    return SurveyWeek(
        monday=monday,
        people=len({survey.account_id for survey in surveys}),
        feelings=[Felt(feeling=name, mean=_mean(name, surveys)) for name in FEELINGS],
    )


def _mean(feeling: str, surveys: Sequence[WellbeingSurvey]) -> float | None:
    """Over people, each with the mean of their own answers: who answers often is one person."""
    own = defaultdict[str, list[int]](list)
    for survey in surveys:
        if survey.feelings and feeling in survey.feelings:
            own[survey.account_id].append(survey.feelings[feeling])
    return round(mean(map(mean, own.values())), 1) if len(own) >= FEWEST_PEOPLE else None
