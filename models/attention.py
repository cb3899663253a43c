"""Attention within dialogue trees, stretch by stretch.

A mask over a whole row says everything, but most of that is "no": other trees, other branches, what comes later.
Here each run of tokens meets only the runs that it continues and itself, and heads that share their keys (grouped
queries) are rows of one head, not copies of the keys.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from models.packing import Run

NAME = "turnwise_trees"


def tree_attention(
    module: Any,
    query: Tensor,  # (1, heads, N, D)
    key: Tensor,  # (1, kv_heads, N, D)
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    runs: Sequence[Run] | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """What a token sees of its own dialogue: (1, N, heads, D). Without runs, the usual attention by a mask."""
    if runs is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
    kv_heads, sharing = key.shape[1], query.shape[1] // key.shape[1]
    scaling = scaling or query.shape[-1] ** -0.5
    # split() and cat() have cheap gradients; those of slices would be as long as the row, once for each slice.
    queries, keys, values = (part[0].split([run.size for run in runs], dim=1) for part in (query, key, value))
    keeps = query.dtype == torch.bfloat16 and query.device.type == "cpu"
    outputs = []
    for i, run in enumerate(runs):
        seen = [*run.before, i]
        bias = _bias(run.size, sum(runs[j].size for j in run.before), sharing, query)
        rows = queries[i].unflatten(0, (kv_heads, sharing)).flatten(1, 2)  # (kv_heads, sharing·n, D)
        seen_keys, seen_values = (torch.cat([part[j] for j in seen], 1) for part in (keys, values))
        if keeps:
            output: Tensor = _Attention.apply(rows, seen_keys, seen_values, bias, scaling)
        else:
            output = F.scaled_dot_product_attention(
                rows[None], seen_keys[None], seen_values[None], attn_mask=bias, scale=scaling
            )[0]
        outputs.append(output.unflatten(1, (sharing, run.size)).flatten(0, 1))  # (heads, n, D)
    return torch.cat(outputs, 1).transpose(0, 1)[None], None


def _bias(size: int, before: int, sharing: int, like: Tensor) -> Tensor:
    """0 for all that came before and for the run itself up to each token, else −∞: (sharing·size, before + size)."""
    bias = torch.full((size, before + size), -torch.inf, dtype=like.dtype, device=like.device).triu(before + 1)
    return bias.repeat(sharing, 1)


class _Attention(torch.autograd.Function):
    """softmax(s·QKᵀ + bias) V, for each of H heads: (H, n, D), (H, m, D), (H, m, D), (n, m) → (H, n, D).

    For bfloat16 on a processor. Its weights, H·n·m numbers, are kept for the backward pass; the fused kernel makes them
    anew, in float32, and for runs as short as those of dialogues takes twice as long."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, scaling: float) -> Tensor:
        weights = torch.baddbmm(bias, query, key.transpose(1, 2), alpha=scaling).softmax(-1)
        ctx.save_for_backward(query, key, value, weights)
        ctx.scaling = scaling
        return weights @ value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights = ctx.saved_tensors
        of_value = weights.transpose(1, 2) @ gradient
        of_weights = gradient @ value.transpose(1, 2)
        of_logits = torch._softmax_backward_data(of_weights, weights, -1, weights.dtype)
        of_query = (of_logits @ key).mul_(ctx.scaling)
        of_key = (of_logits.transpose(1, 2) @ query).mul_(ctx.scaling)
        return of_query, of_key, of_value, None, None


AttentionInterface.register(NAME, tree_attention)
