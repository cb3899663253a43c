"""The audit log through the API."""

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app import db
from app.tables import Account, AuditEvent, Role
from tests.app.conftest import Browser
from tests.factories import make_account, make_comparison, make_turn

Json = dict[str, Any]


@pytest.fixture
def rosa(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session, Role.RESEARCHER, username="rosa")


@pytest.fixture
def researcher(browser: Browser, rosa: Account) -> TestClient:
    return browser(rosa)


def record(account: Account | None = None, action: str = "tried", subject: str = "thing:1", **fields: Any) -> int:
    with db.writing() as session:
        event = AuditEvent(account_id=account.id if account else None, action=action, subject=subject, **fields)
        session.add(event)
        session.flush()
        return event.id


def found(browser: TestClient, **filters: Any) -> list[Json]:
    answer = browser.get("/audit", params=filters)
    assert answer.status_code == 200, answer.text
    events: list[Json] = answer.json()["events"]
    return events


def test_a_changed_setting_says_who_what_and_what_was_before(researcher: TestClient) -> None:
    settings = researcher.get("/tasks/helpfulness").json()
    researcher.put("/tasks/helpfulness", json=settings | {"pass_mark": 5, "pay_cents": 450}).raise_for_status()
    (event,) = found(researcher, action="change-task")
    assert (event["person"], event["reason"], event["has_texts"]) == ("rosa", None, False)
    assert event["subject"] == {"key": "task:helpfulness", "kind": "task", "id": "helpfulness", "name": None}
    assert [(one["field"], one["before"], one["after"]) for one in event["changes"]] == [
        ("pass_mark", "4", "5"),
        ("pay_cents", None, "450"),
    ]


def test_a_published_text_is_told_line_by_line(researcher: TestClient) -> None:
    text = researcher.get("/tasks/helpfulness/texts").json()[0]
    new = {name: text[name] for name in ("title", "question", "instructions", "guide", "qualification")}
    first, _, rest = new["instructions"].partition("\n")
    new |= {"instructions": f"# Other words\n{rest}", "title": "Another title"}
    researcher.post("/tasks/helpfulness/texts", json=new).raise_for_status()
    (event,) = found(researcher, action="publish-text", person="rosa")
    assert event["has_texts"]
    alone = researcher.get(f"/audit/{event['id']}").json()
    changed = {one["field"]: one for one in alone["changes"]}
    assert set(changed) == {"text_version", "title", "instructions"}
    assert (changed["title"]["before"], changed["title"]["after"]) == (text["title"], "Another title")
    lines = [(line["kind"], line["text"]) for line in changed["instructions"]["lines"]]
    assert lines[:2] == [("removed", first), ("added", "# Other words")]


def test_a_new_consent_text_is_told_line_by_line(researcher: TestClient) -> None:
    body = researcher.get("/consent").json()["body"]
    researcher.post("/consent", json={"body": f"{body.rstrip()}\n\nAnd new."}).raise_for_status()
    event = found(researcher, action="publish-consent")[0]
    text = next(one for one in researcher.get(f"/audit/{event['id']}").json()["changes"] if one["field"] == "text")
    assert [line["text"] for line in text["lines"] if line["kind"] == "added"] == ["", "And new."]
    assert [line for line in text["lines"] if line["kind"] == "removed"] == []


def test_things_are_called_as_people_call_them(researcher: TestClient, rosa: Account) -> None:
    with db.writing() as session:
        comparison = make_comparison(session, make_turn(session))
        conversation = comparison.turn.conversation_id
    record(rosa, subject=f"account:{rosa.id}")
    record(rosa, subject=f"comparison:{comparison.id}")
    record(rosa, subject="account:gone")
    gone, compared, account = [event["subject"] for event in found(researcher, action="tried")]
    assert (account["kind"], account["id"], account["name"]) == ("account", rosa.id, "rosa")
    assert (compared["kind"], compared["id"]) == ("comparison", conversation)
    assert (gone["id"], gone["name"]) == ("gone", None)


