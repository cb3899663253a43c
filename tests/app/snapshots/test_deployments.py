"""Deploying and rolling back, as a researcher does it over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from app import db
from app.snapshots import service
from app.snapshots.shares import Wanted
from app.tables import AuditEvent, Deployment, Snapshot, SnapshotKind, Task
from tests.app.snapshots.conftest import snapshot_on_disk
from tests.factories import make_deployment


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
        "week-1": [{"task": "talk", "share": 80.0, "full_share": None}],
        "initial": [{"task": "talk", "share": 20.0, "full_share": None}],
    }


WRONG = [
    ([("initial", 99.9)], "Shares must be above 0 and add up to 100; these are 99.9 = 99.9."),
    ([("initial", 100), ("week-1", 0)], "Shares must be above 0 and add up to 100; these are 100 + 0 = 100."),
    ([("initial", 150), ("week-1", -50)], "Shares must be above 0 and add up to 100; these are 150 + -50 = 100."),
    ([], "Shares must be above 0 and add up to 100; these are nothing = 0."),
    ([("initial", 50), ("initial", 50)], "A snapshot is listed twice with the same best-of"),
    ([("week-9", 100)], "There is no snapshot “week-9”."),
    ([("some-pm", 100)], "Snapshot “some-pm” is a PM, and a policy is wanted here."),
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


def test_deploying_for_the_scoring_pm_names_one_pm(researcher: TestClient) -> None:
    with db.writing() as session:
        for name in ("pm-1", "pm-2"):
            snapshot_on_disk(session, name, SnapshotKind.PM)
    both = {"deployments": [{"snapshot": "pm-1", "share": 50}, {"snapshot": "pm-2", "share": 50}]}
    answer = researcher.put("/tasks/scoring-pm/deployments", json=both)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "One PM scores all candidates: name one, with a share of 100.",
    )
    for name in ("pm-1", "pm-2"):
        one = {"deployments": [{"snapshot": name, "share": 100}]}
        assert researcher.put("/tasks/scoring-pm/deployments", json=one).json()["task"] is None
    back = researcher.post("/tasks/scoring-pm/rollback").json()
    assert (back["generation"], back["deployments"][0]["snapshot"]) == (3, "pm-1")


def test_a_snapshot_that_was_never_evaluated_wants_a_reason_which_is_recorded(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1-kl4", evaluated=False)
    for nothing in (None, "", "  ", "\u200b"):
        refused = put(researcher, ("week-1-kl4", 50), ("initial", 50), reason=nothing)
        assert (refused.status_code, refused.json()["type"]) == (422, "snapshot-not-evaluated")
        assert refused.json()["detail"] == (
            "Snapshot “week-1-kl4” was never evaluated on test data; to deploy it all the same, give a reason."
        )
    assert [g["generation"] for g in researcher.get("/deployments").json()] == [1]

    assert put(researcher, ("week-1-kl4", 50), ("initial", 50), reason="To compare KL levels.").status_code == 200
    with db.reading() as session:
        event = session.scalars(select(AuditEvent)).one()
        assert (event.reason, (event.after or {})["unevaluated"]) == ("To compare KL levels.", ["week-1-kl4"])
    again = put(researcher, ("week-1-kl4", 80), ("initial", 20))
    assert again.status_code == 200, "it answers already: that was decided"


def test_a_canary_begins_small_beside_those_that_answer_and_is_promoted_to_its_full_share(
    researcher: TestClient,
) -> None:
    with db.writing() as session:
        for name in ("week-1", "week-2"):
            snapshot_on_disk(session, name)
    put(researcher, ("week-1", 80), ("initial", 20))
    body = put(researcher, ("week-2", 70), ("initial", 30), canary=10).json()
    assert body["canary"]
    assert shares_of(body) == {"week-2": (10, 70), "week-1": (72, 0), "initial": (18, 30)}

    body = researcher.post("/tasks/talk/promote", json={"reason": "No complaint in a day."}).json()
    assert (body["generation"], body["canary"]) == (4, False)
    assert shares_of(body) == {"week-2": (70, None), "initial": (30, None)}
    newest = researcher.get("/deployments").json()[0]
    assert (newest["action"], newest["reason"]) == ("promote", "No complaint in a day.")

    nothing = researcher.post("/tasks/talk/promote")
    assert (nothing.status_code, nothing.json()["detail"]) == (
        409,
        "Task talk has no canary: all that answers has its full share.",
    )


def test_rolling_back_a_canary_brings_the_shares_before_it(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    put(researcher, ("week-1", 90), ("initial", 10), canary=5)
    body = researcher.post("/tasks/talk/rollback", json={"reason": "It is rude."}).json()
    assert (body["canary"], shares_of(body)) == (False, {"initial": (100, None)})


def test_a_canary_without_anything_new_or_that_takes_most_is_refused(researcher: TestClient) -> None:
    with db.writing() as session:
        for name in ("a", "b", "c"):
            snapshot_on_disk(session, name)
    answer = put(researcher, ("initial", 100), canary=5)
    assert (answer.status_code, answer.json()["type"]) == (422, "nothing-new")
    answer = put(researcher, ("a", 30), ("b", 30), ("c", 30), ("initial", 10), canary=20)
    assert answer.json()["detail"] == (
        "A canary share of 20 % for each of 3 new would leave 40 % for those that answer now; they keep at least 50 %."
    )
    assert put(researcher, ("a", 90), ("initial", 10), canary=60).status_code == 422
    assert [g["generation"] for g in researcher.get("/deployments").json()] == [1]


def test_who_looked_at_an_older_generation_replaces_nothing_unseen(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    assert put(researcher, ("week-1", 50), ("initial", 50), seen=1).status_code == 200
    late = put(researcher, ("week-1", 100), seen=1)
    assert (late.status_code, late.json()["type"]) == (409, "deployed-meanwhile")
    assert late.json()["detail"] == (
        "Task talk has got generation 2 meanwhile, and you looked at 1; look again before you replace it."
    )
    assert researcher.post("/tasks/talk/rollback", json={"seen": 1}).status_code == 409
    assert researcher.post("/tasks/talk/promote", json={"seen": 1}).status_code == 409
    assert [g["generation"] for g in researcher.get("/deployments").json()] == [2, 1]


def test_two_who_deploy_at_the_same_moment_make_two_generations_one_of_them_active(researcher: TestClient) -> None:
    """For a task, and for the scoring PM, which has no row of its own to be locked."""
    names = [f"snapshot-{number}" for number in range(6)]
    with db.writing() as session:
        for name in names:
            snapshot_on_disk(session, name, SnapshotKind.PM if name < "snapshot-3" else SnapshotKind.POLICY)

    def at_once(name: str) -> None:
        with db.writing() as session:
            task = None if name < "snapshot-3" else session.scalars(select(Task)).one()
            service.deploy(session, task, [Wanted(name, 100)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(at_once, names))
    with db.reading() as session:
        for of, generations in (
            (Deployment.task_id.is_(None), [1, 2, 3]),
            (Deployment.task_id.is_not(None), [1, 2, 3, 4]),
        ):
            rows = session.scalars(select(Deployment).where(of).order_by(Deployment.generation)).all()
            assert [row.generation for row in rows] == generations
            assert [row.active for row in rows] == [False] * (len(rows) - 1) + [True]


def test_the_list_of_generations_says_who_did_what_and_why(researcher: TestClient) -> None:
    with db.writing() as session:
        snapshot_on_disk(session, "week-1")
    put(researcher, ("week-1", 100), reason="It won.")
    newest, first = researcher.get("/deployments").json()
    assert (newest["created_by"], newest["action"], newest["reason"]) == ("rosa", "deploy", "It won.")
    assert (first["created_by"], first["action"], first["reason"]) == (None, None, None)


def shares_of(body: dict[str, Any]) -> dict[str, tuple[float, float | None]]:
    """Share now, and once promoted."""
    return {line["snapshot"]: (line["share"], line["full_share"]) for line in body["deployments"]}
