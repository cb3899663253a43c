"""What a crowdworker's browser may know of tasks, assignments, conversations and turns.

Blindness is decided here: no snapshot, deployment, seed, score or propensity has a field, and texts that are held back
(best-of-k cannot stream, so its partner must not either) stay empty until the turn is over.
"""

import zlib
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import tables
from app.pay import Money, earned
from app.tables import AssignmentStatus, CandidateStatus, ChoiceDirection, ConversationStatus, TaskKind, TurnStatus


class Task(BaseModel):
    slug: str
    kind: TaskKind
    choice_direction: ChoiceDirection
    title: str
    question: str
    instructions: str
    text_version: int
    guide: Annotated[bool, Field(description="Is there a longer page with worked examples?")]
    max_turns: int
    conversations_per_assignment: int
    pay: Annotated[Money | None, Field(description="For a whole assignment. Null: not said here.")]


class Assignment(BaseModel):
    id: str
    task: Task
    status: AssignmentStatus
    position: int
    of: int
    conversation_id: str | None
    completed: int
    completion_code: str | None
    earned: Annotated[Money | None, Field(description="Kept whoever leaves now. Null: no pay was said here.")]


class Candidate(BaseModel):
    id: str
    shown: Literal["a", "b", "edited"]
    status: CandidateStatus
    text: str
    finish: Literal["stop", "length", "stopped", "failed"] | None
    reported: bool


class Comparison(BaseModel):
    picked: str
    strength: int | None


class Turn(BaseModel):
    id: str
    client_id: str
    position: int
    text: str
    status: TurnStatus
    candidates: list[Candidate]
    comparison: Comparison | None
    changeable: bool
    check: Annotated[bool, Field(description="Ask now which response this task wants picked: POST …/check.")]
    error: str | None


class Conversation(BaseModel):
    id: str
    task: Task
    assignment_id: str | None
    position: int | None
    of: int | None
    status: Literal["open", "completed", "withdrawn"]
    red_team_plan: str | None
    preview: Annotated[bool, Field(description="A researcher's look around: never counted.")]
    turns: list[Turn]


def task_view(task: tables.Task) -> Task:
    text = task.current_text
    return Task(
        slug=task.slug,
        kind=task.kind,
        choice_direction=task.choice_direction,
        title=text.title,
        question=text.question,
        instructions=text.instructions,
        text_version=text.version,
        guide=bool(text.guide),
        max_turns=task.max_turns,
        conversations_per_assignment=task.conversations_per_assignment,
        pay=Money(cents=task.pay_cents, currency=task.currency) if task.pay_cents is not None else None,
    )


def assignment_view(session: Session, assignment: tables.Assignment) -> Assignment:
    own = tables.Conversation.assignment_id == assignment.id
    completed = session.scalar(
        select(func.count()).where(own, tables.Conversation.status == ConversationStatus.COMPLETED)
    )
    in_hand = session.execute(
        select(tables.Conversation.id, tables.Conversation.position).where(
            own, tables.Conversation.status == ConversationStatus.OPEN
        )
    ).first()
    return Assignment(
        id=assignment.id,
        task=task_view(session.get_one(tables.Task, assignment.task_id)),
        status=assignment.status,
        position=in_hand.position if in_hand else completed or 1,
        of=assignment.conversation_count,
        conversation_id=in_hand.id if in_hand else None,
        completed=completed or 0,
        completion_code=assignment.completion_code,
        earned=earned(session, [assignment]).get(assignment.id),
    )


def conversation_view(session: Session, conversation: tables.Conversation) -> Conversation:
    assignment = session.get(tables.Assignment, conversation.assignment_id) if conversation.assignment_id else None
    return Conversation(
        id=conversation.id,
        task=task_view(session.get_one(tables.Task, conversation.task_id)),
        assignment_id=conversation.assignment_id,
        position=conversation.position,
        of=assignment.conversation_count if assignment else None,
        status=conversation.status.value,  # type: ignore[arg-type]  # pydantic checks; imports have no crowdworker
        red_team_plan=conversation.red_team_plan,
        preview=conversation.preview,
        turns=[turn_view(turn) for turn in conversation.turns],
    )


def turn_view(turn: tables.Turn) -> Turn:
    chosen = turn.comparison
    reported = {report.candidate_id for report in turn.reports}
    return Turn(
        id=turn.id,
        client_id=turn.client_id,
        position=turn.position,
        text=turn.text,
        status=turn.status,
        candidates=[_candidate(candidate, reported) for candidate in turn.replies],
        comparison=Comparison(picked=chosen.picked_id, strength=chosen.strength) if chosen else None,
        changeable=is_changeable(turn),
        check=is_check_due(turn),
        error=turn.error,
    )


def _candidate(candidate: tables.Candidate, reported: set[str]) -> Candidate:
    return Candidate(
        id=candidate.id,
        shown=candidate.shown,  # type: ignore[arg-type]  # pydantic checks, here and below
        status=candidate.status,
        text=candidate.text,
        finish=candidate.finish,  # type: ignore[arg-type]
        reported=candidate.id in reported,
    )


def is_changeable(turn: tables.Turn) -> bool:
    """May the crowdworker choose here, or choose again? Until the next message or the end; a tranche takes nothing
    before."""
    conversation = turn.conversation
    return (
        turn.status == TurnStatus.READY
        and conversation.status == ConversationStatus.OPEN
        and turn.position == max(other.position for other in conversation.turns)
    )


CHECK_EVERY = 8  # choices of a pick-worse task, about


def is_checked(turn_id: str) -> bool:
    """By a hash, so that it is the same at every reload and nothing that one could see coming."""
    return zlib.crc32(turn_id.encode()) % CHECK_EVERY == 0


def is_check_due(turn: tables.Turn) -> bool:
    """Ask whether the crowdworker knows that the worse one is wanted? Now and then, after a choice, once a turn."""
    chosen = turn.comparison
    return (
        chosen is not None
        and chosen.choice_direction == ChoiceDirection.PICK_WORSE
        and is_checked(turn.id)
        and is_changeable(turn)
        and turn.direction_check is None
    )


def is_held(turn: tables.Turn) -> bool:
    """Are both candidates held back, because one of them is the best of several and cannot stream?"""
    return any((candidate.sampling or {}).get("best_of", 1) > 1 for candidate in turn.candidates)
