"""The dashboard with a year's data behind it: 250,000 conversations, 1,000,000 comparisons, 60 policies.

    python -m benchmarks.data_at_size        (make bench-data; with TEST_DATABASE_URL on that PostgreSQL, too)

Making the rows takes minutes; `--keep DIR` makes SQLite's once, finds them there the next time, and takes PostgreSQL's
as they are where they are as many.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app import db
from app.leaderboard import fitting
from app.tables import Base, Comparison
from benchmarks import rows
from benchmarks.crowdworker_pages import crowdworkers
from benchmarks.dashboard_pages import pages
from benchmarks.explorer_searches import explorer
from benchmarks.freezing import exporting, freezing
from benchmarks.machine import figure
from benchmarks.trained_figures import trained_figures

Measured = Callable[[Engine], Iterator[tuple[str, float, str, str]]]
"""A figure's name, its value, its unit, and a few words for people."""


def elo_fit(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    """The leaderboard's job but for the writing of its result: all tasks and weeks, intervals, length, the PM's Elo."""
    with Session(engine) as session:
        began = time.perf_counter()
        fitted = fitting.fit(session)
        seconds = time.perf_counter() - began
    comparisons, boards = len(fitted.league.better), len(fitted.boards)
    yield "dashboard.elo_fit_s", seconds, "s", f"{comparisons:,} comparisons of two policies, {boards} boards"


MEASURED: list[Measured] = [freezing, exporting, elo_fit, explorer, crowdworkers, pages, trained_figures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=250_000, help="of four comparisons each")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=", ".join(one.__name__ for one in MEASURED))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="SQLite's file stays there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.keep or Path(scratch)
        measure("sqlite", f"sqlite:///{directory}/year-{options.conversations}.db", options.conversations, options.only)
    if postgresql := os.environ.get("TEST_DATABASE_URL"):
        measure("postgresql", postgresql, options.conversations, options.only, keep=options.keep is not None)


def measure(name: str, url: str, conversations: int, only: list[str] | None, keep: bool = False) -> None:
    engine = db.make_engine(url)
    Base.metadata.create_all(engine)
    if name == "postgresql" and not (keep and _count(engine) == conversations * rows.TURNS):
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        Base.metadata.create_all(engine)
    if not _count(engine):
        began = time.perf_counter()
        rows.make(engine, conversations)
        print(f"\n{name}: {_count(engine):,} comparisons made in {time.perf_counter() - began:.0f} s", flush=True)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # A year of autovacuum at once. Nothing cleans up of its own accord on SQLite.
        connection.execute(text("VACUUM ANALYZE" if name == "postgresql" else "ANALYZE"))
    for measured in (one for one in MEASURED if not only or one.__name__ in only):
        for figure_name, value, unit, words in measured(engine):
            print(f"  {figure_name:28}{value:10.2f} {unit}   {words}")
            figure(figure_name, value, unit, database=name)
    engine.dispose()


def _count(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Comparison)) or 0


if __name__ == "__main__":
    main()
