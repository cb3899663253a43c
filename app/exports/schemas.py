"""What researchers ask for, and what became of it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.tables import ExportStatus, TaskKind


class ExportFormat(BaseModel):
    name: str
    words: str
    suffix: str


class ExportWanted(BaseModel):
    """Neither tranche nor iteration: everything that is frozen or could be now."""

    format: str = "hh"
    task: Annotated[TaskKind | None, Field(description="Only such tasks; null: all.")] = None
    tranche: Annotated[str | None, Field(description="Its name, or its id.")] = None
    iteration: Annotated[str | None, Field(description="Its id: all tranches that it trains on.")] = None


class ExportShown(BaseModel):
    id: str
    format: str
    task: TaskKind | None
    tranche: str | None
    iteration: str | None
    status: ExportStatus
    reason: Annotated[str | None, Field(description="Why failed, cancelled or deleted.")]
    asked_by: str | None
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    rows_done: int
    rows_total: int | None
    bytes: int | None
    sha256: str | None
    file_name: str | None
    allowed: Annotated[
        bool, Field(description="false: it holds red-team words, and you have not agreed to the warning.")
    ]
