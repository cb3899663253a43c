"""A new tranche's members. Freezing only adds rows: comparisons stay as they are.

One statement looks at everything that no tranche holds and notes why it is left out, or that nothing leaves it out.
What is taken is read in the order in which it came about, since what was said at one time lies together on the disk.

While it lasts, nothing that it has noted becomes untrue:

- What may no longer be changed may never be changed again. A later message and the end of a conversation take its row's
  lock, as a choice does, so whoever sees them sees the last choice before them, too.
- Who erases what was said, or leaves a comparison out, is `keeping_from_tranches`: they wait for a freeze, and a freeze
  waits for them and sees what they did. One lock on the table of members does it, where every comparison would have to
  be locked before the first is looked at.
- Who leaves out all that somebody chose comes before a freeze or after it: what a tranche holds stays in it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, MetaData, String, Table, func, insert, select, text
from sqlalchemy.orm import Session

from app.db import UTCDateTime
from app.tables import Comparison, Conversation, TrancheKind, TrancheMember
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, by_conversation, read_dialogues
from app.tranches.facts import Facts
from app.tranches.hashes import content_hashes
from app.tranches.queries import is_frozen, left_out_because, visible_comparisons

_NOTED = Table(
    "freezing", MetaData(), Column("began_at", UTCDateTime), Column("conversation_id", String),
    Column("comparison_id", String), Column("kind", String), Column("left_out_because", String),
    prefixes=["TEMPORARY"],
)  # fmt: skip


class Frozen(NamedTuple):
    """What a freeze has seen, by kind."""

    facts: dict[TrancheKind, Facts]
    exclusions: dict[TrancheKind, Counter[str]]
    """How many comparisons are left out for which reason."""


class _Member(NamedTuple):
    comparison_id: str
    tranche_id: str
    content_hash: str


def freeze_members(session: Session, tranche_ids: Mapping[TrancheKind, str]) -> Frozen:
    """Put every comparison that can be frozen into the tranche of its kind. Memory stays flat."""
    connection = session.connection()
    _lock_members(connection, "ROW EXCLUSIVE")  # as adding a row does, but before anything is looked at
    _note(connection)
    facts: dict[TrancheKind, Facts] = defaultdict(Facts)
    noted = select(_NOTED.c.conversation_id, _NOTED.c.comparison_id).where(_NOTED.c.left_out_because.is_(None))
    in_order = noted.order_by(_NOTED.c.began_at, _NOTED.c.conversation_id)
    rows = connection.execute(in_order, execution_options={"yield_per": 4 * CONVERSATIONS_AT_A_TIME})
    for taken in by_conversation(rows):
        members: list[_Member] = []
        for dialogue in read_dialogues(session, taken):
            positions: dict[TrancheKind, list[int]] = defaultdict(list)
            for position, content_hash in content_hashes(dialogue):
                choice = dialogue.turns[position].choice
                if choice and choice.id in taken[dialogue.id]:
                    members.append(_Member(choice.id, tranche_ids[choice.kind], content_hash))
                    positions[choice.kind].append(position)
            for kind, of_kind in positions.items():
                facts[kind].add(dialogue, of_kind)
        _add(connection, members)
    exclusions = _exclusions(connection)
    _NOTED.drop(connection)
    return Frozen(facts, exclusions)


def keeping_from_tranches(session: Session) -> None:
    """Until this transaction ends, no comparison becomes a member. To be taken before any of their rows is locked, or
    two would wait for each other."""
    _lock_members(session.connection(), "SHARE")


def _lock_members(connection: Connection, mode: str) -> None:
    """SQLite's one writer has it all. PostgreSQL's readers, and transactions of the same mode, do not wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {TrancheMember.__tablename__} IN {mode} MODE"))


def _note(connection: Connection) -> None:
    _NOTED.create(connection)
    columns = Conversation.created_at, Conversation.id, Comparison.id, Comparison.kind, left_out_because()
    noted = visible_comparisons().where(~is_frozen()).with_only_columns(*columns)
    # Without an order SQLite would walk them by the ids of their turns, all over the disk.
    in_order = noted.order_by(Comparison.created_at)
    connection.execute(insert(_NOTED).from_select(list(_NOTED.columns), in_order))


def _exclusions(connection: Connection) -> dict[TrancheKind, Counter[str]]:
    reason = _NOTED.c.left_out_because
    counted = select(_NOTED.c.kind, reason, func.count()).where(reason.is_not(None)).group_by(_NOTED.c.kind, reason)
    found: dict[TrancheKind, Counter[str]] = defaultdict(Counter)
    for kind, why, count in connection.execute(counted):
        found[TrancheKind(kind)][why] = count
    return found


def _add(connection: Connection, members: Sequence[_Member]) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(insert(TrancheMember), [member._asdict() for member in members])
        return
    into = f"COPY {TrancheMember.__tablename__} ({', '.join(_Member._fields)}) FROM STDIN"
    with connection.connection.cursor().copy(into) as copy:  # a fraction of what INSERT takes, on both sides
        for member in members:
            copy.write_row(member)
