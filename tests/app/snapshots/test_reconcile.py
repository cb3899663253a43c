"""Against a real HTTP server that keeps a list of loaded adapters, as inference and vLLM do."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app import db, settings
from app.snapshots.reconcile import reconcile
from app.tables import SnapshotKind
from tests.app.snapshots.test_deployments import snapshot_on_disk
from tests.factories import make_conversation, make_deployment, make_snapshot, make_task


class Inference(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.loaded: dict[str, str] = {}
        self.refused: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Inference

    def do_GET(self) -> None:
        adapters = [{"id": name, "root": path, "parent": "initial"} for name, path in self.server.loaded.items()]
        self._answer(200, {"data": [{"id": "initial", "root": "/base", "parent": None}, *adapters]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = body["lora_name"]
        if name in self.server.refused:
            self._answer(400, {"error": {"message": "No room."}})
        elif self.path == "/v1/load_lora_adapter":
            self.server.loaded[name] = body["lora_path"]
            self._answer(200, {})
        else:
            del self.server.loaded[name]
            self._answer(200, {})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def inference(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inference]:
    server = Inference()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("INFERENCE_URL", server.url)
    settings.get_settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()


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
    scoring = Inference()
    threading.Thread(target=scoring.serve_forever, daemon=True).start()
    monkeypatch.setenv("PM_URL", scoring.url)
    settings.get_settings.cache_clear()
    deployed("week-1")
    deployed("pm-1", SnapshotKind.PM)
    reconcile()
    assert (set(inference.loaded), set(scoring.loaded)) == ({"week-1"}, {"pm-1"})
    scoring.shutdown()
    scoring.server_close()
