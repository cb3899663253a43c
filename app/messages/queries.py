"""Threads, read."""

from collections.abc import Sequence

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from app import tables
from app.accounts.own_data.erasure import NO_PASSWORD
from app.errors import DomainError
from app.messages.schemas import About, AboutCandidate, ThreadMessage, ThreadSummary
from app.tables import Account, Message, Turn

AT_MOST = 500  # messages of a thread, the newest; threads


class UnknownPerson(DomainError):
    status = 404


def person(session: Session, account_id: str) -> Account:
    account = session.get(Account, account_id)
    if account is None or account.password_hash == NO_PASSWORD:
        raise UnknownPerson("There is no such account.")
    return account


def thread(session: Session, account_id: str) -> Sequence[Message]:
    """Oldest first."""
    newest = select(Message).where(Message.account_id == account_id).order_by(Message.created_at.desc(), Message.id)
    return list(reversed(session.scalars(newest.limit(AT_MOST)).all()))


def unread(session: Session, account_id: str) -> int:
    """How many answers the crowdworker has not looked at."""
    of_thread = select(func.count()).where(Message.account_id == account_id, Message.read_at.is_(None))
    return session.scalar(of_thread.where(Message.author_id != account_id)) or 0


def threads(session: Session) -> list[ThreadSummary]:
    """The one with the newest message first."""
    asked = case(((Message.author_id == Message.account_id) & Message.read_at.is_(None), 1), else_=0)
    place = func.row_number().over(partition_by=Message.account_id, order_by=(Message.created_at.desc(), Message.id))
    counted = func.sum(asked).over(partition_by=Message.account_id)
    newest = select(Message.id, place.label("place"), counted.label("unread")).subquery()
    rows = (
        select(Message, Account.username, newest.c.unread)
        .join(newest, (Message.id == newest.c.id) & (newest.c.place == 1))
        .join(Account, Message.account_id == Account.id)
        .order_by(Message.created_at.desc())
        .limit(AT_MOST)
    )
    return [
        ThreadSummary(
            account_id=message.account_id,
            username=username,
            unread=count,
            last_at=message.created_at,
            last_text=message.text,
            last_from_crowdworker=message.author_id == message.account_id,
        )
        for message, username, count in session.execute(rows)
    ]


def shown(session: Session, messages: Sequence[Message], reader: Account) -> list[ThreadMessage]:
    """For a researcher: with names, and with the turns that were asked about."""
    names_of = select(Account.id, Account.username).where(Account.id.in_({message.author_id for message in messages}))
    names = dict(session.execute(names_of).tuples().all())
    asked_about = select(Turn).where(Turn.id.in_({message.turn_id for message in messages if message.turn_id}))
    turns = {turn.id: turn for turn in session.scalars(asked_about.options(selectinload(Turn.candidates)))}
    return [
        ThreadMessage(
            id=message.id,
            mine=message.author_id == reader.id,
            author=names[message.author_id],
            from_crowdworker=message.author_id == message.account_id,
            text=message.text,
            about=_about(turns[message.turn_id]) if message.turn_id else None,
            created_at=message.created_at,
            read=message.read_at is not None,
        )
        for message in messages
    ]


def _about(turn: tables.Turn) -> About:
    candidates = [AboutCandidate.model_validate(candidate, from_attributes=True) for candidate in turn.replies]
    return About(turn_id=turn.id, conversation_id=turn.conversation_id, human=turn.text, candidates=candidates)
