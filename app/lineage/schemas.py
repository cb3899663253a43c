"""Lineage as the page draws it: things in columns, and what was made from what."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field


class Column(StrEnum):
    TRANCHES = "tranches"
    PMS = "pms"
    POLICIES = "policies"
    DEPLOYMENTS = "deployments"
    EARNED = "earned"


class Node(BaseModel):
    id: str
    column: Column
    name: str
    facts: Annotated[list[str], Field(description="Short ones, for a line each.")]
    since: datetime | None = None
    until: Annotated[datetime | None, Field(description="Null: still so.")] = None
    comparisons: int | None = None
    asked: Annotated[bool, Field(description="It is the thing whose lineage this is.")] = False


class Edge(BaseModel):
    made_from: str
    made: str


class Lineage(BaseModel):
    of: str
    iteration_id: str | None
    nodes: list[Node]
    edges: list[Edge]
    omitted: Annotated[int, Field(description="Older policies that are not drawn.")]
    missing: Annotated[str | None, Field(description="Why there is nothing to draw.")] = None
