"""The backend of `python -m inference.main`: names become snapshots, messages become token ids, and the engine's
thread speaks to the event loop."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from inference.engine import Engine, GenerationRequest, ScoreRequest
from inference.sampling import Sampling
from inference.snapshots import Snapshots
from inference.wire import (
    DEFAULT_MAX_TOKENS,
    ChatMessage,
    ChatRequest,
    Generation,
    Model,
    Piece,
    PoolingRequest,
    Refused,
    Score,
    ServingError,
)
from models.backbone import base_hash, load_base, resolve_base
from models.dialogue import Message, Renderer
from models.run import BadInput, omp_threads

T = TypeVar("T")

CHARACTERS_PER_TOKEN = 32
"""No text has so many on average: a longer one is refused before it is tokenised, during which nobody else is heard."""


def threads() -> int:
    """INFERENCE_THREADS, else OMP_NUM_THREADS, else all cores but one: the web process and the workers need theirs."""
    told = os.environ.get("INFERENCE_THREADS")
    try:
        return max(1, int(told) if told else omp_threads() or (os.cpu_count() or 1) - 1)
    except ValueError:
        raise BadInput(f"INFERENCE_THREADS must be a whole number, and is {told!r}.") from None


class TorchBackend:
    """Serves one base and its snapshots from this process."""

    def __init__(self, engine: Engine, snapshots: Snapshots, renderer: Renderer) -> None:
        self._engine, self._snapshots, self._renderer = engine, snapshots, renderer

    @classmethod
    def start(cls, source: str) -> "TorchBackend":
        """Load the base called `source` in fp32. BadInput in one sentence if there is none."""
        causal_lm, tokenizer = load_base(source)
        renderer = Renderer(tokenizer)
        snapshots = Snapshots(causal_lm, source, base_hash(resolve_base(source)))
        return cls(Engine(causal_lm, tokenizer, renderer.end_of_turn, threads()), snapshots, renderer)

    def models(self) -> list[Model]:
        return self._snapshots.models()

    def stats(self) -> dict[str, int]:
        return self._engine.stats()

    async def generate(self, request: ChatRequest) -> Generation:
        adapter = self._snapshots.policy(request.model)
        prompt_ids = self._renderer.prompt_ids(self._messages(request.checked_messages()))
        room = max(1, self._engine.context - len(prompt_ids))
        sampling = Sampling(
            max_tokens=min(request.max_tokens or DEFAULT_MAX_TOKENS, room), temperature=request.temperature,
            top_p=request.top_p, top_k=max(0, request.top_k), stops=request.stops,
            top_logprobs=request.top_logprobs if request.logprobs else None,
        )  # fmt: skip
        pieces, listener = _listener(Piece)
        seed = secrets.randbits(63) if request.seed is None else request.seed
        generation = GenerationRequest(prompt_ids, adapter, sampling, request.n, seed, listener)
        self._engine.submit(generation)
        return Generation(len(prompt_ids), _pieces(pieces, request.n), lambda: self._engine.cancel(generation))

    async def score(self, request: PoolingRequest) -> Score:
        pm = self._snapshots.pm(request.model)
        *said, response = self._messages(request.checked_messages())
        prompt_ids, response_ids = self._renderer.prompt_ids(said), self._renderer.response_ids(response.content)
        scores, listener = _listener(float)
        self._engine.score(ScoreRequest(prompt_ids, response_ids, pm, listener))
        score = await scores.get()
        if isinstance(score, ServingError):
            raise score
        return Score(score, len(prompt_ids) + len(response_ids))

    async def load(self, name: str, path: str) -> None:
        await asyncio.to_thread(self._snapshots.load, name, Path(path))

    async def unload(self, name: str) -> None:
        await asyncio.to_thread(self._snapshots.unload, name)

    def close(self) -> None:
        self._engine.close()

    def _messages(self, messages: list[ChatMessage]) -> list[Message]:
        """The same for the renderer. Refused if they are too long whatever their tokens are: each has one at least."""
        context, characters = self._engine.context, sum(len(message.content) for message in messages)
        if len(messages) > context or characters > CHARACTERS_PER_TOKEN * context:
            raise Refused(
                f"{len(messages)} messages of {characters} characters are more than the model's context of {context} "
                "tokens holds."
            )
        return [Message(message.role, message.content) for message in messages]


async def _pieces(queue: "asyncio.Queue[Piece | ServingError]", going: int) -> AsyncIterator[Piece]:
    """Pieces until each of `going` choices has finished."""
    while going:
        piece = await queue.get()
        if isinstance(piece, ServingError):
            raise piece
        going -= piece.finish is not None
        yield piece


def _listener(_: type[T]) -> "tuple[asyncio.Queue[T | ServingError], Callable[[T | ServingError], object]]":
    """A queue of this event loop, and what the engine's thread calls to fill it."""
    queue: asyncio.Queue[T | ServingError] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    return queue, lambda item: loop.call_soon_threadsafe(queue.put_nowait, item)
