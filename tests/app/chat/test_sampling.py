"""The parts of sampling that real servers reach only by chance."""

import asyncio
from contextlib import suppress

from app.chat.sampling import cancelled


def test_a_task_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    """As redis-py's commands do on Python 3.11; a turn hung for ever on it, once in forty under load."""

    async def deaf_once() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def run() -> asyncio.Task[None]:
        task = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        await asyncio.wait_for(cancelled(task), 5)
        return task

    assert asyncio.run(run()).cancelled()
