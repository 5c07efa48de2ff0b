"""The keyword rules in service, as the topic `rules` says: read before the first article, followed from then on.

One record holds all rules, and one assignment takes them into service: an article is judged by the old ones or by the
new ones, never by some of both. A record that cannot be used leaves the rules as they are, and is logged.
"""

from __future__ import annotations

import asyncio
import gc

import structlog
from aiokafka import ConsumerRecord

from pipeline.errors import Permanent
from pipeline.rules.files import Rules
from pipeline.rules.match import Book, opened
from pipeline.settings import KafkaSettings
from pipeline.stream.follower import Follower
from pipeline.topics import RULES

log = structlog.get_logger()


class Following:
    """Keeps the rules as the topic has them.

    Attributes:
        book: the rules in service.

    Args:
        settings: which broker.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.book = Book(Rules())
        self._follower = Follower(settings, RULES, first=self._take, later=self._take)

    async def prepare(self) -> None:
        """Read the topic, unless that was done before."""
        await self._follower.prepare()

    async def follow(self) -> None:
        """Take into service what comes onto the topic, for ever."""
        await self._follower.follow()

    async def _take(self, record: ConsumerRecord) -> None:
        """Put the rules of a record into service; reading them takes a second for thousands, so beside the stream."""
        try:
            self.book = await asyncio.to_thread(opened, record.value)
        except Permanent as error:
            log.warning("rules that cannot be used, the old ones stay", offset=record.offset, error=str(error))
            return
        # Thousands of rules are hundreds of thousands of objects that stay: looking for garbage among them again and
        # again costs more than asking them.
        gc.collect()
        gc.freeze()
        log.info("rules in service", rules=len(self.book.rules.rules), version=self.book.version)
