"""What any figure of the dashboard is; one React component draws it, so a new figure is one function from rows."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field


class Axis(BaseModel):
    label: str
    unit: str = ""


class Point(BaseModel):
    x: float | date | str
    y: float
    low: float | None = None  # 95 % interval, where there is one
    high: float | None = None


class Series(BaseModel):
    name: str
    points: list[Point]


class Figure(BaseModel):
    name: str
    title: str
    x: Axis
    y: Axis
    series: list[Series] = []
    how_to_read: Annotated[str, Field(description="One or two sentences below the chart.")]
    missing: Annotated[str | None, Field(description="What is missing, and what would bring it; null: nothing.")] = None
