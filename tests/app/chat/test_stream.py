"""A turn as its readers see it: real uvicorn, real Valkey, scripted policies."""

import time
from itertools import pairwise, takewhile
from threading import Thread

import pytest

from app import settings
from app.chat import lease, tail
from tests.app.chat.conftest import Chat
from tests.app.servers import Crowdworker, Event, parse, texts_of

pytestmark = [pytest.mark.broker, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_both_candidates_stream_to_the_end_in_one_stream(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=200))
    turn = crowdworker.say("Hello! 🥑 שלום")
    assert turn["status"] == "generating"

    events = list(crowdworker.follow(turn["id"]))

    assert events[0].kind == "state"
    assert events[-1].kind == "done"
    assert {event.data["candidate"] for event in events if event.kind == "delta"} == {"a", "b"}
    assert all(event.id for event in events)
    assert texts_of(events[:-1]) == texts_of(events[-1:]), "the deltas add up to what the row keeps"
    assert events[-1].data["status"] == "ready"
    assert {candidate["status"] for candidate in events[-1].data["candidates"]} == {"done"}


def test_events_arrive_one_by_one_whatever_the_browser_says_it_can_unpack(chat: Chat) -> None:
    """Compression gathers what it sends; a stream that came in one piece at the end would look the same in total."""
    crowdworker = Crowdworker(chat(tokens_per_second=20))
    turn = crowdworker.say("Tell me about rivers.")
    headers = {"Accept-Encoding": "gzip, deflate, br"}
    with crowdworker.http.stream("GET", f"/turns/{turn['id']}/events", headers=headers) as response:
        assert "content-encoding" not in response.headers
        arrivals = [(event.kind, time.monotonic()) for event in parse(response)]
    deltas = [at for kind, at in arrivals if kind == "delta"]
    assert deltas[-1] - deltas[0] > 1, "spread over the seconds in which they were written"
    assert max(later - earlier for earlier, later in pairwise(deltas)) < (deltas[-1] - deltas[0]) / 2


def read_some(crowdworker: Crowdworker, turn_id: str, deltas: int = 3) -> list[Event]:
    """The beginning of a stream that is then closed, as by a reload."""
    seen: list[Event] = []
    for event in crowdworker.follow(turn_id):
        seen.append(event)
        if sum(event.kind == "delta" for event in seen) == deltas:
            return seen
    raise AssertionError("the stream ended first")


def test_a_reload_in_mid_stream_shows_the_text_so_far_and_goes_on(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=30))
    turn = crowdworker.say("Tell me about bread.")
    before = texts_of(read_some(crowdworker, turn["id"]))

    events = list(crowdworker.follow(turn["id"]))

    first = texts_of(events[:1])
    assert all(first[shown].startswith(before[shown]) for shown in "ab")
    assert any(first.values())
    assert texts_of(events[:-1]) == texts_of(events[-1:])
    assert crowdworker.turn(turn["id"])["candidates"] == events[-1].data["candidates"]


def test_last_event_id_continues_where_the_reader_was(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=30))
    turn = crowdworker.say("Tell me about trams.")
    seen = read_some(crowdworker, turn["id"])
    time.sleep(0.3)

    events = list(crowdworker.follow(turn["id"], after=seen[-1].id))

    assert texts_of(events[:1]) == texts_of(seen), "the state is as of that event"
    assert events[1].kind == "delta"
    assert texts_of(events[:-1]) == texts_of(events[-1:])


def test_two_readers_get_the_same(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=60))
    turn = crowdworker.say("Tell me about ferns.")
    streams: list[list[Event]] = [[], []]
    readers = [Thread(target=lambda into=into: into.extend(crowdworker.follow(turn["id"]))) for into in streams]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert texts_of(streams[0]) == texts_of(streams[1]) == texts_of(streams[0][:-1]) == texts_of(streams[1][:-1])


def test_a_finished_turn_is_told_at_once(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=0))
    turn = crowdworker.say("Hello?")
    crowdworker.wait(turn["id"])

    events = list(crowdworker.follow(turn["id"], after="not an id"))

    assert [event.kind for event in events] == ["state", "done"]


def test_nobody_needs_to_listen_for_a_turn_to_end(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=200))
    turn = crowdworker.say("Hello?")
    assert crowdworker.wait(turn["id"])["status"] == "ready"


def test_stop_keeps_what_there_is_and_it_can_be_chosen(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=20))
    turn = crowdworker.say("Tell me everything.")
    read_some(crowdworker, turn["id"])

    crowdworker.http.post(f"/turns/{turn['id']}/stop").raise_for_status()

    began = time.monotonic()
    events = list(crowdworker.follow(turn["id"]))
    assert time.monotonic() - began < 3
    stopped = [candidate for candidate in events[-1].data["candidates"] if candidate["status"] == "stopped"]
    assert stopped, "at 20 tokens a second they had not both ended"
    assert all(candidate["finish"] == "stopped" for candidate in stopped)
    assert texts_of(events[-1:]) == texts_of(events[:-1])
    assert crowdworker.choose(events[-1].data).status_code == 200
    assert crowdworker.say("Go on.")["position"] == 1


def test_a_stop_before_the_first_word_is_a_failure_that_can_be_tried_again(chat: Chat) -> None:
    crowdworker = Crowdworker(chat(tokens_per_second=0.2))
    turn = crowdworker.say("Hello?")
    time.sleep(0.3)
    crowdworker.http.post(f"/turns/{turn['id']}/stop").raise_for_status()

    ended = crowdworker.wait(turn["id"])

    assert ended["status"] == "failed"
    assert "stopped before anything was written" in ended["error"]
    assert crowdworker.http.post(f"/turns/{turn['id']}/retry").json()["status"] == "generating"


def test_two_minutes_without_a_reader_end_a_turn(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "READER_COUNTS_FOR", 1)
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.2)
    crowdworker = Crowdworker(chat(tokens_per_second=10))
    turn = crowdworker.say("Hello?")
    time.sleep(2)

    ended = crowdworker.turn(turn["id"])

    assert ended["status"] == "ready"
    assert "stopped" in {candidate["status"] for candidate in ended["candidates"]}


def test_a_turn_that_waits_for_a_slot_is_told_its_place(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERATION_SLOTS", "1")
    settings.get_settings.cache_clear()
    url = chat(tokens_per_second=40)
    first, second = Crowdworker(url), Crowdworker(url)
    first.say("Hello?")
    turn = second.say("Hello too?")

    events = list(second.follow(turn["id"]))

    waiting = list(takewhile(lambda event: event.kind != "delta", events))
    assert [event.data for event in waiting if event.kind == "queued"] == [{"position": 1}]
    assert events[-1].kind == "done"


def test_stop_reaches_a_turn_that_still_waits_for_a_slot(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERATION_SLOTS", "1")
    settings.get_settings.cache_clear()
    url = chat(tokens_per_second=2)
    first, second = Crowdworker(url), Crowdworker(url)
    first.say("Hello?")
    turn = second.say("Hello too?")
    second.http.post(f"/turns/{turn['id']}/stop").raise_for_status()

    assert second.wait(turn["id"], seconds=3)["status"] == "failed"
