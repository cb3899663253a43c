"""Failures and waiting tell nothing of which policy answers. What else is told: test_every_answer_is_blind.py."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.snapshots.service import deploy
from app.snapshots.shares import Wanted
from app.tables import Candidate, SnapshotKind, Task
from tests.app.chat.conftest import Chat
from tests.app.servers import Crowdworker
from tests.factories import make_snapshot

pytestmark = [pytest.mark.broker, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def deploy_for_all(*wanted: Wanted) -> None:
    with db.writing() as session:
        for task in session.scalars(select(Task)):
            deploy(session, task, wanted, reason="A test.")


def test_a_failure_does_not_name_the_policy(chat: Chat) -> None:
    url = chat(tokens_per_second=300)
    with db.writing() as session:
        make_snapshot(session, "week-7-policy", manifest={})  # nothing can load it
    deploy_for_all(Wanted("week-7-policy", 100))
    crowdworker = Crowdworker(url)
    turn = crowdworker.say("Hello?")
    events = list(crowdworker.follow(turn["id"]))
    assert events[-1].kind == "error"
    assert "week-7-policy" not in json.dumps([event.data for event in events] + [crowdworker.turn(turn["id"])])


def test_best_of_k_holds_both_candidates_back_until_both_are_complete(chat: Chat) -> None:
    url = chat(tokens_per_second=100)
    with db.writing() as session:
        make_snapshot(session, "pm-1", SnapshotKind.PM, directory="pm-1")
    load_anything_named("pm-1", SnapshotKind.PM)
    with db.writing() as session:
        deploy(session, None, [Wanted("pm-1", 100)], reason="A test.")
    deploy_for_all(Wanted("initial", 50), Wanted("initial", 50, best_of=4))
    crowdworker = Crowdworker(url)
    for number in range(12):  # until a turn has one of each: missed 12 times is 1 in 4,096
        turn = crowdworker.say("Hello?", client_id=f"c{number}")
        events = list(crowdworker.follow(turn["id"]))
        with db.reading() as session:
            candidates = session.scalars(select(Candidate).where(Candidate.turn_id == turn["id"])).all()
            best_of = sorted((candidate.sampling or {})["best_of"] for candidate in candidates)
        if best_of == [1, 4]:
            break
        crowdworker.conversation = next_conversation(crowdworker, events[-1].data)
    assert best_of == [1, 4]

    kinds = [event.kind for event in events]
    assert kinds == ["state", "held", "done"]
    assert [candidate["text"] for candidate in events[0].data["candidates"]] == ["", ""]
    assert all(candidate["text"] for candidate in events[-1].data["candidates"])
    best = next(candidate for candidate in candidates if (candidate.sampling or {})["best_of"] == 4)
    assert best.best_of_texts is not None
    assert len(best.best_of_texts) == 4
    assert best.score == max(sample["score"] for sample in best.best_of_texts)
    assert best.text in [sample["text"] for sample in best.best_of_texts if sample["score"] == best.score]
    assert best.scored_by_id is not None


def next_conversation(crowdworker: Crowdworker, turn: dict[str, Any]) -> str:
    crowdworker.choose(turn).raise_for_status()
    ended = crowdworker.http.post(f"/conversations/{crowdworker.conversation}/complete", json={}).json()
    if ended["conversation_id"] is None:
        ended = crowdworker.http.post("/assignments", json={"task": "helpfulness"}).json()
    following: str = ended["conversation_id"]
    return following


def load_anything_named(name: str, kind: SnapshotKind) -> None:
    """A directory that is whole as far as its manifest says; the scripted server loads any."""
    from app.settings import get_settings

    directory = get_settings().snapshots_dir / name
    directory.mkdir(parents=True)
    (directory / "manifest.json").write_text(json.dumps({"kind": kind, "files": {}}))
