"""Continuous batching: one thread owns the model and takes one step after the other; between two steps, requests join,
finish, are cancelled, and snapshots come and go.

A step advances every response by one token and reads a piece of the prompts that have just joined. Between steps at
most one packed row of dialogues is scored, so that a PM's work does not stop the streams.

Knows token ids and tensors; knows not what a message, a snapshot's name or a socket is.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from inference import sampling
from inference.forward import PM, Adapter, Forward, KeyValues, Segment
from inference.sampling import Sampling, Text
from inference.wire import SLOTS, Busy, Finish, Piece, Refused, ServingError, too_many
from models.packing import pack, prompt_tree
from models.preference_model import MAX_TOKENS

log = logging.getLogger(__name__)

WAITING = 128
"""Requests that may wait for slots; more are told to come back."""

CACHE_TOKENS_PER_SLOT = 2048
"""Average room for keys and values; a request may take more where others take less."""

PREFILL_BESIDE_STREAMS, PREFILL_ALONE = 64, 512
"""Prompt tokens read in one step: few while somebody waits for his next word."""

SCORED_BESIDE_STREAMS, SCORED_ALONE = 512, 2048
"""Tokens scored between two steps; a longer dialogue makes a row of its own."""

COMPANY_SECONDS = 0.005
"""An idle engine waits so long before it scores: candidates of one prompt come in separate requests, and share it."""


@dataclass(eq=False)
class GenerationRequest:
    """A prompt and how to respond to it. The listener is called on the engine's thread, with pieces or one error."""

    prompt_ids: Sequence[int]
    adapter: Adapter | None
    sampling: Sampling
    n: int
    seed: int
    listener: Callable[[Piece | ServingError], object]
    cancelled: bool = False
    read: int = 0
    """Prompt tokens that are in the cache."""
    cache: KeyValues = field(init=False)
    choices: list["_Choice"] = field(default_factory=list)
    """Responses that go on; none before the prompt is read."""

    @property
    def slots(self) -> int:
        return len(self.choices) if self.is_read else self.n

    @property
    def is_read(self) -> bool:
        return self.read == len(self.prompt_ids)

    @property
    def capacity(self) -> int:
        return len(self.prompt_ids) + self.sampling.max_tokens


@dataclass(eq=False)
class ScoreRequest:
    """A response to score with a PM. The listener gets the score or one error."""

    prompt_ids: Sequence[int]
    response_ids: Sequence[int]
    """Ends with the end-of-turn token, where the PM reads."""
    pm: PM
    listener: Callable[[float | ServingError], object]


class _Choice:
    """One response that is being sampled."""

    def __init__(self, request: GenerationRequest, index: int, cache: KeyValues, tokenizer: Any) -> None:
        self.request, self.index, self.cache = request, index, cache
        self.generator = sampling.generator(request.seed, index)
        self.text = Text(tokenizer, request.sampling.stops)
        self.count = 0
        self.told = 0
        """Tokens whose text, if they have any yet, has been handed on."""
        self.last_token = -1


