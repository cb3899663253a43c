"""Freezing everything there is, and writing it to a file: comparisons a second, and how memory grows with them.

Freezing is measured in a process of its own and rolled back, so that the rows serve again: first a quarter of them,
everybody being left out since then, and then all. What the peak of memory grows between the two is what a comparison
costs.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from app import db
from app.tables import Account, Comparison, Iteration, IterationStatus, TrancheMember
from app.tranches.formats import export
from app.tranches.scope import Scope
from app.tranches.service import freeze
from benchmarks.machine import side
from models.run import peak_mb

DATABASE = "BENCHMARKS_DATABASE"


def freezing(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    os.environ[DATABASE] = engine.url.render_as_string(hide_password=False)  # not on the command line: a password
    seen = side("benchmarks.freezing")
    count, few = seen["all"]["comparisons"], seen["quarter"]["comparisons"]
    took = f"{seen['all']['seconds']:.0f} s, {seen['all']['cpu_seconds']:.1f} s of this process"
    yield "dashboard.freeze_per_s", count / seen["all"]["seconds"], "/s", f"{count:,} comparisons in {took}"
    grown, peak = seen["all"]["peak_mb"] - seen["quarter"]["peak_mb"], seen["all"]["peak_mb"]
    yield "dashboard.freeze_growth_mb", grown, "MB", f"peak at {few:,}, and at {count:,}: {peak:.0f} MB"


def exporting(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    """Everything, compressed, as the job writes it; on the disk that temporary files are on."""
    with tempfile.TemporaryDirectory() as scratch, Session(engine) as session:
        path = Path(scratch) / "all.jsonl.gz"
        before, began, cpu = peak_mb(), time.perf_counter(), time.process_time()
        count = export(session, path, "hh", Scope())
        seconds, used, size = time.perf_counter() - began, time.process_time() - cpu, path.stat().st_size / 1e6
    grown = f"it grew by {peak_mb() - before:.0f} MB at most"
    words = f"{count:,} comparisons, {size:.0f} MB in {seconds:.0f} s, {used:.1f} s of this process; {grown}"
    yield "data.export_per_s", count / seconds, "/s", words


def main() -> None:
    engine = db.make_engine(os.environ[DATABASE])
    seen = {name: _frozen(engine, share) for name, share in (("quarter", 0.25), ("all", 1.0))}
    print(json.dumps(seen))


def _frozen(engine: Engine, share: float) -> dict[str, float]:
    with Session(engine.execution_options(writes=True)) as session:
        _run(session, delete(TrancheMember))
        if share < 1:
            total = session.scalar(select(func.count()).select_from(Comparison)) or 0
            oldest_first = select(Comparison.created_at).order_by(Comparison.created_at)
            last = session.scalar(oldest_first.offset(round(total * share)).limit(1))
            _run(session, update(Account).values(excluded_reason="not now", excluded_since=last))
        _run(session, update(Iteration).values(status=IterationStatus.DEPLOYED))
        iteration = Iteration(number=9999, name="benchmark", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        began, cpu = time.perf_counter(), time.process_time()
        tranches = freeze(session, iteration)
        took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
        count = sum(one.counts["comparisons"] for one in tranches if one.iteration_id == iteration.id)
        session.rollback()
    return {"comparisons": count, "peak_mb": peak_mb(), **took}


def _run(session: Session, statement: object) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]


if __name__ == "__main__":
    sys.exit(main())
