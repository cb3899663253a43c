"""What the dashboard may know of snapshots and deployments, and what it may ask."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.snapshots.shares import Wanted
from app.tables import SnapshotKind
from app.words import Note

Seen = Annotated[
    int | None, Field(description="The generation that was looked at; 409 if another one is active by now.")
]


class Deployed(BaseModel):
    task: str | None
    share: float
    full_share: Annotated[float | None, Field(description="Of a canary: its share once promoted.")] = None


class Snapshot(BaseModel):
    id: str
    name: str
    kind: SnapshotKind
    created_at: datetime
    iteration: str | None
    metrics: dict[str, Any]
    deployed: list[Deployed]
    erased: int  # comparisons of its iteration whose words are gone at their crowdworker's wish
    evaluated: bool
    retired_at: datetime | None


class Name(BaseModel):
    name: str
    kind: SnapshotKind
    retired: bool
    sampled: Annotated[bool, Field(description="It has said something to the fixed prompts.")]


class Measured(BaseModel):
    """One number of an evaluation, and what it is to be read against."""

    quantity: str
    value: float
    low: float | None = None
    high: float | None = None
    against: Annotated[float | None, Field(description="The initial policy's, or the longer response's.")] = None


class Evaluated(BaseModel):
    kind: str
    created_at: datetime
    iteration: str | None
    of: Annotated[int, Field(description="Comparisons (PM) or prompts (policy).")]
    measured: list[Measured]


class Relative(BaseModel):
    """Another snapshot: what it is made from, or what is made from it. `registered`: it has a page."""

    name: str
    relation: Literal["reward", "parent", "same run", "trained against it"]
    registered: bool = True


class SnapshotElo(BaseModel):
    task: str
    best_of: int
    elo: float | None
    low: float | None
    high: float | None
    comparisons: int
    missing: str | None


class Term(BaseModel):
    """A time during which it was deployed with one share."""

    task: str | None
    generation: int
    share: float
    full_share: float | None
    best_of: int
    since: datetime
    until: datetime | None


class Gate(BaseModel):
    iteration_id: str
    iteration: str
    passed: bool | None  # None: it has not come so far
    reason: str | None


class SnapshotPage(BaseModel):
    snapshot: Snapshot
    base: dict[str, str]
    system: str | None
    data_hash: str | None
    config: dict[str, Any]
    files: Annotated[dict[str, str], Field(description="sha256 by file name, as the manifest has them.")]
    bytes: Annotated[int | None, Field(description="On disk; null: the base itself, or not there.")]
    temperature: float | None
    reference_mean: float | None
    run_id: str | None
    gate: Gate | None
    evaluations: list[Evaluated]
    relatives: list[Relative]
    elo: list[SnapshotElo]
    terms: list[Term]
    prompts_answered: Annotated[int, Field(description="Fixed prompts of which a median is kept.")]


class Said(BaseModel):
    text: Annotated[str | None, Field(description="Null: covered.")]
    score: float
    scores: Annotated[list[float], Field(description="Of all the responses it is the median of, ascending.")]
    pm: str


class PromptMessage(BaseModel):
    role: str
    content: str


class SampledPrompt(BaseModel):
    """A fixed prompt, and what two snapshots say to it."""

    id: str
    prompt: list[PromptMessage]
    is_red_team: bool
    covered: bool
    a: Said
    b: Said


class SideBySide(BaseModel):
    a: str
    b: str
    prompts: list[SampledPrompt]
    only_a: Annotated[int, Field(description="Prompts that the other one has not answered.")]
    only_b: int
    missing: Annotated[str | None, Field(description="Why there is nothing to compare.")]


class DeploymentLine(BaseModel):
    snapshot: str
    share: float
    best_of: int = Field(default=1, ge=1, le=64)
    full_share: Annotated[float | None, Field(description="Of a canary generation: once promoted.")] = None


class WantedLine(BaseModel):
    snapshot: str
    share: float
    best_of: int = Field(default=1, ge=1, le=64)

    def wanted(self) -> Wanted:
        return Wanted(self.snapshot, self.share, self.best_of)


class Generation(BaseModel):
    task: str | None
    generation: int
    active: bool
    canary: bool
    deployments: list[DeploymentLine]
    created_at: datetime
    created_by: Annotated[str | None, Field(description="Null: the week, or the command line.")] = None
    action: Annotated[str | None, Field(description="deploy, promote or rollback.")] = None
    reason: str | None = None
    iteration: str | None = None


class Deploy(BaseModel):
    deployments: list[WantedLine]
    reason: Note | None = None
    canary: Annotated[
        float | None, Field(gt=0, le=50, description="Percent with which each new one begins, until it is promoted.")
    ] = None
    seen: Seen = None


class Decide(BaseModel):
    reason: Note | None = None
    seen: Seen = None


class Retire(BaseModel):
    reason: Note


class Unretire(BaseModel):
    reason: Note | None = None
