"""Compares the broker's clock with ours, by the one thing that Kafka stamps with its own time: a group's commit.

A commit is made for a group that nobody uses, and read again from where Kafka keeps it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from pipeline import kafka
from pipeline.settings import KafkaSettings
from pipeline.topics import SOURCES

GROUP: Final = "doctor"
_OFFSETS: Final = "__consumer_offsets"
_PATIENCE_MS: Final = 3000


async def ahead(settings: KafkaSettings, now: Callable[[], float] = time.time) -> float | None:
    """Return by how many seconds the broker's clock is ahead of ours; None where this login may not see it.

    Args:
        settings: which broker.
        now: our clock, seconds since the epoch.
    """
    try:
        return await _ahead(settings, settings.prefix + GROUP, now)
    except KafkaError:
        return None


async def _ahead(settings: KafkaSettings, group: str, now: Callable[[], float]) -> float | None:
    some = TopicPartition(kafka.full_name(settings, SOURCES), 0)
    async with kafka.reading(settings, group_id=group) as consumer, kafka.reading(settings) as reader:
        consumer.assign([some])
        # The first one makes Kafka's topic, where nobody has committed anything yet.
        await consumer.commit({some: 0})
        partitions = await _partitions(settings)
        if not partitions:
            return None
        place = TopicPartition(_OFFSETS, _java_hash(group) % partitions)
        reader.assign([place])
        reader.seek(place, (await reader.end_offsets([place]))[place])
        before = now()
        await consumer.commit({some: 0})
        after = now()
        found = (await reader.getmany(place, timeout_ms=_PATIENCE_MS)).get(place, [])
    stamps = [record.timestamp / 1000 for record in found if group.encode() in (record.key or b"")]
    return stamps[-1] - (before + after) / 2 if stamps else None


async def _partitions(settings: KafkaSettings) -> int:
    client = AIOKafkaClient(**kafka.client(settings))
    try:
        await client.bootstrap()
        await client.set_topics([_OFFSETS])
        return len(client.cluster.partitions_for_topic(_OFFSETS) or ())
    finally:
        await client.close()


def _java_hash(text: str) -> int:
    """Return the hash by which Kafka puts a group into a partition: Java's of the name, without its sign."""
    made = 0
    for character in text:
        made = (31 * made + ord(character)) & 0xFFFFFFFF
    return min(made, (1 << 32) - made) % (1 << 31)
