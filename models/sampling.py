"""Sampling responses from a policy: batches with a key/value cache, at temperature 1, without any warper.

No top_k, no top_p, no penalty: every one of them makes the KL estimates of policy training wrong, and the paper samples
plainly too. A response is a function of its prompt and its seed; who shares its batch changes no more than the last
bits of the arithmetic.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

from models.backbone import Backbone
from models.dialogue import Renderer
from models.packing import Batch

PROMPT_TOKENS = 8192
"""Of a batch at most, padding included: one long dialogue would make all other prompts as long as itself."""


class Response(NamedTuple):
    """One sampled response."""

    text: str
    """What a crowdworker would read: without the end-of-turn token."""
    tokens: list[int]
    """As sampled; with the end-of-turn token if the policy chose it."""
    finish: Literal["stop", "length"]
    logprobs: list[float] | None = None
    """Of each token, as a server says that sampled them (models/remote_sampling.py)."""


def seed_of(*parts: object) -> int:
    """A seed for a random stream of its own, from whatever identifies it."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big") >> 1


class Sampler:
    """Samples with whatever adapter the backbone uses at the moment."""

    def __init__(self, backbone: Backbone, tokenizer: Any, renderer: Renderer) -> None:
        self._backbone, self._tokenizer = backbone, tokenizer
        self._end_of_turn = renderer.end_of_turn

    def prepare(self) -> None:
        """Called by all processes at the same time, before some of them sample with the adapter in use: nothing to do
        where it is at hand."""

    def close(self) -> None:
        """Called when nothing more will be sampled."""

    @torch.no_grad()
    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[Sequence[int]],
        max_tokens: int,
        batch_size: int = 64,
    ) -> list[list[Response]]:
        """One response for each seed of each prompt (token ids, which must leave room for `max_tokens` in the context).

        About `batch_size` responses are sampled at a time, of prompts of about the same length; the responses of one
        prompt share its prefill."""
        responses: list[list[Response]] = [[] for _ in prompts]
        for batch in _batches(prompts, seeds, batch_size):
            sampled = self._sample_batch([prompts[i] for i in batch], [seeds[i] for i in batch], max_tokens)
            owners = [i for i in batch for _ in seeds[i]]
            for i, tokens in zip(owners, sampled, strict=True):
                responses[i].append(self._response(tokens))
        return responses

    def _response(self, tokens: list[int], logprobs: list[float] | None = None) -> Response:
        ended = bool(tokens) and tokens[-1] == self._end_of_turn
        text = self._tokenizer.decode(tokens[:-1] if ended else tokens, skip_special_tokens=True)
        return Response(text, tokens, "stop" if ended else "length", logprobs)

    def _sample_batch(
        self, prompts: list[Sequence[int]], seeds: list[Sequence[int]], max_tokens: int
    ) -> list[list[int]]:
        device, layers = self._backbone.device, int(self._backbone.causal_lm.config.num_hidden_layers)
        longest = max(map(len, prompts))
        cache = Cache(layers=[_Room(longest + max_tokens) for _ in range(layers)])
        uniforms = torch.stack([_uniforms(seed, max_tokens) for own in seeds for seed in own]).to(device)  # (R, steps)

        states, is_token = self._prefill(prompts, cache)
        owner = torch.tensor([p for p, own in enumerate(seeds) for _ in own], device=device)
        states, is_token = states[owner], is_token[owner]  # (R, d), (R, longest)
        _select(cache, owner)
        position = is_token.sum(1)
        tokens: list[list[int]] = [[] for _ in owner]
        rows = torch.arange(len(owner), device=device)  # whose response stands in each row of the batch

        going = torch.ones_like(rows, dtype=torch.bool)
        for step in range(max_tokens):
            drawn = draw(self._backbone.logits(states), uniforms[rows, step])
            for row, token, goes_on in zip(rows.tolist(), drawn.tolist(), going.tolist(), strict=True):
                if goes_on:
                    tokens[row].append(token)
            going = going & (drawn != self._end_of_turn)
            if step + 1 == max_tokens or not going.any():
                break
            if going.sum() <= 0.75 * len(going):  # rows that have ended cost time, but moving the others does too
                kept = going.nonzero().squeeze(1)
                rows, going, drawn, position, is_token = (t[kept] for t in (rows, going, drawn, position, is_token))
                _select(cache, kept)
            is_token = torch.cat([is_token, torch.ones_like(is_token[:, :1])], 1)
            batch = Batch(drawn[:, None], position[:, None], is_token[:, None, None])
            states = self._backbone.hidden(batch, cache)[:, -1]
            position = position + 1
        return tokens

    def _prefill(self, prompts: list[Sequence[int]], cache: Cache) -> tuple[Tensor, Tensor]:
        """Read the prompts, padded on the left, into the cache: the hidden state of each last token (P, d), and where
        there are tokens (P, N)."""
        longest = max(map(len, prompts))
        input_ids = torch.full((len(prompts), longest), self._end_of_turn)
        is_token = torch.zeros(len(prompts), longest, dtype=torch.bool)
        for i, prompt in enumerate(prompts):
            input_ids[i, longest - len(prompt) :] = torch.tensor(prompt)
            is_token[i, longest - len(prompt) :] = True
        position_ids = (is_token.cumsum(1) - 1).clamp(min=0)
        # Padding attends to itself: a row of the mask without any True would be NaN, and NaN times zero stays NaN.
        mask = (is_token[:, None, :] & torch.ones(longest, longest, dtype=torch.bool).tril()) | torch.eye(
            longest
        ).bool()
        device = self._backbone.device
        batch = Batch(input_ids.to(device), position_ids.to(device), mask[:, None].to(device))
        return self._backbone.hidden(batch, cache)[:, -1], is_token.to(device)


