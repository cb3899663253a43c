"""What researchers see of crowdworkers, and what they decide about them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.agreement import Share
from app.pay import Money
from app.tables import AssignmentStatus, ConversationStatus, Role, StudyProvider, TaskKind, VisitStatus
from app.words import Note

Sort = Literal["name", "comparisons", "week", "seconds", "strength", "position", "researchers", "pm", "last"]


class CrowdworkerExclusion(BaseModel):
    reason: Annotated[Note | None, Field(description="Why it stays out of new tranches. Null: it no longer does.")]
    since: Annotated[date | None, Field(description="Only what was made on this day (UTC) or later. Null: all.")] = None


class CrowdworkerLine(BaseModel):
    """One crowdworker. A share is null where there is not enough data."""

    id: str
    username: str
    platform: StudyProvider | None
    suspended: bool
    may_edit: bool
    excluded_reason: str | None
    excluded_since: datetime | None
    created_at: datetime
    last_at: Annotated[datetime | None, Field(description="When the newest choice was made.")]
    comparisons: int
    conversations: int
    week: Annotated[int, Field(description="Comparisons since Monday (UTC).")]
    of_all: Annotated[float | None, Field(description="Share of all crowdworkers' comparisons, 0 to 1.")]
    seconds: Annotated[int | None, Field(description="Median time to choose.")]
    strengths: Annotated[list[int], Field(description="Choices of strength 1, 2, 3 and 4.")]
    position: Annotated[Share | None, Field(description="How often A was picked; 0.5 has no bias.")]
    researchers: Annotated[Share | None, Field(description="Blind reviews that picked the same.")]
    reviews: int
    pm: Annotated[Share | None, Field(description="Picked as the PM's scores would; never to be used alone.")]


class Large(BaseModel):
    """Somebody whose choices are a large part of all."""

    id: str
    username: str
    of_all: float


class CrowdworkersFound(BaseModel):
    lines: list[CrowdworkerLine]
    next: Annotated[str | None, Field(description="`after` of the next page. Null: this is the last.")]
    count: Annotated[int, Field(description="Of all pages.")]
    comparisons: Annotated[int, Field(description="Of all crowdworkers.")]
    large: list[Large]
    counted_at: Annotated[datetime | None, Field(description="When the choices were last counted; null: not yet.")]


class Try(BaseModel):
    at: datetime
    text_version: int
    correct: int
    passed: bool


class ByHand(BaseModel):
    qualified: bool
    by: str
    at: datetime


class TaskStanding(BaseModel):
    task: str
    title: str
    state: Literal["none", "needed", "passed", "failed"]
    tries: list[Try]
    tries_left: int | None
    decision: Annotated[ByHand | None, Field(description="A researcher's word, which outranks the tries.")]


class TheirVisit(BaseModel):
    provider: StudyProvider
    study: str
    session: str
    status: VisitStatus
    created_at: datetime
    ended_at: datetime | None


class Assigned(BaseModel):
    id: str
    task: str
    status: AssignmentStatus
    conversations: int
    earned: Money | None
    created_at: datetime
    completed_at: datetime | None


class Held(BaseModel):
    """A conversation, without words."""

    id: str
    task: str
    kind: TaskKind
    status: ConversationStatus
    turns: int
    created_at: datetime


class Reviewed(BaseModel):
    comparison: str
    conversation: str
    by: str
    agreed: bool
    note: str
    at: datetime


class TheirThread(BaseModel):
    messages: int
    unread: Annotated[int, Field(description="From them, that no researcher has looked at.")]
    last_at: datetime | None


class OneCrowdworker(CrowdworkerLine):
    external_id: Annotated[str | None, Field(description="Their id on the platform.")]
    role: Role
    red_team_opt_in: bool
    has_password: bool
    exposure: Annotated[int, Field(description="Red-team conversations ended.")]
    checks: Annotated[int, Field(description="Times they were asked which response a red-team task wants.")]
    checks_right: int
    tasks: list[TaskStanding]
    thread: TheirThread
    visits: list[TheirVisit]
    assignments: Annotated[list[Assigned], Field(description="The newest 20.")]
    latest: Annotated[list[Held], Field(description="The newest 5 conversations.")]
    latest_reviews: Annotated[list[Reviewed], Field(description="The newest 10.")]


class ExclusionPreview(BaseModel):
    """What leaving somebody out would change."""

    left_out: Annotated[int, Field(description="Comparisons that no tranche holds yet, and that none would take.")]
    frozen: Annotated[int, Field(description="Comparisons that stay in the tranches that hold them.")]
    tranches: int


class NewDecision(BaseModel):
    qualified: Annotated[bool | None, Field(description="Null: their own tries count again.")]
    reason: Annotated[Note, Field(description="For the audit log; the person does not see it.")] = ""


class NewRole(BaseModel):
    role: Literal[Role.CROWDWORKER, Role.RESEARCHER]
    reason: Annotated[Note, Field(description="For the audit log.")] = ""
