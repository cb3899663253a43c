"""Snapshots that runs made: their files go into the snapshot store, and each gets a row."""

import json
import os
import shutil
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import get_settings
from app.tables import Iteration, Snapshot, SnapshotKind, TrainingRun


def register(
    session: Session,
    run: TrainingRun,
    kind: SnapshotKind,
    name: str,
    iteration: Iteration,
    pm: Snapshot | None = None,
    made: str = "snapshot",
) -> Snapshot:
    """Keep a snapshot that the run made, `RUN_DIR/snapshot` or one along the run, in the snapshot store and as a row.
    The same one again is the same row."""
    source = get_settings().runs_dir / run.directory / made
    manifest = json.loads((source / "manifest.json").read_text())
    for known in session.scalars(select(Snapshot).where(Snapshot.training_run_id == run.id)):
        if known.manifest.get("name") == manifest.get("name"):  # its row's may have a number
            return known
    name = _unused(session, name)
    _place(source, get_settings().snapshots_dir / name)
    snapshot = Snapshot(
        name=name,
        kind=kind,
        directory=name,
        base_hash=manifest["base"]["hash"],
        data_hash=manifest.get("data_hash"),
        manifest=manifest,
        training_run_id=run.id,
        iteration_id=iteration.id,
        pm_id=pm.id if pm else None,
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def _unused(session: Session, name: str) -> str:
    """A second attempt with other inputs makes a second snapshot; the first may be deployed somewhere by hand."""
    taken = set(session.scalars(select(Snapshot.name).where(Snapshot.name.startswith(name))))
    number = 1
    while (unused := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return unused


def _place(source: Path, target: Path) -> None:
    """All of it appears at once. Hard links, for nobody changes a snapshot's files."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, unfinished, copy_function=_link)
    if target.exists():  # no row names it: left by a kill between this step and the commit
        shutil.rmtree(target)
    unfinished.replace(target)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target
