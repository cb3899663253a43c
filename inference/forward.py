"""One forward pass for many dialogues at once: their new tokens lie behind each other in ONE row, whatever their
number and whichever adapter each of them uses.

    row:      a a a a | b | c | d       a prompt beginning, three responses going on
    adapter:  week-1  | week-1 | week-2 | none

Linear layers see a plain row of tokens: no padding, and the base's weights are read once for all. Only attention and
the adapters look at the borders. peft's own mixing (adapter_names) computes the same, but sets a hook on each of some
200 modules in every step, gathers rows by index, and cannot take prompts and single tokens in one pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from models import lora
from models.packing import Batch, Row
from models.preference_model import AnyHead, read

ATTENTION = "turnwise_ragged"


# Adapters -----------------------------------------------------------------------------------------------------------


class Adapter(NamedTuple):
    """A LoRA adapter as what it adds: B(Ax), with the scaling already in B, by the name of the linear layer."""

    layers: dict[str, tuple[Tensor, Tensor]]  # A (r, in), B (out, r)


def read_adapter(directory: Path, model: nn.Module) -> Adapter:
    """The adapter in PEFT's two files. BadInput if it is not plain LoRA on linear layers of this model."""
    reference = next(model.parameters())
    found = lora.read(directory, lora.widths(model))

    def ready(weights: Tensor) -> Tensor:
        return weights.to(reference.device, reference.dtype)

    return Adapter({path: (ready(a), ready(b * found.scaling)) for path, (a, b) in found.layers.items()})


@dataclass(frozen=True, eq=False)
class PM:
    """A preference model, or several on the one base that score together."""

    members: Sequence[tuple[Adapter, AnyHead]]
    together: Callable[[Tensor], Tensor]
    """(members, n) → (n,)."""


# Keys and values ----------------------------------------------------------------------------------------------------


class KeyValues:
    """Keys and values of one dialogue. Room for `capacity` tokens is asked for at once; memory that is never written
    is never really taken."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0
        self._layers: dict[int, Tensor] = {}  # (2, H, capacity, D) by layer

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keep (1, H, n, D) new ones behind `length`; all so far. `length` itself moves when all layers are through."""
        if layer not in self._layers:
            _, heads, _, width = keys.shape
            self._layers[layer] = keys.new_empty((2, heads, self.capacity, width))
        store, end = self._layers[layer], self.length + keys.shape[2]
        store[0, :, self.length : end] = keys[0]
        store[1, :, self.length : end] = values[0]
        return store[0, :, :end], store[1, :, :end]

    def fork(self, capacity: int) -> "KeyValues":
        """A copy that can go its own way: choices of one request share the work on their prompt."""
        copy = KeyValues(capacity)
        copy.length = self.length
        for layer, store in self._layers.items():
            copy._layers[layer] = store.new_empty((2, store.shape[1], capacity, store.shape[3]))
            copy._layers[layer][:, :, : self.length] = store[:, :, : self.length]
        return copy


# The pass -----------------------------------------------------------------------------------------------------------


class Segment(NamedTuple):
    """New tokens of one dialogue."""

    tokens: Sequence[int]
    cache: KeyValues
    adapter: Adapter | None


