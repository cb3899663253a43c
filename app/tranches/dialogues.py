"""Conversations read back from rows, a few hundred at a time: freezing, training and exporting all read this."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session

from app.tables import (
    Candidate,
    ChoiceDirection,
    Comparison,
    Conversation,
    Task,
    TaskKind,
    TrancheKind,
    Turn,
)
from app.tranches.families import family_of

CONVERSATIONS_AT_A_TIME = 500


class Reply(NamedTuple):
    id: str
    text: str
    finish: str | None
    is_trunk: bool | None


class Choice(NamedTuple):
    """The current comparison of a turn, with indices into its replies."""

    id: str
    picked: int
    other: int
    strength: int | None
    direction: ChoiceDirection
    kind: TrancheKind
    tranche_id: str | None

    @property
    def chosen(self) -> int:
        """Training's better reply: the picked one, or the other where the crowdworker was asked for the worse."""
        return self.picked if self.direction == ChoiceDirection.PICK_BETTER else self.other

    @property
    def rejected(self) -> int:
        return self.other if self.direction == ChoiceDirection.PICK_BETTER else self.picked


@dataclass(slots=True)
class StoredTurn:
    id: str
    human: str
    replies: list[Reply] = field(default_factory=list)
    choice: Choice | None = None

    @property
    def trunk(self) -> int:
        """The reply the dialogue went on from: the picked one, unless an imported file says otherwise."""
        said = next((index for index, reply in enumerate(self.replies) if reply.is_trunk), None)
        if said is not None:
            return said
        return self.choice.picked if self.choice else 0


@dataclass(slots=True)
class StoredDialogue:
    id: str
    family: str
    task: TaskKind
    system: str
    turns: list[StoredTurn]

    def before(self, position: int) -> list[str]:
        """What was said when this turn's replies were given: human, assistant, …, human."""
        said = []
        for turn in self.turns[:position]:
            said += [turn.human, turn.replies[turn.trunk].text]
        return [*said, self.turns[position].human]


def read_dialogues(session: Session, conversation_ids: Sequence[str]) -> Iterator[StoredDialogue]:
    """These conversations, in the order asked for; callers ask for CONVERSATIONS_AT_A_TIME."""
    conversations = select(Conversation.id, Conversation.family, Conversation.system, Task.kind).join(Task)
    found = {row.id: row for row in session.execute(conversations.where(Conversation.id.in_(conversation_ids)))}
    turns = _turns(session, conversation_ids)
    for conversation_id in conversation_ids:
        row, its_turns = found[conversation_id], turns[conversation_id]
        family = row.family or family_of(its_turns[0].human)
        yield StoredDialogue(row.id, family, row.kind, row.system, its_turns)


_in_use = or_(
    Candidate.edited_from_id.is_(None),
    exists()
    .where(
        Comparison.turn_id == Candidate.turn_id,
        Comparison.picked_id == Candidate.id,
        Comparison.superseded_at.is_(None),
    )
    .correlate(Candidate),
)
"""An edit that was taken back is no reply of the dialogue."""


def _turns(session: Session, conversation_ids: Sequence[str]) -> dict[str, list[StoredTurn]]:
    of_conversations = Turn.conversation_id.in_(conversation_ids)
    in_order = select(Turn.conversation_id, Turn.id, Turn.text).where(of_conversations).order_by(Turn.position)
    by_conversation: dict[str, list[StoredTurn]] = defaultdict(list)
    by_id: dict[str, StoredTurn] = {}
    for conversation_id, turn_id, text in session.execute(in_order):
        by_id[turn_id] = turn = StoredTurn(turn_id, text)
        by_conversation[conversation_id].append(turn)

    replies = select(Candidate.turn_id, Candidate.id, Candidate.text, Candidate.finish, Candidate.is_trunk).join(Turn)
    for turn_id, reply_id, text, finish, is_trunk in session.execute(
        replies.where(of_conversations, _in_use).order_by(Candidate.shown)
    ):
        by_id[turn_id].replies.append(Reply(reply_id, text, finish, is_trunk))

    choices = (
        select(Comparison)
        .join(Turn, Comparison.turn_id == Turn.id)
        .where(of_conversations, Comparison.superseded_at.is_(None))
    )
    columns = [
        Comparison.turn_id, Comparison.id, Comparison.picked_id, Comparison.other_id, Comparison.strength,
        Comparison.choice_direction, Comparison.kind, Comparison.tranche_id,
    ]  # fmt: skip
    for row in session.execute(choices.with_only_columns(*columns)):
        by_id[row.turn_id].choice = _choice(row, by_id[row.turn_id].replies)
    return by_conversation


def _choice(row: Row[*tuple[Any, ...]], replies: list[Reply]) -> Choice:
    index = {reply.id: position for position, reply in enumerate(replies)}
    return Choice(
        row.id, index[row.picked_id], index[row.other_id], row.strength, row.choice_direction, row.kind, row.tranche_id
    )
