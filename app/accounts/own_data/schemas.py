"""What a person may know of what is stored about them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app import tables
from app.pay import Money


class TaskProgress(BaseModel):
    task: str
    conversations: int
    comparisons: int


class Week(BaseModel):
    comparisons: int


class OwnProgress(BaseModel):
    conversations: int
    comparisons: int
    by_task: list[TaskProgress]
    earned: list[Money]
    trained_on: Annotated[int, Field(description="Own choices that the newest policy in use was trained on.")]
    week: Annotated[Week, Field(description="The last seven days.")]


class Erase(BaseModel):
    """What must be said before everything is erased: the password, or, without one, the word."""

    password: Annotated[str, Field(max_length=1000)] | None = None
    confirm: Literal["erase"] | None = None


# The export. Everything that is the person's; nothing that tells which policy wrote a response.


class OwnAccount(BaseModel):
    username: str
    platform: str | None
    platform_id: str | None
    role: tables.Role
    created_at: datetime
    consented_at: datetime | None
    consent_version: int | None
    consent_text: str | None
    red_team_opt_in_at: datetime | None
    may_edit: bool


class Response(BaseModel):
    shown: Literal["a", "b", "edited"]
    text: str
    finish: str | None


class Choice(BaseModel):
    picked: Literal["a", "b", "edited"]
    over: Literal["a", "b", "edited"]
    strength: int | None
    at: datetime
    seconds_to_choose: float | None
    superseded_at: datetime | None


class OwnTurn(BaseModel):
    message: str
    sent_at: datetime
    pasted_characters: int | None
    private_kinds: list[Any] | None
    responses: list[Response]
    choices: list[Choice]
    direction_check_right: bool | None


class OwnConversation(BaseModel):
    id: str
    task: str
    status: str
    preview: bool
    created_at: datetime
    completed_at: datetime | None
    red_team_plan: str | None
    comment: str | None
    overall_rating: int | None
    attack_success: int | None
    attack_harm: int | None
    attack_actionability: int | None
    turns: list[OwnTurn]


class OwnAssignment(BaseModel):
    task: str
    status: str
    conversations: int
    completion_code: str | None
    earned: Money | None
    created_at: datetime
    completed_at: datetime | None


class OwnQualification(BaseModel):
    task: str
    text_version: int
    picked: list[Any]
    correct: int
    passed: bool
    at: datetime


class OwnVisit(BaseModel):
    platform: str
    study: str
    session: str
    status: str
    at: datetime


class OwnPayment(BaseModel):
    """Handed over to be paid, or, with `exported_at` null, a bonus that waits for it."""

    kind: Literal["assignment", "bonus"]
    amount: Money
    reason: str | None
    exported_at: datetime | None


class OwnDecision(BaseModel):
    """What researchers decided by hand about who may take a task."""

    task: str
    qualified: bool
    at: datetime


class OwnReport(BaseModel):
    response: str
    reason: str
    comment: str | None
    at: datetime


class OwnMessage(BaseModel):
    author: Literal["you", "researchers"]
    text: str
    at: datetime


class OwnSurvey(BaseModel):
    feelings: dict[str, Any] | None
    comment: str | None
    at: datetime


class OwnData(BaseModel):
    exported_at: datetime
    account: OwnAccount
    assignments: list[OwnAssignment]
    conversations: list[OwnConversation]
    qualifications: list[OwnQualification]
    qualification_decisions: list[OwnDecision]
    study_visits: list[OwnVisit]
    payments: list[OwnPayment]
    reports: list[OwnReport]
    messages: list[OwnMessage]
    wellbeing_surveys: list[OwnSurvey]
