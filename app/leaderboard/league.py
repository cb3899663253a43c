"""The comparisons that a leaderboard counts, from rows into columns of numbers.

Read a week at a time and without any join: a comparison holds who met whom (`app/comparisons/service.py`), and the few
deployments that there ever were say which snapshot and which task. So a million comparisons take seconds on SQLite, and
no more memory than their numbers and the rows of a week.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Float, and_, case, cast, exists, func, not_, select
from sqlalchemy.orm import Session

from app.leaderboard.bradley_terry import Floats, Ints
from app.snapshots.reconcile import INITIAL
from app.tables import Account, ChoiceDirection, Comparison, Deployment, Iteration, Snapshot, Task
from app.weeks import WEEK, monday_of

WEAKEST = 1
"""The paper's "unsure": left out of Elo as it is of training (App. B.5)."""


class Contestant(NamedTuple):
    """A policy as crowdworkers met it: the best of 16 of a snapshot is not that snapshot."""

    snapshot: str
    best_of: int
    snapshot_id: str | None
    iteration: str | None


class League(NamedTuple):
    """Every comparison of two different contestants, (N,) each, oldest week first."""

    contestants: list[Contestant]
    """The initial policy first, then in the order in which snapshots were made."""
    tasks: list[Task]
    weeks: list[date]
    """Mondays (UTC)."""
    task: Ints
    week: Ints
    crowdworker: Ints
    better: Ints
    worse: Ints
    propensity: Floats
    length: Floats
    """(length of the better − of the worse) / (their sum), from −1 to 1."""
    newest_at: datetime | None
    """Of all comparisons counted here or not: younger ones are new."""


def counted() -> list[ColumnElement[bool]]:
    """Current choices between two policies whose pair was drawn by chance, by people who are not left out. Erased and
    imported ones have no crowdworker. A choice that may still be changed counts as it stands."""
    excluded = select(Account.id).where(Account.excluded_reason.is_not(None))
    left_out = excluded.where(Account.excluded_since.is_(None))
    # Of a million comparisons only theirs are looked at twice: hence the list first, though the row says it all.
    since_a_day = and_(
        Comparison.account_id.in_(excluded.where(Account.excluded_since.is_not(None))),
        exists().where(Account.id == Comparison.account_id, Account.excluded_since <= Comparison.created_at),
    )
    return [
        Comparison.picked_deployment_id.is_not(None),
        Comparison.superseded_at.is_(None),
        Comparison.excluded_reason.is_(None),
        Comparison.account_id.is_not(None),
        Comparison.account_id.not_in(left_out),
        not_(since_a_day),
        Comparison.propensity.is_not(None),
        Comparison.strength.is_distinct_from(WEAKEST),
    ]


class Players(NamedTuple):
    """What a deployment's id stands for in a league."""

    contestants: list[Contestant]
    tasks: list[Task]
    contestant: dict[str, int]
    task: dict[str, int]


def players(session: Session) -> Players:
    rows = (
        select(Deployment.id, Deployment.task_id, Deployment.best_of, Snapshot.name, Snapshot.id, Iteration.name)
        .join(Snapshot, Deployment.snapshot_id == Snapshot.id)
        .outerjoin(Iteration, Snapshot.iteration_id == Iteration.id)
        .order_by(Snapshot.created_at, Snapshot.name, Deployment.best_of)
    )
    tasks = list(session.scalars(select(Task).order_by(Task.slug)))
    number_of_task = {task.id: number for number, task in enumerate(tasks)}
    initial = session.scalar(select(Snapshot.id).where(Snapshot.name == INITIAL))
    number = {Contestant(INITIAL, 1, initial, None): 0}
    known = Players([], tasks, {}, {})
    for id, task_id, best_of, name, snapshot_id, iteration in session.execute(rows):
        if task_id is None:
            continue  # the PM that scores
        contestant = Contestant(name, best_of, snapshot_id, iteration if name != INITIAL else None)
        known.contestant[id] = number.setdefault(contestant, len(number))
        known.task[id] = number_of_task[task_id]
    known.contestants.extend(number)
    return known


