"""A researcher, a task that the initial policy answers alone, and snapshots that are files as well."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import db
from app.settings import get_settings
from app.tables import Evaluation, Role, SnapshotKind
from tests.app.clients import client_of
from tests.factories import make_account, make_deployment, make_snapshot, make_task


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    """With a task “talk” that the initial policy answers alone."""
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="rosa")
        task = make_task(session, slug="talk")
        make_deployment(session, task, make_snapshot(session, "initial"))
    return client_of(account)


def snapshot_on_disk(
    session: Session, name: str, kind: SnapshotKind = SnapshotKind.POLICY, *, evaluated: bool = True, **fields: Any
) -> Path:
    directory = get_settings().snapshots_dir / name
    directory.mkdir(parents=True)
    (directory / "adapter_model.safetensors").write_bytes(b"weights of " + name.encode())
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}
    (directory / "manifest.json").write_text(json.dumps({"format": 1, "name": name, "files": hashes}))
    snapshot = make_snapshot(session, name, kind, directory=name, **fields)
    if evaluated:
        session.add(Evaluation(snapshot_id=snapshot.id, kind=f"evaluate_{kind}", result={}))
        session.flush()
    return directory
