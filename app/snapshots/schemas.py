"""What the dashboard may know of snapshots and deployments, and what it may ask."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.snapshots.service import Wanted
from app.tables import SnapshotKind


class Deployed(BaseModel):
    task: str | None
    share: float


class Snapshot(BaseModel):
    id: str
    name: str
    kind: SnapshotKind
    created_at: datetime
    iteration: str | None
    metrics: dict[str, Any]
    deployed: list[Deployed]
    erased: int  # comparisons of its iteration whose words are gone at their crowdworker's wish


class DeploymentLine(BaseModel):
    snapshot: str
    share: float
    best_of: int = Field(default=1, ge=1, le=64)

    def wanted(self) -> Wanted:
        return Wanted(self.snapshot, self.share, self.best_of)


class Generation(BaseModel):
    task: str | None
    generation: int
    active: bool
    deployments: list[DeploymentLine]
    created_at: datetime


class Deploy(BaseModel):
    deployments: list[DeploymentLine]
    reason: str | None = Field(default=None, max_length=2000)


class Rollback(BaseModel):
    reason: str | None = Field(default=None, max_length=2000)