class Forward:
    """A causal language model, prepared for rows of segments and for packed trees. For one thread only."""

    def __init__(self, causal_lm: Any) -> None:
        self.model = causal_lm.eval()
        self.context = int(getattr(causal_lm.config, "max_position_embeddings", 0) or 2048)
        self._spans: list[tuple[slice, Adapter]] = []
        causal_lm.set_attn_implementation(ATTENTION)
        for name, module in causal_lm.named_modules():
            if isinstance(module, lora.LINEAR):
                module.register_forward_hook(self._adding(name))

    def _adding(self, name: str) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
        def add(_: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            for span, adapter in self._spans:
                if name in adapter.layers:
                    a, b = adapter.layers[name]
                    output[:, span] += F.linear(F.linear(inputs[0][:, span], a), b)

        return add

    @torch.inference_mode()
    def last_logits(self, segments: Sequence[Segment]) -> Tensor:
        """Logits after the last token of each segment, fp32 (len(segments), V); the caches then hold the new tokens.

        Segments with the same adapter must be neighbours."""
        ids = [token for segment in segments for token in segment.tokens]
        positions: list[int] = []
        ends: list[int] = []
        caches: list[tuple[slice, KeyValues]] = []
        end = 0
        for segment in segments:
            count = len(segment.tokens)
            positions += range(segment.cache.length, segment.cache.length + count)
            caches.append((slice(end, end + count), segment.cache))
            end += count
            ends.append(end - 1)
        self._spans = _spans([segment.adapter for segment in segments], [span for span, _ in caches])
        device = self.model.device
        output = self.model(
            input_ids=torch.tensor([ids], device=device), position_ids=torch.tensor([positions], device=device),
            logits_to_keep=torch.tensor(ends, device=device), use_cache=False, segments=caches,
        )  # fmt: skip
        for segment in segments:
            segment.cache.length += len(segment.tokens)
        logits: Tensor = output.logits[0].float()
        return logits

    @torch.inference_mode()
    def hidden(self, batch: Batch, adapter: Adapter) -> Tensor:
        """Last hidden states (N, d) of a packed row of trees."""
        self._spans = [(slice(None), adapter)]
        output = self.model.base_model(
            input_ids=batch.input_ids.to(self.model.device), position_ids=batch.position_ids.to(self.model.device),
            attention_mask=batch.mask.to(self.model.device), use_cache=False,
        )  # fmt: skip
        states: Tensor = output.last_hidden_state[0]
        return states

    @torch.inference_mode()
    def scores(self, row: Row, nodes: Sequence[tuple[int, int]], pm: PM) -> list[float]:
        """Scores of the responses at these (tree, node) of a packed row."""
        batch = row.batch()
        members = [head(read(head.reads, self.hidden(batch, adapter), row, nodes)) for adapter, head in pm.members]
        found: list[float] = pm.together(torch.stack(members)).tolist()
        return found


def _spans(adapters: Sequence[Adapter | None], slices: Sequence[slice]) -> list[tuple[slice, Adapter]]:
    """Neighbours with the same adapter joined; the base needs none."""
    joined: list[tuple[slice, Adapter]] = []
    for adapter, span in zip(adapters, slices, strict=True):
        if adapter is None:
            continue
        if joined and joined[-1][1] is adapter and joined[-1][0].stop == span.start:
            joined[-1] = (slice(joined[-1][0].start, span.stop), adapter)
        else:
            joined.append((span, adapter))
    return joined


def _ragged_attention(
    module: Any,
    query: Tensor,  # (1, heads, N, D)
    key: Tensor,  # (1, kv_heads, N, D)
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    segments: Sequence[tuple[slice, KeyValues]] | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention within each segment and to its own past; without segments (packed trees) the usual one."""
    if segments is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
    _, heads, _, width = query.shape
    output = torch.empty_like(query)
    for span, cache in segments:
        keys, values = cache.append(module.layer_idx, key[:, :, span], value[:, :, span])
        own = query[0, :, span]  # (heads, n, D)
        count, past = own.shape[1], cache.length
        if count == 1:
            # One query sees everything: the heads that share keys become the queries of one head, with no mask.
            grouped = own.reshape(keys.shape[0], -1, width)
            attended = F.scaled_dot_product_attention(grouped[None], keys[None], values[None], scale=scaling)
            output[0, :, span] = attended.reshape(heads, 1, width)
        else:
            mask = None if past == 0 else torch.ones(count, past + count, dtype=torch.bool, device=own.device)
            attended = F.scaled_dot_product_attention(
                own[None], keys[None], values[None], attn_mask=mask.tril_(past) if mask is not None else None,
                is_causal=mask is None, scale=scaling, enable_gqa=True,
            )  # fmt: skip
            output[0, :, span] = attended[0]
    return output.transpose(1, 2), None


AttentionInterface.register(ATTENTION, _ragged_attention)
