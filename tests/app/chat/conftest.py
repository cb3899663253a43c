import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from app import settings
from app.main import create_app
from inference import scripted as scripts
from tests.app.servers import Process, scripted, served
from tests.conftest import free_port, valkey_binary

Chat = Callable[..., str]


@pytest.fixture
def chat(engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """Starts inference (scripted, never brief) and a web process; the web's URL. Options are those of the script."""
    monkeypatch.setattr(scripts, "SHORT", scripts.PARAGRAPHS)
    with ExitStack() as servers:

        def start(**script: Any) -> str:
            monkeypatch.setenv("INFERENCE_URL", servers.enter_context(scripted(**script)))
            settings.get_settings.cache_clear()
            return servers.enter_context(served(create_app()))

        yield start


TALKATIVE = "from inference import scripted; scripted.SHORT = scripted.PARAGRAPHS; scripted.command()"


@pytest.fixture
def scripted_process(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """Inference that can be killed."""
    process = Process("-c", TALKATIVE, "--tokens-per-second=40", port=free_port())
    monkeypatch.setenv("INFERENCE_URL", process.url)
    settings.get_settings.cache_clear()
    yield process
    process.kill()


class Valkey:
    """One of this test alone, that can be killed and come back empty."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory = free_port(), directory
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [str(valkey_binary()), "--port", str(self.port), "--dir", str(self.directory), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(self.url)
        while True:
            try:
                client.ping()
                return
            except RedisError:
                pass

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_valkey(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path)
    monkeypatch.setenv("REDIS_URL", valkey.url)
    settings.get_settings.cache_clear()
    yield valkey
    valkey.kill()
