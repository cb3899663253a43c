"""The playground: a researcher talks to any policy that is registered. Nothing that is said there is stored: no turn,
no comparison, no log of words; the page alone holds the dialogue.

What is not loaded is loaded as for a deployment: the snapshot's row says until when it is wanted, and `reconcile()`
makes the servers follow.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app import db
from app.chat.lease import Draft, Request
from app.chat.policies import Policies, Refused, Unavailable, UnknownModel
from app.chat.sampling import cancelled, in_thread
from app.errors import DomainError
from app.playground.schemas import Ask, Done, Event, Failed, Loading, Piece, Scored
from app.settings import get_settings
from app.snapshots.reconcile import reconcile
from app.snapshots.retiring import named
from app.snapshots.service import deployed_pm
from app.snapshots.store import directory_of, verify
from app.tables import SnapshotKind
from app.tasks.defaults import DEFAULT_SYSTEM

WANTED_FOR = timedelta(minutes=10)
"""Inference keeps a snapshot so long after the last message."""
AT_ONCE = 4
"""Responses that one web process lets the playground sample: crowdworkers come first."""
FLUSH_EVERY = 0.05  # seconds
LONGEST = 180.0
"""Seconds after which a response is given up."""

_places = asyncio.Semaphore(AT_ONCE)


class NotAPolicy(DomainError):
    status = 422


class PlaygroundBusy(DomainError):
    status = 503


class Spoken(NamedTuple):
    """To whom, and who judges."""

    name: str
    pm: str | None
    system: str


def speak_to(session: Session, name: str) -> Spoken:
    """Says that this policy is wanted for a while; refuses what cannot be spoken to."""
    snapshot = named(session, name)
    if snapshot.kind != SnapshotKind.POLICY:
        raise NotAPolicy(f"Snapshot “{name}” is a PM: it scores, and does not respond.")
    if snapshot.directory is not None:
        verify(directory_of(snapshot))
        until = db.now() + WANTED_FOR
        if snapshot.wanted_until is None or snapshot.wanted_until < until - WANTED_FOR / 2:
            snapshot.wanted_until = until
    pm = deployed_pm(session)
    return Spoken(name, pm.name if pm else None, snapshot.manifest.get("system") or DEFAULT_SYSTEM)


def take_place() -> None:
    """At most AT_ONCE at the same time; given back at the end of `answer`."""
    if _places.locked():
        raise PlaygroundBusy(
            f"The playground answers {AT_ONCE} at a time, so that crowdworkers do not wait; try again in a moment.",
            {"Retry-After": "5"},
        )


async def answer(policies: Policies, spoken: Spoken, ask: Ask) -> AsyncIterator[Event]:
    """The response as it comes, and then the PM's score. Every refusal is one sentence."""
    async with _places:
        try:
            async for event in _answer(policies, spoken, ask):
                yield event
        except Unavailable:
            yield Failed(detail=f"The inference server at {get_settings().inference_url} does not answer right now.")
        except UnknownModel:
            yield Failed(detail=f"The inference server does not know “{spoken.name}”, and could not load it.")
        except Refused as error:
            yield Failed(detail=f"{error}. The dialogue may be too long for this policy: begin a new one.")


async def _answer(policies: Policies, spoken: Spoken, ask: Ask) -> AsyncIterator[Event]:
    if not await policies.holds(spoken.name):
        yield Loading()
        outcome = await in_thread(reconcile)
        if why := outcome.failed.get(spoken.name):
            yield Failed(detail=why)
            return
    messages = ask.said(spoken.system)
    draft, began = Draft(), time.monotonic()
    sampling = {"max_tokens": ask.max_tokens, "temperature": ask.temperature, "best_of": 1}
    request = Request("a", spoken.name, ask.seed, sampling)
    sampled = asyncio.create_task(policies.answer(request, messages, None, draft))
    try:
        told = 0
        while not sampled.done():
            await asyncio.wait({sampled}, timeout=FLUSH_EVERY)
            if time.monotonic() - began > LONGEST:
                yield Failed(detail=f"“{spoken.name}” was not done after {LONGEST:.0f} s; ask for fewer tokens.")
                return
            if new := draft.text[told:]:
                told += len(new)
                yield Piece(text=new)
        sampled.result()
    finally:
        await cancelled(sampled)  # the reader has gone: the slot is given back
    yield Done(
        finish=draft.finish or "stop",
        prompt_tokens=draft.prompt_tokens,
        completion_tokens=draft.completion_tokens,
        first_token_ms=draft.first_token_ms,
        total_ms=round((time.monotonic() - began) * 1000),
    )
    if spoken.pm is not None:
        try:
            yield Scored(pm=spoken.pm, score=await policies.score(spoken.pm, messages, draft.text))
        except (Unavailable, UnknownModel, Refused):
            yield Scored(pm=spoken.pm, score=None)
