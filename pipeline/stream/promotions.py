"""The model in service, as the topic `promotions` says: read before the first article, followed from then on.

A version is loaded and tried beside the stream, and one assignment between two batches takes it into service: every
article of a batch is judged by the same version, and says by which. A version that cannot be used leaves the one in
service where it is, and is logged; a worker that starts, however, refuses to begin with any other than the promoted
one, because nobody would see it.
"""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import ConsumerRecord

from models import registry
from models.promotion import MODEL
from pipeline.classify.step import Scorer, classify
from pipeline.errors import Permanent
from pipeline.follower import Follower
from pipeline.records import Promotion
from pipeline.settings import Settings
from pipeline.stream.sample import SAMPLE
from pipeline.topics import PROMOTIONS

log = structlog.get_logger()


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
        self._follower = Follower(settings.kafka, PROMOTIONS, first=self._take, later=self._change, key=MODEL.encode())

    async def prepare(self) -> None:
        """Read the topic, unless that was done before.

        Raises:
            Permanent: the promoted version cannot be used.
            Transient: broker or registry do not answer.
        """
        if await self._follower.prepare():
            log.info("model in service", version=self.scorer.version)

    async def follow(self) -> None:
        """Take into service what comes onto the topic, for ever."""
        await self._follower.follow()

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
