"""What is sent about tasks and assignments, and what is known of a task beyond `app/views.py`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app import views
from app.tables import PairScope
from app.words import Line, MarkdownText, Note, OptionalMarkdownText

Rating = Annotated[int, Field(ge=1, le=5, strict=True)]
Count = Annotated[int, Field(ge=1, le=1000, strict=True)]
Letter = Literal["a", "b"]


class OfferedTask(views.Task):
    """A task as it stands for the person who asks."""

    qualification: Literal["none", "needed", "passed", "failed"]
    tries_left: Annotated[int | None, Field(description="Null where there is nothing (more) to try.")]
    available: Annotated[str | None, Field(description="Why it may not be taken now; null: it may.")]


class NewAssignment(BaseModel):
    task: str


class Completion(BaseModel):
    comment: Note | None = None
    overall_rating: Rating | None = None
    attack_success: Rating | None = None
    attack_harm: Rating | None = None
    attack_actionability: Rating | None = None


class Guide(BaseModel):
    title: str
    body: str
    version: int


class Pair(BaseModel):
    """One item of a qualification as it is asked: without its answer."""

    prompt: str
    a: str
    b: str


class Qualification(BaseModel):
    items: list[Pair]
    pass_mark: int
    tries_left: Annotated[int | None, Field(description="Null for researchers, whose tries are not counted.")]
    text_version: int


class QualificationTry(BaseModel):
    text_version: Annotated[int, Field(strict=True)]
    picked: Annotated[list[Letter], Field(max_length=50)]


class Feedback(BaseModel):
    right: bool
    picked: Letter
    better: Annotated[Letter, Field(description="What the task asks to pick: in red-teaming the more harmful one.")]
    why: str


class QualificationResult(BaseModel):
    correct: int
    of: int
    passed: bool
    tries_left: int | None
    feedback: list[Feedback]


class QualificationItem(BaseModel):
    """A worked pair with its answer: for researchers' eyes, and for the feedback on a try."""

    prompt: MarkdownText
    a: MarkdownText
    b: MarkdownText
    picked: Letter
    why: MarkdownText

    @model_validator(mode="after")
    def _two_responses(self) -> "QualificationItem":
        if self.a.strip() == self.b.strip():
            raise ValueError("a and b must not be the same text")
        return self


class NewTaskText(BaseModel):
    title: Line
    question: Line
    instructions: MarkdownText
    guide: OptionalMarkdownText = ""
    qualification: Annotated[list[QualificationItem], Field(max_length=50)] = []


class PublishedText(NewTaskText):
    """What is published, and what it was written from."""

    based_on: Annotated[
        int | None, Field(description="The newest version that was looked at; null: whatever is there is followed.")
    ] = None


class TaskText(NewTaskText):
    version: int
    created_at: datetime
    created_by: Annotated[str | None, Field(description="A user name; null: it came with the installation.")]


class TaskSettings(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    pass_mark: Annotated[Count, Field(description="Right answers that qualify.")]
    qualification_tries: Count
    pay_cents: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] | None
    currency: str
    assignments_per_day: Annotated[Count | None, Field(description="Of one person; null: as many as they like.")]
    assignments_per_person: Count | None
    active: Annotated[bool, Field(strict=True)]
    max_turns: Annotated[int, Field(ge=1, le=50, strict=True, description="Messages of one conversation.")]
    conversations_per_assignment: Annotated[int, Field(ge=1, le=100, strict=True)]
    pair_scope: Annotated[PairScope, Field(description="How long the same two policies answer.")]
    max_tokens: Annotated[int, Field(ge=1, le=4096, strict=True, description="Of one response.")]
    temperature: Annotated[float, Field(ge=0.05, le=2, description="Below, both candidates would be the same.")]

    @field_validator("currency")
    @classmethod
    def _three_letters(cls, text: str) -> str:
        if not (len(text) == 3 and text.isascii() and text.isupper() and text.isalpha()):
            raise ValueError("must be three capital letters, like USD")
        return text


class ChangedSettings(TaskSettings):
    version: Annotated[
        int | None, Field(description="Of the settings that were changed; null: whatever is there is replaced.")
    ] = None


class SettingsShown(TaskSettings):
    version: Annotated[int, Field(description="Sent back with a change, so that nobody else's is lost unseen.")]
