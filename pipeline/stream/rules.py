"""The keyword rules in service, as the topic `rules` says: read before the first article, followed from then on.

One record holds all rules, and one assignment takes them into service: an article is judged by the old ones or by the
new ones, never by some of both. A record that cannot be used leaves the rules as they are, and is logged.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline import kafka
from pipeline.errors import Permanent, Transient
from pipeline.records import RuleFile
from pipeline.rules.files import Rules, read_rules
from pipeline.rules.match import Book
from pipeline.settings import KafkaSettings
from pipeline.topics import RULES

log = structlog.get_logger()
_PAUSE = 2.0


class Following:
    """Keeps the rules as the topic has them.

    Attributes:
        book: the rules in service.

    Args:
        settings: which broker.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.book = Book(Rules())
        self._settings = settings
        self._next = 0
        self._read = asyncio.Event()

    async def prepare(self, partitions: Iterable[int] = ()) -> None:
        """Read the topic, unless that was done before."""
        if self._read.is_set():
            return
        last: ConsumerRecord | None = None
        async for record in kafka.whole(self._settings, RULES):
            last = record
        if last is not None:
            await self._take(last)
        self._read.set()

    async def follow(self) -> None:
        """Take into service what comes onto the topic, for ever."""
        await self._read.wait()
        while True:
            try:
                await self._listen()
            except (KafkaError, Transient) as error:
                log.warning("rules cannot be followed, trying again", error=repr(error)[:300])
                await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        tp = TopicPartition(kafka.full_name(self._settings, RULES), 0)
        async with kafka.reading(self._settings) as consumer:
            consumer.assign([tp])
            # Compaction may have taken the place where we stopped: then the oldest that is left is the next.
            starts = await consumer.beginning_offsets([tp])
            consumer.seek(tp, max(self._next, starts[tp]))
            while True:
                records = (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
                if records:
                    await self._take(records[-1])

    async def _take(self, record: ConsumerRecord) -> None:
        """Put the rules of a record into service; reading them takes a second for thousands, so beside the stream."""
        self._next = record.offset + 1
        try:
            self.book = await asyncio.to_thread(_book, record.value)
        except Permanent as error:
            log.warning("rules that cannot be used, the old ones stay", offset=record.offset, error=str(error))
            return
        # Thousands of rules are hundreds of thousands of objects that stay: looking for garbage among them again and
        # again costs more than asking them.
        gc.collect()
        gc.freeze()
        log.info("rules in service", rules=len(self.book.rules.rules), version=self.book.version)


def _book(value: bytes | None) -> Book:
    """Return the rules in a record; a record without value (a tombstone) takes all rules away.

    Raises:
        Permanent: no rule file, or one that this version cannot read.
    """
    if value is None:
        return Book(Rules())
    file = RuleFile.decode(value)
    return Book(read_rules(file.text, file.name))
