"""Who may take a task, through the API: worked pairs, a pass mark, a few tries, and what one learns from them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app import db
from app.db import now
from app.tables import Account, QualificationAttempt, Role, Study, StudyVisit, Task, TaskText
from app.tasks.defaults import DEFAULT_TASKS, HELPFULNESS
from tests.app.conftest import Browser
from tests.factories import make_account

Json = dict[str, Any]
RIGHT = [pair["picked"] for pair in HELPFULNESS.qualification]
WRONG = ["b" if letter == "a" else "a" for letter in RIGHT]


@pytest.fixture
def newcomer(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, username="newcomer")
    return browser(account, qualified=False)


@pytest.fixture
def researcher(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    return browser(account, qualified=False)


def offer(person: TestClient, slug: str = "helpfulness") -> Json:
    task: Json = next(task for task in person.get("/tasks").json() if task["slug"] == slug)
    return {name: task[name] for name in ("qualification", "tries_left", "available")}


def pick(person: TestClient, picked: list[str], version: int = 1) -> Json:
    answered: Json = person.post(
        "/tasks/helpfulness/qualification", json={"text_version": version, "picked": picked}
    ).json()
    return answered


def take(person: TestClient) -> Json:
    answered: Json = person.post("/assignments", json={"task": "helpfulness"}).json()
    return answered


def but(wrong: int) -> list[str]:
    """All right but so many, from the end."""
    return RIGHT[: len(RIGHT) - wrong] + WRONG[len(RIGHT) - wrong :]


def test_a_newcomer_qualifies_before_the_first_task(newcomer: TestClient) -> None:
    assert offer(newcomer) == {"qualification": "needed", "tries_left": 3, "available": None}
    refused = newcomer.post("/assignments", json={"task": "helpfulness"})
    assert (refused.status_code, refused.json()["type"]) == (403, "qualification-needed")

    result = pick(newcomer, but(1))

    assert (result["correct"], result["of"], result["passed"]) == (4, 5, True)
    assert offer(newcomer) == {"qualification": "passed", "tries_left": None, "available": None}
    assert take(newcomer)["status"] == "open"


def test_the_answers_do_not_leave_before_they_were_given(newcomer: TestClient) -> None:
    asked = newcomer.get("/tasks/helpfulness/qualification").json()
    assert (asked["pass_mark"], asked["tries_left"], asked["text_version"]) == (4, 3, 1)
    assert [sorted(item) for item in asked["items"]] == [["a", "b", "prompt"]] * 5
    read = [
        newcomer.get(path).text for path in ("/tasks", "/tasks/helpfulness/guide", "/tasks/helpfulness/qualification")
    ]
    for pair in HELPFULNESS.qualification:
        assert not any(pair["why"][:40] in text for text in read)


def test_every_pair_is_explained_whether_it_was_right_or_not(newcomer: TestClient) -> None:
    result = pick(newcomer, but(2))
    assert (result["correct"], result["passed"], result["tries_left"]) == (3, False, 2)
    assert [one["right"] for one in result["feedback"]] == [True, True, True, False, False]
    for one, picked, pair in zip(result["feedback"], but(2), HELPFULNESS.qualification, strict=True):
        assert (one["picked"], one["better"], one["why"]) == (picked, pair["picked"], pair["why"])


def test_who_has_used_all_tries_is_told_so(newcomer: TestClient) -> None:
    for wrong, left in ((5, 2), (4, 1), (3, 0)):
        assert pick(newcomer, but(wrong))["tries_left"] == left
    assert offer(newcomer)["qualification"] == "failed"
    assert "used all your tries" in offer(newcomer)["available"]
    refused = pick(newcomer, RIGHT)
    assert (refused["status"], refused["type"]) == (409, "no-tries-left")
    assert take(newcomer)["type"] == "qualification-needed"


def test_the_same_picks_again_are_the_same_try(newcomer: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: pick(newcomer, WRONG), range(4)))
    assert all(result == results[0] for result in results)
    assert results[0]["tries_left"] == 2
    assert pick(newcomer, RIGHT) == pick(newcomer, RIGHT), "an answer that got lost is given again"
    refused = pick(newcomer, WRONG)
    assert (refused["status"], refused["type"]) == (409, "already-qualified")
    with db.reading() as session:
        rows = session.scalars(select(QualificationAttempt).order_by(QualificationAttempt.created_at)).all()
    assert [(row.picked, row.correct, row.passed, row.text_version) for row in rows] == [
        (WRONG, 0, False, 1),
        (RIGHT, 5, True, 1),
    ]


def test_picks_for_pairs_that_changed_meanwhile_cost_no_try(newcomer: TestClient) -> None:
    _publish(qualification=HELPFULNESS.qualification[:4])
    refused = pick(newcomer, RIGHT)
    assert (refused["status"], refused["type"]) == (409, "text-changed")
    assert pick(newcomer, RIGHT[:4], version=2)["passed"]


def test_a_pass_stays_valid_when_the_text_changes(newcomer: TestClient) -> None:
    pick(newcomer, RIGHT)
    _publish(qualification=HELPFULNESS.qualification[:4])
    assert offer(newcomer)["qualification"] == "passed"
    assert take(newcomer)["status"] == "open"


def test_tries_are_counted_over_all_texts_until_a_researcher_allows_more(newcomer: TestClient) -> None:
    for wrong in (5, 4, 3):
        pick(newcomer, but(wrong))
    _publish(qualification=HELPFULNESS.qualification)
    assert pick(newcomer, RIGHT, version=2)["type"] == "no-tries-left"
    with db.writing() as session:
        session.execute(update(Task).values(qualification_tries=4))
    assert offer(newcomer) == {"qualification": "needed", "tries_left": 1, "available": None}
    assert pick(newcomer, RIGHT, version=2)["passed"]


def test_a_task_without_pairs_asks_nobody(newcomer: TestClient) -> None:
    _publish(qualification=[])
    assert offer(newcomer) == {"qualification": "none", "tries_left": None, "available": None}
    assert newcomer.get("/tasks/helpfulness/qualification").json()["items"] == []
    assert pick(newcomer, [], version=2)["type"] == "nothing-to-qualify-for"
    assert take(newcomer)["status"] == "open"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("picked", "sentence"),
    [
        (RIGHT[:3], "picked: there are 5 pairs, and 3 picks."),
        ([*RIGHT[:4], "c"], "picked.4: Input should be 'a' or 'b'."),
        ([], "picked: there are 5 pairs, and 0 picks."),
    ],
)
def test_picks_that_are_none_are_refused_and_cost_no_try(
    newcomer: TestClient, picked: list[str], sentence: str
) -> None:
    refused = pick(newcomer, picked)
    assert (refused["status"], refused["detail"]) == (422, sentence)
    assert offer(newcomer)["tries_left"] == 3


def test_researchers_try_the_pairs_as_often_as_they_like(researcher: TestClient) -> None:
    assert offer(researcher) == {"qualification": "none", "tries_left": None, "available": None}
    assert researcher.get("/tasks/helpfulness/qualification").json()["tries_left"] is None
    for _ in range(5):
        assert pick(researcher, WRONG)["passed"] is False
    assert pick(researcher, RIGHT)["passed"] is True
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(QualificationAttempt)) == 0


def test_nobody_qualifies_before_they_agree(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session, consent_version=None)
    assert pick(browser(account, qualified=False), RIGHT)["type"] == "consent-needed"


def test_a_participant_who_does_not_qualify_is_screened_out(newcomer: TestClient) -> None:
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        codes = {"code_completed": "C", "code_screened_out": "S", "code_withdrawn": "W"}
        study = Study(provider="prolific", external_id="s1", task_id=task.id, **codes)
        session.add(study)
        session.flush()
        account = session.scalars(select(Account).where(Account.username == "newcomer")).one()
        session.add(StudyVisit(study_id=study.id, account_id=account.id, external_session="1", created_at=now()))
    for wrong in (5, 4):
        pick(newcomer, but(wrong))
    assert _visit_status() == "open"
    pick(newcomer, but(3))
    assert _visit_status() == "screened-out"


STRATEGIES: dict[str, Callable[[Json], str]] = {
    "always the first": lambda pair: "a",
    "always the second": lambda pair: "b",
    "the longer one": lambda pair: "a" if len(pair["a"]) > len(pair["b"]) else "b",
    "the shorter one": lambda pair: "a" if len(pair["a"]) < len(pair["b"]) else "b",
}


@pytest.mark.parametrize("task", DEFAULT_TASKS, ids=lambda task: task.slug)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_habit_passes_without_reading(task: Any, strategy: str) -> None:
    pairs = task.qualification
    right = sum(STRATEGIES[strategy](pair) == pair["picked"] for pair in pairs)
    assert len(pairs) == 5
    assert 2 <= right <= 3


def _publish(**changes: Any) -> None:
    """A new version of the helpfulness task's text."""
    with db.writing() as session:
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        text = {"title": "Talk", "question": "Which?", "instructions": "Be."} | changes
        task.text_version += 1
        session.add(TaskText(task_id=task.id, version=task.text_version, **text))


def _visit_status() -> str:
    with db.reading() as session:
        return session.scalars(select(StudyVisit.status)).one()
