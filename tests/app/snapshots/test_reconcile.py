"""Against a real HTTP server that keeps a list of loaded adapters, as inference and vLLM do."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app import db, settings
from app.snapshots.reconcile import reconcile
from app.tables import SnapshotKind
from tests.answering import Answer, JSONHandler, answering
from tests.app.snapshots.test_deployments import snapshot_on_disk
from tests.factories import make_conversation, make_deployment, make_snapshot, make_task


class Inference(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.loaded: dict[str, str] = {}
        self.refused: set[str] = set()


class _Handler(JSONHandler):
    server: Inference

    def get(self) -> Answer:
        adapters = [{"id": name, "root": path, "parent": "initial"} for name, path in self.server.loaded.items()]
        return 200, {"data": [{"id": "initial", "root": "/base", "parent": None}, *adapters]}

    def post(self, body: Any) -> Answer:
        name = body["lora_name"]
        if name in self.server.refused:
            return 400, {"error": {"message": "No room."}}
        if self.path == "/v1/load_lora_adapter":
            self.server.loaded[name] = body["lora_path"]
        else:
            del self.server.loaded[name]
        return 200, {}


@pytest.fixture
def inference(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inference]:
    with answering(server := Inference()) as url:
        monkeypatch.setenv("INFERENCE_URL", url)
        settings.get_settings.cache_clear()
        yield server


def deployed(name: str, kind: SnapshotKind = SnapshotKind.POLICY, **fields: object) -> Path:
    from sqlalchemy import select

    from app.tables import Snapshot

    with db.writing() as session:
        directory = snapshot_on_disk(session, name, kind)
        snapshot = session.scalars(select(Snapshot).where(Snapshot.name == name)).one()
        task = make_task(session) if kind == SnapshotKind.POLICY else None
        make_deployment(session, task, snapshot, **fields)
    return directory.resolve()


def test_wanted_policies_and_the_pm_are_loaded_and_strangers_unloaded(inference: Inference) -> None:
    inference.loaded["last-week"] = "/somewhere"
    policy, pm = deployed("week-1"), deployed("pm-1", SnapshotKind.PM)
    outcome = reconcile()
    assert inference.loaded == {"week-1": str(policy), "pm-1": str(pm)}
    assert (outcome.loaded, outcome.unloaded, outcome.failed) == (["week-1", "pm-1"], ["last-week"], {})
    again = reconcile()
    assert (again.loaded, again.unloaded, again.failed) == ([], [], {})


def test_the_initial_policy_is_the_base_and_is_never_touched(inference: Inference) -> None:
    with db.writing() as session:
        make_deployment(session, make_task(session), make_snapshot(session, "initial"))
    outcome = reconcile()
    assert (outcome.loaded, outcome.unloaded, outcome.failed) == ([], [], {})


def test_a_damaged_or_refused_snapshot_does_not_keep_the_others_away(inference: Inference) -> None:
    (deployed("damaged") / "adapter_model.safetensors").write_bytes(b"")
    deployed("refused")
    deployed("good")
    inference.refused.add("refused")
    outcome = reconcile()
    assert set(inference.loaded) == {"good"}
    assert outcome.failed["damaged"].endswith("its hash is not the manifest's.")
    assert "No room." in outcome.failed["refused"]


def test_a_conversation_keeps_its_policies_over_a_new_deployment(inference: Inference) -> None:
    deployed("pinned", active=False)
    assert reconcile().loaded == []
    with db.writing() as session:
        from sqlalchemy import select

        from app.tables import Deployment

        old = session.scalars(select(Deployment)).one()
        make_conversation(session, deployment_a_id=old.id, deployment_b_id=old.id)
    assert reconcile().loaded == ["pinned"]


def test_a_server_that_is_away_is_named_and_nothing_is_raised(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    settings.get_settings.cache_clear()
    assert list(reconcile().failed) == ["http://127.0.0.1:9"]


def test_the_pm_goes_to_its_own_server_where_there_is_one(
    inference: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(scoring := Inference()) as url:
        monkeypatch.setenv("PM_URL", url)
        settings.get_settings.cache_clear()
        deployed("week-1")
        deployed("pm-1", SnapshotKind.PM)
        reconcile()
    assert (set(inference.loaded), set(scoring.loaded)) == ({"week-1"}, {"pm-1"})
