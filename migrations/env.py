"""Alembic's environment: the app's own engine and tables, on SQLite and PostgreSQL alike.

Each migration is one transaction on both databases, so one that fails leaves nothing half-done. On SQLite a change of a
table is a copy of it (`render_as_batch`), during which foreign keys must be off; they are checked before the commit.
"""

import sys
from typing import Any, NoReturn

from alembic import context
from alembic.autogenerate.api import AutogenContext
from pydantic import ValidationError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ArgumentError, OperationalError

from app.db import JSONType, UTCDateTime, make_engine
from app.settings import get_settings
from app.tables import Base
from app.tables.catalogue_triggers import is_word_table


def as_plain_type(kind: str, item: Any, autogenerate: AutogenContext) -> str | bool:
    """Migrations outlive the code: they name the column types that the database sees, not our names for them."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if item is JSONType:
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def is_ours(name: str | None, kind: str, _: Any) -> bool:
    """The index of words is made by hand: it is no table that a model describes."""
    return not (kind == "table" and is_word_table(name))


def without_foreign_keys(engine: Engine) -> Engine:
    """SQLite ignores this pragma inside a transaction, so it is given to each new connection."""

    @event.listens_for(engine, "connect")
    def _off(connection: Any, _: object) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")

    return engine


def migrate(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=sqlite,
        render_item=as_plain_type,
        include_name=is_ours,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            assert not broken, f"the migration left rows that point nowhere: {broken[:5]}"


def main() -> None:
    try:
        engine = make_engine(get_settings().database)
        if engine.dialect.name == "sqlite":
            without_foreign_keys(engine)
        connection = engine.connect()
    except ValidationError as error:
        first = error.errors()[0]
        refuse(f"{str(first['loc'][0]).upper()} is {first['input']!r}: {first['msg'][:1].lower()}{first['msg'][1:]}.")
    except (ArgumentError, ModuleNotFoundError) as error:
        refuse(f"DATABASE_URL is not the address of a PostgreSQL or SQLite database: {error}.")
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        refuse(f"The database {engine.url.render_as_string()} cannot be reached: {reason}")
    except OSError as error:
        refuse(f"The database's directory {error.filename} cannot be made: {error.strerror}.")
    with connection:
        migrate(connection.execution_options(writes=True))
    engine.dispose()


def refuse(sentence: str) -> NoReturn:
    """As every process of ours: one sentence, and the exit code that says that trying again does not help."""
    print(sentence, file=sys.stderr)  # noqa: T201
    sys.exit(3)


main()
