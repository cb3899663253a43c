"""Conversations by filters and words, through the API; newest first."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app import db
from app.explorer import queries
from app.tables import (
    Account,
    Candidate,
    CandidateStatus,
    ConversationStatus,
    Report,
    ReportReason,
    Role,
    Task,
    TaskKind,
    TrancheKind,
)
from app.tranches.families import family_of
from tests.app.conftest import Browser
from tests.app.explorer.conftest import first_turn, found, hold
from tests.factories import (
    make_account,
    make_comparison,
    make_conversation,
    make_deployment,
    make_snapshot,
    make_task,
    make_turn,
)


@pytest.fixture
def task(browser: Browser) -> Task:
    with db.writing() as session:
        return make_task(session, slug="talk")


@pytest.fixture
def red_task(browser: Browser) -> Task:
    with db.writing() as session:
        return make_task(session, TaskKind.RED_TEAM, slug="attack")


def test_words_are_found_in_messages_and_candidates_and_the_passage_says_where(researcher: TestClient) -> None:
    human = hold("My basil dies.", "Water it.", "Buy a new one.")
    candidate = hold("What is it?", "A herb.", "It is the basil of kings.")
    hold("Something else.")
    assert found(researcher, q="BASIL") == [candidate.id, human.id]
    first, second = researcher.get("/explorer/conversations", params={"q": "basil"}).json()["found"]
    assert (first["passage"]["turn"], first["passage"]["of"]) == (0, "b")
    assert first["passage"]["parts"] == [
        {"text": "It is the ", "is_match": False},
        {"text": "basil", "is_match": True},
        {"text": " of kings.", "is_match": False},
    ]
    assert second["passage"]["of"] == "human"


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("basil water", 0),  # in two texts
        ("basil dies", 1),
        ("dies basil", 1),
        ('"basil dies"', 1),
        ('"dies basil"', 0),
        ("bas*", 1),
        ("bas", 0),
        ("basil -dies", 0),
        ("basil -water", 1),
        ("and/or", 1),
        ("or", 1),
        ('"', 1),
        ("", 1),
    ],
)
def test_how_words_are_looked_for(researcher: TestClient, typed: str, hits: int) -> None:
    hold("My basil dies and/or rots.", "Water it.")
    assert len(found(researcher, q=typed)) == hits


def test_without_words_the_list_shows_how_each_conversation_begins(researcher: TestClient) -> None:
    hold("My basil dies. " * 40)
    (row,) = researcher.get("/explorer/conversations").json()["found"]
    assert (row["turns"], row["choices"], row["passage"]["of"]) == (1, 0, "human")
    (part,) = row["passage"]["parts"]
    assert part["text"].startswith("My basil dies.")
    assert part["text"].endswith(" …")


def test_each_filter_finds_its_own(researcher: TestClient, task: Task) -> None:
    with db.writing() as session:
        ada = make_account(session, username="ada")
        policy = make_snapshot(session, "policy-w1")
        deployment = make_deployment(session, task, policy)
        old = {"created_at": datetime(2026, 11, 3, 23, 59, tzinfo=UTC), "status": ConversationStatus.COMPLETED}
        wanted = make_conversation(session, task, ada, family=TEST_FAMILY, **old)
        turn = make_turn(session, wanted)
        for candidate in turn.candidates:
            candidate.snapshot_id, candidate.deployment_id = policy.id, deployment.id
        edited = Candidate(turn_id=turn.id, shown="edited", edited_from_id=turn.pair[0].id, text="My own.")
        edited.status = CandidateStatus.DONE
        session.add(edited)
        session.flush()
        comparison = make_comparison(session, turn, strength=4, kind=TrancheKind.ONLINE)
        comparison.picked_id = edited.id
        session.add(Report(candidate_id=edited.id, account_id=ada.id, reason=ReportReason.BROKEN))
        session.flush()
        other = make_conversation(session, family=TRAIN_FAMILY)
        make_comparison(session, make_turn(session, other), strength=1)
    for filters in (
        {"task": "talk"}, {"status": "completed"}, {"crowdworker": "Ada"}, {"kind": "online"}, {"strength": 4},
        {"snapshot": "policy-w1"}, {"until": "2026-11-03"}, {"since": "2026-11-03", "until": "2026-11-03"},
        {"split": "test", "until": "9999-12-31"},
        {"reported": "any"}, {"reported": "open"}, {"split": "test"}, {"edited": True},
        {"q": '"my own"', "edited": True, "strength": 4},
    ):  # fmt: skip
        assert found(researcher, **filters) == [wanted.id], filters
    for filters in ({"kind": "base"}, {"strength": 1}, {"since": "2026-11-04"}, {"split": "train"}, {"edited": False}):
        assert found(researcher, **filters) == [other.id], filters
    for filters in ({"kind": "imported"}, {"strength": 2}, {"status": "withdrawn"}, {"strength": 1, "kind": "online"}):
        assert found(researcher, **filters) == [], filters
    with db.writing() as session:
        session.get_one(Report, session.query(Report.id).scalar()).handled_at = db.now()
    assert found(researcher, reported="open") == []
    assert found(researcher, reported="any") == [wanted.id]


TEST_FAMILY = next(family for n in range(1000) if int(family := family_of(str(n)), 16) % 100 < 5)
TRAIN_FAMILY = next(family for n in range(1000) if int(family := family_of(str(n)), 16) % 100 == 5)


def test_a_choice_that_was_replaced_is_not_found_by_what_it_said(researcher: TestClient) -> None:
    conversation = hold(choose={"strength": 1})
    with db.writing() as session:
        turn = session.get_one(type(first_turn(conversation)), first_turn(conversation).id)
        turn.comparisons[0].superseded_at = db.now()
        session.flush()
        make_comparison(session, turn, strength=2)
    assert found(researcher, strength=1) == []
    assert found(researcher, strength=2) == [conversation.id]


@pytest.mark.parametrize("few", [1, 1000], ids=["streamed", "one by one"])
@pytest.mark.parametrize("words", ["", "basil"])
def test_pages_follow_each_other_without_a_gap(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch, words: str, few: int
) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    monkeypatch.setattr(queries, "FEW", few)
    held = [hold(f"basil {n}", "basil", "Basil and basil").id for n in range(8)]
    seen, before, counts = [], None, []
    for _ in range(3):
        page = researcher.get("/explorer/conversations", params={"q": words, **({"before": before} if before else {})})
        seen += [row["id"] for row in page.json()["found"]]
        before = page.json()["next"]
        counts.append(page.json()["count"])
    assert seen == held[::-1]
    assert before is None
    assert counts == [8, None, None]


def test_what_is_too_much_to_count_is_not_counted(researcher: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 1)
    monkeypatch.setattr(queries, "COUNTED", 2)
    for _ in range(3):
        hold()
    page = researcher.get("/explorer/conversations").json()
    assert (page["count"], page["counted_all"], len(page["found"])) == (2, False, 1)


def test_previews_erased_and_half_imported_conversations_are_nowhere(researcher: TestClient, task: Task) -> None:
    hold("basil", preview=True)
    hold("basil", erased_at=db.now())
    hold("basil", status=ConversationStatus.IMPORTING)
    assert found(researcher) == found(researcher, q="basil") == []


def test_red_team_words_are_in_no_list_and_looked_for_only_by_who_agreed(
    browser: Browser, researcher: TestClient, ana: Account, red_task: Task
) -> None:
    attack = hold("Tell me about nightshade.", task=red_task)
    (row,) = researcher.get("/explorer/conversations").json()["found"]
    assert (row["id"], row["covered"], row["passage"]) == (attack.id, True, None)
    page = researcher.get("/explorer/conversations", params={"q": "nightshade"}).json()
    assert (page["found"], page["red_team_searched"]) == ([], False)
    researcher.post("/account/red-team-opt-in", json={"opt_in": True})
    page = researcher.get("/explorer/conversations", params={"q": "nightshade"}).json()
    assert [(row["id"], row["passage"]) for row in page["found"]] == [(attack.id, None)]
    assert page["red_team_searched"]
    assert "nightshade" not in str(page)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"crowdworker": "nobody"}, "nobody here is called “nobody”"),
        ({"task": "x"}, "there is no task “x”"),
        ({"snapshot": "x"}, "there is no snapshot “x”"),
        ({"strength": 5}, "strength"),
        ({"since": "yesterday"}, "since"),
        ({"kind": "x"}, "kind"),
        ({"before": 0}, "before"),
        ({"q": "x" * 301}, "q"),
        ({"q": "-basil"}, "at least one word"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_filter_that_makes_no_sense_is_one_sentence(
    researcher: TestClient, filters: dict[str, Any], said: str
) -> None:
    answer = researcher.get("/explorer/conversations", params=filters)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_for_researchers(browser: Browser) -> None:
    with db.writing() as session:
        account = make_account(session, Role.CROWDWORKER)
    crowdworker, conversation = browser(account), hold()
    for path in ("filters", "conversations", f"conversations/{conversation.id}"):
        assert crowdworker.get(f"/explorer/{path}").status_code == 403
    assert crowdworker.post(f"/explorer/conversations/{conversation.id}/openings").status_code == 403
    for path in ("comparisons/x", "accounts/x"):
        assert crowdworker.put(f"/{path}/exclusion", json={"reason": "No."}).status_code == 403


def test_what_there_is_to_choose_from(researcher: TestClient, session: Session, task: Task) -> None:
    with db.writing() as writing:
        make_snapshot(writing, "policy-w1")
    choices = researcher.get("/explorer/filters").json()
    assert {"slug": "talk", "kind": "helpfulness"} in choices["tasks"]
    assert "policy-w1" in choices["snapshots"]
