"""Take what has arrived, at once, in batches; acknowledge only what is done.

Faust's own `take(most, within)` looks at its buffer once per `within`: three stages in a row add that time three times,
and a short `within` keeps an idle worker busy. Here a batch is whatever waits when the one before is done: one record
when it is quiet, `most` under load, and no timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from faust import Stream
from faust.types import EventT

from pipeline.stream.guard import Message

Handle = Callable[[Sequence[Message]], Awaitable[None]]


async def drain(
    stream: Stream[bytes],
    handle: Handle,
    *,
    most: int,
    current: Callable[[Message], bool],
    failed: Callable[[BaseException], None],
    some: asyncio.Event | None = None,
) -> None:
    """Run the stream through `handle`, in order, until the stream is cancelled.

    A second task does the work, so that a rebalance, which waits for every message that was begun, never finds
    a half-filled batch that only the next message would complete.

    Args:
        stream: Faust's stream, whose acknowledging is switched off here.
        handle: returns when all that came of the batch is on the broker; what it raises ends the worker.
        most: messages in a batch, and messages that may wait beside it.
        current: says whether a message came since the last rebalance; others are left to whoever reads them again.
        failed: called with what `handle` raised.
        some: set by others, it calls `handle` although nothing has arrived, in turn with the batches.
    """
    waiting: deque[EventT[bytes]] = deque()
    some, room = some or asyncio.Event(), asyncio.Event()

    async def work() -> None:
        while True:
            await some.wait()
            batch = [waiting.popleft() for _ in range(min(most, len(waiting)))]
            if not waiting:
                some.clear()
            room.set()
            await handle([message for event in batch if current(message := cast(Message, event.message))])
            for event in batch:
                await stream.ack(event)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            failed(error)

    worker = asyncio.create_task(work())
    worker.add_done_callback(ended)
    try:
        async for event in stream.noack().events():
            waiting.append(event)
            some.set()
            if len(waiting) >= most:
                room.clear()
                await room.wait()
    finally:
        worker.cancel()
