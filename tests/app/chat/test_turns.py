"""The rules of a conversation, through the API."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app import db
from app.snapshots.service import deploy
from app.snapshots.shares import Wanted
from app.tables import Candidate, Conversation, Deployment, PairScope, Snapshot, Task, Turn
from app.tranches.families import family_of
from tests.app.conftest import Browser, answer
from tests.factories import make_account, make_snapshot


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, red_team_opt_in_at=db.now())
    return browser(account)


def take(crowdworker: TestClient, task: str = "helpfulness") -> str:
    conversation_id: str = crowdworker.post("/assignments", json={"task": task}).json()["conversation_id"]
    return conversation_id


@pytest.fixture
def conversation(crowdworker: TestClient) -> str:
    return take(crowdworker)


def say(crowdworker: TestClient, conversation: str, text: str = "Hello?", client_id: str = "c1") -> dict:  # type: ignore[type-arg]
    body = {"client_id": client_id, "text": text}
    response = crowdworker.post(f"/conversations/{conversation}/turns", json=body)
    assert response.status_code == 201, response.text
    turn: dict = response.json()  # type: ignore[type-arg]
    return turn


def pick(crowdworker: TestClient, turn: dict, shown: str = "a") -> None:  # type: ignore[type-arg]
    picked = next(candidate["id"] for candidate in turn["candidates"] if candidate["shown"] == shown)
    body = {"picked": picked, "strength": 2}
    assert crowdworker.put(f"/turns/{turn['id']}/comparison", json=body).status_code == 200


def test_a_message_is_a_turn_with_two_pending_candidates(crowdworker: TestClient, conversation: str) -> None:
    turn = say(crowdworker, conversation, "Hello?")
    assert (turn["text"], turn["status"], turn["position"], turn["changeable"]) == ("Hello?", "generating", 0, False)
    assert [(c["shown"], c["status"], c["text"]) for c in turn["candidates"]] == [
        ("a", "pending", ""),
        ("b", "pending", ""),
    ]
    assert crowdworker.get(f"/conversations/{conversation}").json()["turns"] == [turn]
    assert crowdworker.get(f"/turns/{turn['id']}").json() == turn


def test_the_first_message_gives_the_conversation_its_family(crowdworker: TestClient, conversation: str) -> None:
    say(crowdworker, conversation, "  Hello\n WORLD ")
    with db.reading() as session:
        assert session.get_one(Conversation, conversation).family == family_of("hello world")


def test_the_same_client_id_is_the_same_turn(crowdworker: TestClient, conversation: str) -> None:
    first = say(crowdworker, conversation)
    body = {"client_id": "c1", "text": "Something else, which is not stored"}
    again = crowdworker.post(f"/conversations/{conversation}/turns", json=body)
    assert (again.status_code, again.json()) == (200, first)


def test_a_message_sent_twice_at_once_is_stored_once(crowdworker: TestClient, conversation: str) -> None:
    body = {"client_id": "c1", "text": "Hello?"}
    with ThreadPoolExecutor(6) as pool:
        url = f"/conversations/{conversation}/turns"
        answers = list(pool.map(lambda _: crowdworker.post(url, json=body), range(6)))
    assert sorted(response.status_code for response in answers) == [200] * 5 + [201]
    assert len({response.json()["id"] for response in answers}) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Candidate)) == 2


def test_of_two_different_messages_at_once_one_is_refused(crowdworker: TestClient, conversation: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        url = f"/conversations/{conversation}/turns"
        bodies = [{"client_id": f"c{i}", "text": "Hello?"} for i in range(2)]
        answers = list(pool.map(lambda body: crowdworker.post(url, json=body), bodies))
    assert sorted(response.status_code for response in answers) == [201, 409]


def test_the_next_message_waits_for_a_choice(crowdworker: TestClient, conversation: str) -> None:
    turn = say(crowdworker, conversation)
    body = {"client_id": "c2", "text": "And?"}
    url = f"/conversations/{conversation}/turns"
    assert crowdworker.post(url, json=body).json()["type"] == "turn-undecided"
    answer(turn["id"])
    assert crowdworker.post(url, json=body).json()["type"] == "turn-undecided"
    pick(crowdworker, turn)
    assert crowdworker.post(url, json=body).status_code == 201


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_conversation_takes_no_more(crowdworker: TestClient, conversation: str) -> None:
    with db.writing() as session:
        session.execute(update(Task).values(max_turns=1))
    turn = say(crowdworker, conversation)
    answer(turn["id"])
    pick(crowdworker, turn)
    refused = crowdworker.post(f"/conversations/{conversation}/turns", json={"client_id": "c2", "text": "And?"})
    assert (refused.status_code, refused.json()["type"]) == (409, "conversation-full")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "text: a message must not be empty."),
        (" \n\t ", "text: a message must not be empty."),
        ("x" * 20_001, "text: a message may have 20,000 characters, this one has 20,001."),
        ("null \x00 byte", "text: must not contain control characters (there is a U+0000)."),
        ("escape \x1b[31m", "text: must not contain control characters (there is a U+001B)."),
        ("C1 \x9b", "text: must not contain control characters (there is a U+009B)."),
    ],
)
def test_a_text_that_cannot_be_said_is_refused_in_a_sentence(
    crowdworker: TestClient, conversation: str, text: str, sentence: str
) -> None:
    refused = crowdworker.post(f"/conversations/{conversation}/turns", json={"client_id": "c1", "text": text})
    assert (refused.status_code, refused.json()["detail"]) == (422, sentence)
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lone_surrogate_is_refused_and_not_a_crash(crowdworker: TestClient, conversation: str) -> None:
    body = b'{"client_id": "c1", "text": "half a \\ud83d"}'
    headers = {"Content-Type": "application/json"}
    refused = crowdworker.post(f"/conversations/{conversation}/turns", content=body, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("text: ")


@pytest.mark.parametrize(
    "text", ["x" * 20_000, "שלום עולם", "👩🏽‍🚀 e\u0301 \u200d\u200f", "line\r\nline\ttab", "中文" * 9_000]
)
def test_any_script_and_any_emoji_comes_back_as_it_was(crowdworker: TestClient, conversation: str, text: str) -> None:
    turn = say(crowdworker, conversation, text)
    assert crowdworker.get(f"/turns/{turn['id']}").json()["text"] == text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_enormous_body_is_refused(crowdworker: TestClient, conversation: str) -> None:
    body = {"client_id": "c1", "text": "x" * 2_000_000}
    chunks = (b"{" + b" " * 1_000_000 for _ in range(2))  # says no length before it comes
    for sent in ({"json": body}, {"content": chunks, "headers": {"Content-Type": "application/json"}}):
        refused = crowdworker.post(f"/conversations/{conversation}/turns", **sent)
        assert (refused.status_code, refused.json()["type"]) == (413, "request-entity-too-large")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "megabyte" in refused.json()["detail"]
        assert "Content-Security-Policy" in refused.headers
    assert crowdworker.get(f"/conversations/{conversation}").json()["turns"] == []


def test_what_is_somebody_elses_is_unknown(crowdworker: TestClient, conversation: str, browser: Browser) -> None:
    turn = say(crowdworker, conversation)
    with db.writing() as session:
        account = make_account(session)
    stranger = browser(account)
    refusals = [
        stranger.get(f"/conversations/{conversation}"),
        stranger.post(f"/conversations/{conversation}/turns", json={"client_id": "c9", "text": "Hi"}),
        stranger.post(f"/conversations/{conversation}/complete", json={}),
        stranger.get(f"/turns/{turn['id']}"),
        stranger.get(f"/turns/{turn['id']}/events"),
        stranger.post(f"/turns/{turn['id']}/stop"),
        stranger.post(f"/turns/{turn['id']}/retry"),
        stranger.put(f"/turns/{turn['id']}/comparison", json={"picked": "x", "strength": 1}),
    ]
    assert [response.status_code for response in refusals] == [404] * len(refusals)


def test_a_task_without_a_policy_stores_no_message(crowdworker: TestClient, conversation: str) -> None:
    with db.writing() as session:
        session.execute(update(Deployment).values(active=False))
    refused = crowdworker.post(f"/conversations/{conversation}/turns", json={"client_id": "c1", "text": "Hi"})
    assert (refused.status_code, refused.json()["type"]) == (503, "no-policy-deployed")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Turn)) == 0


def deploy_two() -> None:
    with db.writing() as session:
        make_snapshot(session, "week-1")
        for task in session.scalars(select(Task)):
            deploy(session, task, [Wanted("week-1", 80), Wanted("initial", 20)], reason="A test.")


def played(crowdworker: TestClient, conversation: str, turns: int) -> list[set[str]]:
    """Both snapshots' names at each turn."""
    for number in range(turns):
        turn = say(crowdworker, conversation, client_id=f"c{number}")
        answer(turn["id"])
        pick(crowdworker, turn)
    with db.reading() as session:
        rows = session.scalars(select(Turn).where(Turn.conversation_id == conversation).order_by(Turn.position))
        return [{session.get_one(Snapshot, candidate.snapshot_id).name for candidate in row.candidates} for row in rows]


