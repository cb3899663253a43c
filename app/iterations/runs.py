"""A run as it goes: its curves, thinned to what a screen can show, and what its process printed."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sqlalchemy import CTE, func, select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.iterations import schemas
from app.settings import get_settings
from app.tables import Metric, TrainingRun

LOG_BYTES = 64 * 1024
POINTS = 500  # of one curve: about as many as a chart has pixels


class RunUnknown(DomainError):
    status = 404


class LogMissing(DomainError):
    status = 404


def get(session: Session, run_id: str) -> TrainingRun:
    run = session.get(TrainingRun, run_id)
    if run is None:
        raise RunUnknown("There is no such run.")
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
    """Curves by name, all of them where none is named. Of a long one every n-th point is told, and the last."""
    get(session, run_id)
    of_run = [Metric.training_run_id == run_id]
    if names:
        of_run.append(Metric.name.in_(names))
    counted = (
        select(
            Metric.name,
            Metric.step,
            Metric.value,
            func.row_number().over(partition_by=Metric.name, order_by=Metric.step).label("number"),
            func.count().over(partition_by=Metric.name).label("count"),
        )
        .where(*of_run)
        .subquery()
    )
    every = (counted.c["count"] - 1) // POINTS + 1
    rows = (
        select(counted.c.name, every, counted.c.step, counted.c.value)
        .where((counted.c.number % every == 0) | (counted.c.number == counted.c["count"]))
        .order_by(counted.c.name, counted.c.step)
    )
    return [
        schemas.MetricSeries(name=name, every=every, points=[(step, value) for *_, step, value in points])
        for (name, every), points in groupby(session.execute(rows), key=lambda row: (row[0], row[1]))
    ]


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
