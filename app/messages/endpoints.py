"""A crowdworker's own thread; all threads, for researchers."""

from fastapi import APIRouter

from app.deps import CurrentAccount, Reading, Researcher, Writing
from app.messages import queries, service
from app.messages.schemas import Answer, Message, NewMessage, Thread, ThreadMessage, ThreadSummary, Unread

router = APIRouter(tags=["messages"])


@router.get("/messages")
def read_thread(account: CurrentAccount, session: Writing) -> list[Message]:
    """Oldest first. Reading marks the answers as read."""
    messages = queries.thread(session, account.id)
    service.mark_read(session, account.id, by_crowdworker=True)
    return [Message.of(message) for message in messages]


@router.get("/messages/unread")
def count_unread(account: CurrentAccount, session: Reading) -> Unread:
    return Unread(count=queries.unread(session, account.id))


@router.post("/messages", status_code=201)
def write(body: NewMessage, account: CurrentAccount, session: Writing) -> Message:
    return Message.of(service.write(session, account, body))


@router.get("/threads")
def list_threads(_: Researcher, session: Reading) -> list[ThreadSummary]:
    return queries.threads(session)


@router.get("/threads/{account_id}")
def get_thread(account_id: str, researcher: Researcher, session: Writing) -> Thread:
    """Oldest first. Reading marks the crowdworker's messages as read, for all researchers."""
    crowdworker = queries.person(session, account_id)
    messages = queries.shown(session, queries.thread(session, account_id), researcher)
    service.mark_read(session, account_id, by_crowdworker=False)
    return Thread(account_id=crowdworker.id, username=crowdworker.username, messages=messages)


@router.post("/threads/{account_id}", status_code=201)
def answer(account_id: str, body: Answer, researcher: Researcher, session: Writing) -> ThreadMessage:
    message = service.answer(session, queries.person(session, account_id), researcher, body.text)
    return queries.shown(session, [message], researcher)[0]