class _Columns(NamedTuple):
    """(N,) As in League, and with those in which a policy met itself."""

    task: Ints
    week: Ints
    crowdworker: Ints
    better: Ints
    worse: Ints
    propensity: Floats
    length: Floats


NONE = _Columns(*np.zeros((5, 0), np.int64), *np.zeros((2, 0)))


def read(session: Session) -> League:
    known, newest_at = players(session), _newest_at(session)
    crowdworkers: dict[str, int] = {}
    weeks: list[date] = []
    chunks = [NONE]
    for monday in _weeks(session):
        if rows := _rows(session, monday):
            chunks.append(_columns(rows, len(weeks), known, crowdworkers))
            weeks.append(monday)
    whole = _Columns(*(np.concatenate(column) for column in zip(*chunks, strict=True)))
    met = whole.better != whole.worse  # the same policy of two generations of deployments
    task, week, crowdworker, better, worse, propensity, length = (column[met] for column in whole)
    by_id = np.argsort(np.argsort(list(crowdworkers))) if crowdworkers else NONE.crowdworker
    crowdworker = by_id[crowdworker]  # whatever order the rows came in, the same seed draws the same weights
    return League(
        known.contestants, known.tasks, weeks, task, week, crowdworker, better, worse, propensity, length, newest_at
    )


def _weeks(session: Session) -> Iterator[date]:
    met = Comparison.picked_deployment_id.is_not(None)
    first = session.scalar(select(func.min(Comparison.created_at)).where(met))
    last = session.scalar(select(func.max(Comparison.created_at)).where(met))
    if first is None or last is None:
        return
    monday = monday_of(first)
    while monday <= monday_of(last):
        yield monday
        monday += WEEK


def _newest_at(session: Session) -> datetime | None:
    return session.scalar(select(func.max(Comparison.created_at)).where(Comparison.picked_deployment_id.is_not(None)))


Row = tuple[str, str, str, float, float | None]


def _rows(session: Session, monday: date) -> Sequence[Row]:
    """Crowdworker, better, worse, propensity, and how much longer the better one is. By columns of the table, computed
    by the database: reading a million comparisons is most of a fit's time."""
    begin = datetime.combine(monday, time(), UTC)
    its, is_better = Comparison.__table__.c, Comparison.choice_direction == ChoiceDirection.PICK_BETTER
    sums = func.nullif(its.picked_length + its.other_length, 0)
    longer = cast(its.picked_length - its.other_length, Float) / sums
    rows = select(
        its.account_id,
        case((is_better, its.picked_deployment_id), else_=its.other_deployment_id),
        case((is_better, its.other_deployment_id), else_=its.picked_deployment_id),
        its.propensity,
        case((is_better, longer), else_=-longer),
    ).where(
        its.created_at >= begin,
        its.created_at < begin + WEEK,
        its.picked_deployment_id != its.other_deployment_id,  # twice the same policy says nothing about it
        *counted(),
    )
    return session.connection().execute(rows).tuples().all()


def _columns(rows: Sequence[Row], week: int, known: Players, crowdworkers: dict[str, int]) -> _Columns:
    account, better, worse, propensity, longer = zip(*rows, strict=True)
    for id in dict.fromkeys(account):
        crowdworkers.setdefault(id, len(crowdworkers))
    return _Columns(
        task=_numbers(known.task, better),
        week=np.full(len(rows), week),
        crowdworker=_numbers(crowdworkers, account),
        better=_numbers(known.contestant, better),
        worse=_numbers(known.contestant, worse),
        propensity=np.array(propensity, np.float64),
        length=np.nan_to_num(np.array(longer, np.float64)),  # unknown, or both empty: None, which becomes NaN
    )


def _numbers(number: Mapping[str, int], ids: Sequence[str]) -> Ints:
    return np.fromiter(map(number.__getitem__, ids), np.int64, len(ids))
