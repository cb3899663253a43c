"""Reading a turn as it is answered: one stream for both candidates, replayable, and whole also without Redis.

A reader only reads: whoever else does, and whether anybody does, changes nothing about the turn.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from fastapi.sse import ServerSentEvent
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from app import db
from app.chat.generation import Generations
from app.chat.sampling import in_thread
from app.chat.tail import Entry, Tail
from app.tables import Turn as TurnRow
from app.tables import TurnStatus
from app.views import Turn, is_held, turn_view

BEGINNING = "0-0"
LOOK_AT_ROW_AFTER_MS = 2000  # without an event: it may have ended, or nobody may be sampling it
WITHOUT_REDIS_EVERY = 0.5  # seconds
TOUCH_EVERY = 20.0


class Delta(BaseModel):
    candidate: Literal["a", "b"]
    text: str


class Held(BaseModel):
    pass


class Queued(BaseModel):
    position: int


class Reset(BaseModel):
    attempt: int


class Failure(BaseModel):
    detail: str


class Row(NamedTuple):
    view: Turn
    held: bool
    unowned: bool


@dataclass
class SoFar:
    """The texts of the newest attempt, folded from the live tail."""

    attempt: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    position: int | None = None  # in the queue

    def take(self, entry: Entry) -> bool:
        """False for an entry of an earlier attempt: its writer lost the lease and does not know it yet."""
        if entry.kind == "queued":
            self.position = int(entry.fields["position"])
            return True
        if entry.attempt < self.attempt:
            return False
        if entry.attempt > self.attempt or entry.kind == "reset":
            self.attempt, self.texts = entry.attempt, {}
        self.position = None
        if entry.kind == "delta":
            shown = entry.fields["candidate"]
            self.texts[shown] = self.texts.get(shown, "") + entry.fields["text"]
        elif entry.kind == "sync":
            self.texts = dict(entry.fields)
        return True


async def follow(
    turn_id: str, last_event_id: str | None, tail: Tail, generations: Generations
) -> AsyncIterator[ServerSentEvent]:
    """`state` first (as of `last_event_id`, if the tail still has it), then what comes, then `done` or `error`."""
    row, so_far, cursor, later = await _row(turn_id), SoFar(), BEGINNING, list[Entry]()
    if row.view.status == TurnStatus.GENERATING:
        if row.unowned:
            generations.start(turn_id)
        cursor, later = await _replay(turn_id, last_event_id, tail, so_far)
    yield _event("state", _with_texts(row, so_far), cursor)
    if row.held:
        yield _event("held", Held(), cursor)
    if so_far.position:
        yield _event("queued", Queued(position=so_far.position), cursor)

    touched = -TOUCH_EVERY
    while row.view.status == TurnStatus.GENERATING:
        for entry in later:
            cursor = entry.id
            if so_far.take(entry) and (event := _told(entry, row, so_far)):
                yield event
        ended = any(entry.kind == "end" for entry in later)
        try:
            if time.monotonic() - touched > TOUCH_EVERY:
                await tail.touch_reader(turn_id)
                touched = time.monotonic()
            later = [] if ended else await tail.read(turn_id, cursor, LOOK_AT_ROW_AFTER_MS)
        except (RedisError, OSError):
            later = []
            await asyncio.sleep(WITHOUT_REDIS_EVERY)
        if not later:
            row = await _row(turn_id, row)
            if row.unowned:
                generations.start(turn_id)

    if row.view.status == TurnStatus.READY:
        yield _event("done", row.view, cursor)
    else:
        yield _event("error", Failure(detail=row.view.error or "The turn failed."), cursor)


async def _replay(turn_id: str, last_event_id: str | None, tail: Tail, so_far: SoFar) -> tuple[str, list[Entry]]:
    """Fold the tail up to the last event that the reader has; what came after it is told again."""
    try:
        entries = await tail.read(turn_id, BEGINNING)
    except (RedisError, OSError):
        return BEGINNING, []
    seen = len(entries)
    if last_event_id and re.fullmatch(r"\d{1,20}-\d{1,20}", last_event_id):
        seen = sum(_order(entry.id) <= _order(last_event_id) for entry in entries)
    for entry in entries[:seen]:
        so_far.take(entry)
    return entries[seen - 1].id if seen else BEGINNING, entries[seen:]


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, number = event_id.split("-")
    return int(milliseconds), int(number)


def _told(entry: Entry, row: Row, so_far: SoFar) -> ServerSentEvent | None:
    if entry.kind == "queued":
        return _event("queued", Queued(position=int(entry.fields["position"])), entry.id)
    if entry.kind == "reset":
        return _event("reset", Reset(attempt=entry.attempt), entry.id)
    if row.held or entry.kind == "end":
        return None
    if entry.kind == "sync":
        return _event("state", _with_texts(row, so_far), entry.id)
    return _event("delta", Delta.model_validate(entry.fields), entry.id)


def _event(kind: str, data: BaseModel, id: str) -> ServerSentEvent:
    return ServerSentEvent(event=kind, data=data, id=id)


def _with_texts(row: Row, so_far: SoFar) -> Turn:
    if row.view.status != TurnStatus.GENERATING or row.held:
        return row.view
    candidates = [
        candidate.model_copy(update={"text": so_far.texts.get(candidate.shown, "")})
        for candidate in row.view.candidates
    ]
    return row.view.model_copy(update={"candidates": candidates})


async def _row(turn_id: str, otherwise: Row | None = None) -> Row:
    """The row as it is; as it was, while the database does not answer."""
    try:
        return await in_thread(_read, turn_id)
    except OperationalError:
        if otherwise is None:
            raise
        return otherwise


def _read(turn_id: str) -> Row:
    with db.reading() as session:
        turn = session.get_one(TurnRow, turn_id)
        unowned = turn.status == TurnStatus.GENERATING and (turn.lease_until is None or turn.lease_until < db.now())
        return Row(turn_view(turn), is_held(turn), unowned)
