"""Real servers on free ports: torch over the toy base with snapshots to load, and the scripted one."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import torch
import uvicorn

from inference.engine import Engine
from inference.main import create_app
from inference.scripted import Script, ScriptedBackend
from inference.serving import TorchBackend
from inference.snapshots import Snapshots
from inference.wire import Backend
from models import snapshot
from models.backbone import Backbone, base_hash, load_base, resolve_base
from models.dialogue import DEFAULT_SYSTEM, Renderer
from models.preference_model import PreferenceModel
from tests.conftest import free_port
from tests.networks import disturb, random_pm


class Toy(NamedTuple):
    """The toy base as `models` uses it, with the adapters of the snapshots below."""

    backbone: Backbone
    tokenizer: Any
    renderer: Renderer
    pm: PreferenceModel
    snapshots: dict[str, Path]


@pytest.fixture(scope="session")
def toy(model_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """Policies `week-1` and `week-2` (other ranks), a PM `pm`, and `foreign`, a policy of another base."""
    directory = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_STORE", str(model_store))
        torch.manual_seed(0)
        backbone, tokenizer = Backbone.load("toy")
        paths = {}
        for name, rank in (("week-1", 4), ("week-2", 8), ("foreign", 4)):
            backbone.add_adapter(name, rank)
            disturb(backbone, name, size=0.15)
            paths[name] = _save(
                backbone, directory / name, "policy", lambda to, name=name: backbone.save_adapter(name, to)
            )
        pm = random_pm(backbone, size=0.15)
        paths["pm"] = _save(backbone, directory / "pm", "pm", pm.write)
        yield Toy(backbone, tokenizer, Renderer(tokenizer), pm, paths)


def _save(backbone: Backbone, directory: Path, kind: Any, write: Any) -> Path:
    own = backbone.hash if directory.name != "foreign" else "0" * 64
    manifest = snapshot.Manifest(directory.name, kind, {"source": "toy", "hash": own}, DEFAULT_SYSTEM)
    return snapshot.save(directory, manifest, write).directory


@contextlib.contextmanager
def serving(backend: Backend) -> Iterator[httpx.Client]:
    """A real uvicorn server in a thread; a client of it."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(backend), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join()


def torch_backend(toy: Toy, **engine: Any) -> TorchBackend:
    causal_lm, tokenizer = load_base("toy")
    snapshots = Snapshots(causal_lm, "toy", base_hash(resolve_base("toy")))
    renderer = Renderer(tokenizer)
    options = {"end_of_turn": renderer.end_of_turn, "threads": 1} | engine
    return TorchBackend(Engine(causal_lm, tokenizer, **options), snapshots, renderer)


@pytest.fixture(scope="module")
def client(toy: Toy) -> Iterator[httpx.Client]:
    """The toy base with `week-1`, `week-2` and `pm` loaded."""
    with serving(torch_backend(toy)) as client:
        for name in ("week-1", "week-2", "pm"):
            load(client, name, toy.snapshots[name]).raise_for_status()
        yield client


@pytest.fixture
def endless(toy: Toy) -> Iterator[httpx.Client]:
    """The toy base with two slots, and no token that ends a response: it runs until its limit."""
    with serving(torch_backend(toy, end_of_turn=-1, slots=2)) as client:
        yield client


@pytest.fixture(scope="module")
def scripted() -> Iterator[httpx.Client]:
    """The scripted server, with the same names loaded."""
    with serving(ScriptedBackend(Script(tokens_per_second=0, fail_on="FAIL", break_on="BREAK"))) as client:
        for name in ("week-1", "week-2", "pm"):
            load(client, name, Path("/nowhere") / name).raise_for_status()
        yield client


# What tests say ---------------------------------------------------------------------------------------------------


def load(client: httpx.Client, name: str, path: Path) -> httpx.Response:
    return client.post("/v1/load_lora_adapter", json={"lora_name": name, "lora_path": str(path)})


def ask(text: str = "Tell me of sea and sun 3", model: str = "initial", **options: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}]} | options


def chat(client: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/chat/completions", json=request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def texts(client: httpx.Client, request: dict[str, Any]) -> list[str]:
    return [choice["message"]["content"] for choice in chat(client, request)["choices"]]


def stream(client: httpx.Client, request: dict[str, Any]) -> list[Any]:
    """The data of all events; the last is the string [DONE]."""
    with client.stream("POST", "/v1/chat/completions", json=request | {"stream": True}) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def score(client: httpx.Client, response: str, text: str = "Tell me of sea and sun 3", model: str = "pm") -> Any:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": response}]
    return client.post("/pooling", json={"model": model, "messages": messages})


def stats(client: httpx.Client) -> dict[str, int]:
    return dict(client.get("/stats").json())


def eventually(seen: Any, seconds: float = 10) -> None:
    """Wait until `seen()` is true."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
