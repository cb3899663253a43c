"""Tranches: freeze what was chosen since the last one, and read frozen comparisons back as the models' input."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import (
    Comparison,
    Conversation,
    Iteration,
    IterationTranche,
    Tranche,
    TrancheKind,
    Turn,
)
from app.tranches.dialogues import StoredTurn, members_of, read_dialogues
from app.tranches.facts import Facts
from app.tranches.families import family_of, is_test
from app.tranches.hashes import content_hash_of, content_hashes
from app.tranches.queries import freezable_comparisons, left_out_because, visible_comparisons


class EmptyTranche(DomainError):
    status = 409


def freeze(session: Session, iteration: Iteration) -> list[Tranche]:
    """Freeze every settled comparison that no tranche holds yet, and return ALL tranches this iteration trains on,
    oldest first; the new ones carry its id. Again for the same iteration: the same answer, nothing new is frozen."""
    frozen_here = select(Tranche.id).where(Tranche.iteration_id == iteration.id)
    left_out: Counter[str] = Counter()
    if session.scalar(frozen_here.limit(1)) is None:
        left_out = _freeze_new(session, iteration)
        _link_all(session, iteration)
    of_iteration = select(Tranche).join(IterationTranche).where(IterationTranche.iteration_id == iteration.id)
    tranches = list(session.scalars(of_iteration.order_by(Tranche.created_at, Tranche.name)))
    if not tranches:
        raise EmptyTranche(_nothing_to_freeze(left_out))
    return tranches


def _freeze_new(session: Session, iteration: Iteration) -> Counter[str]:
    """A tranche for each kind that has a comparison to freeze; why all the others are left out."""
    tranches = {
        kind: Tranche(
            name=f"{iteration.name}-{kind}", kind=kind, content_hash="", counts={}, exclusions={},
            iteration_id=iteration.id,
        )
        for kind in TrancheKind
    }  # fmt: skip
    session.add_all(tranches.values())
    session.flush()
    _mark_members(session, tranches)
    exclusions = _exclusions(session)
    facts = _hash_members(session, [tranche.id for tranche in tranches.values()])
    for kind, tranche in tranches.items():
        if found := facts.get(tranche.id):
            tranche.exclusions = dict(exclusions[kind])
            tranche.counts, tranche.facts = found.counts(), found.facts(session, tranche.id)
            _, tranche.content_hash = content_hash_of(session, tranche.id)
        else:
            session.delete(tranche)
    session.flush()
    return sum(exclusions.values(), Counter())


def _mark_members(session: Session, tranches: Mapping[TrancheKind, Tranche]) -> None:
    """First, and in one statement: from here on the members are what points at the tranche."""
    tranche_of_kind = case({kind: tranche.id for kind, tranche in tranches.items()}, value=Comparison.kind)
    members = freezable_comparisons().with_only_columns(Comparison.id)
    session.execute(
        update(Comparison).where(Comparison.id.in_(members)).values(tranche_id=tranche_of_kind),
        execution_options={"synchronize_session": False},
    )


def _exclusions(session: Session) -> dict[TrancheKind, Counter[str]]:
    """By kind, how many of those that were not marked are left out for which reason."""
    reason = left_out_because()
    counted = (
        visible_comparisons()
        .where(Comparison.tranche_id.is_(None), reason.is_not(None))
        .with_only_columns(Comparison.kind, reason.label("reason"), func.count())
        .group_by(Comparison.kind, reason)
    )
    found: dict[TrancheKind, Counter[str]] = defaultdict(Counter)
    for kind, why, count in session.execute(counted):
        found[kind][str(why)] += count
    return found


def _hash_members(session: Session, tranche_ids: Sequence[str]) -> dict[str, Facts]:
    """Set each member's content hash; what was seen on the way, by tranche."""
    facts: dict[str, Facts] = defaultdict(Facts)
    # The cursor below stays open while its rows are updated: neither its membership nor its order looks at the hash.
    for conversation_ids in members_of(session, tranche_ids):
        hashes: dict[str, str] = {}
        for dialogue in read_dialogues(session, conversation_ids):
            members: dict[str, list[int]] = defaultdict(list)
            for position, content_hash in content_hashes(dialogue):
                choice = dialogue.turns[position].choice
                if choice and choice.tranche_id and choice.tranche_id in tranche_ids:
                    hashes[choice.id] = content_hash
                    members[choice.tranche_id].append(position)
            for tranche_id, positions in members.items():
                facts[tranche_id].add(dialogue, positions)
        _set_hashes(session.connection(), hashes)
    return facts