def test_filters_add_up(researcher: TestClient, rosa: Account) -> None:
    day = db.now().replace(year=2025, month=3, day=9, hour=23, minute=59)
    record(rosa, "a", "task:x", at=day)
    record(None, "a", "task:x", at=day + timedelta(minutes=2))
    record(rosa, "b", "tasks:y")
    record(rosa, "b", "task:x-2")

    def ids(**filters: str) -> list[tuple[str, str]]:
        return [(event["action"], event["subject"]["key"]) for event in found(researcher, **filters)]

    assert ids(person="ROSA", subject="task") == [("b", "task:x-2"), ("a", "task:x")]
    assert ids(subject="task:x") == [("a", "task:x")] * 2
    assert ids(subject="task:x", person="-") == [("a", "task:x")]
    assert ids(action="b") == [("b", "task:x-2"), ("b", "tasks:y")]
    assert [event["person"] for event in found(researcher, action="a", since="2025-03-10")] == [None]
    assert [event["person"] for event in found(researcher, action="a", until="2025-03-09")] == ["rosa"]
    assert len(found(researcher, action="a", until="9999-12-31")) == 2
    assert ids(subject="t%") == []
    choices = researcher.get("/audit/filters").json()
    assert choices["people"] == ["rosa"]
    assert {"a", "b", "deploy", "publish-consent"} <= set(choices["actions"])


def test_pages_follow_each_other_without_gap_or_repetition(researcher: TestClient) -> None:
    made = [record(action="many") for _ in range(101)]
    seen: list[int] = []
    before: dict[str, int] = {}
    sizes = []
    while True:
        page = researcher.get("/audit", params={"action": "many", **before}).json()
        sizes.append(len(page["events"]))
        seen += [event["id"] for event in page["events"]]
        record(action="many")  # what comes meanwhile belongs to the first page
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert sizes == [50, 50, 1]
    assert seen == made[::-1]


def test_the_file_holds_all_that_is_found(researcher: TestClient, rosa: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.audit.queries.FILE_PAGE", 2)
    for number in range(5):
        record(rosa, "many", after={"n": number}, reason="=1+1" if number == 0 else None)
    record(None, "other")
    answer = researcher.get("/audit/csv", params={"action": "many"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "audit-log.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [json.loads(row["after"])["n"] for row in rows] == [4, 3, 2, 1, 0]
    assert rows[0]["person"] == "rosa"
    assert rows[-1]["reason"] == "'=1+1"


def test_a_file_that_the_database_refuses_is_refused_before_it_begins(researcher: TestClient, engine: Engine) -> None:
    """PostgreSQL compares no NUL with anything; SQLite finds nothing."""
    for filters in ("action=%00", "subject=%00"):
        answer = researcher.get(f"/audit/csv?{filters}")
        assert answer.status_code == (422 if engine.dialect.name == "postgresql" else 200)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_and_what_does_not_fit_is_told_so(browser: Browser, researcher: TestClient) -> None:
    with db.writing() as session:
        account = make_account(session)
    crowdworker = browser(account)
    for path in ("/audit", "/audit/filters", "/audit/csv", "/audit/1"):
        assert crowdworker.get(path).status_code == 403
        assert browser().get(path).status_code == 401
    for path in ("/audit?person=nobody", "/audit/csv?person=nobody"):
        refused = researcher.get(path)
        assert (refused.status_code, refused.json()["detail"]) == (422, "person: nobody here is called “nobody”.")
    assert researcher.get("/audit?since=soon").json()["detail"].startswith("since: ")
    assert researcher.get("/audit?since=9999-12-31").json()["events"] == []
    assert researcher.get("/audit/999999").json()["type"] == "unknown-event"
    assert researcher.get("/audit/99999999999999999999").status_code == 422
