"""What snapshots say to fixed prompts, from a run's `samples.jsonl` into rows. A run that is recorded twice is
registered once."""

import json
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.own_data.erasure import prompt_hash
from app.snapshots.reconcile import INITIAL
from app.tables import Sample, Snapshot, TaskKind, TrainingRun

T = TypeVar("T")


def register(session: Session, run: TrainingRun, directory: Path, pm: Snapshot) -> int:
    """The run's samples as rows, of each snapshot it made and of the initial policy; how many are new."""
    path = directory / "samples.jsonl"
    if not path.exists():
        return 0
    names = select(Snapshot).where((Snapshot.training_run_id == run.id) | (Snapshot.name == INITIAL))
    snapshots = {row.manifest.get("name") or row.name: row for row in session.scalars(names)}
    kept = {(row.snapshot_id, row.prompt_hash) for row in session.scalars(select(Sample).where(Sample.pm_id == pm.id))}
    before = len(kept)
    for line in path.read_text().splitlines():
        row = storable(json.loads(line))
        said = [message for message in row["prompt"] if message["role"] != "system"]
        hash = _hash(said)
        for name, answer in ((INITIAL, row["initial"]), (row["snapshot"], row["new"])):
            snapshot = snapshots.get(name)
            if snapshot is None or (snapshot.id, hash) in kept:
                continue
            kept.add((snapshot.id, hash))
            session.add(
                Sample(
                    snapshot_id=snapshot.id,
                    pm_id=pm.id,
                    training_run_id=run.id,
                    prompt_hash=hash,
                    prompt=said,
                    is_red_team=row.get("task") == TaskKind.RED_TEAM,
                    text=answer["text"],
                    score=answer["score"],
                    scores=list(answer.get("scores") or ()),
                )
            )
    session.flush()
    return len(kept) - before


def storable(value: T) -> T:
    """JSON without NUL: a policy may sample it, and PostgreSQL takes it in no text."""
    stripped: object = value
    if isinstance(value, str):
        stripped = value.replace("\x00", "")
    elif isinstance(value, list):
        stripped = [storable(item) for item in value]
    elif isinstance(value, dict):
        stripped = {name: storable(item) for name, item in value.items()}
    return cast(T, stripped)


def _hash(said: list[dict[str, str]]) -> str:
    return prompt_hash([message["content"] for message in said])
