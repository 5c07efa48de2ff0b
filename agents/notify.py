"""The notify worker: tells receivers what their routes' topics bring, and nobody twice.

    alerts.<route> ──▶ take ──▶ waits ──▶ notifications: sending ──▶ tell ──▶ notifications: sent ──▶ offset committed

A crash before `sending` repeats nothing. Between `sending` and `sent` nobody knows whether the other side has it: a
webhook and a mail are sent again under the same id, by which the other side can tell; a chat has no such id, so it is
not told again, and the topic says `unsure`. Offsets are committed only below what still waits.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
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
from pipeline.errors import Permanent, Transient, Undecodable
from pipeline.heart import Heart
from pipeline.probe import Probe, serving
from pipeline.records import Alert, Notification
from pipeline.settings import Settings
from pipeline.topics import DEAD_LETTERS, NOTIFICATIONS, Topic, route_topic
from pipeline.watch import Place, Progress, Pulse, UnderWay, watch

log = structlog.get_logger()

GROUP: Final = "notify"
_LOOK, _AT_ONCE, _WAITING_MOST = 500, 200, 20_000
State = Literal["sending", "sent", "dead", "unsure"]


class Notifier(ConsumerRebalanceListener):  # type: ignore[misc]
    """One worker.

    Args:
        settings: broker, attempts and pauses.
        routes: the tree; those of its routes that name receivers are followed.
        addresses: of all receivers, by name.
        clock: what time it is.
    """

    def __init__(
        self,
        settings: Settings,
        routes: Route,
        addresses: dict[str, Address],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._addresses, self._clock = settings, addresses, clock
        self._outgoing = Outgoing(routes, settings.notify.age_most)
        self._topics = {kafka.full_name(settings.kafka, topic): topic for topic in told_topics(routes)}
        self._known: set[int] = set()
        self._lost: set[int] = set()
        self._next: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self.counts: Counter[str] = Counter()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Note what another worker may tell from now on."""
        self._lost.update(tp.partition for tp in revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Do nothing: what was told is read before a partition's first alert is looked at."""

    async def places(self) -> dict[str, Place]:
        """Return how far each partition is read, which says more than its commit: what waits for a digest has none.

        Raises:
            KafkaError: the broker does not answer.
        """
        consumer = self._consumer
        if consumer is None or len(self._outgoing) > _WAITING_MOST:
            # With so much in hand nothing more is read.
            return {}
        mine = consumer.assignment()
        ends = await consumer.end_offsets(mine) if mine else {}
        return {f"{tp.partition} of {tp.topic}": Place(await consumer.position(tp), end) for tp, end in ends.items()}

    async def run(self, stop: asyncio.Event, heart: Heart, pulse: Pulse, ready: Callable[[], None]) -> None:
        """Tell until stopped.

        Raises:
            Transient: no broker answers at the start.
        """
        settings = self._settings.kafka
        consumer = AIOKafkaConsumer(
            **kafka.client(settings),
            group_id=settings.prefix + GROUP,
            group_instance_id=f"{GROUP}-{self._settings.stream.worker}",
            session_timeout_ms=int(settings.session * 1000),
            heartbeat_interval_ms=int(settings.session * 200),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # One worker has the same partitions of all routes, so it knows all that an alert's receivers were told.
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        consumer.subscribe(list(self._topics), listener=self)
        client = httpx2.AsyncClient(timeout=self._settings.notify.timeout, trust_env=False)
        try:
            await consumer.start()
            self._consumer = consumer
            async with kafka.sending(settings) as producer, client:
                ready()
                while not stop.is_set():
                    with heart.work(), pulse.work(last=True):
                        await self._turn(consumer, producer, client)
        except KafkaError as error:
            raise Transient(f"no broker at {settings.bootstrap}: {error}") from None
        finally:
            self._consumer = None
            await consumer.stop()

    async def _turn(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, client: httpx2.AsyncClient) -> None:
        full = len(self._outgoing) > _WAITING_MOST
        found = {} if full else await consumer.getmany(timeout_ms=_LOOK, max_records=_AT_ONCE)
        if full:
            await asyncio.sleep(_LOOK / 1000)
        for partition in self._lost:
            self._outgoing.forget(partition)
        self._known -= self._lost
        self._next = {tp: offset for tp, offset in self._next.items() if tp.partition not in self._lost}
        self._lost.clear()
        for tp, records in found.items():
            await self._learn(tp.partition)
            for record in records:
                await self._take(record, producer)
            self._next[tp] = records[-1].offset + 1
        messages = self._outgoing.due(self._clock())
        await asyncio.gather(*(self._tell(message, producer, client) for message in messages))
        await self._commit(consumer)

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
        topic = self._topics[record.topic].name
        for outcome in self._outgoing.take(alert, topic, record.partition, record.offset, self._clock()):
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

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit up to the oldest alert that still waits."""
        offsets = {}
        for tp, after in self._next.items():
            low = self._outgoing.low(self._topics[tp.topic].name, tp.partition)
            offsets[tp] = after if low is None else min(low, after)
        try:
            mine = consumer.assignment()
            if offsets := {tp: offset for tp, offset in offsets.items() if tp in mine}:
                await consumer.commit(offsets)
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


@asynccontextmanager
async def _watched(
    settings: Settings, notifier: Notifier, heart: Heart, pulse: Pulse, probe: Probe
) -> AsyncIterator[None]:
    """End the process while this lasts when alerts wait that it does not read, or one turn never ends."""
    progress, under_way = Progress(settings.stream.stuck), UnderWay(settings.stream.stuck / 4)

    async def look() -> str:
        now, places = time.monotonic(), await notifier.places()
        return under_way.look(heart.stuck(), now) or progress.look(places, pulse.worked, pulse.emptied, now)

    def forget() -> None:
        progress.forget()
        under_way.forget()

    watching = asyncio.create_task(watch(look, forget, probe, settings.stream.stuck))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def told_topics(routes: Route) -> tuple[Topic, ...]:
    """Return the topics of the routes that name receivers."""
    return tuple(route_topic(name) for name in dict.fromkeys(one.topic for one in routes.walk() if one.receivers))


async def notify(settings: Settings, routes: Route | None, ready: Callable[[], None] = lambda: None) -> None:
    """Tell receivers until SIGTERM or SIGINT; without any, wait for that and do nothing.

    Args:
        settings: broker, attempts and pauses.
        routes: the deployment's tree, where it has one.
        ready: called when the worker listens.

    Raises:
        BadInput: an address cannot be read.
        NotReady: topics or libraries are missing.
        Transient: no broker answers.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    receivers = {one.name: one for route in (routes.walk() if routes else ()) for one in route.receivers}
    heart, probe = Heart(settings, GROUP), Probe(GROUP, *(("broker", "topics") if receivers else ()))
    async with heart.beating(), serving(settings, probe):
        if routes is None or not receivers:
            log.info("no route names receivers: nobody to tell")
            ready()
            await stop.wait()
            return
        addresses = {name: resolve(one) for name, one in receivers.items()}
        await kafka.require(settings.kafka, (*told_topics(routes), NOTIFICATIONS, DEAD_LETTERS))
        probe.say("broker")
        probe.say("topics")
        notifier = Notifier(settings, routes, addresses)
        log.info("telling", receivers=sorted(receivers), topics=[topic.name for topic in told_topics(routes)])
        pulse = Pulse()
        with metrics.PROGRESS.read(lambda: {(GROUP,): pulse.at} if pulse.at else {}):
            async with _watched(settings, notifier, heart, pulse, probe):
                await notifier.run(stop, heart, pulse, ready)
    log.info("stopped", **notifier.counts)
