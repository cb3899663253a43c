"""Train the week's policy by RL against the week's PM, from the initial policy. The snapshots along the run are kept
too; who wants one deployed says so."""

import dataclasses
import json
import shutil
from pathlib import Path

from sqlalchemy.orm import Session

from app import db
from app.snapshots.store import directory_of
from app.tables import Snapshot, SnapshotKind
from worker import runs, samples, snapshots
from worker.stages.inputs import (
    at_most,
    comparisons_in,
    conversations,
    is_prepared,
    prompts,
    sample,
    write_config,
    write_lines,
)
from worker.week import Result, Week

SHOWN = Path(__file__).parents[1] / "shown.jsonl"
"""What every week's policy is asked, and the initial one, so that weeks can be laid side by side. Written for this, so
that it holds nobody's words and may be shown to anybody."""


def work(week: Week) -> None:
    """Prompts are what humans said in training families, with everything before it."""
    directory = week.directory("policy")
    if not is_prepared(directory):
        trained_on = (row for row in conversations(week) if row["split"] == "train")
        write_lines(directory / "prompts.jsonl", sample(prompts(trained_on), week.config.data.max_prompts))
        unseen = [row for row in conversations(week) if row["split"] == "test" and comparisons_in(row)]
        if watching := at_most(unseen, week.config.policy.logp_comparisons, comparisons_in):
            write_lines(directory / "comparisons.jsonl", watching)
        shutil.copyfile(SHOWN, directory / "shown.jsonl")
        pm, test_pm = pms(week)
        config = dataclasses.replace(week.config.policy, name=f"{week.iteration.name}-policy", pm=pm, test_pm=test_pm)
        write_config(directory, config)
    run = runs.find_or_create("train_policy", directory, week.stage_run_id)
    runs.carry_out(run, week.stage_run_id, [str(directory)])


def pms(week: Week) -> tuple[str, str | None]:
    """Directories of the week's PM and its test-PM."""
    trained = week.results["train_pm"]
    with db.reading() as session:
        pm = directory_of(session.get_one(Snapshot, trained["snapshot_id"]))
        test = trained["test_pm"] and directory_of(session.get_one(Snapshot, trained["test_pm"]["snapshot_id"]))
    return str(pm), str(test) if test else None


def record(session: Session, week: Week) -> Result:
    directory = week.directory("policy")
    run = runs.find(session, directory)
    pm = session.get_one(Snapshot, week.results["train_pm"]["snapshot_id"])
    name = f"{week.iteration.name}-policy"
    result: Result = json.loads((directory / "result.json").read_text())
    for kept in result.get("snapshots", []):
        made = f"snapshots/{kept['name']}"
        snapshots.register(session, run, SnapshotKind.POLICY, kept["name"], week.iteration, pm, made)
    snapshot = snapshots.register(session, run, SnapshotKind.POLICY, name, week.iteration, pm)
    samples.register(session, run, directory, pm)
    return {"snapshot_id": snapshot.id, "snapshot": snapshot.name, "run_id": run.id, **result}
