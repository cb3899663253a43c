"""The engine and its two kinds of session: reading (plain BEGIN) and writing (BEGIN IMMEDIATE on SQLite, short).

A deferred SQLite transaction that upgrades to a write fails with "database is locked" whatever the timeout, so the kind
is chosen when the session is opened. On PostgreSQL both are the same.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from math import isfinite
from pathlib import Path
from threading import Lock
from typing import Any, cast

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DontWrapMixin, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from app.errors import DomainError
from app.settings import get_settings
from app.sqlite import BUSY_SECONDS, Queueing


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """96 random bits: ids reach browsers, so neither order nor count may be read from them."""
    return secrets.token_hex(12)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes on both databases (SQLite would hand back naive ones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "naive datetime"
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSONType = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own convention
        datetime: UTCDateTime,
        dict[str, Any]: JSONType,
        list[Any]: JSONType,
    }


class NotStorable(DomainError, DontWrapMixin):
    """NaN or an infinity in JSON, which has neither: PostgreSQL refuses them, and SQLite would keep what no browser
    reads."""

    status = 422


def _to_json(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        for where, number in _numbers(value):
            if not isfinite(number):
                raise NotStorable(
                    f"{where or 'A value'} is {number}, and only a finite number can be stored."
                ) from None
        raise


def _numbers(value: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Every one of them, with the names that lead to it."""
    if isinstance(value, float):
        yield where, value
    elif isinstance(value, dict | list | tuple):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(inner, f"{where}.{name}" if where else str(name))


def make_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        # "postgres://" and "postgresql://" are what hosting services hand out; both mean psycopg 3 here.
        engine = create_engine(
            re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url),
            pool_pre_ping=True,
            pool_size=20,
            json_serializer=_to_json,
            hide_parameters=True,  # errors are logged and told, and what people wrote is not
        )
        event.listen(engine, "connect", _without_jit)
        return engine
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    queueing = partial(Queueing, writers=Lock())
    options = {"check_same_thread": False, "timeout": BUSY_SECONDS, "factory": queueing}
    engine = create_engine(url, pool_size=20, connect_args=options, json_serializer=_to_json, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would leave SELECTs outside the transaction
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        try:
            cast(Queueing, connection.connection.dbapi_connection).begin_writing()
        except sqlite3.OperationalError as error:  # what SQLAlchemy makes of one, had it run the statement itself
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error

    return engine


def _without_jit(connection: Any, _: object) -> None:
    """Compiling a statement takes PostgreSQL longer than ours gain by it: they touch few rows, or are run once."""
    connection.execute("SET jit = off")
    connection.commit()


@lru_cache
def get_engine() -> Engine:
    return make_engine(get_settings().database)


@contextmanager
def reading(engine: Engine | None = None) -> Iterator[Session]:
    with Session(engine or get_engine(), expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine | None = None) -> Iterator[Session]:
    """Commits when the block ends, rolls back when it raises."""
    writer = (engine or get_engine()).execution_options(writes=True)
    with Session(writer, expire_on_commit=False) as session, session.begin():
        yield session
