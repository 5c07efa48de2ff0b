"""Asks the broker what this login may do, without doing it.

Reading is tried. Writing is asked with a record whose checksum is wrong: the broker looks at rights first, and then at
the record, which it refuses; nothing is ever written.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from pipeline import kafka
from pipeline.access import Access
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import Topic

_PATIENCE_MS: Final = 1500


async def refused(settings: Settings, accesses: Sequence[Access], routed: Sequence[Topic] = ()) -> list[str]:
    """Return what this login may not do of what these roles need: `read NAME`, `write NAME`, `use group NAME`.

    Args:
        settings: which broker.
        accesses: what the roles need.
        routed: the topics of the routes in force.
    """
    reads = {topic for access in accesses for topic in (*access.reads, *(routed if access.routed == "Read" else ()))}
    writes = {topic for access in accesses for topic in (*access.writes, *(routed if access.routed == "Write" else ()))}
    groups = {group for access in accesses for group in access.groups}
    return [
        *(f"read {name}" for name in sorted(await _unreadable(settings.kafka, reads))),
        *(f"write {name}" for name in sorted(await _unwritable(settings.kafka, writes))),
        *(f"use group {name}" for name in sorted(await _closed(settings.kafka, groups))),
    ]


async def _unreadable(settings: KafkaSettings, topics: Iterable[Topic]) -> set[str]:
    """Return the names of topics that may not be read."""
    there, hidden = await _visible(settings, topics)
    denied = set(hidden)
    for name in there:
        async with kafka.reading(settings) as consumer:
            place = TopicPartition(name, 0)
            try:
                consumer.assign([place])
                consumer.seek(place, (await consumer.beginning_offsets([place]))[place])
                await consumer.getmany(timeout_ms=_PATIENCE_MS, max_records=1)
            except TopicAuthorizationFailedError:
                denied.add(name)
    return denied


async def _visible(settings: KafkaSettings, topics: Iterable[Topic]) -> tuple[list[str], list[str]]:
    """Return the names of topics that can be seen, and of those that the broker hides."""
    client = AIOKafkaClient(**kafka.client(settings))
    names = [kafka.full_name(settings, topic) for topic in topics]
    try:
        await client.bootstrap()
        await client.set_topics(names)
        hidden, known = set(client.cluster.unauthorized_topics), client.cluster.topics()
    finally:
        await client.close()
    return [name for name in names if name in known], [name for name in names if name in hidden]


async def _unwritable(settings: KafkaSettings, topics: Iterable[Topic]) -> set[str]:
    """Return the names of topics that may not be written to."""
    there, hidden = await _visible(settings, topics)
    denied = set(hidden)
    client = AIOKafkaClient(**kafka.client(settings))
    try:
        await client.bootstrap()
        await client.set_topics(there)
        for name in there:
            node = client.cluster.leader_for_partition(TopicPartition(name, 0))
            if node is None or node < 0:
                # No such topic: that is another finding.
                continue
            answer = await client.send(node, ProduceRequest(None, -1, _PATIENCE_MS, [(name, [(0, _wrong())])]))
            # Anything else is about the record, which is wrong on purpose.
            if _error(answer) is TopicAuthorizationFailedError:
                denied.add(name)
    finally:
        await client.close()
    return denied


def _wrong() -> bytes:
    """Return a batch of one record that no broker takes."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1000,
    )
    builder.append(0, int(time.time() * 1000), b"rights", b"asked", [])
    batch = bytearray(builder.build())
    batch[-1] ^= 0xFF
    return bytes(batch)


def _error(answer: Any) -> type[KafkaError]:
    ((_, ((_, code, *_),)),) = answer.topics
    error: type[KafkaError] = for_code(code)
    return error


async def _closed(settings: KafkaSettings, groups: Iterable[str]) -> set[str]:
    """Return the names of groups that may not be used."""
    denied = set()
    async with kafka.Broker(settings) as broker:
        for group in groups:
            try:
                await broker.committed(group)
            except GroupAuthorizationFailedError:
                denied.add(settings.prefix + group)
    return denied
