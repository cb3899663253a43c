"""Retired snapshots are kept, and never deployed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.errors import DomainError
from app.snapshots import retiring, service
from app.snapshots.shares import Wanted
from app.tables import Account, AuditEvent, Deployment, Snapshot, Task
from tests.app.snapshots.conftest import snapshot_on_disk


def deploy(client: TestClient, *lines: tuple[str, float]) -> int:
    body = {"deployments": [{"snapshot": name, "share": share} for name, share in lines]}
    return client.put("/tasks/talk/deployments", json=body).status_code


def test_a_retired_snapshot_is_listed_apart_and_not_deployed_until_it_is_taken_back(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    body = researcher.post("/snapshots/week-1/retire", json={"reason": "It swears."}).json()
    assert body["retired_at"]
    assert [row["name"] for row in researcher.get("/snapshots").json()] == ["initial"]
    assert [row["name"] for row in researcher.get("/snapshots?retired=true").json()] == ["week-1"]
    refused = researcher.put("/tasks/talk/deployments", json={"deployments": [{"snapshot": "week-1", "share": 100}]})
    assert refused.json()["detail"] == "Snapshot “week-1” was retired."

    assert researcher.post("/snapshots/week-1/unretire", json={}).json()["retired_at"] is None
    assert deploy(researcher, ("week-1", 100)) == 200
    with db.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[:2]
        assert [(event.action, event.subject, event.reason) for event in events] == [
            ("retire", "snapshot:week-1", "It swears."),
            ("unretire", "snapshot:week-1", None),
        ]
        assert (events[0].before, events[0].after) == ({"retired": False}, {"retired": True})


def test_what_answers_somewhere_is_not_retired_and_the_refusal_says_where(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    deploy(researcher, ("week-1", 80), ("initial", 20))
    answer = researcher.post("/snapshots/week-1/retire", json={"reason": "It swears."})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Snapshot “week-1” is deployed for talk (80 %); deploy something else there first.",
    )
    deploy(researcher, ("initial", 100))
    assert researcher.post("/snapshots/week-1/retire", json={"reason": "It swears."}).status_code == 200


@pytest.mark.parametrize(
    ("name", "reason", "status", "type"),
    [
        ("initial", "Too weak.", 409, "never-retired"),
        ("week-1", " ", 422, "reason-needed"),
        ("week-1", "\u200b", 422, "reason-needed"),
        ("week-9", "Gone.", 404, "unknown-snapshot"),
    ],
)
def test_a_wrong_retirement_changes_nothing(
    researcher: TestClient, name: str, reason: str, status: int, type: str
) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    answer = researcher.post(f"/snapshots/{name}/retire", json={"reason": reason})
    assert (answer.status_code, answer.json()["type"]) == (status, type)
    with db.reading() as session:
        assert session.scalars(select(Snapshot.retired_at)).all() == [None, None]
        assert session.scalars(select(AuditEvent)).all() == []


def test_a_snapshot_cannot_be_retired_and_deployed_at_the_same_moment(researcher: TestClient) -> None:
    names = [f"week-{number}" for number in range(5)]
    with db.writing() as session:
        for name in names:
            snapshot_on_disk(session, name)

    def one_of(name: str, what: str) -> None:
        try:
            with db.writing() as session:
                if what == "deploy":
                    service.deploy(session, session.scalars(select(Task)).one(), [Wanted(name, 100)])
                else:
                    retiring.retire(session, name, session.scalars(select(Account)).one(), "Race.")
        except DomainError:
            pass

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one_of, [name for name in names for _ in "ab"], ["deploy", "retire"] * 5))
    with db.reading() as session:
        active = select(Snapshot).join(Deployment).where(Deployment.active)
        assert [row.retired_at for row in session.scalars(active)] == [None]
