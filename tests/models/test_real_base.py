"""The same claims on the real base, SmolLM2-135M: minutes on two cores."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from models import snapshot
from models.backbone import SMOLLM2, Backbone
from models.data import examples, select
from models.dialogue import Conversation, Message, Renderer, read_conversations
from models.export import export, scores
from models.packing import conversation_tree, pack
from models.preference_model import PreferenceModel, pairwise_loss
from tests.networks import random_pm

SAID = [
    Message("system", "Be brief."),
    Message("user", "What is 12 × 12?\n\nThink step by step."),
    Message("assistant", " 144, i.e. a gross.\n\n- twelve dozens"),
    Message("user", "Naïve 🙂 日本, tab\there"),
    Message("assistant", "def f(x):\n    return x  # done"),
    Message("user", " thanks "),
]


@pytest.fixture
def real(toy_world: None, real_store: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Backbone, Renderer]:
    monkeypatch.setenv("MODEL_STORE", str(real_store))
    backbone, tokenizer = Backbone.load(SMOLLM2)
    return backbone, Renderer(tokenizer)


@pytest.mark.slow
def test_segments_are_the_ids_of_the_chat_template(real: tuple[Backbone, Renderer]) -> None:
    _, renderer = real
    tokenizer = renderer._tokenizer
    for length in (2, 4, 6):
        told = [{"role": m.role, "content": m.content} for m in SAID[:length]]
        whole = tokenizer(
            tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True), add_special_tokens=False
        )["input_ids"]
        assert renderer.prompt_ids(SAID[:length]) == whole
    pieces = renderer.opening_ids(SAID[0].content, SAID[1].content)
    pieces += renderer.response_ids(SAID[2].content) + renderer.next_ids(SAID[3].content)
    assert pieces == renderer.prompt_ids(SAID[:4])
    # Pad and end of turn are the same token here; the score is read at the end of turn all the same.
    assert renderer.response_ids("x")[-1] == tokenizer.pad_token_id


def flat_ids(conversation: Conversation, renderer: Renderer, t: int, c: int) -> list[int]:
    said = [Message("system", conversation.system)]
    for turn in conversation.turns[: t + 1]:
        said.append(Message("user", turn.human))
        if len(said) < 2 * (t + 1):
            assert turn.trunk is not None
            said.append(Message("assistant", turn.candidates[turn.trunk].text))
    return renderer.prompt_ids(said) + renderer.response_ids(conversation.turns[t].candidates[c].text)


def gradients(pm: PreferenceModel, loss: torch.Tensor) -> torch.Tensor:
    found = torch.autograd.grad(loss, pm.parameters())
    return torch.cat([gradient.flatten() for gradient in found])


@pytest.mark.slow
def test_a_packed_tree_is_the_flattened_dialogues(real: tuple[Backbone, Renderer], tmp_path: Path) -> None:
    backbone, renderer = real
    pm = random_pm(backbone, 8, size=0.02)
    texts = [("It is a drink.", "No idea"), ("Hot, with milk.", "Tea is hot."), ("Ask again.", "Yes, of course!")]
    turns = [
        {"human": human, "candidates": [{"text": a}, {"text": b}], "chosen": 0, "rejected": 1, "trunk": i % 2}
        for i, (human, (a, b)) in enumerate(zip(["What is tea?", "How do you drink it?", "Sure?"], texts, strict=True))
    ]
    (tmp_path / "c.jsonl").write_text(json.dumps({"id": "c", "turns": turns}))
    (conversation,) = read_conversations(tmp_path / "c.jsonl").conversations
    tree, candidates = conversation_tree(conversation, renderer)
    (row,) = pack([tree], 1024)
    keys = sorted(candidates)
    packed = pm.scores_of(row, [(0, candidates[key]) for key in keys])
    flat = []
    with backbone.use("pm"):
        for t, c in keys:
            ids = torch.tensor([flat_ids(conversation, renderer, t, c)])
            flat.append(
                pm.head(backbone.causal_lm.base_model(input_ids=ids, use_cache=False).last_hidden_state[0, -1:])
            )
    torch.testing.assert_close(packed, torch.cat(flat), atol=2e-4, rtol=1e-4)
    one = gradients(pm, pairwise_loss(*torch.cat(flat).view(-1, 2).unbind(1)).mean())
    other = gradients(pm, pairwise_loss(*packed.view(-1, 2).unbind(1)).mean())
    assert (one - other).norm() / one.norm() < 1e-3


@pytest.mark.slow
def test_an_exported_pm_says_the_same_in_plain_transformers(real: tuple[Backbone, Renderer], tmp_path: Path) -> None:
    backbone, renderer = real
    pm = random_pm(backbone, 8, size=0.02)
    manifest = snapshot.Manifest("pm", "pm", {"source": SMOLLM2, "hash": backbone.hash}, "Be brief.")
    snapshot.save(tmp_path / "pm", manifest, pm.write)
    export(tmp_path / "pm", tmp_path / "out")  # which refuses if the scores of its own dialogues differ
    here = pm.score([renderer.prompt_ids(SAID[:2])], [[renderer.response_ids(SAID[2].content)]])[0]
    assert scores(tmp_path / "out", [SAID[:3]]) == pytest.approx(here, abs=1e-3)


def test_the_real_comparisons_are_read_to_the_last_row(real_hh: Path) -> None:
    rows, usable, aside = 0, 0, Counter[str]()
    for path in sorted(real_hh.glob("*.train.jsonl.gz")):
        reading = read_conversations(path)
        usable += len(reading.conversations)
        aside.update(reason for _, reason in reading.set_aside)
        rows += len(reading.conversations) + len(reading.set_aside)
        assert select(reading.conversations, None).comparisons == len(reading.conversations)
    assert rows == 4241
    assert usable > 0.98 * rows
    assert set(aside) <= {
        "identical",
        "empty text",
        "the speakers do not alternate",
        "a dialogue does not end with a response",
        "the dialogues differ before the last response",
    }


@pytest.mark.slow
def test_real_conversations_fit_into_trees(real: tuple[Backbone, Renderer], real_hh: Path) -> None:
    _, renderer = real
    reading = read_conversations(real_hh / "harmless-base.dev.jsonl.gz")
    made, touched = examples(select(reading.conversations, None).conversations, renderer, 2048)
    assert sum(len(example.pairs) for example in made) == len(reading.conversations) - touched["too long"]
    assert touched["too long"] <= 1
