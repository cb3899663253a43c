"""One conversation in full, and what stands behind a click."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app import db
from app.tables import (
    Account,
    AuditEvent,
    ChoiceDirection,
    Comparison,
    Conversation,
    ConversationStatus,
    DirectionCheck,
    Report,
    ReportReason,
    TaskKind,
    TrancheKind,
)
from tests.app.explorer.conftest import hold
from tests.factories import (
    make_account,
    make_comparison,
    make_conversation,
    make_deployment,
    make_snapshot,
    make_task,
    make_tranche,
    make_turn,
)


def test_every_field_of_a_comparison_is_there(researcher: TestClient) -> None:
    with db.writing() as session:
        task = make_task(session)
        ada = make_account(session, username="ada")
        policy, pm = make_snapshot(session, "policy-w1"), make_snapshot(session, "pm-w1")
        deployment = make_deployment(session, task, policy, share=90)
        conversation = make_conversation(session, task, ada, overall_rating=4, comment="Fine.")
        turn = make_turn(session, conversation, pasted_characters=3, private_kinds=["email"])
        a, b = turn.candidates
        a.snapshot_id, a.deployment_id, a.seed, a.score, a.scored_by_id = policy.id, deployment.id, 7, 1.5, pm.id
        a.sampling, a.total_ms = {"temperature": 1.0, "best_of": 2}, 900
        a.best_of_texts = [
            {"text": "Yes.", "finish": "stop", "score": 1.5},
            {"text": "Er", "finish": "length", "score": 0},
        ]
        earlier = make_comparison(session, turn, picked="b", strength=1)
        earlier.superseded_at = db.now()
        session.flush()
        made = {"kind": TrancheKind.ONLINE, "propensity": 0.18, "text_version": 2, "seconds_to_choose": 12.5}
        choice = make_comparison(session, turn, strength=4, **made)
        make_tranche(session, choice, name="2026-w48-online")
        session.add(Report(candidate_id=b.id, account_id=ada.id, reason=ReportReason.BROKEN, comment="It ends."))
    shown = researcher.get(f"/explorer/conversations/{conversation.id}").json()
    assert (shown["crowdworker"]["username"], shown["overall_rating"], shown["comment"]) == ("ada", 4, "Fine.")
    assert (shown["covered"], shown["split"]) == (False, None)
    (turn_shown,) = shown["turns"]
    assert (turn_shown["text"], turn_shown["pasted_characters"], turn_shown["private_kinds"]) == (
        "Hello?",
        3,
        ["email"],
    )
    first, second = turn_shown["candidates"]
    assert (first["shown"], first["text"], first["snapshot"], first["seed"]) == ("a", "Yes.", "policy-w1", 7)
    assert (first["score"], first["scored_by"], first["total_ms"]) == (1.5, "pm-w1", 900)
    assert first["deployment"] == {"generation": 1, "share": 90, "best_of": 1}
    assert first["best_of"][1] == {"text": "Er", "finish": "length", "score": 0}
    assert [(report["reason"], report["comment"], report["reported_by"]) for report in second["reports"]] == [
        ("broken", "It ends.", "ada")
    ]
    superseded, current = turn_shown["comparisons"]
    assert (superseded["picked"], superseded["strength"]) == ("b", 1)
    assert superseded["superseded_at"] is not None
    assert current | {"id": "", "created_at": ""} == {
        "id": "", "picked": "a", "other": "b", "chosen": "a", "strength": 4, "choice_direction": "pick-better",
        "kind": "online", "propensity": 0.18, "text_version": 2, "seconds_to_choose": 12.5, "created_at": "",
        "superseded_at": None, "tranche": "2026-w48-online", "content_hash": f"h-{choice.id}", "excluded_reason": None,
        "left_out_because": None, "import_line": None,
    }  # fmt: skip


def test_where_the_worse_one_is_picked_training_chooses_the_other(researcher: TestClient) -> None:
    conversation = hold(choose={"choice_direction": ChoiceDirection.PICK_WORSE})
    (comparison,) = researcher.get(f"/explorer/conversations/{conversation.id}").json()["turns"][0]["comparisons"]
    assert (comparison["picked"], comparison["chosen"]) == ("a", "b")
    assert comparison["left_out_because"] == "may still be changed"


@pytest.fixture
def attack(researcher: TestClient) -> Conversation:
    with db.writing() as session:
        task = make_task(session, TaskKind.RED_TEAM)
        about = {"red_team_plan": "nightshade plan", "comment": "nightshade comment", "attack_success": 2}
        conversation = make_conversation(session, task, **about)
        turn = make_turn(session, conversation, ("nightshade a", "nightshade b"), text="nightshade?")
        turn.candidates[0].best_of_texts = [{"text": "nightshade c", "finish": "stop", "score": 0.5}]
        turn.error = None
        comparison = make_comparison(session, turn, choice_direction=ChoiceDirection.PICK_WORSE)
        comparison.import_raw = "nightshade"
        session.add(DirectionCheck(turn_id=turn.id, right=True))
        report = {"account_id": conversation.account_id, "reason": ReportReason.OTHER, "comment": "nightshade report"}
        session.add(Report(candidate_id=turn.candidates[0].id, **report))
        return conversation


def test_of_a_red_team_conversation_no_word_is_shown_until_it_is_opened(
    researcher: TestClient, ana: Account, attack: Conversation
) -> None:
    path = f"/explorer/conversations/{attack.id}"
    covered = researcher.get(path)
    assert "nightshade" not in covered.text
    assert (covered.json()["covered"], covered.json()["attack_success"]) == (True, 2)
    (turn,) = covered.json()["turns"]
    assert (turn["direction_understood"], turn["comparisons"][0]["picked"]) == (True, "a")
    assert len(turn["candidates"][0]["reports"]) == 1

    refused = researcher.post(f"{path}/openings")
    assert (refused.status_code, refused.json()["type"]) == (403, "warning-not-agreed")
    assert "nightshade" not in refused.text

    researcher.post("/account/red-team-opt-in", json={"opt_in": True})
    for _ in range(2):
        opened = researcher.post(f"{path}/openings").json()
    assert not opened["covered"]
    assert opened["red_team_plan"] == "nightshade plan"
    assert opened["turns"][0]["candidates"][0]["best_of"][0]["text"] == "nightshade c"
    assert researcher.get(path).json()["covered"]  # each reading is a click of its own
    with db.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "read-red-team")).all()
    assert [(event.account_id, event.subject) for event in events] == [(ana.id, f"conversation:{attack.id}")] * 2


def test_an_open_helpfulness_conversation_is_no_event(researcher: TestClient) -> None:
    conversation = hold("Hello?")
    opened = researcher.post(f"/explorer/conversations/{conversation.id}/openings").json()
    assert opened["turns"][0]["text"] == "Hello?"
    with db.reading() as session:
        assert session.scalar(select(AuditEvent).where(AuditEvent.action == "read-red-team")) is None


def test_what_does_not_count_cannot_be_read(researcher: TestClient) -> None:
    for fields in ({"preview": True}, {"status": ConversationStatus.IMPORTING}, {"erased_at": db.now()}):
        conversation = hold(**fields)
        for verb, path in (("GET", ""), ("POST", "/openings")):
            answer = researcher.request(verb, f"/explorer/conversations/{conversation.id}{path}")
            assert (answer.status_code, answer.json()["type"]) == (404, "unknown-conversation")
    assert "erased" in answer.json()["detail"]
    assert researcher.get("/explorer/conversations/nothing").status_code == 404


# Leaving out -------------------------------------------------------------------------------------------------------


def comparison_of(conversation: Conversation) -> str:
    with db.reading() as session:
        return session.get_one(Conversation, conversation.id).turns[0].comparisons[0].id


def test_a_comparison_is_left_out_with_a_reason_and_let_in_again(researcher: TestClient, ana: Account) -> None:
    conversation = hold(choose={}, status=ConversationStatus.COMPLETED)
    path = f"/comparisons/{comparison_of(conversation)}/exclusion"
    for _ in range(2):
        left_out = researcher.put(path, json={"reason": " Copied from a website. "}).json()
        assert left_out["excluded_reason"] == left_out["left_out_because"] == "Copied from a website."
    assert researcher.put(path, json={"reason": None}).json()["left_out_because"] is None
    with db.reading() as session:
        audited = select(AuditEvent).where(AuditEvent.action.startswith("exclude")).order_by(AuditEvent.id)
        events = session.scalars(audited).all()
        assert [(event.account_id, event.action, event.before, event.after) for event in events] == [
            (ana.id, "exclude-comparison", {"excluded_reason": None}, {"excluded_reason": "Copied from a website."}),
            (ana.id, "exclude-comparison", {"excluded_reason": "Copied from a website."}, {"excluded_reason": None}),
        ]


def test_what_a_tranche_holds_and_what_was_replaced_is_not_left_out(researcher: TestClient) -> None:
    conversation = hold(choose={})
    path = f"/comparisons/{comparison_of(conversation)}/exclusion"
    with db.writing() as session:
        make_tranche(session, session.get_one(Comparison, comparison_of(conversation)), name="w48-base")
    refused = researcher.put(path, json={"reason": "Spam."})
    assert (refused.status_code, refused.json()["type"]) == (409, "frozen")
    assert "w48-base" in refused.json()["detail"]
    with db.writing() as session:
        session.get_one(Comparison, comparison_of(conversation)).superseded_at = db.now()
    assert researcher.put(path, json={"reason": "Spam."}).json()["type"] == "superseded"
    assert researcher.put("/comparisons/x/exclusion", json={"reason": "Spam."}).status_code == 404


def test_a_crowdworker_is_left_out_with_all_that_no_tranche_holds(researcher: TestClient, ana: Account) -> None:
    conversation = hold(choose={}, status=ConversationStatus.COMPLETED)
    path = f"/accounts/{conversation.account_id}/exclusion"
    assert researcher.put(path, json={"reason": "Picks A every time."}).status_code == 204
    shown = researcher.get(f"/explorer/conversations/{conversation.id}").json()
    assert shown["crowdworker"]["excluded_reason"] == "Picks A every time."
    assert shown["turns"][0]["comparisons"][0]["left_out_because"] == "crowdworker excluded"
    assert researcher.put(path, json={"reason": ""}).status_code == 204
    assert researcher.get(f"/explorer/conversations/{conversation.id}").json()["crowdworker"]["excluded_reason"] is None
    assert researcher.put(f"/accounts/{ana.id}/exclusion", json={"reason": "x"}).status_code == 409
