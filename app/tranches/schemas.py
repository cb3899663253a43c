"""What researchers see of tranches."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.tables import IterationStatus, SnapshotKind, TaskKind, TrancheKind


class IterationName(BaseModel):
    id: str
    name: str
    status: IterationStatus


class TrancheLine(BaseModel):
    id: str
    name: str
    kind: TrancheKind
    created_at: datetime
    frozen_by: IterationName | None
    content_hash: str
    comparisons: int
    conversations: int
    left_out: int
    erased: int


class Spread(BaseModel):
    count: int
    p5: float
    p50: float
    p95: float
    most: float


class Crowdworkers(BaseModel):
    count: int
    largest: Annotated[list[int], Field(description="Comparisons of the ten who gave most; nobody is named.")]
    of_nobody: Annotated[int, Field(description="Comparisons that came from a file.")]


class Pair(BaseModel):
    policies: list[str]
    comparisons: int
    propensity: Annotated[list[float] | None, Field(description="The smallest and the largest, of this pair.")]


class TextVersion(BaseModel):
    task: str
    version: int | None
    comparisons: int
    question: Annotated[str | None, Field(description="What crowdworkers were asked.")] = None


class ImportedFile(BaseModel):
    file: str
    sha256: str
    comparisons: int


class Facts(BaseModel):
    """What `app/tranches/facts.py` counted."""

    first_at: datetime | None
    last_at: datetime | None
    by_split: dict[str, int]
    by_turn: dict[str, int]
    by_direction: dict[str, int]
    conversations_by_comparisons: dict[str, int]
    crowdworkers: Crowdworkers
    seconds_to_choose: Spread | None
    first_picked: Annotated[int, Field(description="How often the response shown as A was picked.")]
    lengths: Annotated[dict[str, Spread | None], Field(description="Characters of message, chosen and rejected.")]
    longer_chosen: int
    equally_long: int
    scripts: Annotated[dict[str, int], Field(description="Of conversations' first messages: script, not language.")]
    texts: list[TextVersion]
    imports: list[ImportedFile]
    pairs: list[Pair]
    pairs_more: int
    comparisons_more: Annotated[int, Field(description="Of the pairs that are not listed.")]
    of_no_two_policies: int


class TaskCount(BaseModel):
    slug: str
    kind: TaskKind
    comparisons: int


class Trained(BaseModel):
    """An iteration that trained on the tranche, and the snapshots that came of it."""

    iteration: IterationName
    snapshots: list["SnapshotName"]


class SnapshotName(BaseModel):
    name: str
    kind: SnapshotKind


class Datasheet(TrancheLine):
    by_task: list[TaskCount]
    by_strength: dict[str, int]
    exclusions: dict[str, int]
    facts: Annotated[Facts | None, Field(description="null: frozen by an older release; a job is counting them.")]
    trained: list[Trained]
    limits: Annotated[list[str], Field(description="What to know before training on it, a sentence each.")]
    commands: Annotated[dict[str, str], Field(description="How to get it again, and how to check it.")]
