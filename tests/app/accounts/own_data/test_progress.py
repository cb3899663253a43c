"""Progress, pay and thanks, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app import db
from app.tables import (
    Account,
    ConversationStatus,
    Deployment,
    Iteration,
    IterationStatus,
    SnapshotKind,
    Task,
    Turn,
)
from app.tranches.families import family_of
from app.tranches.service import freeze
from models.dialogue import split_of
from tests.app.conftest import Browser, answer
from tests.factories import make_account, make_comparison, make_conversation, make_deployment, make_snapshot, make_turn

TRAIN, TEST = (
    next(text for text in (f"Question {n}?" for n in range(500)) if split_of(family_of(text)) == split)
    for split in ("train", "test")
)


@pytest.fixture
def account(browser: Browser) -> Account:
    with db.writing() as session:
        return make_account(session)


@pytest.fixture
def crowdworker(browser: Browser, account: Account) -> TestClient:
    return browser(account)


def task(session: Any, slug: str = "helpfulness") -> Task:
    found: Task = session.scalars(select(Task).where(Task.slug == slug)).one()
    return found


def compare(account: Account, text: str = TRAIN, slug: str = "helpfulness", **fields: Any) -> Turn:
    with db.writing() as session:
        conversation = make_conversation(
            session, task(session, slug), account, status=ConversationStatus.COMPLETED, family=family_of(text),
            preview=fields.pop("preview", False),
        )  # fmt: skip
        turn = make_turn(session, conversation, text=text)
        make_comparison(session, turn, **fields)
        return turn


def week(number: int, *, status: IterationStatus = IterationStatus.DEPLOYED, active: bool = True) -> str:
    """Freeze, and deploy what was trained on it."""
    with db.writing() as session:
        iteration = Iteration(number=number, name=f"week-{number}", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        freeze(session, iteration)
        iteration.status = status
        policy = make_snapshot(session, f"week-{number}-policy", SnapshotKind.POLICY, iteration_id=iteration.id)
        make_deployment(session, task(session), policy, 50, generation=number + 1, active=active)
        return policy.id


def test_progress_is_what_counts(crowdworker: TestClient, account: Account) -> None:
    nothing = crowdworker.get("/account/progress").json()
    assert nothing == {
        "conversations": 0, "comparisons": 0, "by_task": [], "earned": [], "trained_on": 0, "week": {"comparisons": 0},
    }  # fmt: skip
    turn = compare(account)
    with db.writing() as session:
        conversation = session.get_one(Turn, turn.id).conversation
        make_comparison(session, make_turn(session, conversation), superseded_at=db.now())
        make_comparison(session, conversation.turns[1])
    compare(account, slug="red-team", created_at=db.now() - timedelta(days=8))
    compare(account, preview=True)
    with db.writing() as session:
        stranger = make_account(session)
    compare(stranger)
    progress = crowdworker.get("/account/progress").json()
    assert (progress["conversations"], progress["comparisons"], progress["week"]) == (2, 3, {"comparisons": 2})
    assert progress["by_task"] == [
        {"task": "helpfulness", "conversations": 1, "comparisons": 2},
        {"task": "red-team", "conversations": 1, "comparisons": 1},
    ]


def test_leaving_early_keeps_the_pay_of_what_was_done(crowdworker: TestClient) -> None:
    with db.writing() as session:
        session.execute(update(Task).values(pay_cents=1000, currency="EUR", conversations_per_assignment=3))
    assignment = take(crowdworker)
    assert assignment["earned"] == {"cents": 0, "currency": "EUR"}
    assignment_id = assignment["id"]
    talk(crowdworker, assignment["conversation_id"])
    left = crowdworker.post(f"/assignments/{assignment_id}/withdraw").json()
    assert left["earned"] == {"cents": 334, "currency": "EUR"}, "a third, rounded up"
    with db.writing() as session:
        session.execute(update(Task).values(pay_cents=1))
    assert crowdworker.get(f"/assignments/{assignment_id}").json()["earned"]["cents"] == 334
    assert crowdworker.get("/account/progress").json()["earned"] == [{"cents": 334, "currency": "EUR"}]


def take(crowdworker: TestClient) -> dict[str, Any]:
    assignment: dict[str, Any] = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()
    return assignment


def talk(crowdworker: TestClient, conversation: str) -> None:
    body = {"client_id": "c1", "text": "Hello?"}
    turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).raise_for_status().json()
    answer(turn["id"])
    choice = {"picked": turn["candidates"][0]["id"], "strength": 2}
    crowdworker.put(f"/turns/{turn['id']}/comparison", json=choice).raise_for_status()


def trained_on(person: TestClient) -> int:
    count: int = person.get("/account/progress").json()["trained_on"]
    return count


def test_thanks_count_only_what_the_newest_policy_in_use_was_trained_on(
    crowdworker: TestClient, account: Account
) -> None:
    compare(account)
    compare(account)
    compare(account, strength=1)  # dropped before training
    compare(account, TEST)  # kept for tests
    compare(account, excluded_reason="too fast")
    first = week(1)
    assert trained_on(crowdworker) == 2

    compare(account)  # not trained on yet
    assert trained_on(crowdworker) == 2
    week(2, status=IterationStatus.HELD, active=False)
    assert trained_on(crowdworker) == 2
    week(3, active=False)  # rolled back
    assert trained_on(crowdworker) == 2
    with db.writing() as session:
        session.execute(update(Deployment).where(Deployment.snapshot_id == first).values(active=False))
    assert trained_on(crowdworker) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_thanked_for_what_others_did(browser: Browser, account: Account) -> None:
    compare(account)
    week(1)
    with db.writing() as session:
        stranger = make_account(session)
    assert trained_on(browser(stranger)) == 0
    assert trained_on(browser(account)) == 1