def test_a_conversation_keeps_its_pair_and_its_propensity(crowdworker: TestClient) -> None:
    deploy_two()
    conversation = take(crowdworker)
    pairs = played(crowdworker, conversation, turns=4)
    assert all(pair == pairs[0] for pair in pairs)
    with db.reading() as session:
        propensity = session.get_one(Conversation, conversation).propensity
    expected = {frozenset({"week-1"}): 0.64, frozenset({"initial"}): 0.04, frozenset({"week-1", "initial"}): 0.32}
    assert propensity == pytest.approx(expected[frozenset(pairs[0])])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_task_may_draw_anew_at_every_turn(crowdworker: TestClient) -> None:
    deploy_two()
    with db.writing() as session:
        session.execute(update(Task).values(pair_scope=PairScope.TURN, max_turns=40))
    pairs = played(crowdworker, take(crowdworker), turns=25)
    assert len({frozenset(pair) for pair in pairs}) > 1  # 25 times the same: 1 in 60,000


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_side_is_tossed_at_every_turn(crowdworker: TestClient, conversation: str) -> None:
    deploy_two()
    with db.writing() as session:  # a pair of two
        first, second = session.scalars(select(Deployment).join(Task).where(Deployment.active)).all()[:2]
        row = session.get_one(Conversation, conversation)
        session.execute(update(Task).values(max_turns=40))
        row.deployment_a_id, row.deployment_b_id, row.propensity = first.id, second.id, 0.32
    played(crowdworker, conversation, turns=20)
    with db.reading() as session:
        shown_a = session.scalars(select(Candidate.deployment_id).where(Candidate.shown == "a")).all()
    assert len(set(shown_a)) == 2  # 20 times the same: 1 in 500,000


