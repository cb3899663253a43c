"""Conversations, turns, and the one stream of a turn's two candidates."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from redis.exceptions import RedisError

from app import db
from app.chat import events, queries, service
from app.chat.generation import Generations
from app.chat.schemas import NewTurn, Plan
from app.chat.tail import Tail
from app.deps import ConsentingAccount, CurrentAccount, Reading, Writing
from app.views import Conversation, Turn, conversation_view, turn_view

router = APIRouter(tags=["chat"])


def _generations(request: Request) -> Generations:
    generations: Generations = request.app.state.generations
    return generations


Sampler = Annotated[Generations, Depends(_generations)]


def _own_turn_id(turn_id: str, account: CurrentAccount) -> str:
    """Checked before the stream begins, in a session that has ended by then."""
    with db.reading() as session:
        return queries.own_turn(session, turn_id, account).id


OwnTurnId = Annotated[str, Depends(_own_turn_id)]


@router.get("/conversations/{conversation_id}")
def get_conversation(conversation_id: str, account: CurrentAccount, session: Reading) -> Conversation:
    return conversation_view(session, queries.own_conversation(session, conversation_id, account))


@router.put("/conversations/{conversation_id}/plan")
def put_plan(conversation_id: str, body: Plan, account: CurrentAccount, session: Writing) -> Conversation:
    conversation = queries.own_conversation(session, conversation_id, account, lock=True)
    service.plan(session, conversation, body.red_team_plan)
    return conversation_view(session, conversation)


@router.post(
    "/conversations/{conversation_id}/turns",
    status_code=201,
    responses={200: {"model": Turn, "description": "The client id is known: the same turn."}},
)
def send_message(
    conversation_id: str,
    body: NewTurn,
    account: ConsentingAccount,
    session: Writing,
    response: Response,
    after: BackgroundTasks,
    sampler: Sampler,
) -> Turn:
    """Stores the message and starts sampling, which runs on whether anybody listens or not."""
    conversation = queries.own_conversation(session, conversation_id, account, lock=True)
    turn, is_new = service.send_message(session, conversation, body)
    if is_new:
        after.add_task(_start, sampler, turn.id)  # runs when the session has been committed
    response.status_code = 201 if is_new else 200
    return turn_view(turn)


@router.get("/turns/{turn_id}")
def get_turn(turn_id: str, account: CurrentAccount, session: Reading, after: BackgroundTasks, sampler: Sampler) -> Turn:
    turn = queries.own_turn(session, turn_id, account)
    after.add_task(_touch_reader, sampler.tail, turn.id)  # who polls is a reader too
    return turn_view(turn)


@router.get("/turns/{turn_id}/events", response_class=EventSourceResponse)
async def follow_turn(
    turn_id: OwnTurnId,
    sampler: Sampler,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    last_event_id: Annotated[str | None, Query(description="Like the header, for clients that set none.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    async for event in events.follow(turn_id, last_event_id_header or last_event_id, sampler.tail, sampler):
        yield event


@router.post("/turns/{turn_id}/stop")
def stop_turn(
    turn_id: str, account: CurrentAccount, session: Writing, after: BackgroundTasks, sampler: Sampler
) -> Turn:
    turn = queries.own_turn(session, turn_id, account, lock=True)
    service.stop(turn)
    after.add_task(sampler.stop, turn.id)
    return turn_view(turn)


@router.post("/turns/{turn_id}/retry")
def retry_turn(
    turn_id: str, account: ConsentingAccount, session: Writing, after: BackgroundTasks, sampler: Sampler
) -> Turn:
    turn = queries.own_turn(session, turn_id, account, lock=True)
    service.retry(session, turn)
    after.add_task(_start, sampler, turn.id)
    return turn_view(turn)


async def _start(sampler: Generations, turn_id: str) -> None:
    """In the event loop, where the tasks live."""
    sampler.start(turn_id)


async def _touch_reader(tail: Tail, turn_id: str) -> None:
    with suppress(RedisError, OSError):
        await tail.touch_reader(turn_id)
