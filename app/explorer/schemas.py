"""What researchers see of conversations. Words of a red-team conversation are null until somebody opens it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.tables import (
    CandidateStatus,
    ChoiceDirection,
    ConversationStatus,
    ReportReason,
    TaskKind,
    TrancheKind,
    TurnStatus,
)
from app.words import Note

Shown = Literal["a", "b", "edited"]
Split = Literal["train", "test"]


class TaskName(BaseModel):
    slug: str
    kind: TaskKind


class FilterChoices(BaseModel):
    """What there is to choose from."""

    tasks: list[TaskName]
    snapshots: Annotated[list[str], Field(description="Policies, newest first.")]


class Part(BaseModel):
    text: str
    is_match: bool


class Passage(BaseModel):
    """A piece of one text: where a search found its words, else the beginning of the first message."""

    turn: Annotated[int, Field(description="0 is the first.")]
    of: Literal["human", "a", "b", "edited"]
    parts: list[Part]


class Crowdworker(BaseModel):
    id: str
    username: str
    excluded_reason: str | None


class Found(BaseModel):
    id: str
    task: TaskName
    status: ConversationStatus
    crowdworker: str | None
    imported_from: Annotated[str | None, Field(description="A file's name. Null: held here.")]
    created_at: datetime
    turns: int
    choices: int
    kinds: list[TrancheKind]
    strengths: list[int]
    split: Split | None
    edited: bool
    reports: int
    open_reports: int
    covered: Annotated[bool, Field(description="A red-team conversation: its words are not in this list.")]
    passage: Passage | None


class FoundPage(BaseModel):
    found: list[Found]
    next: Annotated[int | None, Field(description="`before` of the next page. Null: this is the last.")]
    count: Annotated[int | None, Field(description="Of all pages; with the first one only.")]
    counted_all: Annotated[bool, Field(description="False: there are more than `count`.")]
    red_team_searched: Annotated[
        bool, Field(description="False: words were looked for, but not in red-team conversations (not agreed to).")
    ]


class ReportShown(BaseModel):
    id: str
    reason: ReportReason
    comment: str | None
    reported_by: str | None
    created_at: datetime
    handled_by: str | None
    handled_at: datetime | None


class OneOfSeveral(BaseModel):
    text: str | None
    finish: str | None
    score: float | None


class CandidateDeployment(BaseModel):
    generation: int
    share: float
    best_of: int


class CandidateShown(BaseModel):
    id: str
    shown: Shown
    status: CandidateStatus
    text: str | None
    finish: str | None
    snapshot: str | None
    deployment: CandidateDeployment | None
    seed: int | None
    sampling: dict[str, Any] | None
    best_of: Annotated[list[OneOfSeveral], Field(description="All that were sampled, where the best one was shown.")]
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_ms: int | None
    total_ms: int | None
    score: float | None
    scored_by: str | None
    edited_from: Shown | None
    is_trunk: bool | None
    reports: list[ReportShown]


class ComparisonShown(BaseModel):
    id: str
    picked: Shown
    other: Shown
    chosen: Annotated[
        Shown, Field(description="Training's better one: the picked, or the other where asked for worse.")
    ]
    strength: int | None
    choice_direction: ChoiceDirection
    kind: TrancheKind
    propensity: float | None
    text_version: int | None
    seconds_to_choose: float | None
    created_at: datetime
    superseded_at: datetime | None
    tranche: str | None
    content_hash: str | None
    excluded_reason: str | None
    left_out_because: Annotated[
        str | None,
        Field(description="Why the next tranche would not take it. Null: it would, or one holds it already."),
    ]
    import_line: int | None


class TurnShown(BaseModel):
    id: str
    position: int
    text: str | None
    status: TurnStatus
    error: str | None
    attempt: int
    pasted_characters: int | None
    private_kinds: list[str]
    direction_understood: Annotated[bool | None, Field(description="Null: it was not asked here.")]
    created_at: datetime
    ready_at: datetime | None
    candidates: list[CandidateShown]
    comparisons: Annotated[list[ComparisonShown], Field(description="Oldest first; the current one is not superseded.")]


class Transcript(BaseModel):
    id: str
    task: TaskName
    status: ConversationStatus
    crowdworker: Crowdworker | None
    imported_from: str | None
    split: Split | None
    family: str | None
    system: str
    assignment_id: str | None
    position: int | None
    created_at: datetime
    completed_at: datetime | None
    overall_rating: int | None
    attack_success: int | None
    attack_harm: int | None
    attack_actionability: int | None
    comment: str | None
    red_team_plan: str | None
    covered: Annotated[bool, Field(description="Its words are left out: POST …/openings gives them.")]
    turns: list[TurnShown]


class Exclusion(BaseModel):
    reason: Annotated[Note | None, Field(description="Why it stays out of new tranches. Null: it no longer does.")]
