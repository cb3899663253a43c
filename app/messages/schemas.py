"""Messages as each side sees them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app import tables
from app.words import Key
from app.words import Message as Text


class NewMessage(BaseModel):
    text: Text
    turn_id: Annotated[Key, Field(description="What it is about: a turn of one's own.")] | None = None


class Answer(BaseModel):
    text: Text


class Message(BaseModel):
    """In the crowdworker's own thread. Which researcher answers stays among the researchers."""

    id: str
    mine: bool
    author: Literal["you", "researchers"]
    text: str
    turn_id: str | None
    created_at: datetime
    read: Annotated[bool, Field(description="By the other side, before this request.")]

    @classmethod
    def of(cls, row: tables.Message) -> "Message":
        mine = row.author_id == row.account_id
        return cls(
            id=row.id,
            mine=mine,
            author="you" if mine else "researchers",
            text=row.text,
            turn_id=row.turn_id,
            created_at=row.created_at,
            read=row.read_at is not None,
        )


class Unread(BaseModel):
    count: int


class ThreadSummary(BaseModel):
    account_id: str
    username: str
    unread: int
    last_at: datetime
    last_text: str
    last_from_crowdworker: bool


class AboutCandidate(BaseModel):
    shown: Literal["a", "b", "edited"]
    text: str


class About(BaseModel):
    """The turn a message is about, so that it can be answered without a search."""

    turn_id: str
    conversation_id: str
    human: str
    candidates: list[AboutCandidate]


class ThreadMessage(BaseModel):
    id: str
    mine: Annotated[bool, Field(description="Written by whoever asks.")]
    author: Annotated[str, Field(description="A user name.")]
    from_crowdworker: bool
    text: str
    about: About | None
    created_at: datetime
    read: Annotated[bool, Field(description="By the other side, before this request.")]


class Thread(BaseModel):
    account_id: str
    username: str
    messages: list[ThreadMessage]
