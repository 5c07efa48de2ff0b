"""Takes records off the broker for good: by offset, or by making Kafka compact a topic now instead of some day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from pipeline.errors import NotReady
from pipeline.kafka import Broker, full_name
from pipeline.topics import Topic, route_topic

#: Kafka's word for a setting that this topic has for itself.
_OWN: Final = 1
#: Kafka looks every five minutes for what is too old, and deletes its files a minute later.
_LOOKS: Final = timedelta(minutes=10)
#: With these a segment ends with the next record, and is compacted as soon as Kafka's cleaner looks.
_AT_ONCE: Final = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0", "min.compaction.lag.ms": "0"}


class Eraser(Broker):
    """A broker whose records are taken away. Its login must be allowed to delete and to configure (role `operator`)."""

    async def routed(self) -> tuple[Topic, ...]:
        """Return the routes' topics that are there, those of former routes too."""
        prefix = full_name(self._settings, route_topic(""))
        there = sorted(await self._admin.list_topics())
        return tuple(route_topic(name[len(prefix) :]) for name in there if name.startswith(prefix))

    async def keeps(self, topic: Topic) -> timedelta | None:
        """Return how long after its time a record may still be there; None where Kafka never lets go of it.

        A file of the log goes as a whole, when its youngest record is too old: so its length counts, too.
        """
        found = {name: value for name, (value, _) in (await self._configured(topic)).items()}
        retention = int(found["retention.ms"])
        if "delete" not in found["cleanup.policy"] or retention < 0:
            return None
        return timedelta(milliseconds=retention + int(found["segment.ms"])) + _LOOKS

    async def unread(self, topic: Topic, before: Mapping[int, int], readers: set[str]) -> dict[int, set[str]]:
        """Return by partition who has not read all records before an offset.

        Args:
            topic: which topic.
            before: partition -> offset.
            readers: groups, without the prefix, that must have read it; others count where they have read something.
        """
        prefix, behind = self._settings.prefix, {n: set[str]() for n in before}
        there = {name for name, *_ in await self._admin.list_consumer_groups() if name.startswith(prefix)}
        for group in readers | {name.removeprefix(prefix) for name in there}:
            done = await self.committed(group)
            places = {n: TopicPartition(full_name(self._settings, topic), n) for n in before}
            if group in readers or any(tp in done for tp in places.values()):
                for n, tp in places.items():
                    if done.get(tp, 0) < before[n]:
                        behind[n].add(group)
        return behind

    async def delete_before(self, topic: Topic, before: Mapping[int, int]) -> None:
        """Delete the records before an offset, by partition."""
        name = full_name(self._settings, topic)
        if before:
            await self._admin.delete_records({TopicPartition(name, n): RecordsToDelete(at) for n, at in before.items()})

    @asynccontextmanager
    async def compacting(self, topic: Topic) -> AsyncIterator[None]:
        """Let Kafka compact at once what is written from now on, and give the topic its own settings back."""
        own = {name: value for name, (value, source) in (await self._configured(topic)).items() if source == _OWN}
        await self._configure(topic, own | _AT_ONCE)
        try:
            yield
        finally:
            await asyncio.shield(self._configure(topic, own))

    async def _configured(self, topic: Topic) -> dict[str, tuple[str, int]]:
        """Return what a topic is configured to, and whose setting it is."""
        asked = ConfigResource(ConfigResourceType.TOPIC, full_name(self._settings, topic))
        (answer,) = await self._admin.describe_configs([asked])
        (resource,) = answer.resources
        if resource[0]:
            raise NotReady(f"topic {asked.name}: {for_code(resource[0]).__name__}")
        return {entry[0]: (entry[1] or "", int(entry[3])) for entry in resource[4]}

    async def _configure(self, topic: Topic, values: Mapping[str, str]) -> None:
        asked = ConfigResource(ConfigResourceType.TOPIC, full_name(self._settings, topic), dict(values))
        for answer in await self._admin.alter_configs([asked]):
            for code, message, *_ in answer.resources:
                if code:
                    raise NotReady(f"topic {asked.name} cannot be configured: {message or for_code(code).__name__}")
