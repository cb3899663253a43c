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
from sqlalchemy import Engine, inspect

from app.db import get_engine
from app.settings import Settings
from app.tables import Base

ROOT = Path(__file__).parent.parent
ALEMBIC = Config(toml_file=ROOT / "pyproject.toml")


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


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
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_rules_that_live_in_the_database_are_in_the_migrations_too(configured: Settings) -> None:
    command.upgrade(ALEMBIC, "head")
    migrated = checks(get_engine())
    command.downgrade(ALEMBIC, "base")
    Base.metadata.create_all(get_engine())
    assert migrated == checks(get_engine())
    assert any(migrated.values())


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
