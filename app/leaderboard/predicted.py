"""What the PM predicts of the same leaderboard: the paper's four-curve diagnostic (Fig. 35, App. B.4).

Elo by the crowdworkers' choices stands beside Elo as if the PM had chosen in the same comparisons, Elo from the mean of
its scores there, and Elo from the mean of its scores on test prompts. A PM that promises more than crowdworkers see is
being over-optimised; where only the test prompts promise it, they are not what people write.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.leaderboard import bradley_terry
from app.leaderboard.bradley_terry import ELO, Floats, Ints
from app.leaderboard.league import Contestant, Players, counted, players
from app.leaderboard.schemas import Board, Elo
from app.tables import UNSEEN, Candidate, Comparison, Deployment, Evaluation, Snapshot

NEWEST = 10_000
"""Comparisons of a task that are looked at: scores lie with the candidates, which are long rows."""


class Scored(NamedTuple):
    """One comparison's two scores, by the same PM."""

    picked: str
    other: str
    picked_score: float
    other_score: float
    pm: str


def add(session: Session, boards: Mapping[str, Board]) -> None:
    """Fill in what the PM says, by task id. Where nothing is scored, nothing is said."""
    known = players(session)
    held_out = _held_out(session)
    for task_id, board in boards.items():
        for standing in board.standings:
            if standing.best_of == 1:  # its evaluation is of single responses
                standing.held_out = held_out.get(standing.snapshot)
        if scored := _scored(session, task_id):
            _add(board, scored, known)


def _scored(session: Session, task_id: str) -> list[Scored]:
    """By the PM that scored most of them: scores of two PMs have nothing to do with each other."""
    deployments = select(Deployment.id).where(Deployment.task_id == task_id)
    newest = (
        select(
            Comparison.picked_deployment_id, Comparison.other_deployment_id, Comparison.picked_id, Comparison.other_id
        )
        # Joined to an empty text, so that the order of time is read from its index: SQLite would sort every one it has.
        .where(*counted(), (Comparison.picked_deployment_id + "").in_(deployments))
        .order_by(Comparison.created_at.desc())
        .limit(NEWEST)
        .subquery()
    )
    picked, other = aliased(Candidate), aliased(Candidate)
    rows = (
        select(newest.c.picked_deployment_id, newest.c.other_deployment_id, picked.score, other.score, Snapshot.name)
        .join(picked, picked.id == newest.c.picked_id)
        .join(other, other.id == newest.c.other_id)
        .join(Snapshot, Snapshot.id == picked.scored_by_id)
        .where(picked.score.is_not(None), other.score.is_not(None), picked.scored_by_id == other.scored_by_id)
    )
    found = [Scored(*row) for row in session.execute(rows)]
    if not found:
        return []
    pm = Counter(row.pm for row in found).most_common(1)[0][0]
    return [row for row in found if row.pm == pm]


def _add(board: Board, scored: Sequence[Scored], known: Players) -> None:
    board.pm, board.scored = scored[0].pm, len(scored)
    # By deployment. A policy that only ever met itself stands on no board.
    on_board = {(standing.snapshot, standing.best_of): at for at, standing in enumerate(board.standings)}
    name = {id: _name(known.contestants[contestant]) for id, contestant in known.contestant.items()}
    place = {id: on_board[who] for id, who in name.items() if who in on_board}
    rows = [row for row in scored if row.picked in place and row.other in place]
    first, second = (
        np.array([place[id] for id in ids]) for ids in zip(*((r.picked, r.other) for r in rows), strict=True)
    )
    first_score, second_score = np.array([(row.picked_score, row.other_score) for row in rows]).T
    gap = first_score - second_score
    by_probability = _elo(first, second, 1 / (1 + np.exp(-gap)), len(board.standings))  # eq. 4.2
    by_choice = _elo(first, second, 0.5 + 0.5 * np.sign(gap), len(board.standings))
    score = _mean(np.concatenate([first, second]), np.concatenate([first_score, second_score]), len(board.standings))
    for at, standing in enumerate(board.standings):
        standing.by_pm_probability, standing.by_pm_choice = by_probability[at], by_choice[at]
        if score[0] is not None and (mean := score[at]) is not None:
            standing.by_pm_score = round(ELO * (mean - score[0]), 2)


def _name(contestant: Contestant) -> tuple[str, int]:
    return contestant.snapshot, contestant.best_of


def _elo(first: Ints, second: Ints, chance: Floats, contestants: int) -> list[float | None]:
    """Of wins by chance: each comparison is a part of a win for both."""
    met = np.tile(first != second, 2)
    better, worse = np.concatenate([first, second])[met], np.concatenate([second, first])[met]
    weight = np.concatenate([chance, 1 - chance])[met]
    games = bradley_terry.games(np.zeros(len(better), int), better, worse, weight)
    fitted = bradley_terry.fit(games, contestants, resamples=0)
    result: list[float | None] = [None] * contestants
    if len(fitted.members) > 1:
        for member, elo in zip(fitted.members, fitted.elo, strict=True):
            result[member] = round(float(elo), 2)
    return result


def _mean(of: Ints, values: Floats, contestants: int) -> list[float | None]:
    sums, counts = np.bincount(of, values, contestants), np.bincount(of, minlength=contestants)
    return [float(total / count) if count else None for total, count in zip(sums, counts, strict=True)]


def _held_out(session: Session) -> dict[str, Elo]:
    """By snapshot: its newest evaluation's gain in score over the initial policy on test prompts, in Elo."""
    rows = (
        select(Snapshot.name, Evaluation.result)
        .join(Snapshot, Evaluation.snapshot_id == Snapshot.id)
        .where(Evaluation.kind == "evaluate_policy")
        .order_by(Evaluation.created_at)
    )
    found = {}
    for name, result in session.execute(rows):
        gain = result.get("paired", {}).get("score")
        if gain and result.get("prompts_from") == UNSEEN:
            low, high = (round(ELO * gain[end], 2) if end in gain else None for end in ("low", "high"))
            found[name] = Elo(elo=round(ELO * gain["mean"], 2), low=low, high=high)
    return found
