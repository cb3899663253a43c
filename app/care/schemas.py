"""Care as the page sees it."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.care.feelings import FEELINGS
from app.words import Note


class Care(BaseModel):
    red_team_conversations: Annotated[int, Field(description="That have ended, of all time.")]
    today_minutes: Annotated[int, Field(description="Of red-teaming, since the last night.")]
    break_suggested: bool
    survey_due: bool
    feelings: Annotated[list[str], Field(description="The names that the survey asks about, in order.")]


Degree = Annotated[int, Field(ge=0, le=4, strict=True)]


def _known(feelings: dict[str, int]) -> dict[str, int]:
    if unknown := sorted(feelings.keys() - set(FEELINGS)):
        raise ValueError(f"“{unknown[0]}” is not one of {', '.join(FEELINGS)}")
    if not feelings:
        raise ValueError("answer at least one, or send null to decline")
    return feelings


class Survey(BaseModel):
    feelings: Annotated[dict[str, Degree], AfterValidator(_known)] | None = Field(
        description="Name to 0 … 4; those left out were not answered. Null: declined."
    )
    comment: Note | None = None


class Felt(BaseModel):
    feeling: str
    mean: Annotated[float | None, Field(description="0 … 4. Null: too few people said.")]


class SurveyWeek(BaseModel):
    monday: Annotated[date, Field(description="The week's first day, in UTC.")]
    people: Annotated[int, Field(description="Who answered; weeks with too few to hide among are left out.")]
    feelings: list[Felt]
