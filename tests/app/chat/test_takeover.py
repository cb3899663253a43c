"""A web process may be killed at any moment of a turn: what was acknowledged is kept, nothing is doubled."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from app import db, seed
from app.chat import generation, lease
from app.main import create_app
from app.tables import Candidate, CandidateStatus, Snapshot, Turn, TurnStatus
from tests.app.chat.conftest import Chat
from tests.app.chat.test_stream import read_some
from tests.app.servers import WEB_WITH_SHORT_LEASES, Crowdworker, Process, served, texts_of
from tests.conftest import free_port
from tests.factories import make_turn

pytestmark = pytest.mark.broker


def counted() -> tuple[int, int]:
    with db.reading() as session:
        turns, candidates = (session.scalar(select(func.count()).select_from(table)) for table in (Turn, Candidate))
    return turns or 0, candidates or 0


def test_a_killed_web_process_loses_nothing_and_the_next_one_ends_the_turn(
    engine: Engine, scripted_process: Process
) -> None:
    killed = Process("-c", WEB_WITH_SHORT_LEASES, port=free_port())
    crowdworker = Crowdworker(killed.url)
    turn = crowdworker.say("Tell me about bread.", client_id="c1")
    seen = read_some(crowdworker, turn["id"])
    killed.kill()
    killed.start()
    try:
        events = list(crowdworker.follow(turn["id"], after=seen[-1].id))
        again = crowdworker.say("Tell me about bread.", client_id="c1")
    finally:
        killed.kill()

    assert "reset" in {event.kind for event in events}
    assert texts_of(events[:-1]) == texts_of(events[-1:]), "no text of the first attempt is left in the second"
    assert events[-1].kind == "done"
    assert again["id"] == turn["id"]
    assert again["candidates"] == events[-1].data["candidates"]
    assert counted() == (1, 2)
    with db.reading() as session:
        assert session.get_one(Turn, turn["id"]).attempt == 2


def test_a_turn_whose_process_died_is_taken_over_also_when_nobody_reads(
    engine: Engine, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "SWEEP_EVERY", 0.1)
    with db.writing() as session:
        seed.ensure_defaults(session)
        initial = session.scalars(select(Snapshot)).one()
        turn = make_turn(session, attempt=1, lease_owner="died", lease_until=db.now() + timedelta(seconds=1))
        turn.status = TurnStatus.GENERATING
        for candidate in turn.candidates:
            candidate.status, candidate.text, candidate.snapshot_id = CandidateStatus.PENDING, "", initial.id
            candidate.sampling = {"max_tokens": 8, "best_of": 1}
    chat(tokens_per_second=100)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with db.reading() as session:
            row = session.get_one(Turn, turn.id)
            if row.status == TurnStatus.READY:
                assert row.attempt == 2
                assert all(candidate.text for candidate in row.candidates)
                return
        time.sleep(0.05)
    raise AssertionError("nobody took the turn over")


def test_of_two_web_processes_one_answers_and_both_can_be_read(chat: Chat) -> None:
    with served(create_app()) as second:
        crowdworker = Crowdworker(chat(tokens_per_second=60))
        turn = crowdworker.say("Tell me about trams.")
        crowdworker.http.base_url = f"{second}/api/v1"
        events = list(crowdworker.follow(turn["id"]))
    assert "reset" not in {event.kind for event in events}
    assert texts_of(events[:-1]) == texts_of(events[-1:])
    with db.reading() as session:
        assert session.get_one(Turn, turn["id"]).attempt == 1


def test_a_web_process_that_is_told_to_end_gives_its_turns_back(engine: Engine, scripted_process: Process) -> None:
    with served(create_app()) as url:
        crowdworker = Crowdworker(url)
        turn = crowdworker.say("Tell me about bread.")
        read_some(crowdworker, turn["id"], deltas=1)
    with db.reading() as session:
        row = session.get_one(Turn, turn["id"])
        assert (row.status, row.lease_owner, row.lease_until) == ("generating", None, None)
    with served(create_app()) as url:
        crowdworker.http.base_url = f"{url}/api/v1"
        assert crowdworker.wait(turn["id"], seconds=15)["status"] == "ready"


def test_a_lost_lease_is_noticed_and_nothing_is_written(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.2)
    crowdworker = Crowdworker(chat(tokens_per_second=5))
    turn = crowdworker.say("Hello?")
    read_some(crowdworker, turn["id"], deltas=1)
    with db.writing() as session:  # another process, which believes that this one is dead
        row = session.get_one(Turn, turn["id"])
        row.lease_owner, row.lease_until = "elsewhere", db.now() + timedelta(minutes=1)
    time.sleep(1)
    with db.reading() as session:
        row = session.get_one(Turn, turn["id"])
        assert (row.status, row.lease_owner) == ("generating", "elsewhere")
        assert [candidate.text for candidate in row.candidates] == ["", ""]
