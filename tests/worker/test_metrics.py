"""A metrics file on its way into rows."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tables import Metric, TrainingRun
from worker.metrics import Point, Tail, store


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    path.write_text('{"step": 1, "pm/loss": 0.5}\n{"step": 2, "pm/')
    assert tail.read() == [Point("pm/loss", 1, 0.5)]
    with path.open("a") as file:
        file.write('loss": 0.25, "pm/margin": NaN}\n')
    assert tail.read() == [Point("pm/loss", 2, 0.25)]
    assert tail.read() == []


def test_a_rewound_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "a/b": 1}\n{"step": 2, "a/b": 2}\n{"step": 3, "a/b": 3}\n')
    tail = Tail(path)
    assert len(tail.read()) == 3
    (tmp_path / "new").write_text(
        '{"step": 1, "a/b": 1}\n{"step": 2, "a/b": 20}\n{"step": 3, "a/b": 30}\n{"step": 4, "a/b": 4}\n'
    )
    (tmp_path / "new").replace(path)
    assert [point.value for point in tail.read()] == [1, 20, 30, 4]


def test_the_same_metric_again_is_the_same_row(session: Session) -> None:
    run = TrainingRun(module="train_pm", directory="x")
    session.add(run)
    session.flush()
    store(session, run.id, [Point("pm/loss", step, 1.0) for step in range(2500)])
    store(session, run.id, [Point("pm/loss", 7, 2.0), Point("pm/loss", 7, 3.0)])
    values = dict(session.execute(select(Metric.step, Metric.value)).tuples().all())
    assert len(values) == 2500
    assert (values[6], values[7]) == (1.0, 3.0)
