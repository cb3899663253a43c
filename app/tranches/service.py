"""Tranches: freeze what was chosen since the last one, and read frozen comparisons back as the models' input."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import case, func, insert, literal, select
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import (
    Comparison,
    Conversation,
    Iteration,
    IterationTranche,
    Task,
    TaskKind,
    Tranche,
    TrancheKind,
    TrancheMember,
    Turn,
)
from app.tranches.dialogues import StoredTurn, members_of, read_dialogues
from app.tranches.facts import Facts
from app.tranches.families import family_of, is_test
from app.tranches.hashes import content_hash_of
from app.tranches.members import freeze_members


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
    facts, exclusions = freeze_members(session, {kind: tranche.id for kind, tranche in tranches.items()})
    for kind, tranche in tranches.items():
        if found := facts.get(kind):
            tranche.exclusions = dict(exclusions[kind])
            tranche.counts, tranche.facts = found.counts(), found.facts(session, tranche.id)
            _, tranche.content_hash = content_hash_of(session, tranche.id)
        else:
            session.delete(tranche)
    session.flush()
    return sum(exclusions.values(), Counter())


def count_facts(session: Session, tranche_id: str) -> dict[str, Any]:
    """Of a tranche that was frozen by a release without datasheets. What was erased meanwhile is not in them."""
    facts = Facts()
    for members in members_of(session, [tranche_id]):
        for dialogue in read_dialogues(session, members):
            own = members[dialogue.id]
            facts.add(dialogue, [at for at, turn in enumerate(dialogue.turns) if _is_member(turn, own)])
    return facts.facts(session, tranche_id)


def _is_member(turn: StoredTurn, members: Collection[str]) -> bool:
    return turn.choice is not None and turn.choice.id in members


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
    for members in members_of(session, tranche_ids):
        for dialogue in read_dialogues(session, members):
            turns = [_turn(turn, members[dialogue.id]) for turn in dialogue.turns]
            last = max(position for position, turn in enumerate(turns) if turn["kind"])
            yield {
                "id": dialogue.id,
                "family": dialogue.family,
                "task": str(dialogue.task),
                "system": dialogue.system,
                "turns": turns[: last + 1],
            }


def count_by_split(session: Session, tranche_ids: Sequence[str]) -> dict[str, Counter[TaskKind]]:
    """Comparisons of these tranches by the side that their family is on, and by task; not those that were erased.
    Without reading what was said, but for the first message where nobody has kept its family."""
    members = (
        select(Conversation.family, Task.kind, func.min(Conversation.id), func.count())
        .join(Task)
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .join(TrancheMember, TrancheMember.comparison_id == Comparison.id)
        .where(TrancheMember.tranche_id.in_(tranche_ids), Conversation.erased_at.is_(None))
        .group_by(Conversation.family, Task.kind, case((Conversation.family.is_(None), Conversation.id)))
        .execution_options(yield_per=1000)
    )
    sides: dict[str, Counter[TaskKind]] = {"train": Counter(), "test": Counter()}
    for family, task, conversation_id, count in session.execute(members):
        if family is None:
            first = select(Turn.text).where(Turn.conversation_id == conversation_id, Turn.position == 0)
            family = family_of(session.scalars(first).one())
        sides["test" if is_test(family) else "train"][task] += count
    return sides


def _turn(turn: StoredTurn, members: Collection[str]) -> dict[str, Any]:
    frozen = turn.choice if _is_member(turn, members) else None
    return {
        "human": turn.human,
        "candidates": [{"id": reply.id, "text": reply.text, "finish": reply.finish} for reply in turn.replies],
        "chosen": frozen and frozen.chosen,
        "rejected": frozen and frozen.rejected,
        "strength": frozen and frozen.strength,
        "trunk": turn.trunk,
        "kind": frozen and str(frozen.kind),
    }
