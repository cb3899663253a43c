"""Train the week's PM on everything so far, from the initial PM (the base); with enough data also a test-PM, which
judges later whether the policy exploits the PM."""

import dataclasses
import json
from pathlib import Path

from sqlalchemy.orm import Session

from app.tables import SnapshotKind
from worker import runs, snapshots
from worker.stages.inputs import conversations, is_prepared, write_config, write_lines
from worker.week import Result, Week


def work(week: Week) -> None:
    # The test-PM first, so that the run which the dashboard shows for this stage is at last the PM's.
    if with_test_pm(week):
        _train(week, "test-pm", for_test_pm=True)
    _train(week, "pm", for_test_pm=False)


def _train(week: Week, what: str, *, for_test_pm: bool) -> None:
    directory = week.directory(what)
    if not is_prepared(directory):
        split_up, share = with_test_pm(week), week.config.data.test_pm_families
        write_lines(
            directory / "comparisons.jsonl",
            (
                conversation
                for conversation in conversations(week)
                if conversation["split"] == "test"  # scored at the end of the run, never trained on
                or not split_up
                or belongs_to_test_pm(conversation["family"], share) == for_test_pm
            ),
        )
        write_config(directory, dataclasses.replace(week.config.pm, name=f"{week.iteration.name}-{what}"))
    run = runs.find_or_create("train_pm", directory, week.stage_run_id)
    runs.carry_out(run, week.stage_run_id, [str(directory)])


def with_test_pm(week: Week) -> bool:
    training: int = week.results["freeze_tranche"]["by_split"]["train"]
    return training >= week.config.data.test_pm_from and week.config.data.test_pm_families > 0


def belongs_to_test_pm(family: str, percent: float) -> bool:
    """A pure function, like the split into train and test and independent of it."""
    return int(family, 16) // 100 % 10_000 < 100 * percent


def record(session: Session, week: Week) -> Result:
    pm = _register(session, week, "pm")
    test_pm = _register(session, week, "test-pm") if with_test_pm(week) else None
    return {**pm, "test_pm": test_pm}


def _register(session: Session, week: Week, what: str) -> Result:
    directory: Path = week.directory(what)
    run = runs.find(session, directory)
    name = f"{week.iteration.name}-{what}"
    snapshot = snapshots.register(session, run, SnapshotKind.PM, name, week.iteration)
    result: Result = json.loads((directory / "result.json").read_text())
    return {"snapshot_id": snapshot.id, "snapshot": snapshot.name, "run_id": run.id, **result}
