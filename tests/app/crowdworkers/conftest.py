"""What somebody chose, in a line each."""

from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from app.db import now
from app.tables import Account, ChoiceDirection, Comparison, ConversationStatus, Task
from app.weeks import WEEK, monday_of
from tests.factories import make_comparison, make_conversation, make_turn

MONDAY = datetime.combine(monday_of(now()) - 10 * WEEK, time(9), UTC)
"""At nine, ten weeks ago."""


def chosen(
    session: Session,
    account: Account,
    picked: str = "a",
    *,
    at: datetime = MONDAY,
    scores: tuple[float | None, float | None] = (None, None),
    pm: str | None = None,
    task: Task | None = None,
    **fields: Any,
) -> Comparison:
    """One conversation of one turn, ended."""
    conversation = make_conversation(session, task, account, status=ConversationStatus.COMPLETED, created_at=at)
    turn = make_turn(session, conversation, created_at=at)
    for candidate, score in zip(turn.candidates, scores, strict=True):
        candidate.score, candidate.scored_by_id = score, pm
    direction = task.choice_direction if task else ChoiceDirection.PICK_BETTER
    row = make_comparison(session, turn, picked, created_at=at, **{"choice_direction": direction} | fields)
    session.flush()
    return row
