"""Policies and PMs over HTTP: the OpenAI-style requests of docs/seams.md §2, the same for our server and for vLLM.

Nothing of a snapshot's name reaches an error's text: crowdworkers read these.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import httpx
from fastapi.concurrency import run_in_threadpool

from app.chat.lease import Draft, Request
from app.settings import Settings
from app.snapshots.reconcile import reconcile

log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Unavailable(Exception):
    """The server is away, overloaded or broke off: the same request may succeed in a moment."""


class Refused(Exception):
    """The server will not answer this, however often it is asked."""


class UnknownModel(Exception):
    """The server does not hold this model, also after `reconcile()`."""


class Policies:
    def __init__(self, settings: Settings) -> None:
        # A first token may wait behind many other turns; a connection that cannot be made is known at once.
        timeout = httpx.Timeout(connect=3, read=120, write=10, pool=None)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        self._inference = httpx.AsyncClient(base_url=settings.inference_url, timeout=timeout, limits=limits)
        self._scoring = httpx.AsyncClient(base_url=settings.scoring_url, timeout=timeout, limits=limits)
        self._reconciling = asyncio.Lock()
        self._reconciled_at = time.monotonic()

    async def answer(self, request: Request, messages: list[dict[str, str]], pm: str | None, draft: Draft) -> None:
        """Write one candidate into its draft, as it comes."""
        began = time.monotonic()
        if request.best_of > 1:
            await self._known(lambda: self._best_of(request, messages, pm, draft))
        else:
            await self._known(lambda: self._streamed(request, messages, draft))
        draft.total_ms = _ms_since(began)

    async def _streamed(self, request: Request, messages: list[dict[str, str]], draft: Draft) -> None:
        began, finish = time.monotonic(), None
        body = _body(request, messages) | {"stream": True, "stream_options": {"include_usage": True}}
        try:
            async with self._inference.stream("POST", "/v1/chat/completions", json=body) as response:
                if not response.is_success:
                    await response.aread()
                    _raise(response)
                async for chunk in _chunks(response):
                    if usage := chunk.get("usage"):
                        draft.prompt_tokens, draft.completion_tokens = _tokens(usage)
                    for choice in chunk.get("choices", ()):
                        if text := choice.get("delta", {}).get("content"):
                            if draft.first_token_ms is None:
                                draft.first_token_ms = _ms_since(began)
                            draft.text += _storable(text)
                        finish = choice.get("finish_reason") or finish
        except httpx.HTTPError as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        draft.finish = _finish(finish)

    async def _best_of(self, request: Request, messages: list[dict[str, str]], pm: str | None, draft: Draft) -> None:
        """n = k in one request, the PM scores them all, the best is shown; all are kept."""
        if pm is None:
            raise Refused("No PM is deployed to choose the best response with")
        body = _body(request, messages) | {"n": request.best_of}
        answer = await self._post(self._inference, "/v1/chat/completions", body)
        texts = [_storable(choice["message"]["content"] or "") for choice in answer["choices"]]
        finishes = [_finish(choice["finish_reason"]) for choice in answer["choices"]]
        scores = await asyncio.gather(*(self.score(pm, messages, text) for text in texts))
        best = max(range(len(texts)), key=lambda i: scores[i])
        draft.prompt_tokens, draft.completion_tokens = _tokens(answer.get("usage") or {})
        draft.best_of_texts = [
            {"text": text, "finish": finish, "score": score}
            for text, finish, score in zip(texts, finishes, scores, strict=True)
        ]
        draft.text, draft.finish, draft.score = texts[best], finishes[best], scores[best]

    async def holds(self, model: str) -> bool:
        """Whether the server of policies has this one loaded."""
        try:
            response = await self._inference.get("/v1/models", timeout=5)
        except httpx.HTTPError as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            _raise(response)
        return model in {known["id"] for known in response.json()["data"]}

    async def score(self, pm: str, messages: list[dict[str, str]], text: str) -> float:
        body = {"model": pm, "messages": [*messages, {"role": "assistant", "content": text}]}
        answer = await self._post(self._scoring, "/pooling", body)
        return float(answer["data"][0]["data"][0])

    async def _post(self, server: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await server.post(path, json=body)
        except httpx.HTTPError as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            _raise(response)
        answer: dict[str, Any] = response.json()
        return answer

    async def _known(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Ask; when the server does not know the model, load what deployments want, and ask once more."""
        asked_at = time.monotonic()
        try:
            return await ask()
        except UnknownModel:
            async with self._reconciling:
                if self._reconciled_at < asked_at:  # else somebody who waited before us has done it
                    self._reconciled_at = time.monotonic()
                    await run_in_threadpool(reconcile)
        return await ask()

    async def close(self) -> None:
        await self._inference.aclose()
        await self._scoring.aclose()


def _body(request: Request, messages: list[dict[str, str]]) -> dict[str, Any]:
    sampling = {name: value for name, value in request.sampling.items() if name != "best_of"}
    return {"model": request.snapshot, "messages": messages, "seed": request.seed, **sampling}


async def _chunks(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data == "[DONE]":
            continue
        chunk = json.loads(data)
        if "error" in chunk:
            raise Unavailable(f"The server broke off: {chunk['error']}")
        yield chunk


def _raise(response: httpx.Response) -> None:
    log.warning("Inference answered %s: %s", response.status_code, response.text[:500])
    if response.status_code == httpx.codes.NOT_FOUND:
        raise UnknownModel
    if response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        raise Refused(f"The server refused: {response.status_code}")
    raise Unavailable(f"The server answered {response.status_code}")


def _storable(text: str) -> str:
    """Without what no database takes: a sampler may put any bytes together."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _finish(reason: str | None) -> str:
    """Anything but these two means that the text is not complete."""
    if reason not in ("stop", "length"):
        raise Unavailable(f"The stream ended without an end (finish_reason {reason})")
    return reason


def _tokens(usage: dict[str, Any]) -> tuple[int | None, int | None]:
    return usage.get("prompt_tokens"), usage.get("completion_tokens")


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
