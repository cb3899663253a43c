"""Train the week's policy by RL against the week's PM, from the initial policy. The snapshots along the run are kept
too; who wants one deployed says so."""

import dataclasses
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from app import db
from app.snapshots.store import directory_of
from app.tables import Snapshot, SnapshotKind
from worker import runs, samples, snapshots
from worker.stages.inputs import (
    Conversation,
    Prompt,
    at_most,
    comparisons_in,
    conversations,
    is_prepared,
    prompts,
    read_lines,
    sample,
    write_config,
    write_lines,
)
from worker.week import Result, Week

SHOWN = Path(__file__).parents[1] / "shown.jsonl"
"""What every week's policy is asked, and the initial one, so that weeks can be laid side by side. Written for this, so
that it holds nobody's words and may be shown to anybody."""


def work(week: Week) -> None:
    """Prompts are what humans said in training families, with everything before it, and, where the config gives them a
    share, what the base writes after their manner."""
    directory = week.directory("policy")
    if not is_prepared(directory):
        generated = generated_prompts(week)  # first: what people said may be erased while it is at work
        human = sample(prompts(trained_on(week)), week.config.data.max_prompts)
        write_lines(directory / "prompts.jsonl", [*human, *generated])
        unseen = [row for row in conversations(week) if row["split"] == "test" and comparisons_in(row)]
        if watching := at_most(unseen, week.config.policy.logp_comparisons, comparisons_in):
            write_lines(directory / "comparisons.jsonl", watching)
        shutil.copyfile(SHOWN, directory / "shown.jsonl")
        pm, test_pm = pms(week)
        config = dataclasses.replace(week.config.policy, name=f"{week.iteration.name}-policy", pm=pm, test_pm=test_pm)
        write_config(directory, config)
    run = runs.find_or_create("train_policy", directory, week.stage_run_id)
    runs.carry_out(run, week.stage_run_id, [str(directory)])


def trained_on(week: Week) -> Iterator[Conversation]:
    return (row for row in conversations(week) if row["split"] == "train")


def generated_prompts(week: Week) -> list[Prompt]:
    """First messages that the base writes after the manner of people's, as many as the policy's run will ask; none
    where they have no share."""
    config = week.config.policy
    count = math.ceil(config.rollouts / config.responses_per_prompt * (config.generated_share or 0))
    if not count:
        return []
    directory = week.directory("generate-prompts")
    examples, written = directory / "prompts.jsonl", directory / "generated.jsonl"
    if not examples.exists():
        write_lines(examples, prompts({**row, "turns": row["turns"][:1]} for row in trained_on(week)))
    arguments = ["base", str(examples), str(written), "--count", str(count)]
    if config.helpful_share is not None:
        arguments += ["--helpful-share", str(config.helpful_share)]
    run = runs.find_or_create("generate_prompts", directory, week.stage_run_id)
    runs.carry_out(run, week.stage_run_id, arguments)
    system_of = {row["task"]: {"system": row["system"]} for row in read_lines(examples)}  # some may be erased since
    return [
        {**row, "prompt": [{"role": "user", "content": row["prompt"]}], **system_of.get(row["task"], {})}
        for row in read_lines(written)
    ]


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
