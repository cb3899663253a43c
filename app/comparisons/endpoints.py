"""The choice."""

from fastapi import APIRouter

from app.comparisons import service
from app.comparisons.schemas import Choice
from app.deps import CurrentAccount, Writing
from app.views import Turn, turn_view

router = APIRouter(tags=["comparisons"])


@router.put("/turns/{turn_id}/comparison")
def choose(turn_id: str, body: Choice, account: CurrentAccount, session: Writing) -> Turn:
    turn = service.own_turn(session, turn_id, account)
    service.record(session, turn, body)
    return turn_view(turn)