def draw(logits: Tensor, uniforms: Tensor) -> Tensor:
    """A token for each row of logits (R, V), where the cumulative distribution passes the row's uniform number (R,)."""
    # The sum runs over 50,000 probabilities: in single precision rare tokens would vanish in its last bits.
    cumulative = torch.softmax(logits, -1).cumsum(-1, dtype=torch.float64)
    passed = torch.searchsorted(cumulative, uniforms[:, None] * cumulative[:, -1:], right=True).squeeze(1)
    return passed.clamp(max=logits.shape[-1] - 1)


def _uniforms(seed: int, count: int) -> Tensor:
    return torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _batches(prompts: Sequence[Sequence[int]], seeds: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    """Prompts by length, as many at a time as have `batch_size` responses and `PROMPT_TOKENS`; a prompt is never
    split."""
    batch: list[int] = []
    for i in sorted(range(len(prompts)), key=lambda i: len(prompts[i])):
        responses, padded = sum(len(seeds[j]) for j in [*batch, i]), (len(batch) + 1) * len(prompts[i])
        if batch and (responses > batch_size or padded > PROMPT_TOKENS):
            yield batch
            batch = []
        if seeds[i]:
            batch.append(i)
    if batch:
        yield batch


class _Room(DynamicLayer):
    """Keys and values of one layer, with room for all that will come: to append by concatenation copies the whole cache
    at every token."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity, self._length = capacity, 0
        self._room: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        if self._room is None:
            shape = (*key_states.shape[:2], self._capacity, key_states.shape[3])
            self._room = key_states.new_empty(shape), value_states.new_empty(shape)
            self.is_initialized = True
        end = self._length + key_states.shape[2]
        for room, states in zip(self._room, (key_states, value_states), strict=True):
            room[:, :, self._length : end] = states
        self._length = end
        self.keys, self.values = (room[:, :, :end] for room in self._room)
        return self.keys, self.values

    def select(self, rows: Tensor) -> None:
        assert self._room is not None
        self._room = self._room[0][rows], self._room[1][rows]


def _select(cache: Cache, rows: Tensor) -> None:
    for layer in cache.layers:
        layer.select(rows)
