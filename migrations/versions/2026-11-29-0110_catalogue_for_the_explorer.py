"""catalogue for the explorer

A frozen copy of app/tables/catalogue_triggers.py as it was then. The rows that are there are catalogued by the database
itself, a thousand conversations at a time.
"""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_for_the_explorer"
down_revision = "the_leaderboard"
branch_labels = None
depends_on = None

AT_A_TIME = 1000  # conversations
SLOTS = 4096  # of one conversation: 1024 turns

SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff"
)


def side_of(family: str, position: str) -> str:
    """SQL for the split (docs/seams.md §3): a sha256 in hex modulo 100, digit by digit."""
    digits = [
        f"{pow(16, 64 - place, 100)} * ({position}('0123456789abcdef', substr({family}, {place}, 1)) - 1)"
        for place in range(1, 65)
    ]
    return f"(({' + '.join(digits)}) % 100 < 5)"


CHOICE = "superseded_at, picked_id, strength, kind"
FACTS = """
    SELECT coalesce(sum(DISTINCT CASE c.kind WHEN 'base' THEN 1 WHEN 'rejection-sampled' THEN 2 WHEN 'online' THEN 4
                                             ELSE 8 END), 0),
           coalesce(sum(DISTINCT 1 << (c.strength - 1)), 0), count(p.edited_from_id)
    FROM turns t JOIN comparisons c ON c.turn_id = t.id JOIN candidates p ON p.id = c.picked_id
    WHERE t.conversation_id = catalogue_entries.conversation_id AND c.superseded_at IS NULL
"""
REPORTS = """
    SELECT count(*), count(*) - count(r.handled_at)
    FROM turns t JOIN candidates p ON p.turn_id = t.id JOIN reports r ON r.candidate_id = p.id
    WHERE t.conversation_id = catalogue_entries.conversation_id
"""


def upgrade() -> None:
    op.create_table(
        "catalogue_entries",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "completed",
                "withdrawn",
                "importing",
                name="conversationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_test", sa.Boolean(), nullable=True),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("strengths", sa.Integer(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("open_reports", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_catalogue_entries_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_catalogue_entries_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_catalogue_entries_task_id_tasks")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_catalogue_entries")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_catalogue_entries_conversation_id")),
    )
    op.create_table(
        "catalogue_snapshots",
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["number"],
            ["catalogue_entries.number"],
            name=op.f("fk_catalogue_snapshots_number_catalogue_entries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_catalogue_snapshots_snapshot_id_snapshots")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "number", name=op.f("pk_catalogue_snapshots")),
    )
    op.create_index("ix_catalogue_snapshots_number", "catalogue_snapshots", ["number"])
    connection = op.get_bind()
    *made, last = _sqlite() if connection.dialect.name == "sqlite" else _postgresql()
    for statement in made:
        _run(connection, statement)
    _fill(connection)
    _run(connection, last)  # on PostgreSQL the index of the words, quicker when they are there


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in _sqlite()[1:]:
            connection.exec_driver_sql(f"DROP TRIGGER {statement.split()[2]}")
        op.drop_table("catalogue_words")
    else:
        for table in ("conversations", "turns", "candidates", "comparisons", "reports"):
            for statement in _postgresql():
                if statement.startswith("CREATE TRIGGER") and f" ON {table} " in statement:
                    connection.exec_driver_sql(f"DROP TRIGGER {statement.split()[2]} ON {table}")
        for statement in reversed(_postgresql()):
            if statement.startswith("CREATE FUNCTION"):
                connection.exec_driver_sql(f"DROP FUNCTION {statement.split()[2].partition('(')[0]}")
        op.drop_table("catalogue_words")
    op.drop_table("catalogue_snapshots")
    op.drop_table("catalogue_entries")


def _run(connection: sa.Connection, statement: str) -> None:
    """psycopg wants its percent signs twice."""
    connection.exec_driver_sql(statement if connection.dialect.name == "sqlite" else statement.replace("%", "%%"))


