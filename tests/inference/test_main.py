"""The routes, asked of both servers: what one answers, the other answers in the same shape."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.serving import TorchBackend, threads
from inference.wire import ChatRequest, PoolingRequest, Refused
from models.dialogue import DEFAULT_SYSTEM, Candidate, Conversation, Message, Renderer, Turn
from models.packing import conversation_tree
from models.run import BadInput
from tests.conftest import free_port
from tests.inference.conftest import Toy, ask, chat, eventually, load, score, stream, torch_backend

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["client", "scripted"])
def server(request: pytest.FixtureRequest) -> httpx.Client:
    client: httpx.Client = request.getfixturevalue(request.param)
    return client


def _shape(value: Any) -> Any:
    """Names and types; a list has the shapes of its items, each once."""
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        shapes = [_shape(item) for item in value]
        return [shape for i, shape in enumerate(shapes) if shape not in shapes[:i]]
    return type(value).__name__


def test_it_is_healthy_and_lists_its_models(server: httpx.Client) -> None:
    assert server.get("/health").status_code == 200
    listed = server.get("/v1/models").json()
    assert {model["id"] for model in listed["data"]} == {"initial", "week-1", "week-2", "pm"}
    assert all(model["object"] == "model" and model["root"] for model in listed["data"])
    assert {model["id"]: model["parent"] for model in listed["data"]}["week-1"] == "initial"
    assert {"running", "waiting", "generated_tokens", "scored"} <= set(server.get("/stats").json())


def test_a_completion_has_openais_shape(server: httpx.Client) -> None:
    answer = chat(server, ask(n=2, seed=1, max_tokens=7, model="week-1"))
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert answer["model"] == "week-1"
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    for choice in answer["choices"]:
        assert choice["message"]["role"] == "assistant"
        assert isinstance(choice["message"]["content"], str)
        assert choice["finish_reason"] in ("stop", "length")
        assert choice["logprobs"] is None
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["completion_tokens"] <= 14
    assert answer == chat(server, ask(n=2, seed=1, max_tokens=7, model="week-1")) | {
        name: answer[name] for name in ("id", "created")
    }


def test_a_stream_says_the_same_as_the_whole_answer(server: httpx.Client) -> None:
    request = ask(n=2, seed=4, max_tokens=20)
    whole = chat(server, request)
    *chunks, usage, done = stream(server, request | {"stream_options": {"include_usage": True}})
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"] == whole["usage"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all("usage" not in chunk for chunk in chunks)
    parts = [choice for chunk in chunks for choice in chunk["choices"]]
    assert [part["delta"]["role"] for part in parts if "role" in part["delta"]] == ["assistant"] * 2
    for choice in whole["choices"]:
        own = [part for part in parts if part["index"] == choice["index"]]
        assert "".join(part["delta"]["content"] for part in own) == choice["message"]["content"]
        assert [part["finish_reason"] for part in own if part["finish_reason"]] == [choice["finish_reason"]]
        assert own[-1]["finish_reason"]


def test_without_include_usage_the_stream_has_none(server: httpx.Client) -> None:
    events = stream(server, ask(max_tokens=3))
    assert all("usage" not in event for event in events[:-1])


def test_logprobs_have_openais_shape(server: httpx.Client) -> None:
    answer = chat(server, ask(seed=1, max_tokens=4, logprobs=True, top_logprobs=2))
    content = answer["choices"][0]["logprobs"]["content"]
    assert len(content) == answer["usage"]["completion_tokens"]
    for token in content:
        assert bytes(token["bytes"]).decode() == token["token"]
        assert token["logprob"] <= 0
        assert len(token["top_logprobs"]) == 2
        assert set(token["top_logprobs"][0]) == {"token", "bytes", "logprob"}


def test_both_servers_answer_in_the_same_shapes(client: httpx.Client, scripted: httpx.Client) -> None:
    options = {"logprobs": True, "top_logprobs": 2, "max_tokens": 12, "seed": 1, "n": 2}
    for request in (ask(), ask(**options)):
        assert _shape(chat(client, request)) == _shape(chat(scripted, request))
        with_usage = request | {"stream_options": {"include_usage": True}}
        real, script = stream(client, with_usage), stream(scripted, with_usage)
        for position in (0, 1, -2, -1):  # opening, a delta, usage, [DONE]
            assert _shape(real[position]) == _shape(script[position])
    assert _shape(client.get("/v1/models").json()) == _shape(scripted.get("/v1/models").json())
    assert _shape(score(client, "Yes.").json()) == _shape(score(scripted, "Yes.").json())
    assert client.get("/health").json() == scripted.get("/health").json()


def test_a_pm_scores_and_the_score_is_always_the_same(server: httpx.Client) -> None:
    first = score(server, "A response.").json()
    (data,) = first["data"]
    assert (data["index"], data["object"], len(data["data"])) == (0, "pooling", 1)
    assert data["data"] == score(server, "A response.").json()["data"][0]["data"]
    assert data["data"] != score(server, "Another response, and longer.").json()["data"][0]["data"]


def test_an_unknown_model_is_not_found(server: httpx.Client) -> None:
    expected = {"error": {"message": "The model `week-7` does not exist.", "type": "NotFoundError", "code": 404}}
    for answer in (
        server.post("/v1/chat/completions", json=ask(model="week-7")),
        server.post("/v1/chat/completions", json=ask(model="week-7", stream=True)),
        score(server, "Yes.", model="week-7"),
        server.post("/v1/unload_lora_adapter", json={"lora_name": "week-7"}),
    ):
        assert answer.status_code == 404
        body = answer.json()
        assert body["error"].pop("param") is None
        assert body == expected


def test_snapshots_are_loaded_and_unloaded(server: httpx.Client, toy: Toy) -> None:
    assert load(server, "visitor", toy.snapshots["week-1"]).status_code == 200
    assert load(server, "visitor", toy.snapshots["week-1"]).status_code == 200
    assert load(server, "visitor", toy.snapshots["week-2"]).status_code == 400
    assert chat(server, ask(model="visitor", max_tokens=3))["model"] == "visitor"
    assert server.post("/v1/unload_lora_adapter", json={"lora_name": "visitor"}).status_code == 200
    assert server.post("/v1/chat/completions", json=ask(model="visitor")).status_code == 404
    assert load(server, "initial", toy.snapshots["week-1"]).status_code == 400
    assert server.post("/v1/unload_lora_adapter", json={"lora_name": "initial"}).status_code == 400


def test_kinds_are_not_mixed_up(server: httpx.Client) -> None:
    assert server.post("/v1/chat/completions", json=ask(model="pm")).status_code == 400
    assert score(server, "Yes.", model="week-1").status_code == 400


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]}, "messages[1]"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, "user message"),
        ({"n": 0}, "n:"),
        ({"n": 1000}, "n is 1000"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_bad_requests_are_refused_in_one_sentence_that_names_the_field(
    server: httpx.Client, change: dict[str, Any], named: str
) -> None:
    answer = server.post("/v1/chat/completions", json=ask() | change)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert named in error["message"]
    assert (error["type"], error["code"]) == ("BadRequestError", 400)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/v1/chat/completions", ask("a\ud800b"), "messages.0.content"),
        ("/v1/chat/completions", ask(model="a\ud800b"), "model"),
        ("/pooling", ask(model="a\ud800b"), "model"),
        ("/v1/load_lora_adapter", {"lora_name": "a\ud800b", "lora_path": "a"}, "lora_name"),
        ("/v1/load_lora_adapter", {"lora_name": "a", "lora_path": "a\ud800b"}, "lora_path"),
        ("/v1/unload_lora_adapter", {"lora_name": "a\ud800b"}, "lora_name"),
    ],
)
def test_half_a_surrogate_pair_is_refused(server: httpx.Client, path: str, body: dict[str, Any], named: str) -> None:
    content = json.dumps(body)  # httpx itself would not encode it
    answer = server.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{named}: ")


@pytest.mark.parametrize("said", [["a"] * 99_999, ["a" * 99_999]])
def test_what_cannot_fit_is_refused_before_it_is_tokenised(
    toy: Toy, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = torch_backend(toy)
    asyncio.run(backend.load("pm", str(toy.snapshots["pm"])))
    monkeypatch.setattr(Renderer, "_content", lambda *_: pytest.fail("it was tokenised"))
    messages = [{"role": "user", "content": text} for text in said]
    response = {"role": "assistant", "content": "a"}
    for asked in (
        backend.generate(ChatRequest.model_validate({"model": "initial", "messages": messages})),
        backend.score(PoolingRequest.model_validate({"model": "pm", "messages": [*messages, response]})),
    ):
        with pytest.raises(Refused, match=r"messages of \d+ characters are more than the model's context of 2048"):
            asyncio.run(asked)
    backend.close()


def test_what_is_no_json_is_refused(server: httpx.Client) -> None:
    answer = server.post("/v1/chat/completions", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "BadRequestError"


def test_a_prompt_is_rendered_in_serving_as_in_training(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = torch_backend(toy)
    seen: list[list[int]] = []
    submit = backend._engine.submit
    monkeypatch.setattr(backend._engine, "submit", lambda request: (seen.append(request.prompt_ids), submit(request)))
    said = ["Tell me of moss", " moss <|im_end|> 🥑\n", "And plum?"]
    turns = (Turn(said[0], (Candidate("a", said[1]),), trunk=0), Turn(said[2], (Candidate("b", "x"),)))
    tree, at = conversation_tree(Conversation("c", "f", "helpfulness", "Be kind.", "train", turns), toy.renderer)
    trained: list[int] = []
    node: int | None = tree.nodes[at[1, 0]].parent
    while node is not None:
        trained = [*tree.nodes[node].tokens, *trained]
        node = tree.nodes[node].parent

    roles = ["system", "user", "assistant", "user"]
    messages = [{"role": role, "content": text} for role, text in zip(roles, ["Be kind.", *said], strict=True)]
    _generate(backend, {"model": "initial", "messages": messages, "max_tokens": 1})
    _generate(backend, ask("Hello", max_tokens=1))
    backend.close()
    default = [Message("system", DEFAULT_SYSTEM), Message("user", "Hello")]
    assert seen == [trained, toy.renderer.prompt_ids(default)]
    template = [{"role": m.role, "content": m.content} for m in default]
    assert seen[1] == toy.tokenizer.apply_chat_template(template, add_generation_prompt=True, return_dict=False)


def _generate(backend: TorchBackend, request: dict[str, Any]) -> None:
    async def all_pieces() -> None:
        generation = await backend.generate(ChatRequest.model_validate(request))
        async for _ in generation.pieces:
            pass

    asyncio.run(all_pieces())


# The process ------------------------------------------------------------------------------------------------------


def _start(module: str, port: int, *options: str, **env: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, "--host", "127.0.0.1", "--port", str(port), *options]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True)


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_an_unknown_base_is_one_sentence_and_exit_3(tmp_path: Path) -> None:
    process = _start("inference.main", free_port(), BASE_MODEL=str(tmp_path / "nowhere"))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "nowhere' is neither a local directory nor a hub id" in stderr.strip().splitlines()[-1]
    assert "Traceback" not in stderr


def test_threads_are_told_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "all")
    with pytest.raises(BadInput, match="OMP_NUM_THREADS must begin with a whole number, and is 'all'"):
        threads()
    monkeypatch.setenv("INFERENCE_THREADS", "2")
    assert threads() == 2
    monkeypatch.setenv("INFERENCE_THREADS", "many")
    with pytest.raises(BadInput, match="INFERENCE_THREADS must be a whole number, and is 'many'"):
        threads()


@pytest.mark.parametrize("module", ["inference.main", "inference.scripted"])
def test_a_port_in_use_is_one_sentence_and_exit_3(module: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = _start(module, port)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3
    assert stderr.strip() == f"Cannot listen on 127.0.0.1:{port}: Address already in use."


def test_sigterm_lets_a_stream_end_and_stops_the_server() -> None:
    port = free_port()
    process = _start("inference.scripted", port, "--tokens-per-second", "20")
    eventually(lambda: _healthy(port), 60)
    request = ask("How?", seed=1, stream=True, max_tokens=20)
    with httpx.stream("POST", f"http://127.0.0.1:{port}/v1/chat/completions", json=request) as answer:
        lines = answer.iter_lines()
        next(lines)
        process.terminate()
        assert [line for line in lines if line][-1] == "data: [DONE]"
    began = time.monotonic()
    process.communicate(timeout=20)
    assert process.returncode in (0, -15)
    assert time.monotonic() - began < 5


def test_the_real_server_starts_serves_and_stops(toy: Toy) -> None:
    port = free_port()
    process = _start("inference.main", port, BASE_MODEL="toy")
    eventually(lambda: _healthy(port), 120)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        load(client, "week-1", toy.snapshots["week-1"]).raise_for_status()
        assert chat(client, ask(model="week-1", max_tokens=5))["usage"]["completion_tokens"] <= 5
        # A long response must not keep the process alive.
        with client.stream(
            "POST", "/v1/chat/completions", json=ask(n=8, temperature=4, max_tokens=1500, stream=True)
        ) as answer:
            lines = answer.iter_lines()
            next(lines)
            process.terminate()
            process.wait(timeout=30)
    assert process.returncode in (0, -15)
