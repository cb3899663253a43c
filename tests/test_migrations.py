"""The migrations make exactly the tables of `app/tables`, on both databases, and can be taken back."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from app.db import get_engine, reading, writing
from app.settings import Settings
from app.tables import Base, Report, ReportReason
from app.tables.catalogue_triggers import is_word_table
from tests.factories import make_comparison, make_conversation, make_snapshot, make_tranche, make_turn

ROOT = Path(__file__).parent.parent
ALEMBIC = Config(toml_file=ROOT / "pyproject.toml")


def tables(engine: Engine) -> set[str]:
    names = inspect(engine).get_table_names()
    return {name for name in names if name != "alembic_version" and not is_word_table(name)}


def checks(engine: Engine) -> dict[str, set[str]]:
    """The name of each table's CHECK constraints, which autogenerate does not compare."""
    inspector = inspect(engine)
    return {name: {str(check["name"]) for check in inspector.get_check_constraints(name)} for name in tables(engine)}


def test_up_down_and_up_again(configured: Settings) -> None:
    command.upgrade(ALEMBIC, "head")
    assert tables(get_engine()) == set(Base.metadata.tables)
    command.downgrade(ALEMBIC, "base")
    assert tables(get_engine()) == set()
    command.upgrade(ALEMBIC, "head")
    assert tables(get_engine()) == set(Base.metadata.tables)


def test_autogenerate_finds_no_difference_between_migrations_and_tables(configured: Settings) -> None:
    command.upgrade(ALEMBIC, "head")
    with get_engine().connect() as connection:
        ours = MigrationContext.configure(connection, opts={"include_name": lambda name, *_: not is_word_table(name)})
        assert compare_metadata(ours, Base.metadata) == []


def test_the_rules_that_live_in_the_database_are_in_the_migrations_too(configured: Settings) -> None:
    command.upgrade(ALEMBIC, "head")
    migrated = checks(get_engine())
    command.downgrade(ALEMBIC, "base")
    Base.metadata.create_all(get_engine())
    assert migrated == checks(get_engine())
    assert any(migrated.values())


def by_hand(engine: Engine) -> set[tuple[str, str]]:
    """What SQLAlchemy's tables do not describe: triggers, their functions, the index of words."""
    in_sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%'"
    in_postgresql = """
        SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'catalogue_words'
    """
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(in_sqlite if engine.dialect.name == "sqlite" else in_postgresql)
        return {(name, " ".join(definition.split())) for name, definition in rows}


def test_the_triggers_and_the_index_of_words_are_in_the_migrations_too(configured: Settings) -> None:
    """A batch operation on SQLite makes a table anew and drops its triggers without a word."""
    command.upgrade(ALEMBIC, "head")
    migrated = by_hand(get_engine())
    command.downgrade(ALEMBIC, "base")
    assert by_hand(get_engine()) == set()
    Base.metadata.create_all(get_engine())
    assert migrated == by_hand(get_engine())
    assert migrated


def test_there_is_one_line_of_migrations_named_by_date_and_sentence() -> None:
    script = ScriptDirectory.from_config(ALEMBIC)
    assert len(script.get_heads()) == 1
    for revision in script.walk_revisions():
        date, _, sentence = Path(revision.path).stem.partition("_")
        assert len(date) == len("2026-11-24-0900")
        assert sentence


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:1/nowhere", "127.0.0.1:1/nowhere cannot be reached"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not the address"),
        ("DATABASE_URL", "mysql://somewhere/rows", "DATABASE_URL is not the address"),
        ("DATABASE_URL", "sqlite:////dev/null/rows.db", "/dev/null cannot be made"),
        ("SIGN_UP", "maybe", "SIGN_UP is 'maybe': input should be 'open' or 'invitation'."),
    ],
)
def test_a_setting_that_is_wrong_is_one_sentence(tmp_path: Path, name: str, value: str, said: str) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), name: value}
    result = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 3
    (sentence,) = result.stderr.strip().splitlines()
    assert said in sentence
    assert "secret" not in sentence


HALF_WAY = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "half_way", "{head}"

def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    raise RuntimeError("the power goes")
"""


def test_a_migration_that_fails_leaves_nothing_behind(configured: Settings, tmp_path: Path) -> None:
    command.upgrade(ALEMBIC, "head")
    before = tables(get_engine())
    (head,) = ScriptDirectory.from_config(ALEMBIC).get_heads()
    versions = tmp_path / "versions"
    shutil.copytree(ROOT / "migrations/versions", versions)
    (versions / "2099-01-01-0000_half_way.py").write_text(HALF_WAY.format(head=head))
    failing = Config(toml_file=ROOT / "pyproject.toml")
    failing.set_main_option("version_locations", str(versions))
    failing.set_main_option("path_separator", "os")
    with pytest.raises(RuntimeError, match="the power goes"):
        command.upgrade(failing, "head")
    assert tables(get_engine()) == before


def test_what_a_tranche_holds_stays_in_it(configured: Settings) -> None:
    """The release before kept it in columns of the comparisons."""
    command.upgrade(ALEMBIC, "head")
    with writing() as session:
        frozen, free = make_comparison(session), make_comparison(session)
        tranche = make_tranche(session, frozen)
    command.downgrade(ALEMBIC, "payments")
    in_columns = text("SELECT id, tranche_id, content_hash FROM comparisons")
    with reading() as session:
        assert {tuple(row) for row in session.execute(in_columns)} == {
            (frozen.id, tranche.id, f"h-{frozen.id}"), (free.id, None, None),
        }  # fmt: skip
    command.upgrade(ALEMBIC, "head")
    members = text("SELECT comparison_id, tranche_id, content_hash FROM tranche_members")
    with reading() as session:
        assert [tuple(row) for row in session.execute(members)] == [(frozen.id, tranche.id, f"h-{frozen.id}")]


def test_what_is_there_already_is_catalogued(configured: Settings) -> None:
    """A database of the release before, with rows: afterwards its catalogue is what triggers would have made."""
    command.upgrade(ALEMBIC, "head")
    with writing() as session:
        adas = make_conversation(session, family="05" * 32)
        turn = make_turn(session, adas, ("water it", ""), text="basil dies")
        turn.candidates[0].snapshot_id = make_snapshot(session).id
        make_comparison(session, turn, strength=4)
        session.add(Report(candidate_id=turn.candidates[0].id, account_id=adas.account_id, reason=ReportReason.BROKEN))
        make_turn(session, make_conversation(session, preview=True))
        make_turn(session, make_conversation(session), ("six", "seven"))
    kept = [text(f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("catalogue_entries", "catalogue_snapshots")]
    kept.append(text("SELECT rowid FROM catalogue_words WHERE catalogue_words MATCH 'basil OR six OR water OR hello'"))
    if get_engine().dialect.name == "postgresql":
        kept[2] = text("SELECT * FROM catalogue_words ORDER BY 1, 2")
    with reading() as session:
        by_triggers = [session.execute(query).all() for query in kept]
    assert all(by_triggers)
    command.downgrade(ALEMBIC, "the_leaderboard")
    command.upgrade(ALEMBIC, "head")
    with reading() as session:
        assert [session.execute(query).all() for query in kept] == by_triggers