def _set_hashes(connection: Connection, hashes: Mapping[str, str]) -> None:
    if connection.dialect.name == "postgresql":  # one statement: each of many would be planned and answered by itself
        arrays = "unnest(CAST(:ids AS varchar[]), CAST(:hashes AS varchar[])) AS new (id, hash)"
        statement = f"UPDATE comparisons SET content_hash = new.hash FROM {arrays} WHERE comparisons.id = new.id"
        connection.execute(text(statement), {"ids": list(hashes), "hashes": list(hashes.values())})
        return
    comparisons = Comparison.__table__
    set_hash = (
        update(Comparison).where(comparisons.c.id == bindparam("comparison")).values(content_hash=bindparam("hash"))
    )
    connection.execute(set_hash, [{"comparison": id, "hash": content_hash} for id, content_hash in hashes.items()])


def count_facts(session: Session, tranche_id: str) -> dict[str, Any]:
    """Of a tranche that was frozen by a release without datasheets. What was erased meanwhile is not in them."""
    facts = Facts()
    for conversation_ids in members_of(session, [tranche_id]):
        for dialogue in read_dialogues(session, conversation_ids):
            facts.add(dialogue, [at for at, turn in enumerate(dialogue.turns) if _is_member(turn, tranche_id)])
    return facts.facts(session, tranche_id)


def _is_member(turn: StoredTurn, tranche_id: str) -> bool:
    return turn.choice is not None and turn.choice.tranche_id == tranche_id


def _link_all(session: Session, iteration: Iteration) -> None:
    """The paper's way: an iteration trains on every tranche so far."""
    every = select(literal(iteration.id), Tranche.id)
    session.execute(insert(IterationTranche).from_select(["iteration_id", "tranche_id"], every))


def _nothing_to_freeze(left_out: Counter[str]) -> str:
    if not left_out:
        return "There is nothing to train on: nobody has compared anything yet and nothing was imported."
    reasons = ", ".join(f"{count} × {reason}" for reason, count in left_out.most_common())
    return f"There is nothing to train on: all {left_out.total()} comparisons are left out ({reasons})."


def conversations_of(session: Session, tranche_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """These tranches as lines of `comparisons.jsonl` (docs/seams.md §3) without `split`, which models compute: one
    conversation each, by family, up to its last frozen choice. What was said later is not theirs and may still grow."""
    for conversation_ids in members_of(session, tranche_ids):
        for dialogue in read_dialogues(session, conversation_ids):
            turns = [_turn(turn, tranche_ids) for turn in dialogue.turns]
            last = max(position for position, turn in enumerate(turns) if turn["kind"])
            yield {
                "id": dialogue.id,
                "family": dialogue.family,
                "task": str(dialogue.task),
                "system": dialogue.system,
                "turns": turns[: last + 1],
            }


def count_by_split(session: Session, tranche_ids: Sequence[str]) -> Counter[str]:
    """Comparisons of these tranches by the side that their family is on; not those that were erased. Without reading
    what was said, but for the first message where nobody has kept its family."""
    members = (
        select(Conversation.family, func.min(Conversation.id), func.count())
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .where(Comparison.tranche_id.in_(tranche_ids), Conversation.erased_at.is_(None))
        .group_by(Conversation.family, case((Conversation.family.is_(None), Conversation.id)))
        .execution_options(yield_per=1000)
    )
    sides = Counter(train=0, test=0)
    for family, conversation_id, count in session.execute(members):
        if family is None:
            first = select(Turn.text).where(Turn.conversation_id == conversation_id, Turn.position == 0)
            family = family_of(session.scalars(first).one())
        sides["test" if is_test(family) else "train"] += count
    return sides


def _turn(turn: StoredTurn, tranche_ids: Sequence[str]) -> dict[str, Any]:
    frozen = turn.choice if turn.choice and turn.choice.tranche_id in tranche_ids else None
    return {
        "human": turn.human,
        "candidates": [{"id": reply.id, "text": reply.text, "finish": reply.finish} for reply in turn.replies],
        "chosen": frozen and frozen.chosen,
        "rejected": frozen and frozen.rejected,
        "strength": frozen and frozen.strength,
        "trunk": turn.trunk,
        "kind": frozen and str(frozen.kind),
    }
