"""Tranches: freeze what was chosen since the last one, and read frozen comparisons back as the models' input."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, distinct, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import (
    Comparison,
    Conversation,
    Iteration,
    IterationTranche,
    Task,
    Tranche,
    TrancheKind,
    Turn,
)
from app.tranches.dialogues import CONVERSATIONS_AT_A_TIME, Choice, StoredDialogue, StoredTurn, read_dialogues
from app.tranches.queries import freezable_comparisons, left_out_because, visible_comparisons


class EmptyTranche(DomainError):
    status = 409


def freeze(session: Session, iteration: Iteration) -> list[Tranche]:
    """Freeze every settled comparison that no tranche holds yet, and return ALL tranches this iteration trains on,
    oldest first; the new ones carry its id. Again for the same iteration: the same answer, nothing new is frozen."""
    frozen_here = select(Tranche.id).where(Tranche.iteration_id == iteration.id)
    exclusions: dict[TrancheKind, Counter[str]] = {}
    if session.scalar(frozen_here.limit(1)) is None:
        exclusions = _exclusions(session)
        _freeze_new(session, iteration, exclusions)
        _link_all(session, iteration)
    of_iteration = select(Tranche).join(IterationTranche).where(IterationTranche.iteration_id == iteration.id)
    tranches = list(session.scalars(of_iteration.order_by(Tranche.created_at, Tranche.name)))
    if not tranches:
        raise EmptyTranche(_nothing_to_freeze(sum(exclusions.values(), Counter())))
    return tranches


def _exclusions(session: Session) -> dict[TrancheKind, Counter[str]]:
    """By kind, how many unfrozen comparisons are left out for which reason."""
    reason = left_out_because()
    counted = (
        visible_comparisons()
        .where(Comparison.tranche_id.is_(None))
        .with_only_columns(Comparison.kind, reason.label("reason"), func.count())
        .group_by(Comparison.kind, reason)
    )
    found: dict[TrancheKind, Counter[str]] = {}
    for kind, why, count in session.execute(counted):
        found.setdefault(kind, Counter())
        if why is not None:
            found[kind][why] += count
    return found


def _freeze_new(session: Session, iteration: Iteration, exclusions: dict[TrancheKind, Counter[str]]) -> None:
    tranches = []
    for kind, left_out in sorted(exclusions.items()):
        tranche = Tranche(
            name=f"{iteration.name}-{kind}",
            kind=kind,
            content_hash="",
            counts={},
            exclusions=dict(left_out),
            iteration_id=iteration.id,
        )
        session.add(tranche)
        session.flush()
        members = freezable_comparisons().where(Comparison.kind == kind).with_only_columns(Comparison.id)
        # Marked first, in one statement: from here on the members are what points at the tranche.
        session.execute(
            update(Comparison).where(Comparison.id.in_(members)).values(tranche_id=tranche.id),
            execution_options={"synchronize_session": False},
        )
        tranches.append(tranche)
    _hash_members(session, [tranche.id for tranche in tranches])
    for tranche in tranches:
        tranche.counts = _counts(session, tranche)
        tranche.content_hash = _content_hash(session, tranche)
        if not tranche.counts["comparisons"]:
            session.delete(tranche)
    session.flush()


def _hash_members(session: Session, tranche_ids: Sequence[str]) -> None:
    set_hash = update(Comparison).where(Comparison.id == bindparam("comparison")).values(content_hash=bindparam("hash"))
    # The cursor below stays open while its rows are updated: neither its membership nor its order looks at the hash.
    for conversation_ids in _conversations(session, tranche_ids):
        hashes = [
            {"comparison": turn.choice.id, "hash": _comparison_hash(dialogue, position, turn.choice)}
            for dialogue in read_dialogues(session, conversation_ids)
            for position, turn in enumerate(dialogue.turns)
            if turn.choice and turn.choice.tranche_id in tranche_ids
        ]
        session.connection().execute(set_hash, hashes)


def _comparison_hash(dialogue: StoredDialogue, position: int, choice: Choice) -> str:
    """Of what training learns from one comparison: no id, no person, no time, so that two databases agree."""
    replies = dialogue.turns[position].replies
    content = [
        dialogue.task,
        dialogue.system,
        dialogue.before(position),
        replies[choice.picked].text,
        replies[choice.other].text,
        choice.direction,
        choice.strength,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _content_hash(session: Session, tranche: Tranche) -> str:
    """In the order of the hashes themselves, which needs no id and no clock."""
    of_tranche, digest = select(Comparison.content_hash).where(Comparison.tranche_id == tranche.id), hashlib.sha256()
    for content_hash in session.scalars(of_tranche.order_by(Comparison.content_hash).execution_options(yield_per=1000)):
        digest.update(f"{content_hash}\n".encode())
    return digest.hexdigest()


def _counts(session: Session, tranche: Tranche) -> dict[str, Any]:
    members = select(Comparison).join(Turn, Comparison.turn_id == Turn.id).join(Conversation).join(Task)
    members = members.where(Comparison.tranche_id == tranche.id)
    totals = members.with_only_columns(func.count(), func.count(distinct(Turn.conversation_id)))
    comparisons, conversations = session.execute(totals).one()
    by_task = members.with_only_columns(Task.slug, func.count()).group_by(Task.slug)
    by_strength = members.with_only_columns(Comparison.strength, func.count()).group_by(Comparison.strength)
    return {
        "comparisons": comparisons,
        "conversations": conversations,
        "by_task": dict(sorted(session.execute(by_task).tuples())),
        "by_strength": {
            "none" if strength is None else str(strength): count for strength, count in session.execute(by_strength)
        },
    }


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
    for conversation_ids in _conversations(session, tranche_ids):
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


def _conversations(session: Session, tranche_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids of the conversations that hold these tranches' members, in a stable order, a chunk at a time; not those that
    were erased, whose members are hashes without words."""
    members = (
        select(Conversation.id, Conversation.family)
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .where(Comparison.tranche_id.in_(tranche_ids), Conversation.erased_at.is_(None))
        .distinct()
        .order_by(Conversation.family, Conversation.id)
        .execution_options(yield_per=CONVERSATIONS_AT_A_TIME)
    )
    for rows in session.execute(members).partitions():
        yield [conversation_id for conversation_id, _ in rows]
