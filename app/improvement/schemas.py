"""The improvement page, as researchers get it and as it is stored when it is shared."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.dashboard.figure import Figure
from app.tables import IterationStatus
from app.words import Line


class SheetElo(BaseModel):
    elo: float
    low: float | None
    high: float | None


class SheetColumn(BaseModel):
    """A week's policy. Week 0 is the initial one."""

    number: int
    name: Annotated[str, Field(description="Of the iteration; initial in week 0.")]
    snapshot: str
    status: IterationStatus | None
    pm: Annotated[str | None, Field(description="Whose median it is. In week 0 that of the last column.")]
    elo: Annotated[SheetElo | None, Field(description="By crowdworkers; null: not enough data.")]


class SheetAnswer(BaseModel):
    """The median by the PM of so many responses."""

    text: str
    of: int
    gain: Annotated[float | None, Field(description="The PM's score above what the same PM gives week 0's.")]


class SheetSaid(BaseModel):
    role: str
    content: str


class SheetRow(BaseModel):
    prompt: list[SheetSaid]
    is_red_team: bool
    answers: Annotated[list[SheetAnswer | None], Field(description="One per column.")]


class Sheet(BaseModel):
    columns: list[SheetColumn]
    rows: list[SheetRow]
    curves: list[Figure]
    task: Annotated[str | None, Field(description="Whose Elo it is; a slug.")]
    red_team_left_out: int = 0
    crowdworkers_left_out: Annotated[int, Field(description="Prompts in a crowdworker's words; never shared.")] = 0
    missing: Annotated[str | None, Field(description="Why there is nothing to lay side by side.")] = None
    made_at: datetime


class WeekChoice(BaseModel):
    number: int
    name: str
    snapshot: str
    status: IterationStatus
    answers: Annotated[int, Field(description="Prompts that it has answered.")]


class Improvement(BaseModel):
    weeks: Annotated[list[WeekChoice], Field(description="All there are; week 0 is always there.")]
    sheet: Sheet


class NewSharedSheet(BaseModel):
    title: Line
    weeks: Annotated[list[str] | None, Field(max_length=10, description="Iterations' names; null: chosen here.")] = None
    red_team: bool = False
    task: str | None = None


class SharedSheet(BaseModel):
    id: str
    title: str
    url: Annotated[str | None, Field(description="Null once revoked.")]
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
