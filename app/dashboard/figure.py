"""What any figure of the dashboard is; one React component draws it, so a new figure is one function from rows."""

import csv
import hashlib
import io
import json
import shlex
from datetime import date
from math import isfinite
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, Field


class Asked(NamedTuple):
    """What a figure may be asked for; each takes what it knows, and None is its own choice."""

    iteration: str | None = None  # its id
    task: str | None = None  # its slug
    week: date | None = None  # a Monday
    snapshot: str | None = None  # its name
    crowdworker: str | None = None  # the user name


class Axis(BaseModel):
    label: str
    unit: str = ""
    scale: Literal["log"] | None = None


class Point(BaseModel):
    x: float | date | str
    y: float
    low: float | None = None  # 95 % interval, where there is one
    high: float | None = None
    of: Annotated[int | None, Field(description="How many were counted, where y is a share of them.")] = None


Role = Literal["companion", "reference", "background"]
ROLES = (
    "null: what the figure is about. companion: belongs to the series before it, such as its fitted line; reference: "
    "what would be, not what was measured; background: measured too, but not what the figure is about."
)


class Series(BaseModel):
    name: str
    points: list[Point]
    role: Annotated[Role | None, Field(description=ROLES)] = None


class Figure(BaseModel):
    name: str
    title: str
    kind: Annotated[
        Literal["line", "points", "matrix", "histogram"],
        Field(description="matrix: a series is a row, and x names the column. histogram: x is the middle of a bin."),
    ] = "line"
    x: Axis
    y: Axis
    series: list[Series] = []
    finding: Annotated[str | None, Field(description="What the numbers say together, in a sentence.")] = None
    how_to_read: Annotated[str, Field(description="One or two sentences below the chart.")]
    interval: Annotated[str | None, Field(description="What low and high are, or why there are none.")] = None
    paper: Annotated[
        str | None, Field(description="The figure of Bai et al. 2022 it answers to, or that none does.")
    ] = None
    command: Annotated[str, Field(description="What prints the same numbers in a terminal.")] = ""
    data_hash: Annotated[str, Field(description="sha256 of the series: the same numbers, the same hash.")] = ""
    missing: Annotated[str | None, Field(description="What is missing, and what would bring it; null: nothing.")] = None


def finite(figure: Figure) -> Figure:
    """Without what is no number: a run that diverged has such metrics, and no chart can show them."""
    for series in figure.series:
        series.points = [_without_infinite_ends(point) for point in series.points if _is_finite(point)]
    kept = [series for series in figure.series if series.points]
    said = figure.missing or (None if kept or not figure.series else "Not enough data: none of it is a number.")
    return figure.model_copy(update={"series": kept, "missing": said})


def _is_finite(point: Point) -> bool:
    return isfinite(point.y) and (not isinstance(point.x, float) or isfinite(point.x))


def _without_infinite_ends(point: Point) -> Point:
    ends = [end for end in (point.low, point.high) if end is not None]
    return point if all(map(isfinite, ends)) else point.model_copy(update={"low": None, "high": None})


def signed(figure: Figure, asked: Asked) -> Figure:
    """With how to get it again, and how to see that it is the same."""
    options = [
        f"--{option} {shlex.quote(str(value))}" for option, value in asked._asdict().items() if value is not None
    ]
    command = " ".join(["turnwise figure", figure.name, *options])
    series = json.dumps([series.model_dump(mode="json") for series in figure.series], sort_keys=True)
    data_hash = hashlib.sha256(series.encode()).hexdigest()
    return figure.model_copy(update={"command": command, "data_hash": data_hash})


def as_csv(figure: Figure) -> str:
    """A line per point, and one above them."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["series", "x", "y", "low", "high", "of"])
    for series in figure.series:
        lines.writerows([series.name, point.x, point.y, point.low, point.high, point.of] for point in series.points)
    return out.getvalue()
