"""Editing a response, through the API: what is stored, what goes on from it, and what training gets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app import db
from app.chat.queries import said_before
from app.tables import Account, Candidate, Comparison, Iteration, Task, Turn
from app.tranches.formats import export
from app.tranches.scope import Scope
from app.tranches.service import conversations_of, freeze
from models.dialogue import read_conversations
from tests.app.conftest import Browser, answer
from tests.factories import make_account, make_deployment, make_snapshot
from worker.stages.inputs import with_split, write_lines

Json = dict[str, Any]


@pytest.fixture
def crowdworker(browser: Browser) -> TestClient:
    with db.writing() as session:
        account = make_account(session, may_edit=True, red_team_opt_in_at=db.now())
    return browser(account)


@pytest.fixture
def ready(crowdworker: TestClient) -> Callable[..., Json]:
    def make(task: str = "helpfulness", conversation: str = "", text: str = "Hello?") -> Json:
        conversation = conversation or crowdworker.post("/assignments", json={"task": task}).json()["conversation_id"]
        body = {"client_id": text, "text": text}
        turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).raise_for_status().json()
        answer(turn["id"], a="Good.", b="Bad.")
        return turn | {"conversation_id": conversation}

    return make


def id_of(turn: Json, shown: str) -> str:
    found: str = next(candidate["id"] for candidate in turn["candidates"] if candidate["shown"] == shown)
    return found


def choose(crowdworker: TestClient, turn: Json, shown: str = "a", strength: int = 3) -> httpx.Response:
    return crowdworker.put(
        f"/turns/{turn['id']}/comparison", json={"picked": id_of(turn, shown), "strength": strength}
    )  # fmt: skip


def edit(crowdworker: TestClient, turn: Json, shown: str = "a", text: str = "Best.") -> httpx.Response:
    return crowdworker.put(f"/turns/{turn['id']}/edit", json={"candidate": id_of(turn, shown), "text": text})


def rows(turn: Json) -> list[tuple[str, str, int | None, bool]]:
    """(picked, other, strength, current) by what was shown, oldest first."""
    with db.reading() as session:
        shown = dict(session.execute(select(Candidate.id, Candidate.shown)).tuples().all())
        query = select(Comparison).where(Comparison.turn_id == turn["id"]).order_by(Comparison.created_at)
        return [
            (shown[row.picked_id], shown[row.other_id], row.strength, row.superseded_at is None)
            for row in session.scalars(query)
        ]


def test_an_edit_takes_the_place_of_the_choice_and_the_dialogue_goes_on_from_it(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    choose(crowdworker, turn, "b", 2)

    edited = edit(crowdworker, turn, "a", "Best.").raise_for_status().json()

    assert [(one["shown"], one["text"], one["finish"]) for one in edited["candidates"]] == [
        ("a", "Good.", "stop"), ("b", "Bad.", "stop"), ("edited", "Best.", "stop"),
    ]  # fmt: skip
    assert edited["comparison"] == {"picked": id_of(edited, "edited"), "strength": None}
    assert edited["changeable"] is True
    assert rows(turn) == [("b", "a", 2, False), ("edited", "a", None, True)]
    following = ready(conversation=turn["conversation_id"], text="And then?")
    with db.reading() as session:
        said = [message["content"] for message in said_before(session, session.get_one(Turn, following["id"]))]
    assert said[1:] == ["Hello?", "Best.", "And then?"]


def test_an_edited_turn_reaches_training_and_the_published_format(
    crowdworker: TestClient, ready: Callable[..., Json], tmp_path: Path
) -> None:
    turn = ready()
    choose(crowdworker, turn, "a", 4)
    edit(crowdworker, turn, "b", "Best.").raise_for_status()
    following = ready(conversation=turn["conversation_id"], text="And then?")
    choose(crowdworker, following, "a")
    crowdworker.post(f"/conversations/{turn['conversation_id']}/complete", json={}).raise_for_status()

    with db.writing() as session:
        iteration = Iteration(number=1, name="week", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        tranche_ids = [tranche.id for tranche in freeze(session, iteration)]
        write_lines(tmp_path / "comparisons.jsonl", with_split(conversations_of(session, tranche_ids)))
        export(session, tmp_path / "out.jsonl", "hh", Scope())

    (conversation,) = read_conversations(tmp_path / "comparisons.jsonl").conversations
    first, second = conversation.turns
    texts = [candidate.text for candidate in first.candidates]
    assert first.chosen is not None
    assert first.rejected is not None
    assert first.trunk is not None
    assert (texts[first.chosen], texts[first.rejected], texts[first.trunk]) == ("Best.", "Bad.", "Best.")
    assert first.strength is None, "unknown is never dropped as weakest"
    assert [candidate.text for candidate in second.candidates] == ["Good.", "Bad."]
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines == [
        {"chosen": "\n\nHuman: Hello?\n\nAssistant: Best.", "rejected": "\n\nHuman: Hello?\n\nAssistant: Bad."},
        {
            "chosen": "\n\nHuman: Hello?\n\nAssistant: Best.\n\nHuman: And then?\n\nAssistant: Good.",
            "rejected": "\n\nHuman: Hello?\n\nAssistant: Best.\n\nHuman: And then?\n\nAssistant: Bad.",
        },
    ]


def test_an_edit_compares_no_policies_and_is_not_timed(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    with db.writing() as session:
        # The other response is of a trained policy, and has no part in "edited > original".
        task = session.scalars(select(Task).where(Task.slug == "helpfulness")).one()
        deployment = make_deployment(session, task, make_snapshot(session, "week-1"), generation=2, best_of=4)
        other = session.get_one(Candidate, id_of(turn, "b"))
        other.deployment_id, other.snapshot_id = deployment.id, deployment.snapshot_id
    edit(crowdworker, turn, "a").raise_for_status()
    with db.reading() as session:
        row = session.scalars(select(Comparison)).one()
        assert (row.kind, row.propensity, row.seconds_to_choose) == ("base", None, None)
        assert (row.choice_direction, row.text_version) == ("pick-better", 1)
        edited = session.get_one(Candidate, row.picked_id)
        assert (edited.snapshot_id, edited.edited_from_id) == (None, id_of(turn, "a"))


def test_taking_an_edit_back_makes_the_choice_before_it_current_again(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    choose(crowdworker, turn, "b", 2)
    edit(crowdworker, turn, "b")
    back = crowdworker.delete(f"/turns/{turn['id']}/edit").raise_for_status().json()
    assert back["comparison"] == {"picked": id_of(turn, "b"), "strength": 2}
    assert [one["shown"] for one in back["candidates"]] == ["a", "b"], "the edit is out of sight"
    assert rows(turn) == [("b", "a", 2, False), ("edited", "b", None, False), ("b", "a", 2, True)]
    assert crowdworker.delete(f"/turns/{turn['id']}/edit").json() == back, "again changes nothing"
    assert len(rows(turn)) == 3


def test_an_edit_that_was_taken_back_is_no_reply_of_the_dialogue(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    choose(crowdworker, turn, "a")
    edit(crowdworker, turn, "a", "Secret.")
    crowdworker.delete(f"/turns/{turn['id']}/edit")
    crowdworker.post(f"/conversations/{turn['conversation_id']}/complete", json={}).raise_for_status()
    with db.writing() as session:
        iteration = Iteration(number=1, name="week", preset="toy", overrides={})
        session.add(iteration)
        session.flush()
        (line,) = conversations_of(session, [tranche.id for tranche in freeze(session, iteration)])
    assert [candidate["text"] for candidate in line["turns"][0]["candidates"]] == ["Good.", "Bad."]
    assert (line["turns"][0]["chosen"], line["turns"][0]["trunk"]) == (0, 0)


def test_without_a_choice_before_it_taking_an_edit_back_leaves_the_turn_undecided(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    edit(crowdworker, turn, "a").raise_for_status()
    assert crowdworker.delete(f"/turns/{turn['id']}/edit").json()["comparison"] is None
    refused = crowdworker.post(
        f"/conversations/{turn['conversation_id']}/turns", json={"client_id": "c2", "text": "And?"}
    )
    assert refused.json()["type"] == "turn-undecided"


def test_a_choice_after_an_edit_takes_its_place(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    edited = edit(crowdworker, turn, "a").json()
    refused = choose(crowdworker, edited, "edited")
    assert (refused.status_code, refused.json()["type"]) == (422, "unknown-candidate")
    assert [one["shown"] for one in choose(crowdworker, turn, "b").json()["candidates"]] == ["a", "b"]
    assert rows(turn) == [("edited", "a", None, False), ("b", "a", 3, True)]


def test_the_same_edit_again_is_the_same_row_and_another_one_rewrites_it(
    crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    edit(crowdworker, turn, "a", "Better.")
    edit(crowdworker, turn, "a", "Better.")
    assert len(rows(turn)) == 1
    edited = edit(crowdworker, turn, "b", "Best.").json()
    assert [one["text"] for one in edited["candidates"]] == ["Good.", "Bad.", "Best."]
    assert rows(turn)[1:] == [("edited", "b", None, True)]


def test_an_edit_is_final_once_the_next_message_was_sent(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready()
    edit(crowdworker, turn, "a", "Best.")
    ready(conversation=turn["conversation_id"], text="And then?")
    for refused in (edit(crowdworker, turn, "b"), crowdworker.delete(f"/turns/{turn['id']}/edit")):
        assert (refused.status_code, refused.json()["type"]) == (409, "choice-final")
    assert edit(crowdworker, turn, "a", "Best.").status_code == 200, "the same again is the same answer, still"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("text", "type", "words"),
    [
        (" Good.\n", "nothing-edited", "as it was"),
        ("", "invalid", "must not be empty"),
        ("\x00", "invalid", "control characters"),
        ("x" * 20_001, "invalid", "20,000"),
    ],
)
def test_a_text_that_is_no_edit_is_refused(
    crowdworker: TestClient, ready: Callable[..., Json], text: str, type: str, words: str
) -> None:
    turn = ready()
    refused = edit(crowdworker, turn, "a", text)
    assert (refused.status_code, refused.json()["type"]) == (422, type)
    assert words in refused.json()["detail"]
    assert rows(turn) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_who_is_allowed_edits_and_only_their_own(
    browser: Browser, crowdworker: TestClient, ready: Callable[..., Json]
) -> None:
    turn = ready()
    with db.writing() as session:
        stranger = make_account(session, may_edit=True)
    assert edit(browser(stranger), turn).json()["type"] == "unknown-turn"
    with db.writing() as session:
        session.execute(update(Account).values(may_edit=False))
    refused = edit(crowdworker, turn)
    assert (refused.status_code, refused.json()["type"]) == (403, "editing-not-allowed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_the_worse_is_picked_nothing_is_edited(crowdworker: TestClient, ready: Callable[..., Json]) -> None:
    turn = ready("red-team")
    refused = edit(crowdworker, turn)
    assert (refused.status_code, refused.json()["type"]) == (403, "editing-not-allowed")
    assert "worse" in refused.json()["detail"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_responses_that_are_being_written_cannot_be_edited(crowdworker: TestClient) -> None:
    conversation = crowdworker.post("/assignments", json={"task": "helpfulness"}).json()["conversation_id"]
    body = {"client_id": "c1", "text": "Hello?"}
    turn = crowdworker.post(f"/conversations/{conversation}/turns", json=body).json()
    assert edit(crowdworker, turn).json()["type"] == "turn-not-ready"
