import random

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from models.attention import tree_attention
from models.backbone import Backbone
from models.packing import RUN_TOKENS, Node, Tree, pack

SMALL = {
    "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 1024, "n_embd": 32, "n_layer": 2, "n_head": 4,
}  # fmt: skip


def some_tokens(count: int) -> list[int]:
    return random.Random(count).choices(range(99), k=count)


CONVERSATION = Tree([
    Node(some_tokens(3), None), Node(some_tokens(7), 0), Node(some_tokens(5), 0),  # human, B, A
    Node(some_tokens(2), 2), Node(some_tokens(4), 3), Node(some_tokens(1), 3), Node(some_tokens(6), 3),  # then three
])  # fmt: skip
LONG = Tree(
    [Node(some_tokens(40), None), Node(some_tokens(2 * RUN_TOKENS), 0), *(Node(some_tokens(9), 1) for _ in "ab")]
)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "qwen2"])
def test_attention_by_runs_is_attention_by_the_mask_in_outputs_and_gradients(family: str) -> None:
    torch.manual_seed(0)
    backbone = Backbone(AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **SMALL)).eval(), family, "")
    backbone.causal_lm.requires_grad_(False)
    backbone.add_adapter("pm", rank=2)
    batch = pack([LONG, CONVERSATION, CONVERSATION], 1024)[0].batch()
    weights = torch.randn(1, batch.input_ids.shape[1], 32)

    def pass_of(batch):  # type: ignore[no-untyped-def]
        with backbone.use("pm"):
            hidden = backbone.hidden(batch)
        (hidden * weights).sum().backward()
        gradients = [p.grad.clone() for p in backbone.parameters("pm")]
        for parameter in backbone.parameters("pm"):
            parameter.grad = None
        return hidden, gradients

    by_runs, by_mask = pass_of(batch), pass_of(batch._replace(runs=None))
    torch.testing.assert_close(by_runs[0], by_mask[0], atol=1e-5, rtol=1e-5)
    for ours, theirs in zip(by_runs[1], by_mask[1], strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-4)


def test_in_bfloat16_attention_and_its_gradients_are_the_exact_ones_but_for_rounding() -> None:
    runs = pack([LONG, CONVERSATION], 1024)[0].runs
    size = sum(run.size for run in runs)
    torch.manual_seed(0)
    drawn = [torch.randn(1, heads, size, 16).bfloat16() for heads in (4, 2, 2)]  # the same numbers in either dtype
    upstream = torch.randn(1, size, 4, 16).bfloat16()

    def pass_of(dtype: torch.dtype) -> list[torch.Tensor]:
        parts = [part.detach().clone().to(dtype).requires_grad_() for part in drawn]
        output, _ = tree_attention(None, *parts, None, runs=runs)
        output.backward(upstream.to(dtype))
        return [output.detach().float(), *(part.grad.float() for part in parts if part.grad is not None)]

    rounded, exact = pass_of(torch.bfloat16), pass_of(torch.float32)
    assert len(rounded) == len(exact) == 4
    for ours, theirs in zip(rounded, exact, strict=True):
        assert (ours - theirs).norm() < 0.02 * theirs.norm()


def test_runs_cover_the_row_and_go_through_only_children() -> None:
    row = pack([LONG, CONVERSATION], 1024)[0]
    assert sum(run.size for run in row.runs) == len(row)
    assert [run.size for run in row.runs] == [RUN_TOKENS, RUN_TOKENS, 40, 9, 9, 3, 7, 5 + 2, 4, 1, 6]
    assert [run.before for run in row.runs] == [
        [], [0], [0, 1], [0, 1, 2], [0, 1, 2], [], [5], [5], [5, 7], [5, 7], [5, 7],
    ]  # fmt: skip


def test_the_mask_and_the_runs_say_the_same() -> None:
    row = pack([CONVERSATION, LONG], 1024)[0]
    starts = [0]
    for run in row.runs:
        starts.append(starts[-1] + run.size)
    mask = torch.zeros(len(row), len(row), dtype=torch.bool)
    for i, run in enumerate(row.runs):
        own = slice(starts[i], starts[i + 1])
        mask[own, own] = torch.ones(run.size, run.size, dtype=torch.bool).tril()
        for j in run.before:
            mask[own, starts[j] : starts[j + 1]] = True
    assert torch.equal(mask, row.batch().mask[0, 0])
