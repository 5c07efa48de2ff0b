"""Our share of the sources, as Kafka's own group membership gives it.

    sources n ──┐ key: source id, in both the same partition
    polls   n ──┴─ assigned: read both whole, then follow `sources` ─▶ worker.put / worker.drop
                   revoked: drop the partition's sources; polls under way are given up, whoever has it next repeats them

All ingest workers are one consumer group on `sources`, and nothing is ever committed: each assignment begins with the
whole partition. A worker that is killed loses its membership after `kafka.session` seconds, and its sources go on
elsewhere; one that comes back before that under its own name (`stream.worker`) goes on with them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from zlib import crc32

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from agents.sources import Source
from agents.worker import Worker
from pipeline import kafka
from pipeline.errors import Transient, Undecodable
from pipeline.settings import Settings
from pipeline.topics import POLLS, SOURCES

log = structlog.get_logger()

GROUP = "ingest"
#: Records taken over before others get their turn on the event loop.
_AT_ONCE = 200
_PAUSE = 1.0


class Group(ConsumerRebalanceListener):  # type: ignore[misc]
    """A member of the group, and the sources of the partitions that it has.

    Args:
        settings: broker and the worker's name.
        worker: polls the sources.
        ready: called whenever a new assignment has been read.
    """

    def __init__(self, settings: Settings, worker: Worker, ready: Callable[[], None] = lambda: None) -> None:
        self._settings, self._worker, self._ready = settings, worker, ready
        self._consumer: AIOKafkaConsumer | None = None
        self._reading: asyncio.Task[None] | None = None
        # Partitions that have been read: the ids of their sources, and the offset from which changes count.
        self._held: dict[int, set[str]] = {}
        self._next: dict[int, int] = {}

    def ours(self, id: str) -> bool:
        """Say whether something of this id is in our share: each id is in the share of one partition."""
        return crc32(id.encode()) % len(kafka.all_partitions(self._settings.kafka, SOURCES)) in self._held

    async def run(self, stop: asyncio.Event) -> None:
        """Be a member until stopped.

        Raises:
            Transient: no broker answers.
        """
        settings = self._settings.kafka
        consumer = self._consumer = AIOKafkaConsumer(
            **kafka.client(settings),
            group_id=settings.prefix + GROUP,
            group_instance_id=f"{GROUP}-{self._settings.stream.worker}",
            session_timeout_ms=int(settings.session * 1000),
            heartbeat_interval_ms=int(settings.session * 200),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        consumer.subscribe([kafka.full_name(settings, SOURCES)], listener=self)
        try:
            await consumer.start()
            while not stop.is_set():
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        await self._follow(tp.partition, record)
        except KafkaError as error:
            raise Transient(f"membership of {settings.prefix}{GROUP} ended: {error}") from None
        finally:
            await self._end_reading()
            await consumer.stop()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Leave the partitions' sources to whoever gets them next."""
        await self._end_reading()
        ids = [id for held in self._held.values() for id in held]
        self._held.clear()
        self._next.clear()
        await self._worker.drop(ids)
        if ids:
            log.info("sources left to others", sources=len(ids))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin to read what is ours now; the group must not wait for it."""
        assert self._consumer is not None
        mine = sorted(tp.partition for tp in assigned)
        self._consumer.pause(*self._places(mine))
        self._reading = asyncio.create_task(self._read(mine))

    async def _read(self, partitions: list[int]) -> None:
        """Read partitions whole, again and again while the broker does not answer, and then follow them."""
        while True:
            try:
                await self._take_over(partitions)
                break
            except (Transient, KafkaError) as error:
                log.warning("sources cannot be read, trying again", error=str(error)[:200])
                await asyncio.sleep(_PAUSE)
        log.info("polling", partitions=partitions, sources=len(self._worker))
        self._ready()

    async def _take_over(self, partitions: list[int]) -> None:
        assert self._consumer is not None
        settings = self._settings.kafka
        following = self._next = dict.fromkeys(partitions, 0)
        sources: dict[int, dict[bytes, bytes]] = {partition: {} for partition in partitions}
        states: dict[bytes, bytes] = {}
        if partitions:
            async for record in kafka.whole(settings, SOURCES, partitions):
                following[record.partition] = record.offset + 1
                _note(sources[record.partition], record)
            async for record in kafka.whole(settings, POLLS, partitions):
                if record.key in sources[record.partition]:
                    _note(states, record)
        number = 0
        for partition, found in sources.items():
            held = self._held.setdefault(partition, set())
            for key, value in found.items():
                self._put(held, key, value, states.pop(key, None))
                number += 1
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            self._consumer.seek(*self._places([partition]), following[partition])
        self._consumer.resume(*self._places(partitions))

    async def _follow(self, partition: int, record: ConsumerRecord) -> None:
        """Take over one change."""
        held = self._held.get(partition)
        if held is None or record.offset < self._next[partition]:
            return
        if record.value:
            self._put(held, record.key, record.value, None)
            return
        id = record.key.decode("utf-8", "replace")
        held.discard(id)
        await self._worker.drop([id])
        log.info("source taken away", source=id)

    def _put(self, held: set[str], key: bytes, value: bytes, state: bytes | None) -> None:
        try:
            source = Source.decode(value)
        except Undecodable as error:
            log.warning("source that cannot be read", key=key[:100], error=str(error)[:200])
            return
        held.add(source.id)
        self._worker.put(source, state)

    async def _end_reading(self) -> None:
        if self._reading:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
            self._reading = None

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        name = kafka.full_name(self._settings.kafka, SOURCES)
        return [TopicPartition(name, partition) for partition in partitions]


def _note(values: dict[bytes, bytes], record: ConsumerRecord) -> None:
    """Keep the latest value of a key; a tombstone takes it away."""
    if record.value:
        values[record.key] = record.value
    else:
        values.pop(record.key, None)
