"""A run as it goes: its curves, thinned to what a screen can show, and what its process printed."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sqlalchemy import CTE, BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.iterations import schemas
from app.settings import get_settings
from app.tables import Metric, TrainingRun

LOG_BYTES = 64 * 1024
POINTS = 500  # of one curve: about as many as a chart has pixels


class UnknownRun(DomainError):
    status = 404


class LogMissing(DomainError):
    status = 404


def get(session: Session, run_id: str) -> TrainingRun:
    run = session.get(TrainingRun, run_id)
    if run is None:
        raise UnknownRun("There is no such run.")
    return run


def curves(session: Session, run_id: str) -> list[schemas.Metric]:
    """The metrics that a run has written, each with its last point."""
    get(session, run_id)
    names = _names(run_id)
    of_name = select(func.max(Metric.step)).where(Metric.training_run_id == run_id, Metric.name == names.c.name)
    last = select(names.c.name, of_name.scalar_subquery().label("step")).where(names.c.name.is_not(None)).subquery()
    rows = (
        select(Metric.name, Metric.step, Metric.value)
        .join(last, (Metric.name == last.c.name) & (Metric.step == last.c.step))
        .where(Metric.training_run_id == run_id)
        .order_by(Metric.name)
    )
    return [schemas.Metric(name=name, step=step, value=value) for name, step, value in session.execute(rows)]


def _names(run_id: str) -> CTE:
    """The names of a run's metrics (and a last row without one), by one look into the index each: a run may have
    hundreds of thousands of points."""
    of_run = select(func.min(Metric.name).label("name")).where(Metric.training_run_id == run_id)
    names = of_run.cte("names", recursive=True)
    following = select(func.min(Metric.name)).where(Metric.training_run_id == run_id, Metric.name > names.c.name)
    return names.union_all(select(following.scalar_subquery()).where(names.c.name.is_not(None)))


def metrics(session: Session, run_id: str, names: Sequence[str] = ()) -> list[schemas.MetricSeries]:
    """Curves by name, all of them where none is named. Of a long one the first point, every n-th after it and the last
    are told; where steps are uneven, the next one that is as far away as n of the first points are on average."""
    get(session, run_id)
    points = _thinned(run_id, names)
    rows = (
        select(points.c.name, points.c.every, points.c.step, Metric.value)
        .join(Metric, (Metric.name == points.c.name) & (Metric.step == points.c.step))
        .where(Metric.training_run_id == run_id)
        .order_by(points.c.name, points.c.step)
    )
    return [
        schemas.MetricSeries(name=name, every=every, points=[(step, value) for *_, step, value in points])
        for (name, every), points in groupby(session.execute(rows), key=lambda row: (row[0], row[1]))
    ]


def _thinned(run_id: str, names: Sequence[str]) -> CTE:
    """The steps that are told, by one look into the index each: counting a long run's points takes a second."""
    every_name = _names(run_id)
    wanted = every_name.c.name.in_(names) if names else every_name.c.name.is_not(None)
    of_name = (Metric.training_run_id == run_id) & (Metric.name == every_name.c.name)
    beyond = select(Metric.step).where(of_name).order_by(Metric.step).offset(POINTS).limit(1)
    ends = select(
        every_name.c.name,
        select(func.min(Metric.step)).where(of_name).scalar_subquery().label("first"),
        select(func.max(Metric.step)).where(of_name).scalar_subquery().label("last"),
        beyond.scalar_subquery().label("beyond"),  # null: all of it is told
    )
    curve = ends.where(wanted).subquery()
    begun = cast(curve.c.beyond - curve.c.first, BigInteger)  # the steps that POINTS points take
    whole = cast(curve.c.last - curve.c.first, BigInteger) * POINTS
    every = func.coalesce((whole - 1) // (begun * (POINTS - 1)) + 1, 1)
    distance = func.coalesce(every * begun // POINTS, 1)
    points = select(
        curve.c.name, curve.c.first.label("step"), every.label("every"), distance.label("distance"), curve.c.last
    ).cte("points", recursive=True)
    following = select(func.min(Metric.step)).where(
        Metric.training_run_id == run_id, Metric.name == points.c.name, Metric.step >= points.c.step + points.c.distance
    )
    step = func.coalesce(following.scalar_subquery(), points.c.last)
    return points.union_all(
        select(points.c.name, step, points.c.every, points.c.distance, points.c.last).where(
            points.c.step < points.c.last
        )
    )


def log_tail(session: Session, run_id: str) -> str:
    """The end of what the child printed; empty while it has not been started."""
    path = _log(session, run_id)
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def log_file(session: Session, run_id: str) -> Path:
    """All of it, as a file."""
    path = _log(session, run_id)
    if not path.is_file():
        raise LogMissing("This run has not printed anything yet.")
    return path


def _log(session: Session, run_id: str) -> Path:
    return get_settings().runs_dir / get(session, run_id).directory / "log.txt"
