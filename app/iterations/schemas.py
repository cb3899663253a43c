"""What the dashboard may know of iterations, and what it may ask."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.tables import IterationStatus, StageStatus

Override = int | float | bool | str | None
Overrides = dict[str, Override]


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
    created_at: datetime
    finished_at: datetime | None
    started_by: str | None
    stages: list[Stage]


class Start(BaseModel):
    preset: str
    overrides: Overrides = {}


class Overrule(BaseModel):
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class Schedule(BaseModel):
    cron: str
    timezone: str
    enabled: bool
    preset: str
    overrides: Overrides = {}
    min_new_comparisons: Annotated[int, Field(ge=0)]


class ScheduleAnswer(Schedule):
    next_run_at: datetime


class MetricSeries(BaseModel):
    name: str
    points: list[tuple[int, float]]
