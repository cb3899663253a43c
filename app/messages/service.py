"""The line between a crowdworker and the researchers: one thread per crowdworker, any researcher answers."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.errors import DomainError
from app.messages.schemas import NewMessage
from app.tables import Account, Conversation, Message, Turn


class UnknownTurn(DomainError):
    status = 404


def write(session: Session, account: Account, body: NewMessage) -> Message:
    """From a crowdworker, perhaps about one of their own turns."""
    if body.turn_id is not None:
        own = select(Turn.id).join(Conversation).where(Turn.id == body.turn_id, Conversation.account_id == account.id)
        if session.scalar(own) is None:
            raise UnknownTurn("There is no such turn of yours.")
    return _add(session, Message(account_id=account.id, author_id=account.id, turn_id=body.turn_id, text=body.text))


def answer(session: Session, crowdworker: Account, researcher: Account, text: str) -> Message:
    return _add(session, Message(account_id=crowdworker.id, author_id=researcher.id, text=text))


def _add(session: Session, message: Message) -> Message:
    session.add(message)
    session.flush()
    return message


def mark_read(session: Session, account_id: str, *, by_crowdworker: bool) -> None:
    """Whoever looks at a thread has read what the other side wrote."""
    theirs = Message.author_id != Message.account_id if by_crowdworker else Message.author_id == Message.account_id
    session.execute(
        update(Message)
        .where(Message.account_id == account_id, Message.read_at.is_(None), theirs)
        .values(read_at=now())
        # The rows that the answer is made of show what was unread until now.
        .execution_options(synchronize_session=False)
    )
