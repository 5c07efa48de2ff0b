"""Keep up with a topic of one partition beside the stream: read before the first record, followed from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline import kafka
from pipeline.errors import Transient
from pipeline.settings import KafkaSettings
from pipeline.topics import Topic

log = structlog.get_logger()
_PAUSE = 2.0

Take = Callable[[ConsumerRecord], Awaitable[None]]


class Follower:
    """Hands over the newest record of a topic with one partition, and each newer one.

    Args:
        settings: which broker.
        topic: which topic.
        first: gets the newest record when the worker starts; not called where there is none. What it raises ends
            the worker.
        later: gets each newer one; must say by itself what it cannot use.
        key: only records with this key count; None for all.
        every: not only the newest record counts, but each of them.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topic: Topic,
        *,
        first: Take,
        later: Take,
        key: bytes | None = None,
        every: bool = False,
    ) -> None:
        self._settings, self._topic, self._key = settings, topic, key
        self._first, self._later, self._every = first, later, every
        self._next = 0
        self._read = asyncio.Event()
        self._once = asyncio.Lock()

    async def prepare(self) -> bool:
        """Read the topic, unless that was done before; says whether it was this call that did it."""
        async with self._once:
            if self._read.is_set():
                return False
            await self._begin()
            return True

    async def _begin(self) -> None:
        last: ConsumerRecord | None = None
        async for record in kafka.whole(self._settings, self._topic):
            self._next = record.offset + 1
            last = record if self._counts(record) else last
            if self._every:
                await self._first(record)
        if last is not None and not self._every:
            await self._first(last)
        self._read.set()

    async def follow(self) -> None:
        """Hand over what comes onto the topic, for ever."""
        await self._read.wait()
        while True:
            try:
                await self._listen()
            except (KafkaError, Transient) as error:
                log.warning("topic cannot be followed, trying again", topic=self._topic.name, error=repr(error)[:300])
                await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        tp = TopicPartition(kafka.full_name(self._settings, self._topic), 0)
        async with kafka.reading(self._settings) as consumer:
            consumer.assign([tp])
            # Compaction may have taken the place where we stopped: then the oldest that is left is the next.
            starts = await consumer.beginning_offsets([tp])
            consumer.seek(tp, max(self._next, starts[tp]))
            while True:
                records = (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
                mine = [record for record in records if self._counts(record)]
                for record in mine if self._every else mine[-1:]:
                    await self._later(record)
                if records:
                    self._next = records[-1].offset + 1

    def _counts(self, record: ConsumerRecord) -> bool:
        return self._key is None or record.key == self._key
