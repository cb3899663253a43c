"""What the dashboard may know of iterations, and what it may ask."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.iterations import config_fields
from app.iterations.config_fields import Override
from app.tables import IterationStatus, RunStatus, StageStatus
from app.words import Note

Overrides = dict[str, Override]


def _checked(overrides: Overrides) -> Overrides:
    for name, value in overrides.items():
        config_fields.check(name, value)
    return overrides


WantedOverrides = Annotated[Overrides, AfterValidator(_checked)]


class Preset(BaseModel):
    name: str
    description: str


class StageEstimate(BaseModel):
    stage: str
    seconds: float


class Estimate(BaseModel):
    seconds: float
    stages: list[StageEstimate]
    basis: Literal["past runs", "estimate"]


class Progress(BaseModel):
    phase: str
    done: int
    total: int
    seconds_left: float | None = None


class Stage(BaseModel):
    stage: str
    attempt: int
    status: StageStatus
    started_at: datetime | None = None
    finished_at: datetime | None = None
    usual_seconds: Annotated[
        float | None, Field(description="Median of earlier iterations with this preset; of one iteration alone.")
    ] = None
    progress: Progress | None = None
    result: dict[str, Any] | None = None
    error: str | None = None
    training_run_id: str | None = None


class Iteration(BaseModel):
    id: str
    number: int
    name: str
    preset: str
    overrides: dict[str, Any]
    status: IterationStatus
    reason: str | None
    cancelling: Annotated[bool, Field(description="Asked to end; its stage is stopping.")]
    created_at: datetime
    finished_at: datetime | None
    started_by: str | None
    newer_deployed: Annotated[
        str | None, Field(description="A later iteration that has been deployed; of one iteration alone.")
    ] = None
    stages: list[Stage]


class WeekPM(BaseModel):
    snapshot: str | None
    accuracy: float
    low: float | None
    high: float | None
    comparisons: Annotated[int, Field(description="Test comparisons that this is from.")]


class WeekElo(BaseModel):
    task: str
    elo: float
    low: float | None
    high: float | None


class WeekPolicy(BaseModel):
    snapshot: str
    kl: Annotated[float | None, Field(description="Nats per response to the initial policy.")]
    elo: Annotated[list[WeekElo], Field(description="On the newest leaderboard, over all weeks.")]


class TimelineWeek(BaseModel):
    """One iteration of the timeline: what it froze, made and took."""

    id: str
    number: int
    name: str
    preset: str
    status: IterationStatus
    reason: str | None
    created_at: datetime
    started_by: str | None
    stage: Annotated[str | None, Field(description="At work, or where it ended; null: at none.")]
    seconds: Annotated[float | None, Field(description="That its stages were at work, all attempts together.")]
    comparisons_new: Annotated[int | None, Field(description="Frozen by it.")]
    comparisons: Annotated[int | None, Field(description="That it trained and tested on.")]
    pm: WeekPM | None
    policy: WeekPolicy | None


class Timeline(BaseModel):
    weeks: list[TimelineWeek]
    next: Annotated[int | None, Field(description="`before` of the next page.")]
    count: int


class Thing(BaseModel):
    """What went into a stage or came out of it."""

    kind: Literal["tranche", "pm", "policy", "iteration", "deployment"]
    name: str
    fact: str


class Attempt(BaseModel):
    attempt: int
    status: StageStatus
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class Run(BaseModel):
    id: str
    name: Annotated[str, Field(description="Of its directory, e.g. test-pm-1f3a9c20.")]
    module: str
    status: RunStatus
    attempt: Annotated[int, Field(description="Starts that were not preempted.")]
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class StageDetail(BaseModel):
    """One stage of an iteration, as far as it has come."""

    stage: str
    input_hash: Annotated[str | None, Field(description="Of config and earlier results; null until it succeeded.")]
    inputs: list[Thing]
    more_inputs: Annotated[int, Field(description="Older tranches that are not listed.")]
    config: Annotated[
        dict[str, dict[str, Any]] | None,
        Field(description="Sections that it reads, whole. Null: not begun, or before configs were kept."),
    ]
    overridden: Annotated[list[str], Field(description="Fields that this iteration sets, not its preset.")]
    outputs: list[Thing]
    result: dict[str, Any] | None
    attempts: list[Attempt]
    runs: Annotated[list[Run], Field(description="Its child processes, the newest first.")]


class Start(BaseModel):
    preset: str
    overrides: WantedOverrides = {}


class Overrule(BaseModel):
    reason: Annotated[Note, Field(description="Why the gate is not followed; it is recorded.")]


class Schedule(BaseModel):
    cron: Annotated[str, Field(max_length=200)]
    timezone: Annotated[str, Field(max_length=64)]
    enabled: bool
    preset: str
    overrides: Overrides = {}
    min_new_comparisons: Annotated[int, Field(ge=0, le=1_000_000_000)]


class ScheduleChange(Schedule):
    overrides: WantedOverrides = {}
    first_run_at: Annotated[
        datetime | None,
        Field(description="The first start, instead of the cron's next; without an offset: in the time zone."),
    ] = None
    version: Annotated[
        int | None, Field(description="That was read; then a change made meanwhile is refused with 409.")
    ] = None


class Starts(BaseModel):
    sentence: Annotated[str, Field(description="The cron expression in words.")]
    next_runs: Annotated[list[datetime], Field(description="The next three, with the time zone's offset.")]


class ScheduleAnswer(Schedule, Starts):
    next_run_at: datetime
    version: int
    changed_at: Annotated[datetime | None, Field(description="By a person.")]
    changed_by: str | None


class MetricSeries(BaseModel):
    name: str
    every: Annotated[int, Field(description="Points of which one is told (about, where steps are uneven); 1: all.")]
    points: list[tuple[int, float]]


class Metric(BaseModel):
    """A curve that a run has, with its last point."""

    name: str
    step: int
    value: float
