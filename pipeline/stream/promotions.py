"""The model in service, as the topic `promotions` says: read before the first article, followed from then on.

A version is loaded and tried beside the stream, and one assignment between two batches takes it into service: every
article of a batch is judged by the same version, and says by which. A version that cannot be used leaves the one in
service where it is, and is logged; a worker that starts, however, refuses to begin with any other than the promoted
one, because nobody would see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from models import registry
from models.promotion import MODEL
from pipeline import kafka
from pipeline.classify.step import Scorer, classify
from pipeline.errors import Permanent, Transient
from pipeline.records import Promotion
from pipeline.settings import Settings
from pipeline.stream.sample import SAMPLE
from pipeline.topics import PROMOTIONS

log = structlog.get_logger()
_PAUSE = 2.0


class InService:
    """Keeps the scorer that the topic says.

    Attributes:
        scorer: the one in service; read it once per batch.

    Args:
        settings: which model until one is promoted, which broker, which registry.

    Raises:
        BadModel: the model may not be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._first: Scorer = registry.load(settings.model.path or registry.CHAMPION)
        self.scorer: Scorer = self._first
        self._next = 0
        self._read = asyncio.Event()

    async def prepare(self, partitions: Iterable[int] = ()) -> None:
        """Read the topic, unless that was done before.

        Raises:
            Permanent: the promoted version cannot be used.
            Transient: broker or registry do not answer.
        """
        if self._read.is_set():
            return
        last: ConsumerRecord | None = None
        async for record in kafka.whole(self._settings.kafka, PROMOTIONS):
            self._next = record.offset + 1
            last = record if record.key == MODEL.encode() else last
        if last is not None:
            await self._take(last)
        self._read.set()
        log.info("model in service", version=self.scorer.version)

    async def follow(self) -> None:
        """Take into service what comes onto the topic, for ever."""
        await self._read.wait()
        while True:
            try:
                await self._listen()
            except (KafkaError, Transient) as error:
                log.warning("promotions cannot be followed, trying again", error=repr(error)[:300])
                await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        tp = TopicPartition(kafka.full_name(self._settings.kafka, PROMOTIONS), 0)
        async with kafka.reading(self._settings.kafka) as consumer:
            consumer.assign([tp])
            # Compaction may have taken the place where we stopped: then the oldest that is left is the next.
            starts = await consumer.beginning_offsets([tp])
            consumer.seek(tp, max(self._next, starts[tp]))
            while True:
                records = (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
                mine = [record for record in records if record.key == MODEL.encode()]
                if mine:
                    await self._change(mine[-1])
                if records:
                    self._next = records[-1].offset + 1

    async def _change(self, record: ConsumerRecord) -> None:
        """Take a promotion, or say why not and go on."""
        before = self.scorer.version
        try:
            await self._take(record)
        except Permanent as error:
            log.warning("promotion that cannot be taken, the model stays", version=before, error=str(error)[:300])
            return
        log.info("model in service", version=self.scorer.version, before=before)

    async def _take(self, record: ConsumerRecord) -> None:
        """Put the version of a record into service; a record without value goes back to the first one."""
        version = Promotion.decode(record.value).version if record.value is not None else self._first.version
        if version == self._first.version:
            self.scorer = self._first
        elif version != self.scorer.version:
            # Loading takes a second; the batches go on with the old one meanwhile.
            self.scorer = await asyncio.to_thread(_load, registry.root(self._settings), version)


def _load(place: str, version: str) -> Scorer:
    """Return a version that has judged one article: what loads on first use is loaded, what fails has failed."""
    scorer = registry.open_version(place, version)
    classify(scorer, [SAMPLE])
    return scorer
