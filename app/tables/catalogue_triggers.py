"""The index of words and the triggers that keep the catalogue, in the SQL of each database.

`catalogue_words` is FTS5 on SQLite and a table with a GIN index on PostgreSQL, outside of SQLAlchemy's metadata. Each
text is a row of its own, so that nothing is written twice: text `slot` of conversation `number`, four to a turn (the
human message, a, b, edited). On SQLite the two are one rowid, number × 4096 + slot, and the index holds no copy of the
texts (`content=''`): what is taken out of it has to be named, which only a trigger can do for sure.

A migration holds what is here as it was then; a test compares the two.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, event, text

from app.db import Base
from app.tables.catalogue import CatalogueEntry

SLOTS = 4096  # of one conversation: 1024 turns
WORDS = "catalogue_words"

SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff"
)
"""What stands between words, as a class of Python's and of PostgreSQL's regular expressions: left to itself, PostgreSQL
would read “and/or” as a file's path. FTS5 has the same idea of words (Unicode's letters and digits)."""


def is_word_table(name: str | None) -> bool:
    """FTS5 keeps its index in tables beside its own."""
    return (name or "").startswith(WORDS)


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
NEW_ENTRIES = """
    INSERT INTO catalogue_entries (conversation_id, task_id, account_id, status, is_test, kinds, strengths, edits,
                                   reports, open_reports, created_at)
    SELECT c.id, c.task_id, c.account_id, c.status, {side}, 0, 0, 0, 0, 0, c.created_at
    FROM conversations c WHERE c.id IN :ids ORDER BY c.created_at, c.id
"""
NEW_FACTS = f"UPDATE catalogue_entries SET (kinds, strengths, edits) = ({FACTS}) WHERE conversation_id IN :ids"
NEW_SNAPSHOTS = """
    INSERT INTO catalogue_snapshots (snapshot_id, number) SELECT DISTINCT p.snapshot_id, e.number
    FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id JOIN candidates p ON p.turn_id = t.id
    WHERE e.conversation_id IN :ids AND p.snapshot_id IS NOT NULL
"""
TEXTS = """
    SELECT e.number, t.position * 4 AS slot, t.text AS said
    FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id
    WHERE e.conversation_id IN :ids AND t.text <> '' AND t.position < 1024
    UNION ALL
    SELECT e.number, t.position * 4 + CASE p.shown WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 3 END, p.text
    FROM catalogue_entries e JOIN turns t ON t.conversation_id = e.conversation_id JOIN candidates p ON p.turn_id = t.id
    WHERE e.conversation_id IN :ids AND p.text <> '' AND t.position < 1024
"""


def add_to_catalogue(connection: Connection, conversation_ids: Sequence[str]) -> None:
    """Make the entries of conversations that have none, in bulk: an import's, which nobody has reported yet."""
    sqlite = connection.dialect.name == "sqlite"
    new_words = (
        f"INSERT INTO catalogue_words (rowid, words) SELECT number * {SLOTS} + slot, said FROM ({TEXTS}) ORDER BY 1"
        if sqlite  # FTS5 wants ascending rows: each step back writes out what it has in memory
        else f"INSERT INTO catalogue_words SELECT number, slot, catalogue_words_of(said) FROM ({TEXTS}) AS texts"
    )
    side = side_of("c.family", "instr" if sqlite else "strpos")
    for statement in (NEW_ENTRIES.format(side=side), NEW_FACTS, NEW_SNAPSHOTS, new_words):
        some = text(statement).bindparams(bindparam("ids", expanding=True))
        connection.execute(some, {"ids": list(conversation_ids)})


# SQLite ------------------------------------------------------------------------------------------------------------


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


# PostgreSQL --------------------------------------------------------------------------------------------------------


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
        # A tsvector holds a megabyte at most; what comes after so many characters is not found, but stored.
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


def statements(dialect: str) -> list[str]:
    """As a driver takes them: psycopg wants its percent signs twice."""
    return _sqlite() if dialect == "sqlite" else [statement.replace("%", "%%") for statement in _postgresql()]


@event.listens_for(Base.metadata, "after_create")
def _create(_: Any, connection: Connection, *, tables: Sequence[Table], **__: Any) -> None:
    if CatalogueEntry.__table__ in tables:
        for statement in statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