def _fill(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    side = side_of("c.family", "instr" if sqlite else "strpos")
    connection.execute(
        sa.text(f"""
            INSERT INTO catalogue_entries (conversation_id, task_id, account_id, status, is_test, kinds, strengths,
                                           edits, reports, open_reports, created_at)
            SELECT c.id, c.task_id, c.account_id, c.status, {side}, 0, 0, 0, 0, 0, c.created_at FROM conversations c
            WHERE c.status <> 'importing' AND NOT c.preview AND c.erased_at IS NULL ORDER BY c.created_at, c.id
        """)
    )
    texts = """
        SELECT e.number, t.position * 4 AS slot, t.text AS said
        FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id
        WHERE e.number BETWEEN :first AND :last AND t.text <> '' AND t.position < 1024
        UNION ALL
        SELECT e.number, t.position * 4 + CASE p.shown WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 3 END, p.text
        FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id
        JOIN candidates p ON p.turn_id = t.id
        WHERE e.number BETWEEN :first AND :last AND p.text <> '' AND t.position < 1024
    """
    of_some = [
        f"UPDATE catalogue_entries SET (kinds, strengths, edits) = ({FACTS}) WHERE number BETWEEN :first AND :last",
        f"UPDATE catalogue_entries SET (reports, open_reports) = ({REPORTS}) WHERE number BETWEEN :first AND :last",
        """INSERT INTO catalogue_snapshots (snapshot_id, number) SELECT DISTINCT p.snapshot_id, e.number
           FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id
           JOIN candidates p ON p.turn_id = t.id
           WHERE e.number BETWEEN :first AND :last AND p.snapshot_id IS NOT NULL""",
        f"INSERT INTO catalogue_words (rowid, words) SELECT number * {SLOTS} + slot, said FROM ({texts}) ORDER BY 1"
        if sqlite
        else f"INSERT INTO catalogue_words SELECT number, slot, catalogue_words_of(said) FROM ({texts}) AS texts",
    ]
    newest = connection.scalar(sa.text("SELECT max(number) FROM catalogue_entries")) or 0
    for first in range(1, newest + 1, AT_A_TIME):
        for statement in of_some:
            connection.execute(sa.text(statement), {"first": first, "last": first + AT_A_TIME - 1})


def _sqlite() -> list[str]:
    def said(row: str) -> str:
        return f"SELECT number * {SLOTS} + {row}.position * 4, {row}.text FROM catalogue_entries WHERE " + (
            f"conversation_id = {row}.conversation_id AND {row}.text <> '' AND {row}.position < 1024;"
        )

    def answered(row: str) -> str:
        return (
            f"SELECT e.number * {SLOTS} + t.position * 4 + instr('abe', substr({row}.shown, 1, 1)), {row}.text "
            "FROM turns t JOIN catalogue_entries e ON e.conversation_id = t.conversation_id "
            f"WHERE t.id = {row}.turn_id AND {row}.text <> '' AND t.position < 1024;"
        )

    def put(texts: str) -> str:
        return f"INSERT INTO catalogue_words (rowid, words) {texts}"

    def take(texts: str) -> str:
        return f"INSERT INTO catalogue_words (catalogue_words, rowid, words) {texts.replace('SELECT', _DELETE, 1)}"

    snapshots = (
        "INSERT OR IGNORE INTO catalogue_snapshots (snapshot_id, number) SELECT NEW.snapshot_id, e.number FROM turns t "
        "JOIN catalogue_entries e ON e.conversation_id = t.conversation_id "
        "WHERE t.id = NEW.turn_id AND NEW.snapshot_id IS NOT NULL;"
    )
    compared = (
        f"UPDATE catalogue_entries SET (kinds, strengths, edits) = ({FACTS}) "
        "WHERE conversation_id = (SELECT conversation_id FROM turns WHERE id = {row}.turn_id);"
    )
    reported = (
        f"UPDATE catalogue_entries SET (reports, open_reports) = ({REPORTS}) WHERE conversation_id = (SELECT "
        "t.conversation_id FROM candidates p JOIN turns t ON t.id = p.turn_id WHERE p.id = NEW.candidate_id);"
    )
    side = side_of("NEW.family", "instr")
    triggers = {
        "conversations_added AFTER INSERT ON conversations "
        "WHEN NEW.status <> 'importing' AND NOT NEW.preview AND NEW.erased_at IS NULL": (
            "INSERT INTO catalogue_entries (conversation_id, task_id, account_id, status, is_test, kinds, strengths, "
            f"edits, reports, open_reports, created_at) VALUES (NEW.id, NEW.task_id, NEW.account_id, NEW.status, {side}"
            ", 0, 0, 0, 0, 0, NEW.created_at);"
        ),
        "conversations_changed AFTER UPDATE OF status, account_id, family, erased_at ON conversations": (
            f"UPDATE catalogue_entries SET status = NEW.status, account_id = NEW.account_id, is_test = {side} "
            "WHERE conversation_id = NEW.id; "
            "DELETE FROM catalogue_entries WHERE conversation_id = NEW.id AND NEW.erased_at IS NOT NULL;"
        ),
        "entries_removed BEFORE DELETE ON catalogue_entries": (
            take(
                f"SELECT OLD.number * {SLOTS} + t.position * 4, t.text FROM turns t "
                "WHERE t.conversation_id = OLD.conversation_id AND t.text <> '' AND t.position < 1024;"
            )
            + " "
            + take(
                f"SELECT OLD.number * {SLOTS} + t.position * 4 + instr('abe', substr(p.shown, 1, 1)), p.text "
                "FROM turns t JOIN candidates p ON p.turn_id = t.id "
                "WHERE t.conversation_id = OLD.conversation_id AND p.text <> '' AND t.position < 1024;"
            )
        ),
        "turns_added AFTER INSERT ON turns": put(said("NEW")),
        "turns_changed AFTER UPDATE OF text ON turns WHEN NEW.text <> OLD.text": (
            f"{take(said('OLD'))} {put(said('NEW'))}"
        ),
        "turns_removed BEFORE DELETE ON turns": take(said("OLD")),
        "candidates_added AFTER INSERT ON candidates": f"{put(answered('NEW'))} {snapshots}",
        "candidates_changed AFTER UPDATE OF text ON candidates WHEN NEW.text <> OLD.text": (
            f"{take(answered('OLD'))} {put(answered('NEW'))}"
        ),
        "candidates_answered AFTER UPDATE OF snapshot_id ON candidates": snapshots,
        "candidates_removed BEFORE DELETE ON candidates": take(answered("OLD")),
        "comparisons_added AFTER INSERT ON comparisons": compared.format(row="NEW"),
        "comparisons_changed AFTER UPDATE OF superseded_at, picked_id, strength, kind ON comparisons": compared.format(
            row="NEW"
        ),
        "comparisons_removed AFTER DELETE ON comparisons": compared.format(row="OLD"),
        "reports_added AFTER INSERT ON reports": reported,
        "reports_changed AFTER UPDATE OF handled_at ON reports": reported,
    }
    words = "words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0'"
    return [
        f"CREATE VIRTUAL TABLE catalogue_words USING fts5({words})",
        *(f"CREATE TRIGGER catalogue_{name} BEGIN {body} END" for name, body in triggers.items()),
    ]


_DELETE = "SELECT 'delete',"  # FTS5's command to take a text out of an index that holds no copy of it


def _postgresql() -> list[str]:
    side = side_of("NEW.family", "strpos")
    compared = f"UPDATE catalogue_entries SET (kinds, strengths, edits) = ({FACTS}) WHERE conversation_id ="
    functions = {
        "conversations_added": f"""
            INSERT INTO catalogue_entries (conversation_id, task_id, account_id, status, is_test, kinds, strengths,
                                           edits, reports, open_reports, created_at)
            VALUES (NEW.id, NEW.task_id, NEW.account_id, NEW.status, {side}, 0, 0, 0, 0, 0, NEW.created_at);
        """,
        "conversations_changed": f"""
            IF NEW.erased_at IS NOT NULL THEN
                DELETE FROM catalogue_entries WHERE conversation_id = NEW.id;
            ELSE
                UPDATE catalogue_entries SET status = NEW.status, account_id = NEW.account_id, is_test = {side}
                WHERE conversation_id = NEW.id;
            END IF;
        """,
        "turns_written": "PERFORM catalogue_put(NEW.conversation_id, NEW.position * 4, NEW.text);",
        "turns_removed": "PERFORM catalogue_put(OLD.conversation_id, OLD.position * 4, '');",
        "candidates_written": """
            PERFORM catalogue_put(t.conversation_id, t.position * 4 + strpos('abe', left(NEW.shown, 1)), NEW.text)
            FROM turns t WHERE t.id = NEW.turn_id;
        """,
        "candidates_removed": """
            PERFORM catalogue_put(t.conversation_id, t.position * 4 + strpos('abe', left(OLD.shown, 1)), '')
            FROM turns t WHERE t.id = OLD.turn_id;
        """,
        "candidates_answered": """
            INSERT INTO catalogue_snapshots (snapshot_id, number) SELECT NEW.snapshot_id, e.number
            FROM turns t JOIN catalogue_entries e ON e.conversation_id = t.conversation_id WHERE t.id = NEW.turn_id
            ON CONFLICT DO NOTHING;
        """,
        "comparisons_written": f"{compared} (SELECT conversation_id FROM turns WHERE id = NEW.turn_id);",
        "comparisons_removed": f"{compared} (SELECT conversation_id FROM turns WHERE id = OLD.turn_id);",
        "reports_written": f"""
            UPDATE catalogue_entries SET (reports, open_reports) = ({REPORTS}) WHERE conversation_id = (
                SELECT t.conversation_id FROM candidates p JOIN turns t ON t.id = p.turn_id
                WHERE p.id = NEW.candidate_id);
        """,
    }
    counted = "NEW.status <> 'importing' AND NOT NEW.preview AND NEW.erased_at IS NULL"
    triggers = [
        ("conversations_added", "AFTER INSERT ON conversations", f"WHEN ({counted})"),
        ("conversations_changed", "AFTER UPDATE OF status, account_id, family, erased_at ON conversations", ""),
        ("turns_written", "AFTER INSERT OR UPDATE OF text ON turns", ""),
        ("turns_removed", "BEFORE DELETE ON turns", ""),
        ("candidates_written", "AFTER INSERT OR UPDATE OF text ON candidates", ""),
        ("candidates_removed", "BEFORE DELETE ON candidates", ""),
        ("candidates_answered", "AFTER INSERT OR UPDATE OF snapshot_id ON candidates",
         "WHEN (NEW.snapshot_id IS NOT NULL)"),
        ("comparisons_written", f"AFTER INSERT OR UPDATE OF {CHOICE} ON comparisons", ""),
        ("comparisons_removed", "AFTER DELETE ON comparisons", ""),
        ("reports_written", "AFTER INSERT OR UPDATE OF handled_at ON reports", ""),
    ]  # fmt: skip
    return [
        """CREATE TABLE catalogue_words (
            number integer NOT NULL REFERENCES catalogue_entries (number) ON DELETE CASCADE,
            slot integer NOT NULL,
            words tsvector NOT NULL,
            PRIMARY KEY (number, slot)
        )""",
        f"""CREATE FUNCTION catalogue_words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE
            AS $$ SELECT to_tsvector('simple', regexp_replace(left(said, 200000), '[{SEPARATORS}]+', ' ', 'g')) $$""",
        """CREATE FUNCTION catalogue_put(conversation text, place integer, said text) RETURNS void LANGUAGE plpgsql
            AS $$ BEGIN
                IF said = '' THEN
                    DELETE FROM catalogue_words w USING catalogue_entries e
                    WHERE e.conversation_id = conversation AND w.number = e.number AND w.slot = place;
                ELSIF place < 4096 THEN
                    INSERT INTO catalogue_words SELECT e.number, place, catalogue_words_of(said)
                    FROM catalogue_entries e WHERE e.conversation_id = conversation
                    ON CONFLICT (number, slot) DO UPDATE SET words = EXCLUDED.words;
                END IF;
            END $$""",
        *(
            f"CREATE FUNCTION catalogue_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} "
            f"RETURN {'OLD' if name.endswith('removed') else 'NEW'}; END $$"
            for name, body in functions.items()
        ),
        *(
            f"CREATE TRIGGER catalogue_{name} {when} FOR EACH ROW {only} EXECUTE FUNCTION catalogue_{name}()"
            for name, when, only in triggers
        ),
        "CREATE INDEX ix_catalogue_words_words ON catalogue_words USING gin (words)",
    ]
