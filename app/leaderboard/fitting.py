"""From a league to its boards: every task over all weeks, and over each week."""

import gc
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.orm import Session

from app.leaderboard import bradley_terry, predicted
from app.leaderboard.bradley_terry import Comparable, Floats, Games, Ints, Standings, Undetermined
from app.leaderboard.league import League, read
from app.leaderboard.schemas import Board, Elo, Meeting, Standing
from app.tables import Task

RESAMPLES = 200
WIDEST = 1000.0
"""Elo. An interval that reaches further says no more than that there is none."""


class Fitted(NamedTuple):
    task: Task
    week: date | None
    board: Board


class Fitting(NamedTuple):
    league: League
    boards: list[Fitted]

    @property
    def counts_hash(self) -> str:
        """Of the counts that all boards are made of: the same comparisons give the same one on any database."""
        counts = [
            [
                fitted.task.slug,
                str(fitted.week),
                [(standing.snapshot, standing.best_of) for standing in fitted.board.standings],
                [
                    (meeting.first, meeting.second, meeting.wins, meeting.comparisons)
                    for meeting in fitted.board.meetings
                ],
            ]
            for fitted in self.boards
        ]
        return hashlib.sha256(json.dumps(counts).encode()).hexdigest()


def fit(session: Session, *, seed: int = 0) -> Fitting:
    """Of all that is counted now. Takes about as long as reading it."""
    with _leaving_garbage():
        league = read(session)
        boards = list(_boards(league, seed))
        predicted.add(session, {fitted.task.id: fitted.board for fitted in boards if fitted.week is None})
    return Fitting(league, boards)


