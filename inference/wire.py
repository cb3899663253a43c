"""What goes over the wire: OpenAI's shapes as in docs/seams.md §2, and the errors a caller may meet. No torch here."""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import AfterValidator, BaseModel, Field

Finish = Literal["stop", "length"]

INITIAL = "initial"
"""The base itself, as a model's name."""

DEFAULT_MAX_TOKENS = 128

SLOTS = 32
"""Responses that are sampled at the same time."""


# Requests -----------------------------------------------------------------------------------------------------------


def _is_text(value: str) -> str:
    """JSON can carry half a surrogate pair, which no tokenizer and no UTF-8 stream can."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair is no text") from None
    return value


Words = Annotated[str, AfterValidator(_is_text)]


class ChatMessage(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: Words


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    model: Words
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    n: Annotated[int, Field(ge=1)] = 1
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Words | Annotated[list[Words], Field(max_length=16)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Field(ge=-1)] = 0
    """0 and -1 are off, as in vLLM."""
    logprobs: bool = False
    top_logprobs: Annotated[int, Field(ge=0, le=20)] = 0
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()

    @property
    def stops(self) -> list[str]:
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [stop for stop in stops if stop]

    def checked_messages(self) -> list[ChatMessage]:
        """The messages, if a response can follow them."""
        _check_speakers(self.messages)
        if self.messages[-1].role != "user":
            raise Refused("messages must end with a user message: the response follows it.")
        return self.messages


class PoolingRequest(BaseModel):
    model: Words
    messages: Annotated[list[ChatMessage], Field(min_length=1)]

    def checked_messages(self) -> list[ChatMessage]:
        """The messages, if the last is a response to score."""
        _check_speakers(self.messages)
        if self.messages[-1].role != "assistant":
            raise Refused("messages must end with an assistant message: its end is where the PM reads.")
        return self.messages


class LoadRequest(BaseModel):
    lora_name: Annotated[Words, Field(min_length=1)]
    lora_path: Annotated[Words, Field(min_length=1)]


class UnloadRequest(BaseModel):
    lora_name: Words


def _check_speakers(messages: Sequence[ChatMessage]) -> None:
    late = next((i for i, message in enumerate(messages) if i and message.role == "system"), None)
    if late is not None:
        raise Refused(f"messages[{late}] is a system message, but a system message comes first.")


# What a backend is --------------------------------------------------------------------------------------------------


class TokenLogprob(NamedTuple):
    token: str
    bytes: list[int]
    logprob: float


class SampledToken(NamedTuple):
    sampled: TokenLogprob
    top: list[TokenLogprob]


class Piece(NamedTuple):
    """A little more of one choice."""

    choice: int
    text: str
    tokens: int
    """Tokens sampled since the last piece."""
    logprobs: list[SampledToken]
    """Of these tokens, if asked for."""
    finish: Finish | None


class Generation(NamedTuple):
    """Responses being sampled."""

    prompt_tokens: int
    pieces: AsyncIterator[Piece]
    """Of all choices, as they come."""
    close: Callable[[], None]
    """Gives the slots back; to be called once, also when all pieces have been read."""


class Score(NamedTuple):
    score: float
    prompt_tokens: int


class Model(NamedTuple):
    """A line of /v1/models."""

    id: str
    root: str
    parent: str | None


class Backend(Protocol):
    """Who answers: torch (serving.py) or a script (scripted.py)."""

    def models(self) -> list[Model]: ...
    def stats(self) -> dict[str, int]: ...
    async def generate(self, request: ChatRequest) -> Generation: ...
    async def score(self, request: PoolingRequest) -> Score: ...
    async def load(self, name: str, path: str) -> None: ...
    async def unload(self, name: str) -> None: ...
    def close(self) -> None: ...


# Errors -------------------------------------------------------------------------------------------------------------


class ServingError(Exception):
    """Something the caller must hear of: one sentence, with its status."""

    status = 500
    type = "InternalServerError"
    retry_after: int | None = None

    def body(self) -> dict[str, Any]:
        return {"error": {"message": str(self), "type": self.type, "param": None, "code": self.status}}


class Refused(ServingError):
    """The request cannot be answered as it is."""

    status, type = 400, "BadRequestError"


def too_many(n: int, slots: int) -> Refused:
    return Refused(f"n is {n}, but at most {slots} choices are sampled at a time.")


class UnknownModel(ServingError):
    status, type = 404, "NotFoundError"

    def __init__(self, name: str) -> None:
        super().__init__(f"The model `{name}` does not exist.")


class Busy(ServingError):
    """The waiting queue is full."""

    status, type, retry_after = 503, "ServiceUnavailableError", 1


# Answers ------------------------------------------------------------------------------------------------------------


class Answer:
    """Builds the JSON of one chat completion, streamed or whole."""

    def __init__(self, request: ChatRequest, prompt_tokens: int) -> None:
        self._request = request
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._prompt_tokens = prompt_tokens
        self._completion_tokens = 0

    def opening(self) -> dict[str, Any]:
        """The first chunk: who speaks, for every choice."""
        choices = [
            {"index": i, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
            for i in range(self._request.n)
        ]
        return self._object("chat.completion.chunk", choices)

    def chunk(self, piece: Piece) -> dict[str, Any]:
        self._completion_tokens += piece.tokens
        choice = {
            "index": piece.choice,
            "delta": {"content": piece.text},
            "logprobs": self._logprobs(piece.logprobs),
            "finish_reason": piece.finish,
        }
        return self._object("chat.completion.chunk", [choice])

    def usage_chunk(self) -> dict[str, Any]:
        return self._object("chat.completion.chunk", []) | {"usage": self._usage()}

    def whole(self, pieces: Sequence[Piece]) -> dict[str, Any]:
        """One JSON object for all pieces of a completion that is not streamed."""
        choices = []
        for i in range(self._request.n):
            own = [piece for piece in pieces if piece.choice == i]
            self._completion_tokens += sum(piece.tokens for piece in own)
            choices.append(
                {
                    "index": i,
                    "message": {"role": "assistant", "content": "".join(piece.text for piece in own)},
                    "logprobs": self._logprobs([token for piece in own for token in piece.logprobs]),
                    "finish_reason": own[-1].finish,
                }
            )
        return self._object("chat.completion", choices) | {"usage": self._usage()}

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._request.model,
            "choices": choices,
        }

    def _logprobs(self, tokens: Sequence[SampledToken]) -> dict[str, Any] | None:
        if not self._request.logprobs:
            return None
        return {
            "content": [
                token.sampled._asdict() | {"top_logprobs": [top._asdict() for top in token.top]} for token in tokens
            ]
        }

    def _usage(self) -> dict[str, int]:
        return usage(self._prompt_tokens, self._completion_tokens)


def usage(prompt_tokens: int, completion_tokens: int = 0) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def pooled(model: str, score: Score) -> dict[str, Any]:
    return {
        "id": f"pool-{uuid.uuid4().hex}",
        "object": "list",
        "created": int(time.time()),
        "model": model,
        "data": [{"index": 0, "object": "pooling", "data": [score.score]}],
        "usage": usage(score.prompt_tokens),
    }


def model_list(models: Sequence[Model]) -> dict[str, Any]:
    data = [model._asdict() | {"object": "model", "created": 0, "owned_by": "turnwise"} for model in models]
    return {"object": "list", "data": data}
