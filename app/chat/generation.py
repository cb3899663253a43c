"""Which turns this web process samples: those it stored itself, and those whose lease ran out elsewhere.

Generation belongs to the turn, not to a reader. A queue of slots bounds what one process samples at a time; a sweeper
takes over what nobody holds, so that no turn waits for a reader or for the tick.
"""

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.chat import lease
from app.chat.policies import Policies
from app.chat.sampling import Sampling, cancelled, in_thread
from app.chat.tail import Tail
from app.db import new_id

SWEEP_EVERY = 5.0  # seconds
TELL_POSITION_EVERY = 2.0

log = logging.getLogger(__name__)


class Generations:
    def __init__(self, policies: Policies, tail: Tail, slots: int) -> None:
        self.policies = policies
        self.tail = tail
        self._slots = asyncio.Semaphore(slots)
        self._queue: deque[str] = deque()
        self._stops: dict[str, asyncio.Event] = {}  # of every turn that is sampled or queued here
        self._leases: dict[str, str] = {}  # turn -> owner, while held
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._spawn(self._sweep())
        self._spawn(self._hear_stops())

    def start(self, turn_id: str) -> None:
        """Sample this turn, unless this process is at it already or another one holds it."""
        if turn_id not in self._stops:
            self._stops[turn_id] = asyncio.Event()
            self._spawn(self._sample(turn_id))

    async def stop(self, turn_id: str) -> None:
        """End a turn now, wherever it is sampled; without Redis, its holder reads the row within five seconds."""
        if turn_id in self._stops:
            self._stops[turn_id].set()
            return
        with suppress(RedisError, OSError):
            await self.tail.ask_to_stop(turn_id)

    async def close(self) -> None:
        """Give every lease back: the next process goes on at once."""
        leases = dict(self._leases)
        await cancelled(*self._tasks)
        for turn_id, owner in leases.items():
            with suppress(SQLAlchemyError):
                await in_thread(lease.release, turn_id, owner)

    async def _sample(self, turn_id: str) -> None:
        stop, owner = self._stops[turn_id], f"{socket.gethostname()}:{os.getpid()}:{new_id()[:8]}"
        try:
            async with self._slot(turn_id, stop):
                work = await in_thread(lease.claim, turn_id, owner)
                if work is None:
                    return
                self._leases[turn_id] = owner
                await self._expect_a_reader(turn_id)
                await Sampling(work, self.policies, self.tail, stop).run()
        except Exception:
            log.exception("Sampling turn %s broke off; it is taken over when its lease runs out.", turn_id)
        finally:
            self._leases.pop(turn_id, None)
            del self._stops[turn_id]

    @asynccontextmanager
    async def _slot(self, turn_id: str, stop: asyncio.Event) -> AsyncIterator[None]:
        """Wait for a slot, first come first served, telling readers the position. One who was stopped needs none."""
        waiting = asyncio.create_task(self._slots.acquire())
        stopped = asyncio.create_task(stop.wait())
        self._queue.append(turn_id)
        told = 0
        try:
            await asyncio.sleep(0)
            while not (waiting.done() or stopped.done()):
                if (position := self._queue.index(turn_id) + 1) != told:
                    await self._tell_position(turn_id, position)
                    told = position
                await asyncio.wait({waiting, stopped}, timeout=TELL_POSITION_EVERY, return_when=asyncio.FIRST_COMPLETED)
            self._queue.remove(turn_id)
            yield
        finally:
            stopped.cancel()
            if turn_id in self._queue:
                self._queue.remove(turn_id)
            if not waiting.cancel():
                self._slots.release()

    async def _tell_position(self, turn_id: str, position: int) -> None:
        with suppress(RedisError, OSError):
            await self.tail.append(turn_id, 0, [("queued", {"position": str(position)})])

    async def _expect_a_reader(self, turn_id: str) -> None:
        """Two minutes from now on, for one to come: also after a takeover."""
        with suppress(RedisError, OSError):
            await self.tail.touch_reader(turn_id)

    async def _sweep(self) -> None:
        while True:
            try:
                for turn_id in await in_thread(lease.waiting):
                    self.start(turn_id)
            except SQLAlchemyError as error:
                log.warning("Turns that nobody samples were not looked for: %s", error)
            await asyncio.sleep(SWEEP_EVERY)

    async def _hear_stops(self) -> None:
        async for turn_id in self.tail.stops():
            if turn_id in self._stops:
                self._stops[turn_id].set()

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A task of this process ended", exc_info=error)
