"""Inference or Redis may go away at any moment of a turn: the turn ends, well or with a sentence."""

import time

import pytest
from sqlalchemy import Engine

from app import db
from app.chat import sampling
from app.main import create_app
from app.tables import Turn
from tests.app.chat.conftest import Chat, Valkey
from tests.app.servers import Crowdworker, Event, Process, served, texts_of

pytestmark = [pytest.mark.broker, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_inference_killed_in_mid_stream_and_back_again_is_a_reset_and_then_an_answer(
    engine: Engine, scripted_process: Process
) -> None:
    with served(create_app()) as url:
        crowdworker = Crowdworker(url)
        turn = crowdworker.say("Tell me about ferns.")
        seen: list[Event] = []
        for event in crowdworker.follow(turn["id"]):
            if event.kind == "delta" and not any(before.kind == "delta" for before in seen):
                scripted_process.kill()
                scripted_process.start()
            seen.append(event)
    assert "reset" in {event.kind for event in seen}
    assert seen[-1].kind == "done"
    assert texts_of(seen[:-1]) == texts_of(seen[-1:])


def test_inference_that_stays_away_fails_the_turn_and_retry_answers_it(
    engine: Engine, scripted_process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "TRY_AGAIN_AFTER", (0.05, 0.1))
    scripted_process.kill()
    with served(create_app()) as url:
        crowdworker = Crowdworker(url)
        turn = crowdworker.say("Hello?")
        events = list(crowdworker.follow(turn["id"]))
        assert events[-1].kind == "error"
        assert events[-1].data == {"detail": sampling.NO_ANSWER}
        failed = crowdworker.turn(turn["id"])
        assert (failed["status"], failed["error"], failed["text"]) == ("failed", sampling.NO_ANSWER, "Hello?")
        assert crowdworker.choose(failed).json()["type"] == "turn-not-ready"
        assert (
            crowdworker.http.post(
                f"/conversations/{crowdworker.conversation}/turns", json={"client_id": "next", "text": "And?"}
            ).json()["type"]
            == "turn-undecided"
        )

        scripted_process.start()
        crowdworker.http.post(f"/turns/{turn['id']}/retry").raise_for_status()
        events = list(crowdworker.follow(turn["id"]))
        assert events[-1].kind == "done"
        assert texts_of(events[:-1]) == texts_of(events[-1:]), "nothing of the failed try is shown"
        assert crowdworker.http.post(f"/turns/{turn['id']}/retry").json()["type"] == "turn-not-failed"


def test_a_policy_that_fails_every_time_ends_as_a_failed_turn(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "TRY_AGAIN_AFTER", (0.05, 0.1))
    crowdworker = Crowdworker(chat(tokens_per_second=100, fail_on="break"))
    turn = crowdworker.say("Please break.")
    ended = crowdworker.wait(turn["id"])
    assert (ended["status"], ended["error"]) == ("failed", sampling.NO_ANSWER)
    with db.reading() as session:
        assert session.get_one(Turn, turn["id"]).attempt == 3


def test_redis_killed_in_mid_stream_costs_the_stream_and_not_the_turn(own_valkey: Valkey, chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=40))
    turn = crowdworker.say("Tell me about museums.")
    seen: list[Event] = []
    for event in crowdworker.follow(turn["id"]):
        if event.kind == "delta" and not any(before.kind == "delta" for before in seen):
            own_valkey.kill()
        seen.append(event)
    assert seen[-1].kind == "done"
    assert {candidate["status"] for candidate in seen[-1].data["candidates"]} == {"done"}
    assert crowdworker.choose(seen[-1].data).status_code == 200
    followed = crowdworker.say("Go on.")
    assert crowdworker.wait(followed["id"])["status"] == "ready", "also a turn that begins without Redis"


def test_redis_back_in_mid_stream_goes_on_with_the_whole_text_so_far(own_valkey: Valkey, chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=10))
    turn = crowdworker.say("Tell me about plants.")
    seen: list[Event] = []
    for event in crowdworker.follow(turn["id"]):
        if event.kind == "delta" and not any(before.kind == "delta" for before in seen):
            own_valkey.kill()
            time.sleep(0.5)
            own_valkey.start()
        seen.append(event)
    assert [event.kind for event in seen].count("state") == 2
    assert "delta" in [event.kind for event in seen][-5:]
    assert texts_of(seen[:-1]) == texts_of(seen[-1:])
