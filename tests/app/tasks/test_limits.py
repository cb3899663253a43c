"""How many assignments one person may take, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app import db
from app.tables import Account, Assignment, Role, Task
from tests.app.conftest import Browser
from tests.factories import make_account

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session)
    return browser(account)


def limit(**limits: int | None) -> None:
    with db.writing() as session:
        session.execute(update(Task).where(Task.slug == "helpfulness").values(**limits))


def take(crowdworker: TestClient) -> Json:
    """A new assignment, or the problem. An open one is left first: it would be the same again."""
    for assignment in crowdworker.get("/assignments").json():
        crowdworker.post(f"/assignments/{assignment['id']}/withdraw")
    answered: Json = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    return answered


def taken_ago(*ago: timedelta) -> None:
    with db.writing() as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.created_at)).all()
        for row, before in zip(rows, ago, strict=True):
            row.created_at = db.now() - before


def test_without_a_limit_one_may_go_on(crowdworker: TestClient) -> None:
    assert len({take(crowdworker)["id"] for _ in range(4)}) == 4


def test_the_limit_of_a_day_says_when_the_next_may_be_taken(crowdworker: TestClient) -> None:
    limit(assignments_per_day=2)
    take(crowdworker), take(crowdworker)
    taken_ago(timedelta(hours=20, minutes=30), timedelta(hours=1))

    refused = take(crowdworker)

    assert (refused["status"], refused["type"]) == (409, "limit-reached")
    assert refused["detail"] == (
        "That is all of this task for one day (2 times). The next one may be taken in 4 hours."
    )
    taken_ago(timedelta(hours=23, minutes=1, seconds=30), timedelta(hours=1))
    assert take(crowdworker)["detail"].endswith("may be taken in 59 minutes.")


def test_a_day_later_the_next_one_may_be_taken(crowdworker: TestClient) -> None:
    limit(assignments_per_day=2)
    take(crowdworker), take(crowdworker)
    taken_ago(timedelta(hours=24, seconds=1), timedelta(hours=1))
    assert "id" in take(crowdworker)
    assert take(crowdworker)["type"] == "limit-reached"


def test_the_limit_of_a_person_is_for_ever(crowdworker: TestClient) -> None:
    limit(assignments_per_person=1)
    take(crowdworker)
    taken_ago(timedelta(days=300))
    refused = take(crowdworker)
    assert (refused["status"], refused["type"]) == (409, "limit-reached")
    assert refused["detail"] == "You have taken this task once, which is the most for one person. Thank you!"


def test_an_open_assignment_is_no_new_one(crowdworker: TestClient) -> None:
    limit(assignments_per_day=1, assignments_per_person=1)
    first = crowdworker.post("/assignments", json={"task": "helpfulness"})
    again = crowdworker.post("/assignments", json={"task": "helpfulness"})
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, first.json()["id"])


def test_a_limit_counts_one_person_and_one_task(crowdworker: TestClient, browser: Browser) -> None:
    limit(assignments_per_person=1)
    take(crowdworker)
    with db.writing() as session:
        other = make_account(session, red_team_opt_in_at=db.now())
        session.execute(update(Account).values(red_team_opt_in_at=db.now()))
    assert "id" in take(browser(other)), "somebody else"
    assert crowdworker.post("/assignments", json={"task": "red-team"}).status_code == 201, "another task"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_researchers_look_around_without_limit(browser: Browser) -> None:
    limit(assignments_per_day=1, assignments_per_person=1)
    with db.writing() as session:
        account = make_account(session, Role.RESEARCHER)
    researcher = browser(account)
    assert "id" in take(researcher)
    assert "id" in take(researcher)
