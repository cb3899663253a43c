"""Tokens from logits, and text that is never taken back."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.sampling import Sampling, Text, choose, generator
from models.tiny import tokenizer

TOKENIZER = tokenizer()


def _draw(logits: list[float], count: int = 4000, **options: float) -> list[float]:
    """Relative frequencies of tokens."""
    row = torch.tensor([logits])
    own = generator(1, 0)
    drawn = torch.tensor([choose(row, [Sampling(1, **options)], [own])[0] for _ in range(count)])
    return (drawn.bincount(minlength=len(logits)) / count).tolist()


LOGITS = [math.log(p) for p in (0.5, 0.3, 0.15, 0.05)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.5, 0.3, 0.15, 0.05]),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"temperature": 1e-40}, [1, 0, 0, 0]),
        ({"temperature": 0.5}, [0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365]),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_k": 9}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_p": 0.6}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.01}, [1, 0, 0, 0]),
        ({"top_k": 3, "top_p": 0.7}, [0.625, 0.375, 0, 0]),
    ],
)
def test_tokens_come_as_often_as_the_settings_say(options: dict[str, float], expected: list[float]) -> None:
    found = _draw(LOGITS, **options)
    assert found == pytest.approx(expected, abs=0.03)
    assert all((a == 0) == (b == 0) for a, b in zip(found, expected, strict=True)), "outside means never"


def test_rows_of_a_batch_are_drawn_each_by_its_own_settings_and_seed() -> None:
    rows = torch.randn(6, 50, generator=torch.Generator().manual_seed(0))
    samplings = [Sampling(1, temperature=t, top_k=k) for t, k in ((0, 0), (1, 0), (2, 5), (1, 3), (0, 1), (0.5, 0))]
    together = choose(rows, samplings, [generator(i, 0) for i in range(6)])
    alone = [choose(rows[i : i + 1], [samplings[i]], [generator(i, 0)])[0] for i in range(6)]
    assert together == alone


def test_choices_of_one_seed_have_random_numbers_of_their_own() -> None:
    assert len({float(torch.rand((), generator=generator(3, index))) for index in range(8)}) == 8
    assert generator(-1, 0).initial_seed() == 2**64 - 1


def _say(text: str, stops: list[str]) -> tuple[list[str], bool]:
    """The pieces given out while the bytes of a text are pushed one by one, and whether it was stopped."""
    said = Text(TOKENIZER, stops)
    pieces = []
    for token in TOKENIZER(text, add_special_tokens=False)["input_ids"]:
        pieces.append(said.push(token))
        if said.stopped:
            break
    return [*pieces, said.finish()], said.stopped


def test_characters_of_several_bytes_come_whole() -> None:
    text = "naïve Größe 🥑 日本 👩‍🚀."
    pieces, _ = _say(text, [])
    assert "".join(pieces) == text
    assert "\ufffd" not in "".join(pieces)
    assert pieces[2:4] == ["", "ï"]


def test_half_a_character_at_the_end_is_dropped() -> None:
    said = Text(TOKENIZER, [])
    ids = TOKENIZER("ab🥑", add_special_tokens=False)["input_ids"]
    pieces = [said.push(token) for token in ids[:-1]]
    assert "".join([*pieces, said.finish()]) == "ab"


def test_bytes_that_are_no_text_do_not_swallow_what_follows() -> None:
    said = Text(TOKENIZER, [])
    ids = TOKENIZER("🥑", add_special_tokens=False)["input_ids"][:2] + TOKENIZER("ok")["input_ids"]
    assert "".join(map(said.push, ids)) == "\ufffdok"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab🥑é\n", max_size=30), st.lists(st.text("ab🥑é", min_size=1, max_size=4), max_size=3))
def test_what_is_given_out_is_the_text_up_to_the_first_stop_string(text: str, stops: list[str]) -> None:
    pieces, stopped = _say(text, stops)
    # Token by token: the stop string that is complete first counts, not the one that begins first.
    ends = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    first = min((end for end, _ in ends), default=None)
    expected = text if first is None else text[: min(at for end, at in ends if end == first)]
    assert "".join(pieces) == expected
    assert stopped == bool(ends)
