"""The people here, for researchers."""

from fastapi import APIRouter

from app.deps import Reading, Researcher, Writing
from app.people import service
from app.people.schemas import MayEdit, Person, Suspension

router = APIRouter(tags=["people"])


@router.get("/accounts")
def list_people(_: Researcher, session: Reading) -> list[Person]:
    return service.people(session)


@router.put("/accounts/{account_id}/may-edit")
def set_may_edit(account_id: str, body: MayEdit, researcher: Researcher, session: Writing) -> Person:
    service.set_may_edit(session, account_id, researcher, may_edit=body.may_edit)
    return service.people(session, account_id)[0]


@router.put("/accounts/{account_id}/suspended")
def set_suspended(account_id: str, body: Suspension, researcher: Researcher, session: Writing) -> Person:
    service.set_suspended(session, account_id, researcher, suspended=body.suspended, reason=body.reason)
    return service.people(session, account_id)[0]
