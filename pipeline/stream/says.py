"""What people and publishers say of alerts, as `labels` and `withdrawals` have it: read whole, then followed.

Every worker reads all of both: a label knows no partition. What it is applied to is the stage's own affair, between two
batches, on the partitions that it owns then (`alert.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiokafka import ConsumerRecord

from pipeline.alert.cycle import Verdicts
from pipeline.errors import Undecodable
from pipeline.follower import Follower
from pipeline.records import Label, Withdrawal
from pipeline.settings import KafkaSettings
from pipeline.topics import LABELS, WITHDRAWALS

log = structlog.get_logger()


class Says:
    """Keeps the newest word on each alert and article.

    Attributes:
        verdicts: all that was said.
        news: labels and withdrawals that came since they were last looked at, in their order.

    Args:
        settings: which broker.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.verdicts = Verdicts()
        self.news: list[Label | Withdrawal] = []
        self._whole = False
        self._wake: Callable[[], None] = lambda: None
        self._labels = Follower(settings, LABELS, first=self._label, later=self._label, every=True)
        self._withdrawals = Follower(settings, WITHDRAWALS, first=self._withdraw, later=self._withdraw, every=True)

    def woken_by(self, wake: Callable[[], None]) -> None:
        """Call this whenever there is news."""
        self._wake = wake

    async def prepare(self) -> None:
        """Read both topics, unless that was done before."""
        await self._labels.prepare()
        await self._withdrawals.prepare()
        self._whole = True

    async def follow(self) -> None:
        """Take up what comes onto them, for ever."""
        await asyncio.gather(self._labels.follow(), self._withdrawals.follow())

    async def _label(self, record: ConsumerRecord) -> None:
        try:
            label = Label.decode(record.value)
        except Undecodable as error:
            log.warning("label that cannot be read", offset=record.offset, error=str(error)[:200])
            return
        self.verdicts.label(label)
        self._noted(label)

    async def _withdraw(self, record: ConsumerRecord) -> None:
        try:
            withdrawal = Withdrawal.decode(record.value)
        except Undecodable as error:
            log.warning("withdrawal that cannot be read", offset=record.offset, error=str(error)[:200])
            return
        self.verdicts.withdraw(withdrawal)
        self._noted(withdrawal)

    def _noted(self, news: Label | Withdrawal) -> None:
        # What is read before the first batch meets the alerts when their partition is read.
        if self._whole:
            self.news.append(news)
            self._wake()
