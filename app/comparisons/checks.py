"""An occasional question in tasks that ask for the worse response: does the crowdworker still know which one to pick?

In the paper's red-teaming people mixed the two directions up. The answer is kept beside the turn for researchers; it
changes no comparison.
"""

from typing import Literal

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.tables import DirectionCheck, Turn
from app.views import is_check_due


class CheckNotAsked(DomainError):
    status = 409


def answer(session: Session, turn: Turn, picks: Literal["better", "worse"]) -> bool:
    """Whether that is right. The first answer is what counts; the same question again gets its result."""
    if turn.direction_check is None:
        if not is_check_due(turn):
            raise CheckNotAsked("There is no question about this choice.")
        turn.direction_check = DirectionCheck(turn_id=turn.id, right=picks == "worse")
        session.flush()
    return turn.direction_check.right
