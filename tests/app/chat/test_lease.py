"""A turn has one holder at a time, and only its holder writes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app import db, jobs
from app.chat import lease
from app.chat.lease import Draft
from app.tables import Candidate, CandidateStatus, Turn, TurnStatus
from tests.factories import make_comparison, make_conversation, make_snapshot, make_turn


@pytest.fixture
def turn_id(engine: Engine) -> str:
    with db.writing() as session:
        return waiting_turn(session).id


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Jobs, instead of a broker."""
    jobs_sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "send", lambda *job: jobs_sent.append(job))
    return jobs_sent


def waiting_turn(session: Session) -> Turn:
    turn, snapshot = make_turn(session), make_snapshot(session)
    turn.status = TurnStatus.GENERATING
    for candidate in turn.candidates:
        candidate.status, candidate.text, candidate.finish = CandidateStatus.PENDING, "", None
        candidate.snapshot_id, candidate.seed, candidate.sampling = snapshot.id, 7, {"best_of": 1}
    session.flush()
    return turn


def run_out(turn_id: str) -> None:
    with db.writing() as session:
        session.execute(update(Turn).where(Turn.id == turn_id).values(lease_until=db.now() - timedelta(seconds=1)))


def drafts() -> dict[str, Draft]:
    return {"a": Draft("Yes.", "stop", 5, 2, 10, 20), "b": Draft("No", "length", 5, 1, 11, 21)}


def row(turn_id: str) -> tuple[Turn, list[Candidate]]:
    with db.reading() as session:
        turn = session.get_one(Turn, turn_id)
        return turn, list(turn.candidates)


def test_of_many_who_claim_at_once_one_gets_the_turn(turn_id: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda i: lease.claim(turn_id, f"owner-{i}"), range(8)))
    assert sum(claim is not None for claim in claims) == 1
    assert row(turn_id)[0].attempt == 1


def test_a_lease_that_ran_out_goes_to_the_next_with_another_attempt(turn_id: str) -> None:
    lease.claim(turn_id, "first")
    assert lease.claim(turn_id, "second") is None
    run_out(turn_id)
    second = lease.claim(turn_id, "second")
    assert second is not None
    assert second.attempt == 2


def test_who_lost_the_lease_can_neither_renew_it_nor_write(turn_id: str, sent: list[tuple[str, ...]]) -> None:
    first = lease.claim(turn_id, "first")
    assert first is not None
    run_out(turn_id)
    lease.claim(turn_id, "second")

    assert lease.renew(turn_id, "first") is None
    assert lease.begin_again(turn_id, "first") is None
    assert not lease.finish(first, drafts())
    assert not lease.fail(first, drafts(), "No.")
    lease.release(turn_id, "first")

    turn, candidates = row(turn_id)
    assert (turn.status, turn.lease_owner, turn.attempt) == ("generating", "second", 2)
    assert [candidate.text for candidate in candidates] == ["", ""]
    assert sent == []


def test_a_holder_that_is_late_and_was_not_replaced_still_writes(turn_id: str) -> None:
    work = lease.claim(turn_id, "first")
    assert work is not None
    run_out(turn_id)
    assert lease.finish(work, drafts())


def test_the_end_is_written_whole_and_its_scores_are_asked_for(turn_id: str, sent: list[tuple[str, ...]]) -> None:
    work = lease.claim(turn_id, "first")
    assert work is not None
    assert lease.finish(work, drafts())

    turn, (a, b) = row(turn_id)
    assert (turn.status, turn.lease_owner, turn.lease_until) == ("ready", None, None)
    assert turn.ready_at is not None
    assert (a.status, a.text, a.finish, a.prompt_tokens, a.completion_tokens) == ("done", "Yes.", "stop", 5, 2)
    assert (b.status, b.text, b.finish, b.first_token_ms, b.total_ms) == ("done", "No", "length", 11, 21)
    assert sent == [("score_turn", turn_id)]
    assert lease.claim(turn_id, "late") is None, "a finished turn is not sampled again"


def test_a_draft_without_an_end_is_stopped(turn_id: str) -> None:
    work = lease.claim(turn_id, "first")
    assert work is not None
    lease.finish(work, {"a": Draft("Ye"), "b": Draft()})
    turn, (a, b) = row(turn_id)
    assert turn.status == "ready"
    assert (a.status, a.text, a.finish) == ("stopped", "Ye", "stopped")
    assert (b.status, b.text, b.finish) == ("stopped", "", "stopped")


def test_renewing_tells_of_a_stop_that_was_asked_for_in_another_process(turn_id: str) -> None:
    lease.claim(turn_id, "first")
    assert lease.renew(turn_id, "first") is False
    with db.writing() as session:
        session.execute(update(Turn).values(stop_requested=True))
    assert lease.renew(turn_id, "first") is True


def test_a_released_turn_waits_for_nobody(turn_id: str) -> None:
    lease.claim(turn_id, "first")
    assert lease.waiting() == []
    lease.release(turn_id, "first")
    assert lease.claim(turn_id, "second") is not None


def test_turns_that_nobody_samples_are_found(engine: Engine) -> None:
    with db.writing() as session:
        just_stored, never_begun, abandoned, held, finished = (waiting_turn(session) for _ in range(5))
        long_ago = db.now() - timedelta(minutes=1)
        never_begun.created_at = long_ago
        abandoned.lease_until = long_ago
        held.lease_until = db.now() + timedelta(seconds=9)
        finished.created_at, finished.status = long_ago, TurnStatus.READY
        expected = {never_begun.id, abandoned.id}
    assert set(lease.waiting()) == expected
    assert just_stored.id not in expected


def test_a_policy_reads_the_trunk_which_follows_what_was_picked(engine: Engine) -> None:
    with db.writing() as session:
        conversation = make_conversation(session, system="Be kind.")
        first = make_turn(session, conversation, ("Good.", "Bad."), text="One?")
        make_comparison(session, first, picked="a")
        # Chosen again: the earlier pick is superseded and no longer the trunk.
        first.comparisons[0].superseded_at = db.now()
        session.flush()
        make_comparison(session, first, picked="b")
        second = make_turn(session, conversation, text="Two?")
        second.status, snapshot = TurnStatus.GENERATING, make_snapshot(session, "one")
        for candidate in second.candidates:
            candidate.snapshot_id, candidate.seed, candidate.sampling = snapshot.id, 7, {"best_of": 1}
    work = lease.claim(second.id, "me")
    assert work is not None
    assert work.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Bad."},
        {"role": "user", "content": "Two?"},
    ]
    assert [(request.shown, request.snapshot, request.seed) for request in work.requests] == [
        ("a", "one", 7),
        ("b", "one", 7),
    ]
