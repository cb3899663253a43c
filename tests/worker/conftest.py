"""The scripted child in place of a trainer, and a worker that looks often."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app import db, settings
from app.tables import Iteration, StageRun, StageStatus, TrainingRun
from worker import runs

CHILD = Path(__file__).parent / "child.py"


@pytest.fixture
def scripted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN_LAUNCHER", f"{sys.executable} {CHILD}")
    monkeypatch.setenv("PYTHONPATH", str(CHILD.parents[2]))
    settings.get_settings.cache_clear()
    monkeypatch.setattr(runs, "POLL_EVERY", 0.02)
    monkeypatch.setattr(runs, "BEAT_EVERY", 0.02)
    runs._stopping[0] = 0


class Stage:
    """A stage at work on one run, and the directory of that run."""

    def __init__(self, script: dict[str, object], name: str = "pm") -> None:
        with db.writing() as session:
            iteration = Iteration(number=1, name="week", preset="toy", overrides={})
            iteration.stages = [StageRun(stage="train_pm", status=StageStatus.RUNNING, heartbeat_at=db.now())]
            session.add(iteration)
        self.iteration, self.id = iteration, iteration.stages[0].id
        self.directory = settings.get_settings().runs_dir / "week" / name
        self.directory.mkdir(parents=True)
        (self.directory / "script.json").write_text(json.dumps(script))

    def carry_out(self) -> None:
        run = runs.find_or_create("train_pm", self.directory, self.id)
        runs.carry_out(run, self.id, [str(self.directory)])

    def run(self) -> TrainingRun:
        with db.reading() as session:
            return runs.find(session, self.directory)

    def story(self) -> list[str]:
        path = self.directory / "story.txt"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def stage(scripted: None) -> Callable[[dict[str, object]], Stage]:
    return Stage