def test_a_conversation_of_yesterday_whose_policies_are_gone_draws_anew(
    crowdworker: TestClient, conversation: str
) -> None:
    played(crowdworker, conversation, turns=1)
    deploy_two()
    with db.writing() as session:
        session.get_one(Conversation, conversation).created_at = db.now() - timedelta(days=2)
    turn = say(crowdworker, conversation, client_id="later")
    with db.reading() as session:
        used = {candidate.deployment_id for candidate in session.get_one(Turn, turn["id"]).candidates}
        active = set(session.scalars(select(Deployment.id).where(Deployment.active)))
    assert used <= active


def test_a_retry_after_a_rollback_asks_a_policy_that_is_there(crowdworker: TestClient, conversation: str) -> None:
    turn = say(crowdworker, conversation)
    with db.writing() as session:
        before = session.get_one(Turn, turn["id"]).candidates[0].seed
        session.execute(update(Turn).values(status="failed", error="No."))
    deploy_two()
    assert crowdworker.post(f"/turns/{turn['id']}/retry").json()["status"] == "generating"
    with db.reading() as session:
        candidates = session.get_one(Turn, turn["id"]).candidates
        assert all(session.get_one(Deployment, candidate.deployment_id).active for candidate in candidates)
        assert candidates[0].seed != before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_seeds_of_a_turn_differ(crowdworker: TestClient, conversation: str) -> None:
    turn = say(crowdworker, conversation)
    with db.reading() as session:
        a, b = session.get_one(Turn, turn["id"]).candidates
    assert a.seed != b.seed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_plan_belongs_to_red_teaming(crowdworker: TestClient, conversation: str) -> None:
    red = take(crowdworker, "red-team")
    planned = crowdworker.put(f"/conversations/{red}/plan", json={"red_team_plan": "A false premise."})
    assert planned.json()["red_team_plan"] == "A false premise."
    refused = crowdworker.put(f"/conversations/{conversation}/plan", json={"red_team_plan": "A false premise."})
    assert (refused.status_code, refused.json()["type"]) == (422, "not-red-teaming")
