"""The hash of a comparison and of a tranche, and whether what is stored still has them."""

from collections.abc import Iterator
from hashlib import sha256
from json.encoder import encode_basestring
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tables import Tranche, TrancheMember
from app.tranches.dialogues import StoredDialogue, members_of, read_dialogues


def content_hashes(dialogue: StoredDialogue) -> Iterator[tuple[int, str]]:
    """Position and hash of every comparison of a dialogue: sha256 of what training learns from it, as JSON,

        [task, system, [human, assistant, …, human], picked, other, direction, strength]

    It holds no id, no person and no time, so that two databases agree. What a dialogue's comparisons share is encoded
    and hashed once."""
    said = sha256(f"[{_json(dialogue.task)}, {_json(dialogue.system)}, [".encode())
    for position, turn in enumerate(dialogue.turns):
        said.update(_json(turn.human).encode())
        if choice := turn.choice:
            picked, other = turn.replies[choice.picked].text, turn.replies[choice.other].text
            judged = f"{_json(choice.direction)}, {'null' if choice.strength is None else choice.strength}"
            content = said.copy()
            content.update(f"], {_json(picked)}, {_json(other)}, {judged}]".encode())
            yield position, content.hexdigest()
        if position + 1 < len(dialogue.turns):
            said.update(f", {_json(turn.replies[turn.trunk].text)}, ".encode())


_json = encode_basestring
"""Of a text, as json.dumps(text, ensure_ascii=False) ends up doing, without what it asks before."""


class Checked(NamedTuple):
    """What came of looking at a tranche's words again."""

    members: int
    changed: int
    """Members whose words have another hash than when they were frozen."""
    gone: int
    """Members without words: erased, and known by their hash alone."""
    content_hash: str
    """Of the members' hashes as they are stored."""

    def is_whole(self, tranche: Tranche) -> bool:
        return not self.changed and self.content_hash == tranche.content_hash


def check(session: Session, tranche: Tranche) -> Checked:
    """Hash all its words again: a pass over its members."""
    seen = changed = 0
    for members in members_of(session, [tranche.id]):
        hashes = {
            choice.id: content_hash
            for dialogue in read_dialogues(session, members)
            for position, content_hash in content_hashes(dialogue)
            if (choice := dialogue.turns[position].choice) and choice.id in members[dialogue.id]
        }
        stored = select(TrancheMember.comparison_id, TrancheMember.content_hash)
        stored = stored.where(TrancheMember.comparison_id.in_(hashes))
        changed += sum(hashes[id] != content_hash for id, content_hash in session.execute(stored))
        seen += len(hashes)
    count, digest = content_hash_of(session, tranche.id)
    return Checked(count, changed, count - seen, digest)


def content_hash_of(session: Session, tranche_id: str) -> tuple[int, str]:
    """How many members it has, and the sha256 over their hashes in the order of the hashes themselves, which needs no
    id and no clock."""
    of_tranche = select(TrancheMember.content_hash).where(TrancheMember.tranche_id == tranche_id)
    in_order = of_tranche.order_by(TrancheMember.content_hash).execution_options(yield_per=1000)
    digest, members = sha256(), 0
    for content_hash in session.scalars(in_order):
        digest.update(f"{content_hash}\n".encode())
        members += 1
    return members, digest.hexdigest()
