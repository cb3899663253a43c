"""From logits to tokens, and from tokens to text that is never taken back."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.wire import SampledToken, TokenLogprob
from models.sampling import draw

COLDEST = 1e-4  # what is colder is greedy: at 1e-40 logits would be infinite, and their softmax no number


@dataclass(frozen=True)
class Sampling:
    """How the tokens of a request are drawn."""

    max_tokens: int
    temperature: float = 1.0
    """Below COLDEST, as 0, it is greedy."""
    top_p: float = 1.0
    top_k: int = 0
    """0 is off."""
    stops: Sequence[str] = ()
    top_logprobs: int | None = None
    """How many alternatives are told with each token's log-prob; None: no log-probs at all."""


def generator(seed: int, index: int) -> torch.Generator:
    """The random numbers of one choice: its own, so that nothing else in the batch can move them."""
    if index:
        seed = int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:8], "big")
    return torch.Generator().manual_seed(seed % 2**64)


def choose(logits: Tensor, samplings: Sequence[Sampling], generators: Sequence[torch.Generator]) -> list[int]:
    """One token for each row of (n, V) fp32 logits.

    A token costs one uniform number, looked up in the cumulative distribution as in rollouts: rounding, which differs
    from batch to batch, seldom changes a token then."""
    uniforms = torch.stack([torch.rand((), generator=g, dtype=torch.float64) for g in generators]).to(logits.device)
    tokens = logits.argmax(-1)
    warm = [i for i, sampling in enumerate(samplings) if sampling.temperature >= COLDEST]
    if warm:
        scaled = logits[warm] / torch.tensor([samplings[i].temperature for i in warm], device=logits.device)[:, None]
        for row, i in enumerate(warm):
            if samplings[i].top_k or samplings[i].top_p < 1:
                scaled[row] = _truncated(scaled[row], samplings[i].top_k, samplings[i].top_p)
        tokens[warm] = draw(scaled, uniforms[warm])
    return tokens.tolist()


def _truncated(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """Logits (V,) with everything outside the k most probable, and then the nucleus of mass p, at -inf."""
    if top_k and top_k < len(logits):
        logits = torch.where(logits < logits.topk(top_k).values[-1], -math.inf, logits)
    if top_p < 1:
        ordered, order = logits.sort(descending=True)
        probabilities = ordered.softmax(-1)
        outside = probabilities.cumsum(-1) - probabilities >= top_p  # the first token is always inside
        logits = logits.index_fill(0, order[outside], -math.inf)
    return logits


def logprobs(logits: Tensor, token: int, top: int, tokenizer: Any) -> SampledToken:
    """What the model itself thought of a token (before temperature and truncation), and its `top` favourites."""
    logs = logits.log_softmax(-1)
    best = logs.topk(top) if top else None

    def one(token: int) -> TokenLogprob:
        text = tokenizer.decode([token], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return TokenLogprob(text, list(text.encode()), float(logs[token]))

    return SampledToken(one(token), [one(t) for t in best.indices.tolist()] if best is not None else [])


class Text:
    """The text of a response, token by token. What `push` returns is final: neither half a character nor the beginning
    of a stop string is ever in it."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self._ids: list[int] = []
        self._settled = 0  # tokens before this one decode to text that later ones cannot change …
        self._read = 0  # … and up to this one they have been read into _held or given out
        self._held = ""
        self.stopped = False

    def push(self, token: int) -> str:
        """The text that has become certain with this token."""
        self._ids.append(token)
        before = self._decode(self._ids[self._settled : self._read])
        now = self._decode(self._ids[self._settled :])
        # A replacement character at the end is (nearly always) a character of which bytes are still to come.
        if len(now) <= len(before) or now.endswith("\ufffd"):
            return ""
        self._settled, self._read = self._read, len(self._ids)
        self._held += now[len(before) :]
        return self._release()

    def finish(self) -> str:
        """What was held back in case more tokens came. Bytes of a character that was never completed are dropped."""
        rest = "" if self.stopped else self._held
        self._held = ""
        return rest

    def _release(self) -> str:
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            certain, self._held = self._held[: min(found)], ""
            return certain
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        certain = self._held[: len(self._held) - keep]
        self._held = self._held[len(certain) :]
        return certain

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a proper beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
