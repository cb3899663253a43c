"""How long the dashboard takes to draw the figures of PMs and policies: sixty weeks of the preset `paper`."""

import time
from collections.abc import Iterator

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db
from app.dashboard.evaluated import pms, policy_runs
from app.dashboard.figure import Asked
from app.dashboard.figures import FIGURES, draw
from app.tables import Evaluation
from benchmarks import trained_weeks

WEEKS, STEPS = 60, 391  # of a policy with 200,192 rollouts, 512 a step
PAGES = ("preference-models", "policies")
TIMES = 10


def trained_figures(engine: Engine) -> Iterator[tuple[str, float, str, str]]:
    """The slowest figure of both pages, and their lists: the 95th percentile of each over ten drawings."""
    with db.writing(engine) as session:
        if not session.scalar(select(Evaluation.id).where(Evaluation.kind == "evaluate_pm").limit(1)):
            trained_weeks.make(session, WEEKS, STEPS)
    with Session(engine) as session:
        took = {
            name: _p95(lambda name=name: draw(session, name, Asked()).model_dump_json())  # type: ignore[misc]
            for name, entry in FIGURES.items()
            if entry.page in PAGES
        }
        took |= {"the list of PMs": _p95(lambda: pms(session)), "that of policies": _p95(lambda: policy_runs(session))}
    for name in sorted(took, key=lambda name: -took[name])[:3]:
        yield "dashboard.trained_figure_p95_ms", took[name], "ms", name


def _p95(ask: object) -> float:
    assert callable(ask)
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times)[-1]
