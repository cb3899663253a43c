"""Attention within dialogue trees, stretch by stretch.

A mask over a whole row says everything, but most of that is "no": other trees, other branches, what comes later.
Here each run of tokens meets only the runs that it continues and itself, and heads that share their keys (grouped
queries) are rows of one head, not copies of the keys.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
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
    # split() and cat() have cheap gradients; those of slices would be as long as the row, once for each slice.
    queries, keys, values = (part[0].split([run.size for run in runs], dim=1) for part in (query, key, value))
    outputs = []
    for i, run in enumerate(runs):
        seen = [*run.before, i]
        rows = queries[i].unflatten(0, (kv_heads, sharing)).flatten(1, 2)  # (kv_heads, sharing·n, D)
        output = F.scaled_dot_product_attention(
            rows[None],
            torch.cat([keys[j] for j in seen], 1)[None],
            torch.cat([values[j] for j in seen], 1)[None],
            attn_mask=_mask(run.size, sum(runs[j].size for j in run.before), sharing).to(query.device),
            scale=scaling,
        )[0]
        outputs.append(output.unflatten(1, (sharing, run.size)).flatten(0, 1))  # (heads, n, D)
    return torch.cat(outputs, 1).transpose(0, 1)[None], None


def _mask(size: int, before: int, sharing: int) -> Tensor:
    """All that came before, and the run itself up to each token: (sharing·size, before + size)."""
    mask = torch.ones(size, before + size, dtype=torch.bool).tril(before)
    return mask.repeat(sharing, 1)


AttentionInterface.register(NAME, tree_attention)