class Engine:
    """Samples and scores, on a thread of its own, until it is closed."""

    def __init__(self, causal_lm: Any, tokenizer: Any, end_of_turn: int, threads: int, slots: int = SLOTS) -> None:
        self._forward = Forward(causal_lm)
        self._tokenizer = tokenizer
        self._end_of_turn = end_of_turn
        self._threads = threads
        self.slots = slots
        self.context = self._forward.context
        self._changed = threading.Condition()  # guards what other threads touch: the three below
        self._waiting: deque[GenerationRequest] = deque()
        self._to_score: deque[ScoreRequest] = deque()
        self._closed = False
        self._running: list[GenerationRequest] = []
        self._counts = dict.fromkeys(("steps", "prompt_tokens", "generated_tokens", "scored", "scored_rows"), 0)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    # What other threads call ------------------------------------------------------------------------------------------

    def submit(self, request: GenerationRequest) -> None:
        """Put a request into the waiting queue. Refused if it can never run, Busy if the queue is full."""
        if request.n > self.slots:
            raise too_many(request.n, self.slots)
        if len(request.prompt_ids) >= self.context:
            raise Refused(
                f"The prompt has {len(request.prompt_ids)} tokens, but the model's context holds {self.context} "
                "with at least one of the response."
            )
        if request.n * request.capacity > self._cache_tokens:
            raise Refused(
                f"{request.n} choices of up to {request.capacity} tokens are more than the {self._cache_tokens} "
                "that fit into the cache."
            )
        with self._changed:
            if self._closed:
                raise Busy("The server is shutting down.")
            if len(self._waiting) >= WAITING:
                raise Busy(f"{WAITING} requests are waiting already; try again in a moment.")
            self._waiting.append(request)
            self._changed.notify()

    def cancel(self, request: GenerationRequest) -> None:
        """Give a request's slots back before the next token; nothing to do if it has finished."""
        with self._changed:
            request.cancelled = True
            self._changed.notify()

    def score(self, request: ScoreRequest) -> None:
        """Put a response into the queue for scoring. Refused if it is too long, Busy if the queue is full."""
        length, limit = len(request.prompt_ids) + len(request.response_ids), min(self.context, MAX_TOKENS)
        if length > limit:
            raise Refused(f"The dialogue has {length} tokens, but a PM reads at most {limit}.")
        with self._changed:
            if self._closed:
                raise Busy("The server is shutting down.")
            if len(self._to_score) >= WAITING * self.slots:
                raise Busy("Too many responses are waiting to be scored; try again in a moment.")
            self._to_score.append(request)
            self._changed.notify()

    def stats(self) -> dict[str, int]:
        """Responses being sampled, requests waiting, and totals since the start."""
        with self._changed:
            waiting = {"waiting": len(self._waiting), "waiting_scores": len(self._to_score)}
        return {"running": sum(request.slots for request in list(self._running)), **waiting, **self._counts}

    def close(self) -> None:
        """End after the current step; whoever still waits is told."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    # The engine's thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        torch.set_num_threads(self._threads)
        while self._await_work():
            try:
                self._score_some()
                self._step()
            except Exception:
                log.exception("a step failed; its requests are given up")
                self._give_up(ServingError("The inference server failed on this request; its log says more."))
        self._give_up(Busy("The server is shutting down."))

    def _await_work(self) -> bool:
        """Sleep while there is nothing to do, then let requests join; False once closed."""
        with self._changed:
            while not (self._closed or self._running or self._waiting or self._to_score):
                self._changed.wait()
            alone = not self._running and not self._waiting
            self._running = [request for request in self._running if not request.cancelled]
            self._waiting = deque(request for request in self._waiting if not request.cancelled)
            self._admit()
        if alone and not self._closed:
            time.sleep(COMPANY_SECONDS)
        return not self._closed

    def _admit(self) -> None:
        """Let waiting requests join, first come, first served: a big one is not overtaken for ever."""
        slots = self.slots - sum(request.slots for request in self._running)
        room = self._cache_tokens - sum(request.slots * request.capacity for request in self._running)
        while self._waiting:
            request = self._waiting[0]
            if request.n > slots or request.n * request.capacity > room:
                return
            slots, room = slots - request.n, room - request.n * request.capacity
            request.cache = KeyValues(request.capacity)
            self._running.append(self._waiting.popleft())

    @property
    def _cache_tokens(self) -> int:
        return max(self.context, self.slots * CACHE_TOKENS_PER_SLOT)

    def _step(self) -> None:
        """One forward pass: the next token of every response, and the next piece of every prompt that has room."""
        choices = [choice for request in self._running for choice in request.choices]
        budget = PREFILL_BESIDE_STREAMS if choices else PREFILL_ALONE
        work: list[tuple[Segment, _Choice | GenerationRequest]] = [
            (Segment([choice.last_token], choice.cache, choice.request.adapter), choice) for choice in choices
        ]
        for request in self._running:
            if not request.is_read and budget > 0:
                piece = request.prompt_ids[request.read : request.read + budget]
                work.append((Segment(piece, request.cache, request.adapter), request))
                budget -= len(piece)
        if not work:
            return
        work.sort(key=lambda item: id(item[0].adapter))  # neighbours share their adapter's matrix products
        logits = self._forward.last_logits([segment for segment, _ in work])
        self._counts["steps"] += 1

        rows: list[int] = []
        ready: list[_Choice] = []
        for row, (segment, owner) in enumerate(work):
            if isinstance(owner, GenerationRequest):
                owner.read += len(segment.tokens)
                self._counts["prompt_tokens"] += len(segment.tokens)
                if not owner.is_read:
                    continue
                owner.choices = self._fork(owner)
                rows += [row] * owner.n
                ready += owner.choices
            else:
                rows.append(row)
                ready.append(owner)
        if ready:
            self._advance(ready, logits[rows])
        self._running = [request for request in self._running if request.choices or not request.is_read]

    def _fork(self, request: GenerationRequest) -> list[_Choice]:
        """The choices of a request whose prompt has been read, each with keys and values of its own."""
        caches = [request.cache, *(request.cache.fork(request.capacity) for _ in range(request.n - 1))]
        return [_Choice(request, index, cache, self._tokenizer) for index, cache in enumerate(caches)]

    def _advance(self, choices: list[_Choice], logits: Tensor) -> None:
        """Draw a token for each choice and tell the listeners what has become certain."""
        tokens = sampling.choose(
            logits, [choice.request.sampling for choice in choices], [choice.generator for choice in choices]
        )
        self._counts["generated_tokens"] += len(tokens)
        for row, (choice, token) in enumerate(zip(choices, tokens, strict=True)):
            choice.count += 1
            choice.last_token = token
            wanted = choice.request.sampling
            ended = token == self._end_of_turn
            text = "" if ended else choice.text.push(token)
            stopped = ended or choice.text.stopped
            finished = stopped or choice.count == wanted.max_tokens
            if finished:
                text += choice.text.finish()
                choice.request.choices.remove(choice)
            logprobs = []
            if wanted.top_logprobs is not None:
                logprobs.append(sampling.logprobs(logits[row], token, wanted.top_logprobs, self._tokenizer))
            if text or finished or logprobs:
                finish: Finish | None = "stop" if stopped else "length" if finished else None
                choice.request.listener(Piece(choice.index, text, choice.count - choice.told, logprobs, finish))
                choice.told = choice.count

    def _score_some(self) -> None:
        """Score as many waiting responses of one PM as go into a row; those on the same prompt share it."""
        limit = SCORED_BESIDE_STREAMS if self._running else SCORED_ALONE
        with self._changed:
            if not self._to_score:
                return
            pm, rest = self._to_score[0].pm, deque[ScoreRequest]()
            by_prompt: dict[tuple[int, ...], list[ScoreRequest]] = {}
            size = 0
            while self._to_score:
                request = self._to_score.popleft()
                prompt = tuple(request.prompt_ids)
                more = len(request.response_ids) + (0 if prompt in by_prompt else len(prompt))
                if request.pm is not pm or (size and size + more > limit):
                    rest.append(request)
                    continue
                by_prompt.setdefault(prompt, []).append(request)
                size += more
            self._to_score = rest
        groups = list(by_prompt.values())
        try:
            self._score_row(groups, size, pm)
        except Exception:
            log.exception("a row of dialogues could not be scored")
            for request in (request for group in groups for request in group):
                request.listener(ServingError("The inference server failed to score this; its log says more."))

    def _score_row(self, groups: list[list[ScoreRequest]], size: int, pm: PM) -> None:
        trees = [prompt_tree(group[0].prompt_ids, [request.response_ids for request in group]) for group in groups]
        (row,) = pack(trees, size)
        nodes = [(tree, 1 + i) for tree, group in enumerate(groups) for i in range(len(group))]
        scores = self._forward.scores(row, nodes, pm)
        self._counts["scored"] += len(scores)
        self._counts["scored_rows"] += 1
        for request, score in zip((request for group in groups for request in group), scores, strict=True):
            request.listener(score)

    def _give_up(self, error: ServingError) -> None:
        """Tell everyone whose work is in hand; once closed, also everyone who waits."""
        with self._changed:
            requests: list[GenerationRequest | ScoreRequest] = [*self._running]
            self._running = []
            if self._closed:
                requests += [*self._waiting, *self._to_score]
                self._waiting.clear()
                self._to_score.clear()
        for request in requests:
            request.listener(error)