@contextmanager
def _leaving_garbage() -> Iterator[None]:
    """Rows by the hundred thousand refer to nothing that refers to them, and looking through them again and again for
    such circles is half of the time that reading a league takes."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _boards(league: League, seed: int) -> Iterator[Fitted]:
    for number, task in enumerate(league.tasks):
        of_task = np.flatnonzero(league.task == number)
        if not len(of_task):
            continue
        yield Fitted(task, None, board(league, of_task, seed))
        begins = np.searchsorted(league.week[of_task], np.arange(len(league.weeks) + 1))
        for week, begin, end in zip(league.weeks, begins, begins[1:], strict=False):
            if end > begin:
                yield Fitted(task, week, board(league, of_task[begin:end], seed))


def board(league: League, some: Ints, seed: int = 0) -> Board:
    """Of some comparisons of one task. Only who takes part in them stands on it, and the initial policy."""
    better, worse = league.better[some], league.worse[some]
    present = np.union1d([0], np.concatenate([better, worse]))
    number = np.zeros(len(league.contestants), int)
    number[present] = np.arange(len(present))
    better, worse = number[better], number[worse]
    crowdworkers, crowdworker = np.unique(league.crowdworker[some], return_inverse=True)
    weight = 1 / league.propensity[some]
    weight /= weight.mean()
    games = bradley_terry.games(crowdworker, better, worse, weight)
    fitted = bradley_terry.fit(games, len(present), resamples=RESAMPLES, seed=seed)
    with_length = bradley_terry.games(crowdworker, better, worse, weight, league.length[some])
    equal_length, length_effect = _at_equal_length(with_length, len(present))
    wins = _table(better, worse, len(present))
    elo = _by_contestant(fitted, fitted.bootstrap, len(present))
    sandwich = _by_contestant(fitted, fitted.sandwich, len(present))
    comparable = bradley_terry.comparable(games, len(present))
    faced = _faced(crowdworker, better, worse, len(present))
    errors = _errors_against_initial(crowdworker, better, worse, len(present))
    return Board(
        comparisons=len(some),
        effective=round(float(weight.sum() ** 2 / np.square(weight).sum()), 1),
        crowdworkers=len(crowdworkers),
        standings=[
            Standing(
                snapshot=league.contestants[contestant].snapshot,
                best_of=league.contestants[contestant].best_of,
                iteration=league.contestants[contestant].iteration,
                comparisons=int(wins[place].sum() + wins[:, place].sum()),
                crowdworkers=int(faced[place]),
                elo=elo[place],
                sandwich=sandwich[place],
                equal_length=equal_length[place],
                missing=None if elo[place] else _missing(comparable, place),
                met_initial=int(wins[place, 0] + wins[0, place]),
                beat_initial=int(wins[place, 0]),
                beat_initial_error=errors[place],
            )
            for place, contestant in enumerate(present)
        ],
        meetings=[
            Meeting(first=i, second=j, wins=int(wins[i, j]), comparisons=int(wins[i, j] + wins[j, i]))
            for i, j in zip(*map(list, np.nonzero(np.triu(wins + wins.T, 1))), strict=True)
        ],
        length_effect=length_effect,
    )


def _errors_against_initial(crowdworker: Ints, better: Ints, worse: Ints, contestants: int) -> list[float | None]:
    """Of each contestant's share of wins against the initial policy the standard error, robust to what the choices of
    one crowdworker have in common (Liang and Zeger 1986): √(G/(G−1) · Σ by crowdworker of (Σ of deviations)²) / n."""
    met = (better == 0) != (worse == 0)
    place, won, who = (better + worse)[met], (worse == 0)[met].astype(float), crowdworker[met]
    people = int(crowdworker.max()) + 1 if len(crowdworker) else 0
    n = np.bincount(place, minlength=contestants)
    share = np.bincount(place, won, contestants) / np.maximum(n, 1)
    cell = place * people + who
    sums = np.bincount(cell, won - share[place], contestants * people).reshape(contestants, people)
    groups = (np.bincount(cell, minlength=contestants * people).reshape(contestants, people) > 0).sum(1)
    squares = np.square(sums).sum(1)
    return [
        round(float(np.sqrt(g / (g - 1) * square) / of), 6) if g > 1 else None
        for g, square, of in zip(groups, squares, n, strict=True)
    ]


def _at_equal_length(games: Games, contestants: int) -> tuple[list[Elo | None], float | None]:
    """The paper's Elo has no such thing; the covariate is the arenas' style control with length as the only style."""
    try:
        fitted = bradley_terry.fit(games, contestants, resamples=0, swayed=True)
    except Undetermined:
        return [None] * contestants, None
    return _by_contestant(fitted, fitted.sandwich, contestants), round(fitted.x_effect, 4)


def _by_contestant(fitted: Standings, half_widths: Floats, contestants: int) -> list[Elo | None]:
    result: list[Elo | None] = [None] * contestants
    for member, elo, half in zip(fitted.members, fitted.elo, half_widths, strict=True):
        known = 0 < half < WIDEST
        low, high = (round(float(elo - half), 2), round(float(elo + half), 2)) if known else (None, None)
        result[member] = Elo(elo=round(float(elo), 2), low=low, high=high)
    if len(fitted.members) == 1:  # nobody to compare with: 0 would be no measurement
        result[0] = None
    return result


def _missing(comparable: Comparable, place: int) -> str:
    if place == 0:
        return "No policy is comparable with it yet."
    if not comparable.met[place]:
        return "No comparison leads from it to the initial policy."
    if comparable.beats[place]:
        return "It was never the worse one: its Elo has no upper end yet."
    if comparable.beaten[place]:
        return "It was never the better one: its Elo has no lower end yet."
    return "Of the policies that it met, none is comparable with the initial one yet."


def _table(better: Ints, worse: Ints, contestants: int) -> Ints:
    """(K, K) How often the row was better than the column."""
    counts = np.bincount(better * contestants + worse, minlength=contestants**2)
    return counts.reshape(contestants, contestants).astype(np.int64)


def _faced(crowdworker: Ints, better: Ints, worse: Ints, contestants: int) -> Ints:
    """(K,) How many crowdworkers have compared it."""
    faced = np.zeros((int(crowdworker.max()) + 1, contestants), bool)
    faced[crowdworker, better] = faced[crowdworker, worse] = True
    counts: Ints = faced.sum(axis=0, dtype=np.int64)
    return counts
