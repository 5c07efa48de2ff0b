"""What an applied file says, as its topic has it: read before the first record, followed from then on.

One record holds the whole file, and one assignment takes it into force. A record that cannot be used leaves what was
in force, also over a restart; it is logged and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import structlog
from aiokafka import ConsumerRecord

from pipeline import kafka, metrics
from pipeline.alert.routes import Route, opened
from pipeline.applied import in_force
from pipeline.errors import Permanent
from pipeline.follower import Follower
from pipeline.settings import KafkaSettings
from pipeline.topics import ROUTES, Topic, route_topic

log = structlog.get_logger()
T = TypeVar("T")
#: Seconds in which every node of a cluster has learnt of a topic that was made just now.
_LEARNT: Final = 10.0


class Following(Generic[T]):
    """Keeps what a topic's newest file says.

    Attributes:
        value: what is in force. It changes at any time: read it once for what must be judged by one of them.

    Args:
        settings: which broker.
        topic: which topic.
        opened: turns a record's value into what it says, or raises `Permanent`; called beside the stream.
        begin: what is in force while nothing was applied.
        told: called with what has come into force; logs it.
        admit: awaited before something comes into force, and raises `Permanent` where it cannot.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topic: Topic,
        opened: Callable[[bytes | None], T],
        begin: T,
        told: Callable[[T], None],
        admit: Callable[[T], Awaitable[None]] | None = None,
    ) -> None:
        self.value = begin
        self._settings, self._topic, self._opened, self._told = settings, topic, opened, told
        self._admit = admit
        self._follower = Follower(settings, topic, first=self._first, later=self._later)

    async def prepare(self) -> None:
        """Read the topic, unless that was done before."""
        await self._follower.prepare()

    async def follow(self) -> None:
        """Take into force what comes onto the topic, for ever."""
        await self._follower.follow()

    async def _first(self, record: ConsumerRecord) -> None:
        if await self._take(record):
            return
        before = await in_force(self._settings, self._topic, self._opened)
        if before is not None:
            self.value = before
            self._told(before)

    async def _later(self, record: ConsumerRecord) -> None:
        await self._take(record)

    async def _take(self, record: ConsumerRecord) -> bool:
        """Take a record into force; reading it takes a second for thousands of rules, so beside the stream."""
        try:
            found = await asyncio.to_thread(self._opened, record.value)
            if self._admit:
                await self._admit(found)
        except Permanent as error:
            what = f"{self._topic.name} that cannot be used, the old ones stay"
            log.warning(what, offset=record.offset, error=str(error))
            metrics.UNUSABLE.add(1, self._topic.name)
            return False
        self.value = found
        self._told(found)
        return True


def routes(settings: KafkaSettings) -> Following[Route | None]:
    """Return what keeps the routes as the topic has them; none until some are applied. Two roles follow them.

    Routes come into force where their topics are there: whoever applies them makes those, a worker may not.
    """
    patient = settings.model_copy(update={"wait": max(settings.wait, _LEARNT)})

    async def admit(tree: Route | None) -> None:
        if tree:
            await kafka.require(patient, tuple(map(route_topic, tree.topics())))

    return Following(settings, ROUTES, opened, None, _routes_told, admit)


def _routes_told(tree: Route | None) -> None:
    topics = [f"alerts.{name}" for name in tree.topics()] if tree else []
    log.info("routes in force", topics=topics, version=tree.version if tree else "")
