import json
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from models import tiny
from models.backbone import Backbone, resolve_base
from models.dialogue import DEFAULT_SYSTEM, Renderer


def test_the_toy_tokenizer_loads_from_its_files_and_reads_any_text(toy: tuple[Backbone, Renderer]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(resolve_base("toy"))
    for text in ("sea", "naïve 🙂 日本\n\t", ""):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
        assert len(ids) == len(text.encode())


def test_the_toy_base_speaks_words_and_ends_its_turns(toy: tuple[Backbone, Renderer]) -> None:
    backbone, renderer = toy
    prompt = torch.tensor([renderer.opening_ids(DEFAULT_SYSTEM, "Tell me of sea and sun 7")] * 16)
    answers = backbone.causal_lm.generate(
        prompt, attention_mask=torch.ones_like(prompt), do_sample=True, top_k=0, max_new_tokens=60
    )[:, prompt.shape[1] :]
    assert sum(renderer.end_of_turn in answer.tolist() for answer in answers) >= 12
    letters = set("".join(tiny.WORDS)) | {" "}
    texts = [AutoTokenizer.from_pretrained(resolve_base("toy")).decode(a, skip_special_tokens=True) for a in answers]
    said = "".join(texts)
    assert len(said) > 50
    assert sum(letter in letters for letter in said) / len(said) > 0.95


def test_the_toy_crowd_likes_its_letter_but_for_the_noise() -> None:
    def right(noise: float) -> float:
        turns = [turn for c in tiny.conversations(200, noise=noise) for turn in c.turns]
        counts = [[c.text.count(tiny.FAVOURITE) for c in turn.candidates] for turn in turns]
        assert all(turn.strength == min(4, abs(a - b)) for turn, (a, b) in zip(turns, counts, strict=True))
        return sum(n[t.chosen or 0] > n[t.rejected or 0] for t, n in zip(turns, counts, strict=True)) / len(turns)

    assert right(0.0) == 1.0
    assert 0.75 < right(0.2) < 0.85
    assert list(tiny.conversations(5, seed=1)) != list(tiny.conversations(5, seed=2))


def test_the_example_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tiny", str(tmp_path / "toy")])
    tiny.command()
    assert len((tmp_path / "toy" / "comparisons.jsonl").read_text().splitlines()) == 400
    assert set(json.loads((tmp_path / "toy" / "prompts.jsonl").read_text().splitlines()[0])) == {"prompt"}
