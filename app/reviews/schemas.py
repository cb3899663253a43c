"""What a reviewer sees before their own pick, and after it. Before: nothing of what the crowdworker, the PM or another
researcher made of the pair, and nothing that says which policy wrote what."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.agreement import Share
from app.tables import ChoiceDirection, TaskKind
from app.words import Key, Note


class DrawWanted(BaseModel):
    """Which comparisons are drawn from; without either: of those who were reviewed least."""

    crowdworker: Annotated[str | None, Field(max_length=64, description="A user name.")] = None
    tranche: Annotated[str | None, Field(max_length=300, description="Its name.")] = None
    red_team: Annotated[bool, Field(description="Red-team conversations too; for who has agreed to the warning.")] = (
        False
    )


class Said(BaseModel):
    human: str
    assistant: str


class Side(BaseModel):
    id: str
    text: str


class Drawn(BaseModel):
    """One comparison to be reviewed: the dialogue up to its message, and both responses, a and b in an order of this
    reviewer's own."""

    comparison: str
    task: str
    kind: TaskKind
    choice_direction: ChoiceDirection
    question: Annotated[str, Field(description="As the crowdworker was asked.")]
    before: list[Said]
    human: str
    a: Side
    b: Side


class Draw(BaseModel):
    drawn: Annotated[Drawn | None, Field(description="Null: there is nothing left to review; `why` says more.")]
    why: str | None


class Pick(BaseModel):
    picked: Annotated[Key | None, Field(description="The candidate's id. Null: skip it for good.")]
    strength: Annotated[int | None, Field(ge=1, le=4, strict=True)] = None
    seconds: Annotated[float | None, Field(ge=0, le=86_400, description="From seeing both to the pick.")] = None


class NewNote(BaseModel):
    note: Note


class OthersPick(BaseModel):
    by: str
    picked: Literal["a", "b"]
    strength: int | None
    note: str


class Revealed(BaseModel):
    """What the pick is to be compared with; a and b as the reviewer had them."""

    comparison: str
    conversation: str
    picked: Literal["a", "b"] | None
    strength: int | None
    crowdworker: str | None
    crowdworker_picked: Literal["a", "b"] | None
    crowdworker_strength: int | None
    score_a: Annotated[float | None, Field(description="The PM's; null unless it scored both.")]
    score_b: float | None
    scored_by: str | None
    policy_a: Annotated[str | None, Field(description="Who wrote it; null: from a file.")]
    policy_b: str | None
    others: list[OthersPick]
    note: str


class Reviewer(BaseModel):
    username: str
    reviews: int
    with_crowdworkers: Share | None
    picked_a: Annotated[Share | None, Field(description="How often the left one; the order is tossed for each.")]


class PairOfReviewers(BaseModel):
    """Two researchers on the comparisons that both reviewed."""

    one: str
    other: str
    both: int
    agreement: Share | None
    kappa: Annotated[float | None, Field(description="Cohen's; null: not enough data, or undefined.")]


class Reviews(BaseModel):
    """How much researchers agree, with crowdworkers and with each other."""

    reviews: int
    skipped: int
    with_crowdworkers: Share | None
    reviewers: list[Reviewer]
    pairs: list[PairOfReviewers]
    newest_at: datetime | None
