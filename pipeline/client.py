"""Alerts for your own program: typed, each revision once, going on where you stopped.

    from pipeline.client import alerts

    async with alerts("crm") as found:
        async for alert in found:
            await crm.put(alert.id, alert.revision, ...)

An alert counts as done when the next one is asked for, or when you leave without an exception; that is acknowledged
within a second. So after a crash the last ones come again, and never one is missing: put them down by `id` and
`revision`. Inside one run a revision that was given out does not come again, nor an older one after a newer one. While
the broker is away the iterator waits. `docs/consumers.md` says what the fields mean and what may change.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from pipeline import kafka
from pipeline.errors import NotReady, Undecodable, UnknownVersion
from pipeline.records import Alert
from pipeline.settings import KafkaSettings, load
from pipeline.topics import ALERTS, route_topic

log = structlog.get_logger()

#: Ids whose revision is remembered; the one that was not seen for longest goes first.
REMEMBERED: Final = 200_000
_COMMIT_SECONDS: Final = 1.0
_REFUSED: Final = (TopicAuthorizationFailedError, GroupAuthorizationFailedError)


@asynccontextmanager
async def alerts(
    group: str = "",
    *,
    route: str = "",
    start: Literal["earliest", "latest"] = "earliest",
    member: str = "",
    have: Mapping[str, int] | None = None,
    gone: Callable[[str], None] = lambda _: None,
    unknown: Literal["raise", "skip"] = "raise",
    manual: bool = False,
    settings: KafkaSettings | None = None,
) -> AsyncIterator[Alerts]:
    """Open the alerts, and on leaving acknowledge those that are done.

    Args:
        group: name of your program: its members share the alerts, and its place is remembered. Empty remembers nothing.
        route: reads `alerts.<route>` instead of `alerts`.
        start: where to begin without a remembered place.
        member: this process among those of its group, the same after a restart: then it goes on at once instead of
            after the session's end.
        have: id → revision of what you hold already; these and older ones are not given out.
        gone: called with the id of an alert that was taken off the topic: delete what you hold of it.
        unknown: what to do with a schema version that this reader does not know: `raise` stops there and acknowledges
            nothing, so that a newer reader goes on; `skip` counts it.
        manual: for those who write many at once: nothing counts as done but by `await found.acknowledge()`, and with
            that all that was given out.
        settings: broker, prefix and login; None takes them from the environment (`STELLWERK_KAFKA__…`).

    Raises:
        NotReady: there is no such topic, or this login may not see it.
        Transient: on entering, when no broker answers within `settings.wait` seconds.
    """
    used = settings or load().kafka
    name = kafka.full_name(used, route_topic(route) if route else ALERTS)
    more: dict[str, Any] = {"auto_offset_reset": start, "session_timeout_ms": int(used.session * 1000)}
    if group:
        more |= {"group_id": f"{used.prefix}consumer.{group}", "group_instance_id": member or None}
    await kafka.patiently(used, lambda: _present(used, name))
    async with kafka.reading(used, **more) as consumer:
        made = Alerts(consumer, bool(group), have or {}, gone, unknown, manual)
        consumer.subscribe([name], listener=made.listener)
        try:
            yield made
            made.finish()
        finally:
            await made.sometimes(now=True)


async def _present(settings: KafkaSettings, name: str) -> None:
    async with kafka.reading(settings) as consumer:
        if name not in await consumer.topics():
            raise NotReady(f"topic {name} is not there, or {settings.username or 'this login'} may not see it")


class Alerts:
    """An iterator over alerts as they come; made by `alerts`, ends when you leave it.

    Attributes:
        counts: records by what became of them: `given`, `repeated` (same revision), `late` (an older one), `gone`,
            `unreadable`, `unknown_version`.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        remembers: bool,
        have: Mapping[str, int],
        gone: Callable[[str], None],
        unknown: Literal["raise", "skip"],
        manual: bool,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.listener = _Revoked(self)
        self._consumer, self._remembers, self._manual = consumer, remembers, manual
        self._gone, self._unknown = gone, unknown
        self._revisions = dict(have)
        self._waiting: deque[ConsumerRecord] = deque()
        self._given: ConsumerRecord | None = None
        self._done: dict[TopicPartition, int] = {}
        self._acknowledged = time.monotonic()

    def __aiter__(self) -> Alerts:
        """Return itself."""
        return self

    async def __anext__(self) -> Alert:
        """Return the next alert; the one before is done.

        Raises:
            UnknownVersion: a newer Stellwerk wrote it, and `unknown` says `raise`.
            NotReady: this login may not read the topic, or may not use the group.
        """
        self.finish()
        while True:
            while self._waiting:
                if (alert := self._look(self._waiting[0])) is not None:
                    self._given = self._waiting.popleft()
                    return alert
                self._note(self._waiting.popleft())
            await self.sometimes()
            await self._fetch()

    async def acknowledge(self) -> None:
        """Remember the place behind all that was given out; when the broker is away, the next time will do."""
        self.finish()
        await self._commit()

    async def sometimes(self, *, now: bool = False) -> None:
        """Acknowledge what is done, unless the caller does, and not more often than once a second."""
        if not self._manual and (now or time.monotonic() - self._acknowledged >= _COMMIT_SECONDS):
            await self._commit()

    async def _commit(self) -> None:
        done, self._acknowledged = dict(self._done), time.monotonic()
        if not (done and self._remembers):
            return
        try:
            await self._consumer.commit(done)
        except KafkaError as error:
            log.warning("not acknowledged yet", error=repr(error)[:200])
            return
        self._done = {tp: offset for tp, offset in self._done.items() if done.get(tp) != offset}

    async def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        """Let go of partitions: what is done is acknowledged, what waits comes again, here or elsewhere."""
        await self.sometimes(now=True)
        lost = set(partitions)
        self._waiting = deque(record for record in self._waiting if _place(record) not in lost)
        self._done = {tp: offset for tp, offset in self._done.items() if tp not in lost}
        if self._given and _place(self._given) in lost:
            self._given = None

    def finish(self) -> None:
        """Count the alert that was given out as done."""
        if self._given is not None:
            self._note(self._given)
            self._given = None

    def _note(self, record: ConsumerRecord) -> None:
        self._done[_place(record)] = record.offset + 1

    async def _fetch(self) -> None:
        try:
            for records in (await self._consumer.getmany(timeout_ms=200, max_records=500)).values():
                self._waiting.extend(records)
        except _REFUSED as error:
            raise NotReady(f"this login may not read here: {type(error).__name__} {error}") from None

    def _look(self, record: ConsumerRecord) -> Alert | None:
        """Return the alert to give out, or count why there is none."""
        if record.value is None:
            self._forget(record)
            return None
        try:
            alert = Alert.decode(record.value)
        except UnknownVersion as error:
            if self._unknown == "raise":
                raise
            self._skip("unknown_version", record, error)
            return None
        except Undecodable as error:
            self._skip("unreadable", record, error)
            return None
        held = self._revisions.get(alert.id, 0)
        if alert.revision <= held:
            self.counts["repeated" if alert.revision == held else "late"] += 1
            return None
        self._remember(alert)
        self.counts["given"] += 1
        return alert

    def _forget(self, record: ConsumerRecord) -> None:
        id = (record.key or b"").decode(errors="replace")
        self._revisions.pop(id, None)
        self.counts["gone"] += 1
        self._gone(id)

    def _skip(self, outcome: str, record: ConsumerRecord, error: Undecodable) -> None:
        log.warning("alert that cannot be read", partition=record.partition, offset=record.offset, error=str(error))
        self.counts[outcome] += 1

    def _remember(self, alert: Alert) -> None:
        self._revisions.pop(alert.id, None)
        self._revisions[alert.id] = alert.revision
        if len(self._revisions) > REMEMBERED:
            del self._revisions[next(iter(self._revisions))]


class _Revoked(ConsumerRebalanceListener):
    """Tells the iterator which partitions it loses, while it may still acknowledge."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Pass it on."""
        await self._alerts.revoked(revoked)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Nothing to do: the place is the group's."""


def _place(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)
