"""What researchers change about a task, through the API: texts by version, and settings."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.tables import Assignment, AuditEvent, Comparison, Role
from app.tasks.defaults import HELPFULNESS
from tests.app.conftest import Browser, answer
from tests.factories import make_account

Json = dict[str, Any]
PAIR = {"prompt": "2 + 2?", "a": "4", "b": "5", "picked": "a", "why": "It is 4."}
TEXT: Json = {
    "title": "Talk to it",
    "question": "Which one?",
    "instructions": "**Be** nice.",
    "guide": "",
    "qualification": [PAIR] * 4,
}
SETTINGS: Json = {
    "pass_mark": 4,
    "qualification_tries": 3,
    "pay_cents": None,
    "currency": "USD",
    "assignments_per_day": None,
    "assignments_per_person": None,
    "active": True,
    "max_turns": 4,
    "conversations_per_assignment": 5,
    "pair_scope": "conversation",
    "max_tokens": 128,
    "temperature": 1.0,
}


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER, username="rosa")
    return browser(account)


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session)
    return browser(account)


def shown(person: TestClient) -> Json:
    """The helpfulness task as the list of tasks has it."""
    task: Json = next(task for task in person.get("/tasks").json() if task["slug"] == "helpfulness")
    return task


def test_a_new_text_is_shown_from_now_on_and_the_old_one_is_kept(
    researcher: TestClient, crowdworker: TestClient
) -> None:
    before = shown(crowdworker)
    assert (before["text_version"], before["guide"]) == (1, True)

    published = researcher.post("/tasks/helpfulness/texts", json=TEXT)

    assert published.status_code == 201
    assert published.json() | TEXT | {"version": 2, "created_by": "rosa"} == published.json()
    after = shown(crowdworker)
    assert (after["text_version"], after["title"], after["guide"]) == (2, "Talk to it", False)
    new, old = researcher.get("/tasks/helpfulness/texts").json()
    assert new == published.json()
    assert (old["version"], old["created_by"], old["instructions"]) == (1, None, HELPFULNESS.instructions)
    assert (old["guide"], old["qualification"]) == (HELPFULNESS.guide, HELPFULNESS.qualification)


def test_the_guide_is_a_page_of_its_own(crowdworker: TestClient) -> None:
    guide = crowdworker.get("/tasks/helpfulness/guide").json()
    assert guide == {"title": HELPFULNESS.title, "body": HELPFULNESS.guide, "version": 1}
    assert guide["body"].count("## Example") == 2


def test_every_comparison_records_the_text_it_was_made_under(researcher: TestClient, crowdworker: TestClient) -> None:
    conversation = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    for number in (1, 2):
        body = {"client_id": f"c{number}", "text": "Hello?"}
        turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
        answer(turn["id"])
        choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
        crowdworker.put(f"/turns/{turn['id']}/comparison", json=choice).raise_for_status()
        researcher.post("/tasks/helpfulness/texts", json=TEXT).raise_for_status()
    with db.reading() as session:
        assert session.scalars(select(Comparison.text_version).order_by(Comparison.created_at)).all() == [1, 2]


def test_settings_are_read_and_changed_whole(researcher: TestClient, crowdworker: TestClient) -> None:
    assert researcher.get("/tasks/helpfulness").json() == SETTINGS | {"version": 0}
    new = SETTINGS | {"pass_mark": 5, "qualification_tries": 2, "pay_cents": 450, "currency": "EUR"}
    new |= {
        "max_turns": 6,
        "conversations_per_assignment": 2,
        "pair_scope": "turn",
        "max_tokens": 64,
        "temperature": 0.7,
    }
    changed = researcher.put("/tasks/helpfulness", json=new).json()
    assert changed == new | {"version": changed["version"]}
    assert researcher.get("/tasks/helpfulness").json() == changed
    assert (shown(crowdworker)["max_turns"], shown(crowdworker)["conversations_per_assignment"]) == (6, 2)
    assert shown(crowdworker)["pay"] == {"cents": 450, "currency": "EUR"}
    assert crowdworker.get("/tasks/helpfulness/qualification").json()["pass_mark"] == 5
    missing = researcher.put("/tasks/helpfulness", json={"pass_mark": 3})
    assert (missing.status_code, missing.json()["type"]) == (422, "invalid")


def test_pay_is_what_was_said_when_the_assignment_was_taken(researcher: TestClient, crowdworker: TestClient) -> None:
    researcher.put("/tasks/helpfulness", json=SETTINGS | {"pay_cents": 450}).raise_for_status()
    assignment = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    researcher.put("/tasks/helpfulness", json=SETTINGS | {"pay_cents": 1}).raise_for_status()
    assert assignment["task"]["pay"]["cents"] == 450
    with db.reading() as session:
        assert session.get_one(Assignment, assignment["id"]).pay_cents == 450


def test_a_task_that_is_switched_off_is_there_for_researchers_alone(
    researcher: TestClient, crowdworker: TestClient
) -> None:
    open_one = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    researcher.put("/tasks/helpfulness", json=SETTINGS | {"active": False}).raise_for_status()
    assert [task["slug"] for task in crowdworker.get("/tasks").json()] == ["red-team"]
    for path in ("guide", "qualification"):
        assert crowdworker.get(f"/tasks/helpfulness/{path}").status_code == 404
    assert crowdworker.post("/assignments", json={"task": "helpfulness"}).status_code == 404
    assert crowdworker.get(f"/assignments/{open_one['id']}").json()["status"] == "open", "what was begun goes on"
    assert shown(researcher)["available"] == "This task is switched off; crowdworkers do not see it."
    refused = researcher.post("/assignments", json={"task": "helpfulness"})
    assert (refused.status_code, refused.json()["type"]) == (409, "task-switched-off")
    researcher.put("/tasks/helpfulness", json=SETTINGS).raise_for_status()
    assert shown(crowdworker)["slug"] == "helpfulness"


def test_who_changed_what_is_recorded(researcher: TestClient) -> None:
    researcher.post("/tasks/helpfulness/texts", json=TEXT).raise_for_status()
    researcher.put("/tasks/helpfulness", json=SETTINGS).raise_for_status()  # as it was: nothing to record
    researcher.put("/tasks/helpfulness", json=SETTINGS | {"pass_mark": 2}).raise_for_status()
    with db.reading() as session:
        by_a_person = select(AuditEvent).where(AuditEvent.account_id.is_not(None)).order_by(AuditEvent.id)
        text, settings = session.scalars(by_a_person).all()
    assert (text.action, text.subject) == ("publish-text", "task:helpfulness")
    assert (text.before, text.after) == ({"text_version": 1}, {"text_version": 2})
    assert (settings.action, settings.subject) == ("change-task", "task:helpfulness")
    assert settings.before is not None
    assert settings.after is not None
    assert (settings.before["pass_mark"], settings.after["pass_mark"]) == (4, 2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": " "}, "title: must not be empty."),
        ({"title": "x" * 301}, "title: String should have at most 300 characters."),
        ({"question": ""}, "question: must not be empty."),
        ({"instructions": "\n"}, "instructions: must not be empty."),
        ({"guide": "\x00"}, "guide: must not contain control characters (there is a U+0000)."),
        ({"qualification": [PAIR, PAIR | {"a": ""}]}, "qualification.1.a: must not be empty."),
        ({"qualification": [PAIR | {"picked": "c"}]}, "qualification.0.picked: Input should be 'a' or 'b'."),
        ({"qualification": [{"prompt": "?", "a": "1"}]}, "qualification.0.b: Field required."),
        ({"qualification": [PAIR | {"b": " 4 "}]}, "qualification.0: a and b must not be the same text."),
        ({"qualification": [PAIR] * 3}, "pass_mark: 4 right answers cannot be given to 3 worked pairs."),
        ({"qualification": [PAIR] * 51}, "qualification: List should have at most 50 items after validation, not 51."),
    ],
)
def test_a_text_that_cannot_be_meant_is_refused_in_a_sentence(
    researcher: TestClient, change: Json, sentence: str
) -> None:
    refused = researcher.post("/tasks/helpfulness/texts", json=TEXT | change)
    assert (refused.status_code, refused.json()["detail"]) == (422, sentence)
    assert len(researcher.get("/tasks/helpfulness/texts").json()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pass_mark": 6}, "pass_mark: 6 right answers cannot be given to 5 worked pairs."),
        ({"pass_mark": 0}, "pass_mark: Input should be greater than or equal to 1."),
        ({"qualification_tries": 0}, "qualification_tries: Input should be greater than or equal to 1."),
        ({"pay_cents": -1}, "pay_cents: Input should be greater than or equal to 0."),
        ({"currency": "usd"}, "currency: must be three capital letters, like USD."),
        ({"assignments_per_day": 0}, "assignments_per_day: Input should be greater than or equal to 1."),
        ({"max_turns": 51}, "max_turns: Input should be less than or equal to 50."),
        (
            {"conversations_per_assignment": 0},
            "conversations_per_assignment: Input should be greater than or equal to 1.",
        ),
        ({"pair_scope": "day"}, "pair_scope: Input should be 'conversation' or 'turn'."),
        ({"max_tokens": 1.5}, "max_tokens: Input should be a valid integer."),
        ({"temperature": 0}, "temperature: Input should be greater than or equal to 0.05."),
        ({"temperature": 2.5}, "temperature: Input should be less than or equal to 2."),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_in_a_sentence(
    researcher: TestClient, change: Json, sentence: str
) -> None:
    refused = researcher.put("/tasks/helpfulness", json=SETTINGS | change)
    assert (refused.status_code, refused.json()["detail"]) == (422, sentence)
    assert researcher.get("/tasks/helpfulness").json() == SETTINGS | {"version": 0}


def test_of_two_who_change_settings_at_once_the_second_is_told(researcher: TestClient, browser: Browser) -> None:
    with db.writing() as session:
        sam = make_account(session, Role.RESEARCHER, username="sam")
    other = browser(sam)
    seen = researcher.get("/tasks/helpfulness").json()
    assert other.get("/tasks/helpfulness").json() == seen
    researcher.put("/tasks/red-team", json=SETTINGS | {"pass_mark": 3}).raise_for_status()  # another task's
    first = other.put("/tasks/helpfulness", json=seen | {"pass_mark": 3}).json()
    refused = researcher.put("/tasks/helpfulness", json=seen | {"pay_cents": 450})
    assert (refused.status_code, refused.json()["type"]) == (409, "changed-meanwhile")
    assert refused.json()["detail"].startswith("sam changed these settings on 20")
    assert researcher.get("/tasks/helpfulness").json() == first
    assert first["pay_cents"] is None
    again = researcher.put("/tasks/helpfulness", json=first | {"pay_cents": 450}).json()
    assert (again["pass_mark"], again["pay_cents"]) == (3, 450)
    same = other.put("/tasks/helpfulness", json=again).json()  # changes nothing, and is no new version
    assert same == again
    assert other.put("/tasks/helpfulness", json=SETTINGS).status_code == 200  # a script that has seen nothing


def test_of_two_who_publish_at_once_the_second_is_told(researcher: TestClient) -> None:
    assert researcher.post("/tasks/helpfulness/texts", json=TEXT | {"based_on": 1}).json()["version"] == 2
    refused = researcher.post("/tasks/helpfulness/texts", json=TEXT | {"based_on": 1})
    assert (refused.status_code, refused.json()["type"]) == (409, "text-overtaken")
    assert "Version 2 was published meanwhile" in refused.json()["detail"]
    assert len(researcher.get("/tasks/helpfulness/texts").json()) == 2
    assert researcher.post("/tasks/helpfulness/texts", json=TEXT | {"based_on": 2}).json()["version"] == 3
    body = {"body": "Be well.", "based_on": researcher.get("/consent").json()["version"]}
    assert researcher.post("/consent", json=body).json()["version"] == 2
    refused = researcher.post("/consent", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "consent-outdated")
    assert researcher.get("/consent").json()["version"] == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_crowdworkers_neither_read_the_answers_nor_change_anything(crowdworker: TestClient) -> None:
    refused = [
        crowdworker.get("/tasks/helpfulness/texts"),
        crowdworker.post("/tasks/helpfulness/texts", json=TEXT),
        crowdworker.get("/tasks/helpfulness"),
        crowdworker.put("/tasks/helpfulness", json=SETTINGS),
    ]
    assert {(answer.status_code, answer.json()["type"]) for answer in refused} == {(403, "not-allowed")}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_task_has_no_text_and_no_settings(researcher: TestClient) -> None:
    for path in ("", "/texts", "/guide", "/qualification"):
        refused = researcher.get(f"/tasks/paperclips{path}")
        assert (refused.status_code, refused.json()["type"]) == (404, "unknown-task")
