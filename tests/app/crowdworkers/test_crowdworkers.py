"""The list of crowdworkers and the page of one, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import db
from app.crowdworkers import queries
from app.tables import Account, Message, Review, Role, Study, StudyProvider, StudyVisit
from tests.app.conftest import Browser
from tests.app.crowdworkers.conftest import MONDAY, chosen
from tests.factories import make_account, make_task
from worker import crowdworkers


@pytest.fixture
def people(browser: Browser) -> dict[str, Account]:
    """Ada made 12 choices, Bob 30, all A; Cem none; one of Bob's was this week."""
    with db.writing() as session:
        people = {name: make_account(session, username=name) for name in ("ada", "bob", "cem")}
        for number in range(12):
            chosen(session, people["ada"], "ab"[number % 2], strength=1 + number % 4, seconds_to_choose=8 + number)
        for number in range(30):
            at = db.now() if number == 0 else MONDAY + timedelta(minutes=number)
            chosen(session, people["bob"], "a", strength=4, seconds_to_choose=2, at=at)
        people["rosa"] = make_account(session, Role.RESEARCHER, username="rosa")
    crowdworkers.count()
    return people


@pytest.fixture
def researcher(browser: Browser, people: dict[str, Account]) -> TestClient:
    return browser(people["rosa"])


def names(answer: Any) -> list[str]:
    return [line["username"] for line in answer.json()["lines"]]


def test_a_line_says_how_somebody_chooses(researcher: TestClient) -> None:
    page = researcher.get("/crowdworkers").json()
    assert (page["count"], page["comparisons"], page["next"]) == (3, 42, None)
    bob, ada, cem = page["lines"]
    assert [line["username"] for line in page["lines"]] == ["bob", "ada", "cem"]
    assert (bob["comparisons"], bob["week"], bob["seconds"], bob["strengths"]) == (30, 1, 2, [0, 0, 0, 30])
    assert (bob["position"]["share"], bob["position"]["of"]) == (1.0, 30)
    assert bob["position"]["low"] == pytest.approx(0.8865, abs=1e-4)
    assert bob["of_all"] == pytest.approx(30 / 42)
    assert (ada["strengths"], ada["seconds"], ada["position"]["share"]) == ([3, 3, 3, 3], 13, 0.5)
    assert cem | {"id": "", "created_at": ""} == {
        "id": "", "username": "cem", "platform": None, "suspended": False, "may_edit": False, "excluded_reason": None,
        "excluded_since": None, "created_at": "", "last_at": None, "comparisons": 0, "conversations": 0, "week": 0,
        "of_all": None, "seconds": None, "strengths": [0, 0, 0, 0], "position": None, "researchers": None,
        "reviews": 0, "pm": None,
    }  # fmt: skip


SORTED = [
    ("comparisons", True, ["bob", "ada", "cem"]),
    ("comparisons", False, ["cem", "ada", "bob"]),
    ("name", False, ["ada", "bob", "cem"]),
    ("week", True, ["bob"]),
    ("seconds", False, ["bob", "ada", "cem"]),
    ("seconds", True, ["ada", "bob", "cem"]),  # unknown is last either way
    ("strength", True, ["bob", "ada", "cem"]),
    ("position", True, ["bob", "ada", "cem"]),
    ("last", True, ["bob", "ada", "cem"]),
    ("researchers", True, []),
    ("pm", False, []),
]


def test_the_list_sorts_by_any_column_and_page_after_page_everybody_comes_once(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sort, down, expected in SORTED:
        asked: dict[str, Any] = {"sort": sort, "down": down}
        monkeypatch.setattr(queries, "PAGE", 50)
        whole = names(researcher.get("/crowdworkers", params=asked))
        assert whole[: len(expected)] == expected, sort
        monkeypatch.setattr(queries, "PAGE", 1)
        seen: list[str] = []
        after: dict[str, Any] = {}
        while len(seen) < 9:
            page = researcher.get("/crowdworkers", params=asked | after)
            seen += names(page)
            if page.json()["next"] is None:
                break
            after = {"after": page.json()["next"]}
        assert seen == whole, sort
        assert sorted(seen) == ["ada", "bob", "cem"]


def test_somebody_is_found_by_a_part_of_the_name_or_the_platforms_id(researcher: TestClient) -> None:
    with db.writing() as session:
        make_account(session, username="prolific-5f3c", external_provider="prolific", external_id="64AF")
    assert names(researcher.get("/crowdworkers?q=B")) == ["bob"]
    assert names(researcher.get("/crowdworkers?q=64AF")) == ["prolific-5f3c"]
    assert names(researcher.get("/crowdworkers?q=64")) == []
    assert names(researcher.get("/crowdworkers?q=%25")) == []


def test_one_person_giving_more_than_a_fifth_of_all_is_named(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert researcher.get("/crowdworkers").json()["large"] == [], "on a first day everybody gives much"
    monkeypatch.setattr(queries, "LARGE_FROM", 40)
    large = researcher.get("/crowdworkers").json()["large"]
    assert [(one["username"], round(one["of_all"], 2)) for one in large] == [("bob", 0.71), ("ada", 0.29)]


def test_agreement_with_researchers_is_of_their_blind_picks_alone(
    researcher: TestClient, people: dict[str, Account]
) -> None:
    with db.writing() as session:
        for number in range(12):
            row = chosen(session, people["cem"])
            review = Review(comparison_id=row.id, turn_id=row.turn_id, account_id=people["rosa"].id)
            if number < 11:  # the last one was skipped
                review.picked_id, review.picked_shown = (row.picked_id if number < 8 else row.other_id), "a"
            session.add(review)
    found = researcher.get("/crowdworkers?q=cem").json()["lines"][0]
    assert (found["reviews"], found["researchers"]["of"]) == (11, 11)
    assert found["researchers"]["share"] == pytest.approx(8 / 11)
    one = researcher.get(f"/crowdworkers/{people['cem'].id}").json()
    assert len(one["latest_reviews"]) == 10


def test_one_persons_page_has_what_a_decision_needs(researcher: TestClient, people: dict[str, Account]) -> None:
    ada = people["ada"]
    with db.writing() as session:
        task = make_task(session, slug="talk")
        codes = {"code_completed": "A", "code_screened_out": "B", "code_withdrawn": "C"}
        study = Study(provider=StudyProvider.MTURK, external_id="HIT", task_id=task.id, **codes)
        session.add(study)
        session.flush()
        session.add(StudyVisit(study_id=study.id, account_id=ada.id, external_session="s1"))
        session.add(Message(account_id=ada.id, author_id=ada.id, text="Hello?"))
    one = researcher.get(f"/crowdworkers/{ada.id}").json()
    assert (one["username"], one["comparisons"], one["role"]) == ("ada", 12, "crowdworker")
    assert [(visit["study"], visit["status"]) for visit in one["visits"]] == [("HIT", "open")]
    assert (one["thread"]["messages"], one["thread"]["unread"]) == (1, 1)
    assert len(one["latest"]) == 5
    assert {held["turns"] for held in one["latest"]} == {1}
    assert "Hello?" not in str(one), "no word of a conversation"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_asks_wrongly_is_told(browser: Browser, researcher: TestClient, people: dict[str, Account]) -> None:
    for path, status, type in (
        ("/crowdworkers/nobody", 404, "unknown-person"),
        ("/crowdworkers?after=nobody", 422, "unknown-place"),
        ("/crowdworkers?sort=shoe-size", 422, "invalid"),
    ):
        refused = researcher.get(path)
        assert (refused.status_code, refused.json()["type"]) == (status, type)
    assert browser(people["ada"]).get("/crowdworkers").status_code == 403
