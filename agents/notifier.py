"""What a notify worker does: tells receivers what the topics of routes bring.

    alerts.<route> ──▶ take ──▶ waits ──▶ notifications: sending ──▶ tell ──▶ notifications: sent ──▶ offset committed

A crash before `sending` repeats nothing. Between `sending` and `sent` nobody knows whether the other side has it: a
webhook and a mail are sent again under the same id, by which the other side can tell; a chat has no such id, so it is
not told again, and the topic says `unsure`. Offsets are committed only below what still waits.

Every worker reads the topics of all routes, former ones too, by the beginning of their names: so other routes change
neither what is read nor who reads it. When others are in force, what waits is dropped and taken again by the new tree.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import httpx2
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from agents.tell import Address, resolve, tell
from pipeline import kafka, metrics
from pipeline.alert.outgoing import Item, Message, Outgoing
from pipeline.alert.routes import Route
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import Permanent, StellwerkError, Transient, Undecodable
from pipeline.heart import Heart
from pipeline.records import Alert, Notification
from pipeline.settings import Settings
from pipeline.topics import DEAD_LETTERS, NOTIFICATIONS, ROUTES, Topic, route_topic
from pipeline.watch import Place, Pulse

log = structlog.get_logger()

GROUP: Final = "notify"
_LOOK, _AT_ONCE, _WAITING_MOST = 500, 200, 20_000
#: Milliseconds after which a route's new topic is known.
_NEW: Final = 5_000
State = Literal["sending", "tried", "sent", "dead", "unsure"]


class Notifier(ConsumerRebalanceListener):  # type: ignore[misc]
    """One worker.

    Args:
        settings: broker, attempts and pauses.
        routes: returns the tree in force.
        clock: what time it is.

    Raises:
        BadInput: an address of the tree cannot be read.
        NotReady: a library is missing.
    """

    def __init__(
        self,
        settings: Settings,
        routes: Callable[[], Route | None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._routes, self._clock = settings, routes, clock
        self._outgoing = Outgoing(routes(), settings.notify.age_most)
        self._addresses = _addresses(self._outgoing.routes)
        self._refused = self._outgoing.routes
        self._consumer, self._open = self._made(), False
        self._known: set[int] = set()
        self._lost: set[int] = set()
        self._next: dict[TopicPartition, int] = {}
        self.counts: Counter[str] = Counter()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Note what another worker may tell from now on."""
        self._lost.update(tp.partition for tp in revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Let partitions wait of which somebody else has another topic, as long as not all know of a new one.

        What was told is read before a partition's first alert is looked at; who reads one topic does not see what
        another worker tells of the other.
        """
        topics = {name: self._consumer.partitions_for_topic(name) or () for name in self._consumer.subscription()}
        others = {n for name, ns in topics.items() for n in ns if TopicPartition(name, n) not in assigned}
        if wait := [tp for tp in assigned if tp.partition in others]:
            log.info(
                "partitions wait until all workers know all topics", partitions=sorted({tp.partition for tp in wait})
            )
            self._consumer.pause(*wait)

    async def places(self) -> dict[str, Place]:
        """Return how far each partition is read, which says more than its commit: what waits for a digest has none.

        Raises:
            KafkaError: the broker does not answer.
        """
        if not self._open or len(self._outgoing) > _WAITING_MOST:
            # With so much in hand nothing more is read.
            return {}
        consumer, mine = self._consumer, self._consumer.assignment()
        ends = await consumer.end_offsets(mine) if mine else {}
        return {f"{tp.partition} of {tp.topic}": Place(await consumer.position(tp), end) for tp, end in ends.items()}

    def _made(self) -> AIOKafkaConsumer:
        settings = self._settings.kafka
        consumer = AIOKafkaConsumer(
            **kafka.client(settings),
            # No instance id, as stages have one: Kafka gives a member that it knows again what it had before, and a
            # route's topic that was made meanwhile to nobody.
            group_id=settings.prefix + GROUP,
            session_timeout_ms=int(settings.session * 1000),
            heartbeat_interval_ms=int(settings.session * 200),
            metadata_max_age_ms=_NEW,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # One worker has the same partitions of all routes, so it knows all that an alert's receivers were told.
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        consumer.subscribe(pattern=f"^{re.escape(kafka.full_name(settings, route_topic('')))}", listener=self)
        return consumer

    async def run(self, stop: asyncio.Event, heart: Heart, pulse: Pulse, ready: Callable[[], None]) -> None:
        """Tell until stopped.

        Raises:
            Transient: no broker answers at the start.
        """
        settings, consumer = self._settings.kafka, self._consumer
        client = httpx2.AsyncClient(timeout=self._settings.notify.timeout, trust_env=False)
        try:
            await consumer.start()
            self._open = True
            async with kafka.sending(settings) as producer, client:
                ready()
                while not stop.is_set():
                    with heart.work(), pulse.work(last=True):
                        await self._turn(producer, client)
        except KafkaError as error:
            raise Transient(f"no broker at {settings.bootstrap}: {error}") from None
        finally:
            self._open = False
            await consumer.stop()

    async def _turn(self, producer: AIOKafkaProducer, client: httpx2.AsyncClient) -> None:
        self._switch()
        full = len(self._outgoing) > _WAITING_MOST
        found = {} if full else await self._consumer.getmany(timeout_ms=_LOOK, max_records=_AT_ONCE)
        if full:
            await asyncio.sleep(_LOOK / 1000)
        self._forget()
        for tp, records in found.items():
            await self._learn(tp.partition)
            for record in records:
                await self._take(record, producer)
            self._next[tp] = records[-1].offset + 1
        messages = self._outgoing.due(self._clock())
        await asyncio.gather(*(self._tell(message, producer, client) for message in messages))
        await self._commit()

    def _forget(self) -> None:
        """Drop what another worker may have told meanwhile."""
        for partition in self._lost:
            self._outgoing.forget(partition)
        self._known -= self._lost
        self._next = {tp: offset for tp, offset in self._next.items() if tp.partition not in self._lost}
        self._lost.clear()

    def _switch(self) -> None:
        """Take the tree in force, where it is another one: what waits is read again, and goes its way."""
        routes = self._routes()
        if routes in (self._outgoing.routes, self._refused):
            return
        self._refused = routes
        try:
            self._addresses = _addresses(routes)
        except StellwerkError as error:
            log.warning("receivers that cannot be told, the old ones stay; mend it and restart", error=str(error))
            metrics.UNUSABLE.add(1, ROUTES.name)
            return
        self._forget()
        places, mine = self._places(), self._consumer.assignment()
        self._outgoing.reroute(routes)
        self._next = {tp: offset for tp, offset in places.items() if tp in mine}
        for tp, offset in self._next.items():
            self._consumer.seek(tp, offset)
        log.info("telling", receivers=sorted(self._addresses), version=routes.version if routes else "")

    async def _learn(self, partition: int) -> None:
        """Read what was told of a partition's alerts, unless it is known."""
        if partition in self._known:
            return
        self._outgoing.forget(partition)
        async for record in kafka.whole(self._settings.kafka, NOTIFICATIONS, [partition]):
            try:
                self._outgoing.remember(partition, Notification.decode(record.value))
            except Undecodable as error:
                log.warning("notification that cannot be read", offset=record.offset, error=str(error)[:200])
        self._known.add(partition)

    async def _take(self, record: ConsumerRecord, producer: AIOKafkaProducer) -> None:
        try:
            alert = Alert.decode(record.value)
        except Undecodable as error:
            await self._bury(producer, record.key, record.value or b"", f"Undecodable: {error}", "")
            self._count("dead")
            return
        for outcome in self._outgoing.take(
            alert, self._bare(record.topic), record.partition, record.offset, self._clock()
        ):
            self._count(outcome)
        while self._outgoing.unsure:
            message = self._outgoing.unsure.pop()
            log.warning("not known whether it was told, not repeated", receiver=message.receiver.name, alert=alert.id)
            await self._note(message, "unsure", producer)

    async def _tell(self, message: Message, producer: AIOKafkaProducer, client: httpx2.AsyncClient) -> None:
        """Send one message and write down what came of it."""
        name = message.receiver.name
        await self._note(message, "sending", producer)
        try:
            await tell(message, self._addresses[name], client, self._settings.notify.timeout)
        except Transient as error:
            pause = self._pause(max(item.attempts for item in message.items))
            if self._outgoing.later(message, self._clock() + timedelta(seconds=pause)) < self._settings.notify.attempts:
                await self._note(message, "tried", producer)
                log.warning("receiver not reached, trying again", receiver=name, error=str(error), seconds=pause)
                metrics.RECORDS.add(1, GROUP, "retried")
                return
            await self._give_up(message, f"{error}, {self._settings.notify.attempts} times", producer)
        except Permanent as error:
            await self._give_up(message, str(error), producer)
        else:
            await self._note(message, "sent", producer)
            self._outgoing.done(message)
            self._count("sent", len(message.items))
            log.info("told", receiver=name, alerts=len(message.items), message=message.id)

    async def _give_up(self, message: Message, why: str, producer: AIOKafkaProducer) -> None:
        log.error("receiver refuses, dead letter", receiver=message.receiver.name, error=why)
        for item in message.items:
            await self._bury(producer, item.alert.id.encode(), item.alert.encode(), why, message.receiver.name)
        await self._note(message, "dead", producer)
        self._outgoing.done(message)
        self._count("dead", len(message.items))

    async def _note(self, message: Message, state: State, producer: AIOKafkaProducer) -> None:
        now = self._clock()
        sent = []
        for item in message.items:
            said = Notification(
                alert_id=item.alert.id,
                receiver=item.receiver.name,
                revision=item.alert.revision,
                state=state,
                batch=message.id,
                at=now,
            )
            self._outgoing.remember(item.partition, said)
            sent.append(await self._send(producer, NOTIFICATIONS, _key(item), said.encode(), item.partition))
        await asyncio.gather(*sent)

    async def _bury(self, producer: AIOKafkaProducer, key: bytes | None, value: bytes, why: str, receiver: str) -> None:
        about = {"dead_topic": "alerts", "dead_stage": GROUP, "dead_error": why, "dead_receiver": receiver}
        headers = tuple((name, text.encode()) for name, text in about.items())
        await (await self._send(producer, DEAD_LETTERS, key, value, None, headers))

    async def _send(
        self,
        producer: AIOKafkaProducer,
        topic: Topic,
        key: bytes | None,
        value: bytes,
        partition: int | None,
        headers: Any = (),
    ) -> Any:
        out = Out(topic, key, value, partition, headers)
        told = headers_for(out, source=f"/stellwerk/{GROUP}", trace=new_trace())
        name = kafka.full_name(self._settings.kafka, topic)
        return await producer.send(name, value, key=key, partition=partition, headers=told)

    def _places(self) -> dict[TopicPartition, int]:
        """Return from where each partition would have to be read again: from the oldest alert that still waits."""
        lows = {tp: self._outgoing.low(self._bare(tp.topic), tp.partition) for tp in self._next}
        return {tp: after if lows[tp] is None else min(lows[tp] or 0, after) for tp, after in self._next.items()}

    def _bare(self, topic: str) -> str:
        return topic.removeprefix(self._settings.kafka.prefix)

    async def _commit(self) -> None:
        try:
            mine = self._consumer.assignment()
            if offsets := {tp: offset for tp, offset in self._places().items() if tp in mine}:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            log.warning("not committed; told is told all the same", error=repr(error)[:200])

    def _pause(self, attempts: int) -> float:
        settings = self._settings.notify
        return float(min(settings.retry_most, settings.retry_first * 2 ** min(attempts, 20)))

    def _count(self, outcome: str, number: int = 1) -> None:
        self.counts[outcome] += number
        metrics.RECORDS.add(number, GROUP, outcome)


def _key(item: Item) -> bytes:
    return f"{item.alert.id}/{item.receiver.name}".encode()


def _addresses(routes: Route | None) -> dict[str, Address]:
    return {name: resolve(one) for name, one in (routes.told() if routes else {}).items()}
