"""Deploying and rolling back, as a researcher does it over HTTP."""

import hashlib
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import db
from app.settings import get_settings
from app.tables import AuditEvent, Deployment, Role, Snapshot, SnapshotKind
from tests.app.clients import client_of
from tests.factories import make_account, make_deployment, make_snapshot, make_task


@pytest.fixture
def researcher(engine: Engine) -> TestClient:
    """With a task “talk” that the initial policy answers alone."""
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
        task = make_task(session, slug="talk")
        make_deployment(session, task, make_snapshot(session, "initial"))
    return client_of(account)


def snapshot_on_disk(session: Session, name: str, kind: SnapshotKind = SnapshotKind.POLICY) -> Path:
    directory = get_settings().snapshots_dir / name
    directory.mkdir(parents=True)
    (directory / "adapter_model.safetensors").write_bytes(b"weights of " + name.encode())
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}
    (directory / "manifest.json").write_text(json.dumps({"format": 1, "name": name, "files": hashes}))
    make_snapshot(session, name, kind, directory=name)
    return directory


def put(client: TestClient, *lines: tuple[str, float], **fields: object) -> Response:
    body = {"deployments": [{"snapshot": name, "share": share} for name, share in lines], **fields}
    return client.put("/tasks/talk/deployments", json=body)


def test_a_deployment_is_a_new_generation_and_is_written_down(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    body = put(researcher, ("week-1", 80), ("initial", 20), reason="It looks better.").json()
    assert (body["generation"], body["active"]) == (2, True)
    assert [(line["snapshot"], line["share"]) for line in body["deployments"]] == [("week-1", 80), ("initial", 20)]
    generations = researcher.get("/deployments").json()
    assert [(g["generation"], g["active"]) for g in generations] == [(2, True), (1, False)]
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.subject, event.reason) == ("deploy", "task:talk", "It looks better.")
        assert event.before == {
            "generation": 1,
            "deployments": [{"snapshot": "initial", "share": 100.0, "best_of": 1}],
        }
    deployed = {row["name"]: row["deployed"] for row in researcher.get("/snapshots").json()}
    assert deployed == {
        "week-1": [{"task": "talk", "share": 80.0}],
        "initial": [{"task": "talk", "share": 20.0}],
    }


WRONG = [
    ([("initial", 99.9)], "Shares must be above 0 and add up to 100; these are 99.9 = 99.9."),
    ([("initial", 100), ("week-1", 0)], "Shares must be above 0 and add up to 100; these are 100 + 0 = 100."),
    ([("initial", 150), ("week-1", -50)], "Shares must be above 0 and add up to 100; these are 150 + -50 = 100."),
    ([], "Shares must be above 0 and add up to 100; these are nothing = 0."),
    ([("initial", 50), ("initial", 50)], "A snapshot is listed twice with the same best-of"),
    ([("week-9", 100)], "There is no snapshot “week-9”."),
    ([("some-pm", 100)], "Snapshot “some-pm” is a pm, and a policy is wanted here."),
]


def test_a_wrong_generation_is_refused_and_changes_nothing(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
        snapshot_on_disk(session, "some-pm", SnapshotKind.PM)
    for lines, sentence in WRONG:
        answer = put(researcher, *lines)
        assert answer.status_code == 422, lines
        assert answer.json()["detail"].startswith(sentence)
    assert [g["generation"] for g in researcher.get("/deployments").json()] == [1]


def test_shares_may_miss_100_by_a_rounding_error(researcher: TestClient) -> None:
    with db.writing() as session:
        for name in ("a", "b"):
            snapshot_on_disk(session, name)
    assert put(researcher, ("a", 33.33), ("b", 33.33), ("initial", 33.33)).status_code == 200


def test_a_truncated_snapshot_is_refused_by_the_name_of_its_file(researcher: TestClient) -> None:
    with db.writing() as session:
        directory = snapshot_on_disk(session, "week-1")
    weights = directory / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert put(researcher, ("week-1", 100)).json()["detail"].startswith(f"{weights} is truncated or was changed")
    weights.unlink()
    assert put(researcher, ("week-1", 100)).json()["detail"] == f"{weights} is missing; the snapshot is incomplete."
    (directory / "manifest.json").write_text('{"files": ')
    answer = put(researcher, ("week-1", 100))
    assert answer.json() == {
        "type": "snapshot-incomplete",
        "title": answer.json()["title"],
        "status": 422,
        "detail": f"{directory / 'manifest.json'} is not the manifest of a snapshot.",
    }
    assert [g["generation"] for g in researcher.get("/deployments").json()] == [1]


def test_best_of_k_needs_a_deployed_pm(researcher: TestClient) -> None:
    body = {"deployments": [{"snapshot": "initial", "share": 100, "best_of": 16}]}
    assert "needs a deployed PM" in researcher.put("/tasks/talk/deployments", json=body).json()["detail"]
    with db.writing() as session:
        snapshot_on_disk(session, "pm-1", SnapshotKind.PM)
        make_deployment(session, None, session.scalars(select(Snapshot).where(Snapshot.name == "pm-1")).one())
    assert researcher.put("/tasks/talk/deployments", json=body).json()["deployments"][0]["best_of"] == 16


def test_rolling_back_copies_the_generation_before_the_active_one(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    put(researcher, ("week-1", 100))
    body = researcher.post("/tasks/talk/rollback", json={"reason": "It is rude."}).json()
    assert body["generation"] == 3
    assert [(line["snapshot"], line["share"]) for line in body["deployments"]] == [("initial", 100)]
    with db.reading() as session:
        active = session.scalars(select(Deployment).where(Deployment.active)).all()
        assert [row.generation for row in active] == [3]
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
        assert actions == ["deploy", "rollback"]


def test_there_is_nothing_to_roll_back_to_from_the_first_generation(researcher: TestClient) -> None:
    answer = researcher.post("/tasks/talk/rollback")
    assert (answer.status_code, answer.json()["type"]) == (409, "nothing-to-roll-back")
    assert researcher.post("/tasks/unknown/rollback").status_code == 404
