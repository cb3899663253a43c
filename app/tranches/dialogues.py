"""Conversations read back from rows, a few hundred at a time: freezing, training and exporting all read this."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, any_, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.tables import (
    Candidate,
    ChoiceDirection,
    Comparison,
    Conversation,
    Task,
    TaskKind,
    TrancheKind,
    TrancheMember,
    Turn,
)
from app.tranches.families import family_of

CONVERSATIONS_AT_A_TIME = 500


class Reply(NamedTuple):
    id: str
    text: str
    finish: str | None
    is_trunk: bool | None
    shown: str


class Choice(NamedTuple):
    """The current comparison of a turn, with indices into its replies."""

    id: str
    picked: int
    other: int
    strength: int | None
    direction: ChoiceDirection
    kind: TrancheKind
    account_id: str | None
    import_id: str | None
    text_version: int | None
    seconds: float | None
    propensity: float | None
    deployments: tuple[str, str] | None
    """Picked and other: who met, where the choice says something about two policies."""

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
        for index, reply in enumerate(self.replies):
            if reply.is_trunk:
                return index
        return self.choice.picked if self.choice else 0


@dataclass(slots=True)
class StoredDialogue:
    id: str
    family: str
    task: TaskKind
    slug: str
    system: str
    turns: list[StoredTurn]

    def before(self, position: int) -> list[str]:
        """What was said when this turn's replies were given: human, assistant, …, human."""
        said = []
        for turn in self.turns[:position]:
            said += [turn.human, turn.replies[turn.trunk].text]
        return [*said, self.turns[position].human]


Members = dict[str, set[str]]
"""Ids of comparisons, by the conversation that they are of."""


def members_of(session: Session, tranche_ids: Sequence[str]) -> Iterator[Members]:
    """These tranches' members in a stable order, CONVERSATIONS_AT_A_TIME; not those that were erased, which are hashes
    without words."""
    members = (
        select(Conversation.id, Comparison.id)
        .join(Turn, Turn.conversation_id == Conversation.id)
        .join(Comparison, Comparison.turn_id == Turn.id)
        .join(TrancheMember, TrancheMember.comparison_id == Comparison.id)
        .where(TrancheMember.tranche_id.in_(tranche_ids), Conversation.erased_at.is_(None))
        .order_by(Conversation.family, Conversation.id)
        .execution_options(yield_per=4 * CONVERSATIONS_AT_A_TIME)
    )
    return by_conversation(session.execute(members))


def by_conversation(rows: Iterable[Sequence[str]]) -> Iterator[Members]:
    """Rows of conversation and comparison, a conversation's one after the other, CONVERSATIONS_AT_A_TIME."""
    conversations = groupby(rows, key=itemgetter(0))
    while some := {id: {row[1] for row in own} for id, own in islice(conversations, CONVERSATIONS_AT_A_TIME)}:
        yield some


def read_dialogues(session: Session, conversation_ids: Collection[str]) -> Iterator[StoredDialogue]:
    """These conversations, in the order asked for; callers ask for CONVERSATIONS_AT_A_TIME."""
    of_these = _one_of(session, Conversation.id, conversation_ids)
    conversations = select(Conversation.id, Conversation.family, Conversation.system, Task.kind, Task.slug).join(Task)
    found = {row[0]: row for row in _rows(session, conversations.where(of_these))}
    turns = _turns(session, conversation_ids)
    for conversation_id in conversation_ids:
        _, family, system, kind, slug = found[conversation_id]
        its_turns = turns[conversation_id]
        yield StoredDialogue(conversation_id, family or family_of(its_turns[0].human), kind, slug, system, its_turns)


def _one_of(session: Session, column: InstrumentedAttribute[str], ids: Collection[str]) -> ColumnElement[bool]:
    """As one parameter on PostgreSQL, where reading hundreds would take longer than finding the rows."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(ids), ARRAY(String)))
    return column.in_(ids)


def _rows(session: Session, columns: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    """Of columns alone. Below the ORM, whose loading would take half of the time that is spent here."""
    return session.connection().execute(columns).all()


_shown = attrgetter("shown")

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


def _turns(session: Session, conversation_ids: Collection[str]) -> dict[str, list[StoredTurn]]:
    of_conversations = _one_of(session, Turn.conversation_id, conversation_ids)
    # In the order of an index: sorted by position alone, all these texts would go through a sorter first.
    in_order = select(Turn.conversation_id, Turn.id, Turn.text).order_by(Turn.conversation_id, Turn.position)
    by_conversation: dict[str, list[StoredTurn]] = defaultdict(list)
    by_id: dict[str, StoredTurn] = {}
    for conversation_id, turn_id, text in _rows(session, in_order.where(of_conversations)):
        by_id[turn_id] = turn = StoredTurn(turn_id, text)
        by_conversation[conversation_id].append(turn)

    replies = select(
        Candidate.turn_id, Candidate.id, Candidate.text, Candidate.finish, Candidate.is_trunk, Candidate.shown
    ).join(Turn)
    for turn_id, *reply in _rows(session, replies.where(of_conversations, _in_use)):
        by_id[turn_id].replies.append(Reply._make(reply))
    for turn in by_id.values():
        turn.replies.sort(key=_shown)

    current = (
        select(
            Comparison.turn_id, Comparison.id, Comparison.picked_id, Comparison.other_id, Comparison.strength,
            Comparison.choice_direction, Comparison.kind, Comparison.account_id, Comparison.import_id,
            Comparison.text_version, Comparison.seconds_to_choose, Comparison.propensity,
            Comparison.picked_deployment_id, Comparison.other_deployment_id,
        )
        .join(Turn, Comparison.turn_id == Turn.id)
        .where(of_conversations, Comparison.superseded_at.is_(None))
    )  # fmt: skip
    for turn_id, id, picked_id, other_id, *judged, picked_by, other_by in _rows(session, current):
        turn = by_id[turn_id]
        index = {reply.id: position for position, reply in enumerate(turn.replies)}
        met = (picked_by, other_by) if picked_by else None
        turn.choice = Choice._make((id, index[picked_id], index[other_id], *judged, met))
    return by_conversation
