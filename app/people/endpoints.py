"""The people here, for researchers."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.deps import Reading, Researcher, Writing
from app.people import queries, service
from app.people.schemas import MayEdit, People, Person, Suspension

router = APIRouter(tags=["people"])


@router.get("/accounts")
def list_people(_: Researcher, session: Reading, wanted: Annotated[queries.Wanted, Query()]) -> People:
    return queries.people(session, wanted)


@router.put("/accounts/{account_id}/may-edit")
def set_may_edit(account_id: str, body: MayEdit, researcher: Researcher, session: Writing) -> Person:
    service.set_may_edit(session, account_id, researcher, may_edit=body.may_edit)
    return queries.person(session, account_id)


@router.put("/accounts/{account_id}/suspended")
def set_suspended(account_id: str, body: Suspension, researcher: Researcher, session: Writing) -> Person:
    service.set_suspended(session, account_id, researcher, suspended=body.suspended, reason=body.reason)
    return queries.person(session, account_id)
