"""Asking for files of comparisons, and who may have them; the job that writes them is tested in tests/worker."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db, jobs
from app.accounts.own_data import erasure
from app.exports import files
from app.tables import Account, AuditEvent, Export, ExportStatus, Role, Tranche
from tests.app.conftest import Browser
from tests.factories import make_account

HELPFUL = {"task": "helpfulness"}


@pytest.fixture
def rosa(session: Session, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A researcher who has agreed to the warning; jobs are not sent."""
    monkeypatch.setattr(jobs, "send", lambda *job: True)
    account = make_account(session, Role.RESEARCHER, username="rosa", red_team_opt_in_at=db.now())
    session.add(Tranche(name="2026-w48-base", kind="base", content_hash="x", counts={}, exclusions={}))
    session.commit()
    return account


def committed(session: Session, role: Role) -> Account:
    account = make_account(session, role)
    session.commit()
    return account


def written(id: str, **fields: object) -> Export:
    """As the job leaves it."""
    with db.writing() as session:
        export = session.get_one(Export, id)
        export.status, export.attempt, export.finished_at, export.erasures_seen = ExportStatus.DONE, 1, db.now(), 0
        export.file_name, export.expires_at = "turnwise-all.jsonl.gz", db.now() + timedelta(days=7)
        for name, value in fields.items():
            setattr(export, name, value)
    files.directory().mkdir(exist_ok=True)
    files.path_of(export).write_bytes(b"lines")
    return export


def actions(session: Session) -> list[str]:
    return [event.action for event in events(session)]


def events(session: Session) -> list[AuditEvent]:
    of_exports = select(AuditEvent).where(AuditEvent.subject.startswith("export:"))
    return list(session.scalars(of_exports.order_by(AuditEvent.id)))


def test_an_export_is_asked_for_once_and_is_on_record(browser: Browser, session: Session, rosa: Account) -> None:
    http = browser(rosa)
    asked = http.post("/exports", json={"tranche": "2026-w48-base"})
    assert asked.status_code == 201
    assert (asked.json()["status"], asked.json()["tranche"], asked.json()["asked_by"]) == (
        "waiting", "2026-w48-base", "rosa",
    )  # fmt: skip
    again = http.post("/exports", json={"tranche": "2026-w48-base"}).json()
    assert again["id"] == asked.json()["id"]
    other = http.post("/exports", json=HELPFUL).json()
    assert [one["id"] for one in http.get("/exports").json()] == [other["id"], again["id"]]
    assert [(event.action, event.after) for event in events(session)] == [
        ("export", {"format": "hh", "tranche": "2026-w48-base"}),
        ("export", {"format": "hh", "task": "helpfulness"}),
    ]


