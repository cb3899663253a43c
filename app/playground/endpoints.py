"""One stream per message: the page asks each of its one or two policies."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from limits import RateLimitItemPerMinute

from app import db
from app.accounts.limits import refuse_if_spent, spend
from app.chat.policies import Policies
from app.deps import MayWrite, Researcher
from app.playground import service
from app.playground.schemas import Ask

MESSAGES = RateLimitItemPerMinute(60, 1)

router = APIRouter(tags=["playground"])


def _policies(request: Request) -> Policies:
    policies: Policies = request.app.state.generations.policies
    return policies


def _spoken(body: Ask, account: Researcher, _: MayWrite) -> service.Spoken:
    """Checked before the stream begins, in a session that has ended by then."""
    refuse_if_spent(MESSAGES, "playground", account.id)
    spend(MESSAGES, "playground", account.id)
    service.take_place()
    with db.writing() as session:
        return service.speak_to(session, body.snapshot)


@router.post("/playground", response_class=EventSourceResponse)
async def talk(
    body: Ask,
    spoken: Annotated[service.Spoken, Depends(_spoken)],
    policies: Annotated[Policies, Depends(_policies)],
) -> AsyncIterator[ServerSentEvent]:
    """Nothing of it is stored."""
    async for event in service.answer(policies, spoken, body):
        yield ServerSentEvent(event=event.event, data=event.model_dump(exclude={"event"}))
