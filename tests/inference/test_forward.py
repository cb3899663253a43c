"""Many dialogues in one pass: the numbers must be those of each alone."""

import copy
import json
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from inference.forward import Forward, KeyValues, Segment, read_adapter
from models.backbone import Backbone, load_base
from models.dialogue import Message
from models.packing import Batch
from models.run import BadInput
from tests.inference.conftest import Toy


@pytest.fixture(scope="module")
def forward(toy: Toy) -> Forward:
    return Forward(load_base("toy")[0])


def _ids(toy: Toy, text: str) -> list[int]:
    return toy.renderer.prompt_ids([Message("user", text)])


def _expected(toy: Toy, model: str | None, ids: list[int]) -> torch.Tensor:
    """Logits after the last token, by peft and transformers' own attention."""
    count = len(ids)
    mask = torch.ones(1, 1, count, count, dtype=torch.bool).tril()
    batch = Batch(torch.tensor([ids]), torch.arange(count)[None], mask)
    with torch.no_grad(), toy.backbone.use(model):
        return toy.backbone.logits(toy.backbone.hidden(batch)[0, -1:])[0]


def test_a_mixed_row_of_prompts_and_continuations_equals_separate_passes_with_peft(toy: Toy, forward: Forward) -> None:
    adapters = {name: read_adapter(toy.snapshots[name], forward.model) for name in ("week-1", "week-2")}
    dialogues = [(None, "sea"), (None, "Tell me of moss."), ("week-1", "owl and fox"), ("week-2", "salt?" * 9)]
    caches = [KeyValues(400) for _ in dialogues]
    ids = [_ids(toy, text) for _, text in dialogues]

    # Each prompt is begun in a pass of its own, in pieces of different sizes; then all end in one row.
    for i, (name, _) in enumerate(dialogues[:3]):
        for piece in (ids[i][: 5 + i], ids[i][5 + i : -1 - 3 * i]):
            forward.last_logits([Segment(piece, caches[i], adapters.get(name or ""))])
    read = [cache.length for cache in caches]
    assert read[3] == 0
    rows = forward.last_logits(
        [Segment(ids[i][read[i] :], caches[i], adapters.get(name or "")) for i, (name, _) in enumerate(dialogues)]
    )
    for row, (name, _), whole in zip(rows, dialogues, ids, strict=True):
        torch.testing.assert_close(row, _expected(toy, name, whole), atol=2e-5, rtol=1e-5)


def test_a_fork_goes_its_own_way(toy: Toy, forward: Forward) -> None:
    prompt = _ids(toy, "rain")
    cache = KeyValues(len(prompt) + 2)
    forward.last_logits([Segment(prompt, cache, None)])
    fork = cache.fork(cache.capacity)
    rows = forward.last_logits([Segment([65], cache, None), Segment([66], fork, None)])
    again = forward.last_logits([Segment([66], cache, None), Segment([65], fork, None)])
    for row, last in ((rows[0], [65]), (rows[1], [66]), (again[0], [65, 66]), (again[1], [66, 65])):
        torch.testing.assert_close(row, _expected(toy, None, prompt + last), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"use_dora": True}, "not plain LoRA"), ({"peft_type": "IA3"}, "not plain LoRA"), ({"bias": "all"}, "plain LoRA")],
)
def test_adapters_that_would_be_computed_wrongly_are_refused(
    toy: Toy, forward: Forward, tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    config = json.loads((toy.snapshots["week-1"] / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | change))
    with pytest.raises(BadInput, match=complaint):
        read_adapter(tmp_path, forward.model)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "qwen2"])
def test_other_families_compute_the_same_in_one_row_as_alone(family: str, tmp_path: Path) -> None:
    small = {
        "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 64, "max_position_embeddings": 128,
    }  # fmt: skip
    if family == "qwen2":
        small["num_key_value_heads"] = 2
    torch.manual_seed(0)
    backbone = Backbone(AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **small)).eval(), family, "")
    bare = copy.deepcopy(backbone.causal_lm)
    backbone.add_adapter("odd", 4)
    state = {key: torch.randn_like(value) * 0.2 for key, value in backbone.adapter_state("odd").items()}
    backbone.load_adapter_state("odd", state)
    backbone.save_adapter("odd", tmp_path)

    forward = Forward(bare)
    assert forward.context == 128
    adapter = read_adapter(tmp_path, bare)
    a, b = list(range(20)), list(range(50, 63))
    first, second = KeyValues(30), KeyValues(30)
    forward.last_logits([Segment(a[:6], first, adapter)])
    rows = forward.last_logits([Segment(a[6:], first, adapter), Segment(b, second, None)])
    with torch.no_grad():
        for row, ids, name in ((rows[0], a, "odd"), (rows[1], b, None)):
            mask = torch.ones(1, 1, len(ids), len(ids), dtype=torch.bool).tril()
            with backbone.use(name):
                batch = Batch(torch.tensor([ids]), torch.arange(len(ids))[None], mask)
                alone = backbone.logits(backbone.hidden(batch)[0, -1:])[0]
            torch.testing.assert_close(row, alone, atol=1e-5, rtol=1e-4)
