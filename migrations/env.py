"""Alembic's environment: the app's own engine and tables, on SQLite and PostgreSQL alike.

Each migration is one transaction on both databases, so one that fails leaves nothing half-done. On SQLite a change of a
table is a copy of it (`render_as_batch`), during which foreign keys must be off; they are checked before the commit.
"""

import sys
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from app.db import JSONType, UTCDateTime, make_engine
from app.settings import get_settings
from app.tables import Base


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
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            assert not broken, f"the migration left rows that point nowhere: {broken[:5]}"


def main() -> None:
    url = get_settings().database
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        without_foreign_keys(engine)
    try:
        connection = engine.connect()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        print(f"The database {engine.url.render_as_string()} cannot be reached: {reason}", file=sys.stderr)  # noqa: T201
        sys.exit(3)
    with connection:
        migrate(connection.execution_options(writes=True))
    engine.dispose()


main()
