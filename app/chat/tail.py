"""The live tail of a turn in Redis: deltas for readers anywhere, who reads, and who asked for a stop.

The row is the truth. Everything here may be lost at any moment, and every call may raise `RedisError`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

KEPT_FOR = 3600  # seconds after the last event
READER_COUNTS_FOR = 120
STOPS = "turns:stop"  # channel

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One event of the stream; `attempt` lets readers ignore one who lost the lease and does not know it yet."""

    id: str
    kind: str  # delta | reset | queued | sync | end
    attempt: int
    fields: dict[str, str]


class Tail:
    def __init__(self, url: str) -> None:
        # One try, quickly: a broker that is down must not slow down the turn.
        self.redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=0.5,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),
            max_connections=100_000,
        )

    async def append(self, turn_id: str, attempt: int, events: Sequence[tuple[str, dict[str, str]]]) -> None:
        key = f"turn:{turn_id}:events"
        async with self.redis.pipeline(transaction=True) as pipeline:
            for kind, fields in events:
                pipeline.xadd(key, {"kind": kind, "attempt": str(attempt), **fields})  # type: ignore[dict-item]
            pipeline.expire(key, KEPT_FOR)
            await pipeline.execute()

    async def read(self, turn_id: str, after: str, block_ms: int | None = None) -> list[Entry]:
        """What came after this id; with `block_ms`, waits so long for the first one."""
        answer = await self.redis.xread({f"turn:{turn_id}:events": after}, block=block_ms)
        return [
            Entry(id, fields.pop("kind"), int(fields.pop("attempt")), fields)
            for _, entries in answer
            for id, fields in entries
        ]

    async def touch_reader(self, turn_id: str) -> None:
        await self.redis.set(f"turn:{turn_id}:reader", "1", ex=READER_COUNTS_FOR)

    async def has_reader(self, turn_id: str) -> bool:
        """Whether anybody read within two minutes; when Redis does not know, assume so."""
        try:
            return bool(await self.redis.exists(f"turn:{turn_id}:reader"))
        except RedisError:
            return True

    async def ask_to_stop(self, turn_id: str) -> None:
        await self.redis.publish(STOPS, turn_id)

    async def stops(self) -> AsyncIterator[str]:
        """Ids of turns that somebody asked to stop, for ever; listens again when the connection is lost."""
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.subscribe(STOPS)
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=1)
                        if message:
                            yield message["data"]
            except (RedisError, OSError):
                await asyncio.sleep(1)

    async def close(self) -> None:
        await self.redis.aclose()
