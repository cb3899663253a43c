"""The leaderboard as it is stored in a row and as the page gets it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.tables import EloFitStatus, TaskKind


class Elo(BaseModel):
    """Against the initial policy, which stands at 0."""

    elo: float
    low: Annotated[float | None, Field(description="95 % interval; null: too few crowdworkers to tell.")] = None
    high: float | None = None


class Standing(BaseModel):
    """One snapshot (or the best of several of its responses) on one board."""

    snapshot: str
    best_of: int
    iteration: str | None
    comparisons: Annotated[int, Field(description="With other policies.")]
    crowdworkers: int
    elo: Annotated[Elo | None, Field(description="Interval by the bootstrap over crowdworkers. Null: see `missing`.")]
    sandwich: Annotated[Elo | None, Field(description="The same Elo, its interval by the sandwich estimator.")]
    equal_length: Annotated[Elo | None, Field(description="Elo were all responses equally long.")]
    missing: Annotated[str | None, Field(description="Why there is not enough data for an Elo.")]
    met_initial: Annotated[int, Field(description="Comparisons with the initial policy itself …")]
    beat_initial: Annotated[int, Field(description="… and how many of them it won.")]
    beat_initial_error: Annotated[
        float | None,
        Field(description="Standard error of that share, over crowdworkers; null: fewer than two, or an older fit."),
    ] = None
    by_pm_probability: Annotated[
        float | None, Field(description="Elo if the PM had chosen, by chance as its scores say.")
    ] = None
    by_pm_choice: Annotated[float | None, Field(description="Elo if the PM had chosen whom it scores higher.")] = None
    by_pm_score: Annotated[float | None, Field(description="174 × the mean score above the initial policy's.")] = None
    held_out: Annotated[
        Elo | None, Field(description="174 × the mean gain in score on test prompts, from its evaluation.")
    ] = None

    @property
    def name(self) -> str:
        return self.snapshot if self.best_of == 1 else f"{self.snapshot}, best of {self.best_of}"


class Meeting(BaseModel):
    """How often two contestants met; both by their place in `standings`."""

    first: int
    second: int
    wins: Annotated[int, Field(description="Of the first.")]
    comparisons: int


class Board(BaseModel):
    comparisons: int
    effective: Annotated[float, Field(description="As many of equal weight would tell as much.")]
    crowdworkers: int
    standings: list[Standing]
    meetings: list[Meeting]
    length_effect: Annotated[
        float | None,
        Field(description="Log-odds that a response gains by being all there is, instead of half of both."),
    ]
    pm: Annotated[str | None, Field(description="Whose scores the PM's Elos are by.")] = None
    scored: Annotated[int, Field(description="Newest comparisons that these are from.")] = 0


class Fit(BaseModel):
    id: str
    status: EloFitStatus
    asked_at: datetime
    finished_at: datetime | None
    seconds: float | None
    comparisons: int | None
    new: Annotated[int, Field(description="Comparisons since the newest that it was fitted on.")]
    seed: int
    counts_hash: str | None
    error: str | None


class Entry(BaseModel):
    """A board that there is."""

    task: str
    title: str
    kind: TaskKind
    weeks: list[date]


class Leaderboard(BaseModel):
    boards: list[Entry]
    fit: Annotated[Fit | None, Field(description="The newest finished one, which the boards are of.")]
    waiting: Annotated[Fit | None, Field(description="One that was asked for and is not done.")]
    task: str | None
    week: Annotated[date | None, Field(description="A Monday; null: all weeks.")]
    board: Board | None
