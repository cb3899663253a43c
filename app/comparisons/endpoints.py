"""The choice, the edit that may take its place, and the question whether the crowdworker knows what is asked."""

from fastapi import APIRouter, Response

from app import db
from app.comparisons import checks, edits, service
from app.comparisons.schemas import Checked, Choice, Edit, Understood
from app.deps import ConsentingAccount, MayWrite, Writing
from app.views import Turn, turn_view

router = APIRouter(tags=["comparisons"])


@router.put("/turns/{turn_id}/comparison", response_model=Turn)
def choose(turn_id: str, body: Choice, account: ConsentingAccount, _: MayWrite) -> Response:
    # What people wait for most often. From the lock to the answer's JSON it stays on one thread: nobody's choice waits
    # while this answer waits for the event loop.
    with db.writing() as session:
        turn = service.own_turn(session, turn_id, account)
        service.record(session, turn, body)
        answer = turn_view(turn)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.put("/turns/{turn_id}/edit")
def edit(turn_id: str, body: Edit, account: ConsentingAccount, session: Writing) -> Turn:
    turn = service.own_turn(session, turn_id, account)
    edits.edit(session, turn, account, body)
    return turn_view(turn)


@router.delete("/turns/{turn_id}/edit")
def take_edit_back(turn_id: str, account: ConsentingAccount, session: Writing) -> Turn:
    turn = service.own_turn(session, turn_id, account)
    edits.take_back(session, turn)
    return turn_view(turn)


@router.post("/turns/{turn_id}/check")
def check_direction(turn_id: str, body: Understood, account: ConsentingAccount, session: Writing) -> Checked:
    turn = service.own_turn(session, turn_id, account)
    return Checked(right=checks.answer(session, turn, body.picks))
