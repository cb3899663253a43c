"""One turn, sampled under a lease: both candidates stream into drafts, readers get deltas, the rows get the end."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.chat import lease
from app.chat.lease import Draft, Work
from app.chat.policies import Policies, Refused, Unavailable, UnknownModel
from app.chat.tail import Tail

FLUSH_EVERY = 0.04  # seconds: deltas in between are sent together
TRY_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds; together longer than an inference server's restart
WRITE_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0)  # seconds; together shorter than the lease
NO_ANSWER = "The policies do not answer at the moment. Your message is kept; please try again."
REFUSED = "The policies cannot answer here; the conversation may be too long for them. Try again, or end it."
UNEXPECTED = "Something went wrong on our side. Your message is kept; please try again."

log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_R = TypeVar("_R")
_threads = CapacityLimiter(8)  # its own: leases must not wait behind requests


async def in_thread(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    return await to_thread.run_sync(lambda: function(*args, **kwargs), limiter=_threads)


class Sampling:
    """This process's try at one turn. `stop` ends it early, with what there is."""

    def __init__(self, work: Work, policies: Policies, tail: Tail, stop: asyncio.Event) -> None:
        self.work = work
        self.policies = policies
        self.tail = tail
        self.stop = stop
        self.attempt = work.attempt
        self.drafts = {request.shown: Draft() for request in work.requests}
        self._tail_broken = False
        self._over = asyncio.Event()

    async def run(self) -> None:
        if self.work.stop_requested or self.stop.is_set():
            await self._end(None)
            await self._publish(("end", {}))
            return
        if self.attempt > 1:
            await self._publish(("reset", {}))
        answering = asyncio.create_task(self._answer())
        holding = asyncio.create_task(self._hold())
        flushing = asyncio.create_task(self._flush_until_over())
        stopped = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({answering, holding, stopped}, return_when=asyncio.FIRST_COMPLETED)
            await cancelled(answering, holding, stopped)
            if not holding.cancelled():
                log.warning("The lease on turn %s was lost; its new holder answers.", self.work.turn_id)
                return
            await self._end(None if answering.cancelled() else answering.exception())
            self._over.set()
            await flushing
            await self._publish(("end", {}))
        finally:
            await cancelled(answering, holding, stopped, flushing)

    async def _answer(self) -> None:
        """Both candidates at once; from the beginning again while the server is away."""
        for pause in (*TRY_AGAIN_AFTER, None):
            tasks = [
                asyncio.create_task(
                    self.policies.answer(request, self.work.messages, self.work.pm, self.drafts[request.shown])
                )
                for request in self.work.requests
            ]
            try:
                await asyncio.gather(*tasks)
                return
            except Unavailable as error:
                log.warning("Turn %s, attempt %d: %s", self.work.turn_id, self.attempt, error)
                if pause is None:
                    raise
            finally:
                await cancelled(*tasks)
            await asyncio.sleep(pause)
            await self._begin_again()

    async def _begin_again(self) -> None:
        attempt = await in_thread(lease.begin_again, self.work.turn_id, self.work.owner)
        if attempt is None:
            await asyncio.Event().wait()  # the lease is lost: `_hold` finds out too, and ends this
            return
        self.attempt = attempt
        for shown in self.drafts:
            self.drafts[shown] = Draft()
        await self._publish(("reset", {}))

    async def _hold(self) -> None:
        """Renew the lease until it is lost; notice a stop that came through the row, and that nobody reads."""
        held_until = time.monotonic() + lease.LENGTH.total_seconds()
        while True:
            await asyncio.sleep(lease.RENEW_EVERY)
            asked = time.monotonic()
            try:
                stop_requested = await in_thread(lease.renew, self.work.turn_id, self.work.owner)
            except SQLAlchemyError as error:
                log.warning("The lease on turn %s was not renewed: %s", self.work.turn_id, error)
                if time.monotonic() > held_until:
                    return
                continue
            if stop_requested is None:
                return
            held_until = asked + lease.LENGTH.total_seconds()
            if stop_requested or not await self.tail.has_reader(self.work.turn_id):
                self.stop.set()

    async def _flush_until_over(self) -> None:
        """Never cut off in the middle of a write: a delta would be lost, or told twice."""
        while not self._over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), 1 if self._tail_broken else FLUSH_EVERY)
            if not self.work.held:
                await self._flush()

    async def _flush(self) -> None:
        """Send what is new of both drafts; everything so far after Redis was away."""
        if self._tail_broken:
            told = [(draft, len(draft.text)) for draft in self.drafts.values()]
            if await self._publish(("sync", {shown: draft.text for shown, draft in self.drafts.items()})):
                self._tail_broken = False
                for draft, length in told:
                    draft.published = length
            return
        deltas = []
        for shown, draft in self.drafts.items():
            if new := draft.text[draft.published :]:
                deltas.append(("delta", {"candidate": shown, "text": new}))
                draft.published += len(new)
        if deltas:
            await self._publish(*deltas)

    async def _publish(self, *events: tuple[str, dict[str, str]]) -> bool:
        try:
            await self.tail.append(self.work.turn_id, self.attempt, events)
        except (RedisError, OSError) as error:
            if not self._tail_broken:
                log.warning("Turn %s goes on without its live tail: %s", self.work.turn_id, error)
            self._tail_broken = True
            return False
        return True

    async def _end(self, error: BaseException | None) -> None:
        detail = _sentence(error, self.work.turn_id) if error else None
        for pause in (*WRITE_AGAIN_AFTER, None):
            try:
                if detail is None:
                    await in_thread(lease.finish, self.work, self.drafts)
                else:
                    await in_thread(lease.fail, self.work, self.drafts, detail)
                break
            except SQLAlchemyError:
                if pause is None:
                    raise  # whoever takes the turn over samples it again
                await asyncio.sleep(pause)


def _sentence(error: BaseException, turn_id: str) -> str:
    if isinstance(error, Unavailable | UnknownModel):
        return NO_ANSWER
    if isinstance(error, Refused):
        log.error("Turn %s: %s", turn_id, error)
        return REFUSED
    log.error("Turn %s failed", turn_id, exc_info=error)
    return UNEXPECTED


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """End tasks, and wait for that. Asked again until they have ended: on Python 3.11 `asyncio.wait_for`, in which
    redis-py sends every command, loses a cancellation that comes just when its inner future is done."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.5)
    await asyncio.gather(*tasks, return_exceptions=True)