@pytest.mark.parametrize(
    ("wanted", "status", "sentence"),
    [
        ({"format": "docx"}, 422, "format: there is no format “docx”; there are hh."),
        ({"tranche": "w1"}, 404, "There is no tranche “w1”; the newest are 2026-w48-base."),
        ({"iteration": "w1"}, 404, "There is no such iteration."),
        ({"tranche": "a", "iteration": "b"}, 422, "tranche: ask for a tranche or for an iteration, not for both."),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence_and_leaves_nothing(
    browser: Browser, session: Session, rosa: Account, wanted: dict[str, str], status: int, sentence: str
) -> None:
    answer = browser(rosa).post("/exports", json=wanted)
    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)
    assert session.scalars(select(Export)).all() == []


def test_the_file_is_given_out_to_researchers_and_each_time_on_record(
    browser: Browser, session: Session, rosa: Account
) -> None:
    http = browser(rosa)
    id = http.post("/exports", json={}).json()["id"]
    early = http.get(f"/exports/{id}/file")
    assert (early.status_code, early.json()["detail"]) == (409, "This export is not written yet.")
    written(id)
    answer = http.get(f"/exports/{id}/file")
    assert (answer.status_code, answer.content) == (200, b"lines")
    assert answer.headers["content-disposition"] == 'attachment; filename="turnwise-all.jsonl.gz"'
    assert actions(session) == ["export", "download-export"]
    assert browser(committed(session, Role.CROWDWORKER)).get(f"/exports/{id}/file").status_code == 403


def test_red_team_words_are_for_those_who_agreed_to_the_warning(
    browser: Browser, session: Session, rosa: Account
) -> None:
    http, innocent = browser(rosa), browser(committed(session, Role.RESEARCHER))
    for task in (None, "red-team"):
        refused = innocent.post("/exports", json={"task": task})
        assert (refused.status_code, refused.json()["type"]) == (403, "warning-not-agreed")
    mixed, helpful = (http.post("/exports", json=wanted).json()["id"] for wanted in ({}, HELPFUL))
    written(mixed), written(helpful)
    assert [innocent.get(f"/exports/{id}/file").status_code for id in (mixed, helpful)] == [403, 200]
    assert [one["allowed"] for one in innocent.get("/exports").json()] == [True, False]


def test_a_file_older_than_an_erasure_is_given_to_nobody(browser: Browser, session: Session, rosa: Account) -> None:
    http, leaver = browser(rosa), committed(session, Role.CROWDWORKER)
    id = http.post("/exports", json={}).json()["id"]
    written(id)
    erasure.erase(session, leaver.id)
    session.commit()
    answer = http.get(f"/exports/{id}/file")
    assert (answer.status_code, answer.json()["detail"]) == (
        410, "Somebody had their data erased after this file was made: please ask for it again.",
    )  # fmt: skip
    written(id, erasures_seen=1)
    assert http.get(f"/exports/{id}/file").status_code == 200


def test_a_file_out_of_time_or_removed_by_hand_is_one_sentence(browser: Browser, rosa: Account) -> None:
    http = browser(rosa)
    id = http.post("/exports", json={}).json()["id"]
    written(id, expires_at=db.now() - timedelta(seconds=1))
    assert "The time of this file is over" in http.get(f"/exports/{id}/file").json()["detail"]
    files.path_of(written(id)).unlink()
    assert "not there any more" in http.get(f"/exports/{id}/file").json()["detail"]


def test_what_waits_is_cancelled_at_once_and_what_is_over_is_not(
    browser: Browser, session: Session, rosa: Account
) -> None:
    http = browser(rosa)
    id = http.post("/exports", json={}).json()["id"]
    cancelled = http.post(f"/exports/{id}/cancel").json()
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "Cancelled.")
    again = http.post(f"/exports/{id}/cancel")
    assert (again.status_code, again.json()["detail"]) == (409, "This export is cancelled already.")
    assert actions(session) == ["export", "cancel-export"]


def test_a_file_can_be_deleted_before_its_time(browser: Browser, session: Session, rosa: Account) -> None:
    http = browser(rosa)
    id = http.post("/exports", json={}).json()["id"]
    assert http.delete(f"/exports/{id}/file").status_code == 409
    path = files.path_of(written(id))
    deleted = http.delete(f"/exports/{id}/file").json()
    assert (deleted["status"], deleted["reason"]) == ("deleted", "Deleted by rosa.")
    assert not path.exists()
    assert http.get(f"/exports/{id}/file").json()["detail"] == "Deleted by rosa."
    assert actions(session) == ["export", "delete-export"]


def test_what_does_not_exist_is_404(browser: Browser, rosa: Account) -> None:
    http = browser(rosa)
    answers = [
        http.get("/exports/x/file"), http.delete("/exports/x/file"), http.post("/exports/x/cancel"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_the_page_is_told_which_formats_there_are(browser: Browser, rosa: Account) -> None:
    (hh,) = browser(rosa).get("/exports/formats").json()
    assert (hh["name"], hh["suffix"]) == ("hh", ".jsonl.gz")
