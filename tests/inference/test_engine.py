"""Batching must not be seen: what a request gets depends on the request."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from inference import engine
from models.dialogue import DEFAULT_SYSTEM, Message
from models.sampling import Sampler
from tests.inference.conftest import Toy, ask, chat, eventually, load, stats, stream, texts

MODELS = ("initial", "week-1", "week-2")


def _requests(**options: Any) -> list[dict[str, Any]]:
    draw = random.Random(5)
    return [
        ask(
            f"Tell me of {'moss ' * draw.randrange(40)}{i}", MODELS[i % 3], n=1 + i % 2, seed=i,
            max_tokens=draw.randrange(8, 48), **options,
        )
        for i in range(12)
    ]  # fmt: skip


@pytest.mark.parametrize("options", [{"temperature": 0}, {}, {"temperature": 0.8, "top_p": 0.9, "top_k": 20}])
def test_a_batch_with_mixed_adapters_says_what_each_request_says_alone(
    client: httpx.Client, options: dict[str, Any]
) -> None:
    before = stats(client)["steps"]
    alone = [texts(client, request) for request in _requests(**options)]
    between = stats(client)["steps"]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda request: texts(client, request), _requests(**options)))
    assert together == alone
    assert stats(client)["steps"] - between < (between - before) / 2, "the requests did not share their steps"


def test_models_differ_and_the_base_is_not_touched_by_adapters(client: httpx.Client) -> None:
    said = [texts(client, ask(model=model, temperature=0, max_tokens=40))[0] for model in MODELS]
    assert len(set(said)) == 3


def test_greedy_text_is_that_of_the_rollouts_of_the_same_adapter(client: httpx.Client, toy: Toy) -> None:
    prompt = toy.renderer.prompt_ids([Message("system", DEFAULT_SYSTEM), Message("user", "Tell me of sea and sun 3")])
    sampler = Sampler(toy.backbone, toy.tokenizer, toy.renderer)
    for model in MODELS:
        with toy.backbone.use(None if model == "initial" else model):
            ((response,),) = sampler.sample([prompt], [[7]], max_tokens=40)
        (choice,) = chat(client, ask(model=model, seed=7, max_tokens=40))["choices"]
        # The byte tokenizer lets an odd adapter say bytes that are no text; rollouts keep their marks.
        assert choice["message"]["content"] == response.text.rstrip("\ufffd")
        assert choice["finish_reason"] == response.finish


def test_choices_of_a_request_differ_and_share_one_reading_of_the_prompt(client: httpx.Client) -> None:
    before = stats(client)["prompt_tokens"]
    answer = chat(client, ask(n=5, seed=1))
    said = [choice["message"]["content"] for choice in answer["choices"]]
    assert len(set(said)) == 5
    assert stats(client)["prompt_tokens"] - before == answer["usage"]["prompt_tokens"]
    assert texts(client, ask(n=5, seed=1)) == said
    assert texts(client, ask(seed=1)) == said[:1]


def test_without_a_seed_two_answers_differ(client: httpx.Client) -> None:
    assert len({texts(client, ask(max_tokens=30))[0] for _ in range(4)}) > 1


def test_a_prompt_read_in_pieces_beside_streams_gives_the_same_text(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask("Tell me of " + "stone and rain and " * 20, "week-1", temperature=0, max_tokens=30)
    whole = texts(client, request)
    monkeypatch.setattr(engine, "PREFILL_ALONE", 7)
    assert texts(client, request) == whole


def test_a_response_ends_by_stop_or_by_length_and_counts_its_tokens(client: httpx.Client) -> None:
    ended = chat(client, ask(seed=1, max_tokens=400))
    (choice,) = ended["choices"]
    assert choice["finish_reason"] == "stop"
    assert "<|im_end|>" not in choice["message"]["content"]
    length = ended["usage"]["completion_tokens"]
    assert length == len(choice["message"]["content"]) + 1, "one byte is one token, and one ends the turn"
    cut = chat(client, ask(seed=1, max_tokens=length - 2))
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == length - 2
    assert choice["message"]["content"].startswith(cut["choices"][0]["message"]["content"])


def test_a_stop_string_ends_the_response_and_no_part_of_it_is_ever_sent(client: httpx.Client) -> None:
    (whole,) = texts(client, ask(temperature=0, max_tokens=100))
    stop = whole[9:14]
    expected = whole[: whole.index(stop)]
    events = stream(client, ask(temperature=0, max_tokens=100, stop=["@@@", stop]))
    said = "".join(event["choices"][0]["delta"]["content"] for event in events[:-1])
    assert said == expected
    assert events[-2]["choices"][0]["finish_reason"] == "stop"


def test_a_text_that_only_began_like_a_stop_string_is_sent_in_the_end(client: httpx.Client) -> None:
    (whole,) = texts(client, ask(temperature=0, max_tokens=100))
    assert texts(client, ask(temperature=0, max_tokens=100, stop=whole[-3:] + "@")) == [whole]


def test_streamed_text_is_the_whole_text_also_when_bytes_make_no_characters(client: httpx.Client) -> None:
    for seed in range(8):
        request = ask("Grüße 🥑!", seed=seed, temperature=3, max_tokens=60)  # bytes at random
        events = stream(client, request)
        said = "".join(event["choices"][0]["delta"]["content"] for event in events[:-1])
        assert [said] == texts(client, request)


def test_logprobs_are_those_of_the_model(client: httpx.Client, toy: Toy) -> None:
    answer = chat(client, ask(temperature=0, max_tokens=6, logprobs=True, top_logprobs=3))
    told = answer["choices"][0]["logprobs"]["content"]
    assert len(told) == 6
    for token in told:
        assert token["logprob"] == token["top_logprobs"][0]["logprob"], "greedy takes the most probable"
        assert token["logprob"] <= 0
        logs = [top["logprob"] for top in token["top_logprobs"]]
        assert logs == sorted(logs, reverse=True)
    assert "".join(token["token"] for token in told) == answer["choices"][0]["message"]["content"]
    warm = chat(client, ask(seed=3, temperature=2, max_tokens=6, logprobs=True))["choices"][0]["logprobs"]["content"]
    assert all(token["top_logprobs"] == [] and token["logprob"] < 0 for token in warm)


@pytest.mark.parametrize("streamed", [True, False])
def test_hanging_up_frees_the_slots_before_the_next_token(endless: httpx.Client, streamed: bool) -> None:
    request = ask(n=2, max_tokens=1500, stream=streamed)
    if streamed:
        with endless.stream("POST", "/v1/chat/completions", json=request) as answer:
            lines = answer.iter_lines()
            next(lines)
            eventually(lambda: stats(endless)["running"] == 2)
    else:
        with httpx.Client(base_url=endless.base_url) as impatient, pytest.raises(httpx.ReadTimeout):
            impatient.post("/v1/chat/completions", json=request, timeout=0.5)
    eventually(lambda: stats(endless)["running"] == 0)
    generated = stats(endless)["generated_tokens"]
    assert 0 < generated < 2800
    time.sleep(0.1)
    assert stats(endless)["generated_tokens"] == generated


def test_a_request_waits_for_slots_and_a_full_queue_says_when_to_come_back(
    endless: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAITING", 1)
    with endless.stream("POST", "/v1/chat/completions", json=ask(n=2, max_tokens=1500, stream=True)) as first:
        lines = first.iter_lines()  # a dropped iterator would hang up
        next(lines)
        eventually(lambda: stats(endless)["running"] == 2)
        waiting: list[list[str]] = []
        second = threading.Thread(target=lambda: waiting.append(texts(endless, ask(max_tokens=3))))
        second.start()
        eventually(lambda: stats(endless)["waiting"] == 1)
        refused = endless.post("/v1/chat/completions", json=ask())
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["type"] == "ServiceUnavailableError"
        assert not waiting
    second.join()
    assert len(waiting) == 1


def test_a_waiting_request_that_hangs_up_leaves_the_queue(endless: httpx.Client) -> None:
    with endless.stream("POST", "/v1/chat/completions", json=ask(n=2, max_tokens=1500, stream=True)) as first:
        lines = first.iter_lines()  # a dropped iterator would hang up
        next(lines)
        eventually(lambda: stats(endless)["running"] == 2)
        with httpx.Client(base_url=endless.base_url) as impatient, pytest.raises(httpx.ReadTimeout):
            impatient.post("/v1/chat/completions", json=ask(), timeout=0.3)
        eventually(lambda: stats(endless)["waiting"] == 0)
        assert stats(endless)["running"] == 2


def test_what_can_never_run_is_refused_with_the_numbers(endless: httpx.Client) -> None:
    long = endless.post("/v1/chat/completions", json=ask("moss " * 500))
    assert long.status_code == 400
    assert "tokens, but the model's context holds 2048" in long.json()["error"]["message"]
    many = endless.post("/v1/chat/completions", json=ask(n=3))
    assert many.status_code == 400
    assert many.json()["error"]["message"] == "n is 3, but at most 2 choices are sampled at a time."


def test_a_response_may_fill_the_context_and_not_a_token_more(endless: httpx.Client) -> None:
    answer = chat(endless, ask("moss " * 370, max_tokens=5000))
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["total_tokens"] == 2048


def test_a_failing_step_fails_its_requests_and_the_next_ones_are_served(
    endless: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("inference.sampling.choose", broken)
        failed = endless.post("/v1/chat/completions", json=ask())
        assert failed.status_code == 500
        assert failed.json()["error"]["type"] == "InternalServerError"
        events = stream(endless, ask())
        assert events[-2]["error"]["code"] == 500
    assert stats(endless)["running"] == 0
    assert len(texts(endless, ask(n=2, max_tokens=3))) == 2


def test_snapshots_come_and_go_while_others_are_served(client: httpx.Client, toy: Toy) -> None:
    request = ask(temperature=0, max_tokens=30)
    expected = {model: texts(client, request | {"model": model}) for model in ("initial", "week-1")}
    done = threading.Event()
    wrong: list[object] = []

    def keep_asking(model: str) -> None:
        while not done.is_set():
            said = texts(client, request | {"model": model})
            if said != expected[model]:
                wrong.append(said)

    askers = [threading.Thread(target=keep_asking, args=(model,)) for model in expected]
    for asker in askers:
        asker.start()
    for _ in range(10):
        assert load(client, "visitor", toy.snapshots["week-2"]).status_code == 200
        assert texts(client, request | {"model": "visitor"}) == texts(client, request | {"model": "week-2"})
        assert client.post("/v1/unload_lora_adapter", json={"lora_name": "visitor"}).status_code == 200
    done.set()
    for asker in askers:
        asker.join()
    assert not wrong


def test_a_response_under_way_keeps_the_snapshot_it_began_with(endless: httpx.Client, toy: Toy) -> None:
    request = ask(model="visitor", temperature=0, max_tokens=300)
    load(endless, "visitor", toy.snapshots["week-1"])
    (expected,) = texts(endless, request)
    with endless.stream("POST", "/v1/chat/completions", json=request | {"stream": True}) as answer:
        lines = answer.iter_lines()
        next(lines)
        endless.post("/v1/unload_lora_adapter", json={"lora_name": "visitor"}).raise_for_status()
        load(endless, "visitor", toy.snapshots["week-2"]).raise_for_status()
        events = [json.loads(line.removeprefix("data: ")) for line in lines if line and "[DONE]" not in line]
    assert "".join(event["choices"][0]["delta"]["content"] for event in events) == expected
