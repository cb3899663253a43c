"""The scripted server: no torch, no surprises, some variety."""

import subprocess
import sys
import time
from pathlib import Path

import httpx

from inference.scripted import Script, ScriptedBackend, pseudo_score
from tests.inference.conftest import ask, chat, score, serving, stats, stream, texts


def test_it_needs_no_torch() -> None:
    code = "import sys, inference.scripted; print([m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_texts_depend_on_model_seed_and_messages_alone(scripted: httpx.Client) -> None:
    (said,) = texts(scripted, ask(seed=1, max_tokens=500))
    assert texts(scripted, ask(seed=1, max_tokens=500)) == [said]
    seeds = {texts(scripted, ask(seed=seed, max_tokens=500))[0] for seed in range(30)}
    assert len(seeds) > 15
    by_model = [
        {texts(scripted, ask(seed=seed, model=model, max_tokens=500))[0] for seed in range(30)}
        for model in ("initial", "week-1")
    ]
    assert by_model[0] != by_model[1]
    assert texts(scripted, ask("Something else", seed=1, max_tokens=500)) != [said]
    assert len({texts(scripted, ask(max_tokens=500))[0] for _ in range(10)}) > 1, "without a seed it varies"


def test_texts_vary_in_form(scripted: httpx.Client) -> None:
    said = [
        text
        for model in ("initial", "week-1", "week-2")
        for text in texts(scripted, ask(seed=2, model=model, n=32, max_tokens=500))
    ]
    assert any("```" in text for text in said)
    assert any("\n- " in text or "\n1. " in text for text in said)
    assert any(len(text) < 120 for text in said)
    assert any(len(text) > 500 for text in said)
    assert any("🥑" in text for text in said)


def test_limits_and_stop_strings_count(scripted: httpx.Client) -> None:
    (said,) = texts(scripted, ask(seed=8, max_tokens=500))
    answer = chat(scripted, ask(seed=8, max_tokens=3))
    assert answer["choices"][0]["finish_reason"] == "length"
    assert said.startswith(answer["choices"][0]["message"]["content"])
    assert answer["usage"]["completion_tokens"] == 3
    stop = said[6:10]
    stopped = chat(scripted, ask(seed=8, max_tokens=500, stop=stop))["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == (said[: said.index(stop)], "stop")


def test_it_keeps_its_pace_and_streams_word_by_word() -> None:
    with serving(ScriptedBackend(Script(tokens_per_second=50))) as client:
        began = time.monotonic()
        events = stream(client, ask(seed=3, max_tokens=15))
        assert 15 / 50 <= time.monotonic() - began < 3
        assert len(events) >= 16 or events[-2]["choices"][0]["finish_reason"] == "stop"


def test_hanging_up_is_noticed() -> None:
    with serving(ScriptedBackend(Script(tokens_per_second=1))) as client:
        with client.stream("POST", "/v1/chat/completions", json=ask(n=2, stream=True)) as answer:
            lines = answer.iter_lines()
            next(lines)
            assert stats(client)["running"] == 2
        deadline = time.monotonic() + 5
        while stats(client)["running"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_it_fails_when_it_is_told_to(scripted: httpx.Client) -> None:
    failed = scripted.post("/v1/chat/completions", json=ask("please FAIL now"))
    assert failed.status_code == 500
    assert failed.json()["error"]["type"] == "InternalServerError"
    events = stream(scripted, ask("please BREAK now", seed=3, max_tokens=100))
    assert events[-2]["error"]["code"] == 500
    assert "choices" in events[1]
    assert scripted.post("/v1/chat/completions", json=ask("please BREAK now", seed=3)).status_code == 500
    assert chat(scripted, ask())["choices"]
    assert stats(scripted)["running"] == 0


def test_longer_responses_score_higher(scripted: httpx.Client) -> None:
    low, high = (score(scripted, text).json()["data"][0]["data"][0] for text in ("No.", "Yes, " * 60))
    assert low < high
    assert low == pseudo_score("No.")
