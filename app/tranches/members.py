"""A new tranche's members, each written once: with its tranche and its hash in the same UPDATE.

Rows of comparisons are what freezing costs: each UPDATE of one writes every index again, and on PostgreSQL a second one
in the same transaction looks up all its foreign keys, too. So who becomes a member is noted beside them at first. They
are read in the order in which they came about, since what was said at one time lies together on the disk.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from sqlalchemy import Column, Connection, MetaData, String, Table, bindparam, insert, select, text, update
from sqlalchemy.orm import Session

from app.db import UTCDateTime
from app.tables import Comparison, Conversation, TrancheKind
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, read_dialogues
from app.tranches.facts import Facts
from app.tranches.hashes import content_hashes
from app.tranches.queries import freezable_comparisons

_NOTED = Table(
    "freezing", MetaData(), Column("began_at", UTCDateTime), Column("conversation_id", String),
    Column("comparison_id", String), prefixes=["TEMPORARY"],
)  # fmt: skip


class _Member(NamedTuple):
    comparison_id: str
    tranche_id: str
    content_hash: str


def freeze_members(session: Session, tranche_ids: Mapping[TrancheKind, str]) -> dict[TrancheKind, Facts]:
    """Put every freezable comparison into the tranche of its kind; what was seen on the way. Memory stays flat."""
    connection = session.connection()
    facts: dict[TrancheKind, Facts] = defaultdict(Facts)
    _note_members(connection)
    for members in _noted(connection):
        written: list[_Member] = []
        for dialogue in read_dialogues(session, list(members)):
            positions: dict[TrancheKind, list[int]] = defaultdict(list)
            for position, content_hash in content_hashes(dialogue):
                choice = dialogue.turns[position].choice
                if choice and choice.id in members[dialogue.id]:
                    written.append(_Member(choice.id, tranche_ids[choice.kind], content_hash))
                    positions[choice.kind].append(position)
            for kind, of_kind in positions.items():
                facts[kind].add(dialogue, of_kind)
        _write(connection, written)
    _NOTED.drop(connection)
    return facts


def _note_members(connection: Connection) -> None:
    """Decided by one statement. PostgreSQL locks them as an UPDATE would, until the transaction ends."""
    _NOTED.create(connection)
    members = freezable_comparisons().with_only_columns(Conversation.created_at, Conversation.id, Comparison.id)
    locked = members.with_for_update(of=Comparison, key_share=True)
    connection.execute(insert(_NOTED).from_select(list(_NOTED.columns), locked))


def _noted(connection: Connection) -> Iterator[dict[str, set[str]]]:
    """Ids of members by conversation, CONVERSATIONS_AT_A_TIME."""
    conversation_id, comparison_id = _NOTED.c.conversation_id, _NOTED.c.comparison_id
    in_order = select(conversation_id, comparison_id).order_by(_NOTED.c.began_at, conversation_id)
    rows = connection.execute(in_order, execution_options={"yield_per": 4 * CONVERSATIONS_AT_A_TIME})
    by_conversation = groupby(rows, key=lambda row: row[0])
    while some := {id: {row[1] for row in own} for id, own in islice(by_conversation, CONVERSATIONS_AT_A_TIME)}:
        yield some


def _write(connection: Connection, members: Sequence[_Member]) -> None:
    if connection.dialect.name == "postgresql":  # one statement: each of many would be planned and answered by itself
        arrays = "unnest(CAST(:ids AS varchar[]), CAST(:tranches AS varchar[]), CAST(:hashes AS varchar[]))"
        statement = (
            "UPDATE comparisons SET tranche_id = new.tranche_id, content_hash = new.content_hash "
            f"FROM {arrays} AS new (id, tranche_id, content_hash) WHERE comparisons.id = new.id"
        )
        ids, tranches, hashes = (list(column) for column in zip(*members, strict=True))
        connection.execute(text(statement), {"ids": ids, "tranches": tranches, "hashes": hashes})
        return
    comparisons = Comparison.__table__
    written = update(Comparison).values(tranche_id=bindparam("tranche"), content_hash=bindparam("hash"))
    connection.execute(
        written.where(comparisons.c.id == bindparam("comparison")),
        [
            {"comparison": member.comparison_id, "tranche": member.tranche_id, "hash": member.content_hash}
            for member in members
        ],
    )
