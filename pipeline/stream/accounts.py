"""The accounts in service, as the topic `accounts` says: read before the first article, followed from then on.

What an apply changes goes into service in one step, between two batches: a few accounts are changed in the tables, for
many of them tables are built beside the stream and taken instead. A file that is set counts, and nothing is followed.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline import accounts as topic
from pipeline import kafka
from pipeline.errors import Transient, Undecodable
from pipeline.records import AccountsApplied
from pipeline.route.accounts import load_accounts
from pipeline.route.regions import Regions
from pipeline.route.step import Router
from pipeline.route.tree import Accounts
from pipeline.settings import Settings
from pipeline.topics import ACCOUNTS

log = structlog.get_logger()
_PAUSE = 2.0
_FEW = 500
"""So many changed accounts cost a batch some hundredths of a second; more are built beside the stream."""

Waiting = dict[bytes, bytes | None]


class Listening:
    """Keeps the router as the topic has it.

    Attributes:
        router: the one in service; read it once per batch.

    Args:
        settings: which file, or which broker.

    Raises:
        BadInput: the account file or the region file is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.kafka
        self._regions = Regions.load(settings.route.regions)
        self._file = settings.route.accounts
        self.router = self._routed(load_accounts(self._file) if self._file else Accounts(()))
        self._read = asyncio.Event()
        self._once = asyncio.Lock()
        self._next = 0
        self._waiting: Waiting = {}
        self._ready: Waiting = {}

    def _routed(self, accounts: Accounts) -> Router:
        return Router(accounts, self._regions)

    async def prepare(self) -> None:
        """Read the topic, unless that was done before; take what has come since into service."""
        async with self._once:
            if not self._read.is_set():
                await self._begin()
        self._switch()

    async def _begin(self) -> None:
        if self._file is None:
            accounts, applied, self._next = await topic.read(self._settings)
            self.router = await asyncio.to_thread(self._routed, accounts)
            if not accounts:
                log.warning("no accounts on the topic; `stellwerk accounts apply FILE` brings some")
            elif applied != accounts.version:
                log.warning("an apply has not ended; taking what there is", applied=applied, version=accounts.version)
        _settle(self.router)
        self._read.set()

    async def follow(self) -> None:
        """Take into service what comes onto the topic, for ever."""
        if self._file is not None:
            await asyncio.Event().wait()  # nothing to follow, and what ends ends the worker
        await self._read.wait()
        while True:
            try:
                await self._listen()
            except (KafkaError, Transient) as error:
                log.warning("topic cannot be followed, trying again", topic=ACCOUNTS.name, error=repr(error)[:300])
                await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        tp = TopicPartition(kafka.full_name(self._settings, ACCOUNTS), 0)
        async with kafka.reading(self._settings) as consumer:
            consumer.assign([tp])
            # Compaction may have taken the place where we stopped: then the oldest that is left is the next.
            starts = await consumer.beginning_offsets([tp])
            consumer.seek(tp, max(self._next, starts[tp]))
            while True:
                for record in (await consumer.getmany(tp, timeout_ms=1000)).get(tp, []):
                    await self._take(record)
                    self._next = record.offset + 1

    async def _take(self, record: ConsumerRecord) -> None:
        """Keep a changed account until the record that ends the apply."""
        if record.key != topic.APPLIED:
            self._waiting[record.key] = record.value
            return
        self._ready |= self._waiting
        self._waiting = {}
        if len(self._ready) > _FEW or self.router.worn:
            changes, self._ready = self._ready, {}
            # Copied here, so that no batch can change them while they are read beside the stream.
            self.router = await asyncio.to_thread(self._rebuilt, self.router.accounts.copy(), changes)
            _settle(self.router)
        _compare(self.router.accounts.version if not self._ready else "", record)

    def _rebuilt(self, accounts: Accounts, changes: Mapping[bytes, bytes | None]) -> Router:
        for key, value in changes.items():
            topic.take(accounts, key, value)
        return self._routed(accounts)

    def _switch(self) -> None:
        """Change the few accounts that wait; called between two batches."""
        if not self._ready:
            return
        changes, self._ready = self._ready, {}
        for key, value in changes.items():
            self._change(key, value)
        log.info("accounts in service", accounts=len(self.router.accounts), version=self.router.accounts.version)

    def _change(self, key: bytes, value: bytes | None) -> None:
        try:
            self.router.change(key.decode(), topic.decode(value) if value else None)
        except (Undecodable, UnicodeDecodeError) as error:
            log.warning("account that cannot be read", key=key[:100], error=str(error)[:200])


def _compare(version: str, record: ConsumerRecord) -> None:
    """Say when what is in service is not what was applied: two applies at once, or records that cannot be read."""
    try:
        applied = AccountsApplied.decode(record.value)
    except Undecodable as error:
        log.warning("end of an apply that cannot be read", offset=record.offset, error=str(error)[:200])
        return
    if version and version != applied.version:
        log.warning("other accounts than were applied; apply the file again", version=version, applied=applied.version)


def _settle(router: Router) -> None:
    """Keep the garbage collector from looking through what stays."""
    gc.collect()
    gc.freeze()
    log.info("accounts in service", accounts=len(router.accounts), version=router.accounts.version)
