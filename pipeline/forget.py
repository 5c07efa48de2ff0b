"""A person's name taken out of what Kafka holds: found in every topic, and taken out the way that each topic allows.

    alerts, held, promotions       compacted: a revision without the name follows, as it would after any other news
    labels, withdrawals, dead-letters   one partition: copied on without the name, and the old records deleted
    articles, classified, matches, alerts.<route>   gone by a day that is told, or deleted up to the last such record
    accounts, rules, sources, polls, notifications   say what files of the deployment say: told, and left to those
    accounts                       gets the name into `ignore_people`, so that nothing new is alerted

What is deleted takes older records of other people along: each one is told, and none goes that a stage has not read.
The alert workers must be stopped: they remember what is taken out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaProducer, ConsumerRecord

from pipeline import accounts, kafka
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.erase import Eraser
from pipeline.errors import Transient, Undecodable
from pipeline.records import AccountRecord, Alert, AlertState
from pipeline.redact import Person
from pipeline.route.tree import EVERYBODY, Account
from pipeline.settings import KafkaSettings
from pipeline.stream.stages import STAGES
from pipeline.topics import (
    ACCOUNTS,
    ALERTS,
    HELD,
    LARGEST,
    NOTIFICATIONS,
    POLLS,
    PROFILES,
    PROMOTIONS,
    ROUTES,
    RULES,
    SOURCES,
    TOPICS,
    Topic,
)

#: What operators' files say: whoever changes it here has it back with the next apply.
FILES: Final = (ACCOUNTS, RULES, PROFILES, ROUTES, SOURCES, POLLS, NOTIFICATIONS)
_REVISED: Final = (ALERTS, HELD, PROMOTIONS)
WHY: Final = "a person is forgotten"
#: Seconds in which Kafka's cleaner has come by; it looks every 15.
_CLEANED: Final = 180.0
_ROLL: Final = 0.3
_LOOK: Final = 3.0
Step = Callable[[str, int], None]
Place = tuple[int, bytes]
Values = dict[Place, bytes | None]


@dataclass(frozen=True, slots=True)
class Found:
    """A record that names the person.

    Attributes:
        topic: its name without the prefix.
        at: the record's time.
        until: when it is gone by itself, at the latest; None where Kafka keeps it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes
    at: datetime
    until: datetime | None


@dataclass(slots=True)
class Report:
    """What was done.

    Attributes:
        ignored: whether the name is new among `ignore_people`.
        revised: topic -> keys of which a revision without the name follows.
        copied: topic -> records copied on, and how many of them had the name.
        deleted: topic -> key, partition and offset of every record that was deleted.
        unread: topic -> who has not read all that would be deleted, so that nothing was.
        left: what still names the person.
    """

    ignored: bool = False
    revised: dict[str, list[bytes]] = field(default_factory=dict)
    copied: dict[str, tuple[int, int]] = field(default_factory=dict)
    deleted: dict[str, list[tuple[bytes, int, int]]] = field(default_factory=dict)
    unread: dict[str, set[str]] = field(default_factory=dict)
    left: list[Found] = field(default_factory=list)


async def find(settings: KafkaSettings, person: Person, step: Step) -> list[Found]:
    """Return every record that names a person, by topic and place; whom to ignore is not looked at.

    Args:
        settings: which broker.
        person: who.
        step: called with a topic's name and the number of records that were looked at.

    Raises:
        NotReady: a topic is missing.
    """
    found: list[Found] = []
    await kafka.require(settings, TOPICS)
    async with Eraser(settings) as broker:
        for topic in (*TOPICS, *await broker.routed()):
            keeps, count = await broker.keeps(topic), 0
            async for record in kafka.whole(settings, topic):
                count += 1
                if _names(person, topic, record):
                    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                    until = at + keeps if keeps else None
                    found.append(Found(topic.name, record.partition, record.offset, record.key or b"", at, until))
                if count % 1000 == 0:
                    step(topic.name, count)
            step(topic.name, count)
    return found


async def forget(settings: KafkaSettings, person: Person, found: list[Found], *, now: bool, step: Step) -> Report:
    """Take a person's name out.

    Args:
        settings: which broker; the login must have what `operator` has.
        person: who.
        found: what `find` has returned.
        now: deletes what retention would only let go of later, and lets Kafka compact at once.
        step: as for `find`.

    Raises:
        NotReady: an alert worker runs, or this login may not configure a topic.
        Transient: Kafka has not compacted in time; what was written stays.
    """
    report = Report()
    async with Eraser(settings) as broker, kafka.sending(settings, max_request_size=2 * LARGEST) as producer:
        await broker.idle("alert")
        topics = (*TOPICS, *await broker.routed())
        on = {topic: [one for one in found if one.topic == topic.name] for topic in topics}
        report.ignored = await _ignore(settings, person)
        work = _Work(settings, person, broker, producer, report)
        await work.revise(on, now=now)
        for topic in topics:
            if not on[topic] or topic in (*FILES, *_REVISED):
                continue
            if not topic.wide:
                await work.copy_on(topic)
            elif now:
                await work.delete(topic, on[topic])
    report.left = await find(settings, person, step)
    return report


async def _ignore(settings: KafkaSettings, person: Person) -> bool:
    """Let nothing new be made of the person; say whether that is new."""
    there, _, _ = await accounts.read(settings)
    everybody = there.everybody or Account(EVERYBODY, "everybody")
    names = tuple(dict.fromkeys((*everybody.ignore_people, *person.names)))
    if names == everybody.ignore_people:
        return False
    there.put(replace(everybody, ignore_people=names))
    await accounts.apply(settings, there)
    return True


@dataclass(frozen=True, slots=True)
class _Work:
    settings: KafkaSettings
    person: Person
    broker: Eraser
    producer: AIOKafkaProducer
    report: Report

    async def revise(self, on: dict[Topic, list[Found]], *, now: bool) -> None:
        """Let each key that was found be followed by a record without the name; with `now` only that one stays."""
        follow = await self._followers(on)
        self.report.revised = {topic.name: [key for _, key in made] for topic, made in follow.items() if made}
        topics = [topic for topic in _REVISED if on[topic]] if now else []
        async with AsyncExitStack() as ends:
            for topic in topics:
                await ends.enter_async_context(self.broker.compacting(topic))
            await self._write(follow)
            if topics:
                # The newest file of the log is never compacted: another record begins the next one.
                await asyncio.sleep(_ROLL)
                await self._write({topic: follow[topic] for topic in topics})
                await self._compacted(topics)

    async def copy_on(self, topic: Topic) -> None:
        """Write a topic's records again, without the name, and delete those before."""
        copies, masked, end, sent = 0, 0, 0, []
        async for record in kafka.whole(self.settings, topic):
            copies, end = copies + 1, record.offset + 1
            masked += _names(self.person, topic, record)
            headers = [(name, self._clean(said) or b"") for name, said in record.headers]
            more = {"partition": record.partition, "timestamp_ms": record.timestamp, "headers": headers}
            name = kafka.full_name(self.settings, topic)
            sent.append(await self.producer.send(name, self._clean(record.value), key=record.key, **more))
        await asyncio.gather(*sent)
        await self.broker.delete_before(topic, {0: end})
        self.report.copied[topic.name] = copies, masked

    async def delete(self, topic: Topic, found: list[Found]) -> None:
        """Delete a topic's records up to the last one that has the name, unless somebody has not read them."""
        before: dict[int, int] = {}
        for one in found:
            before[one.partition] = max(before.get(one.partition, 0), one.offset + 1)
        readers = {stage.name for stage in STAGES if stage.source == topic}
        unread = await self.broker.unread(topic, before, readers)
        if behind := set[str]().union(*unread.values()):
            self.report.unread[topic.name] = behind
        before = {n: at for n, at in before.items() if not unread[n]}
        self.report.deleted[topic.name] = [
            (record.key or b"", record.partition, record.offset)
            async for record in kafka.whole(self.settings, topic, sorted(before))
            if record.offset < before[record.partition]
        ]
        await self.broker.delete_before(topic, before)

    async def _followers(self, on: dict[Topic, list[Found]]) -> dict[Topic, Values]:
        """Return the newest record of each key that was found, without the name; what was clean stays as it is."""
        places = {topic: {(one.partition, one.key) for one in found} for topic, found in on.items()}
        alerts = await self._newest(ALERTS, places[ALERTS])
        revised = {place: made for place, value in alerts.items() if (made := self._revision(value))}
        held = await self._newest(HELD, places[HELD] | revised.keys())
        follow: dict[Topic, Values] = {
            ALERTS: {place: _encoded(revised.get(place)) or self._clean(value) for place, value in alerts.items()},
            HELD: {place: self._held(value, revised.get(place)) for place, value in held.items()},
            PROMOTIONS: {
                place: self._clean(value)
                for place, value in (await self._newest(PROMOTIONS, places[PROMOTIONS])).items()
            },
        }
        routes = [topic for topic in on if topic.name.startswith(f"{ALERTS.name}.")]
        return follow | {topic: {at: revised[at].encode() for at in places[topic] & revised.keys()} for topic in routes}

    def _revision(self, value: bytes | None) -> Alert | None:
        """Return the next revision of an alert that has the name, without it."""
        try:
            alert = Alert.decode(self._clean(value)) if self.person.named(value) else None
        except Undecodable:
            return None
        if alert is None:
            return None
        state = AlertState.UPDATED if alert.state is AlertState.NEW else alert.state
        why = tuple(dict.fromkeys((*alert.why, WHY)))
        told = {"revision": alert.revision + 1, "state": state, "updated": datetime.now(UTC), "why": why}
        return alert.model_copy(update=told)

    def _held(self, value: bytes | None, told: Alert | None) -> bytes | None:
        """Return what an alert has collected, without the name, as belonging to the revision that follows."""
        clean = self._clean(value)
        try:
            held = Alert.decode(clean)
        except Undecodable:
            return clean
        if told is None or held.revision != told.revision - 1:
            return clean
        return held.model_copy(update={"revision": told.revision}).encode()

    def _clean(self, value: bytes | None) -> bytes | None:
        return self.person.without(value) if value and self.person.named(value) else value

    async def _newest(self, topic: Topic, wanted: set[Place]) -> Values:
        newest: Values = {}
        if wanted:
            async for record in kafka.whole(self.settings, topic, sorted({n for n, _ in wanted})):
                if (record.partition, record.key) in wanted:
                    newest[record.partition, record.key] = record.value
        return newest

    async def _write(self, follow: dict[Topic, Values]) -> None:
        sent = []
        for topic, values in follow.items():
            name = kafka.full_name(self.settings, topic)
            for (partition, key), value in values.items():
                out = Out(topic, key, value or b"", partition)
                told = headers_for(out, source="/stellwerk/forget", trace=new_trace())
                sent.append(await self.producer.send(name, value, key=key, partition=partition, headers=told))
        await asyncio.gather(*sent)

    async def _compacted(self, topics: Iterable[Topic]) -> None:
        """Wait until the old records of these topics are gone."""
        deadline = time.monotonic() + _CLEANED
        for topic in topics:
            while await self._stands(topic):
                if time.monotonic() > deadline:
                    raise Transient(f"Kafka has not compacted {topic.name} in {_CLEANED:.0f} s; once more, or wait")
                await asyncio.sleep(_LOOK)

    async def _stands(self, topic: Topic) -> bool:
        async for record in kafka.whole(self.settings, topic):
            if _names(self.person, topic, record):
                return True
        return False


def _names(person: Person, topic: Topic, record: ConsumerRecord) -> bool:
    """Say whether a record names the person: value, key or headers; a list of whom to ignore does not count."""
    value = _own(record.value) if topic is ACCOUNTS else record.value
    return any(person.named(one) for one in (value, record.key, *(said for _, said in record.headers)))


def _own(value: bytes | None) -> bytes | None:
    """Return an account without its list of whom to ignore."""
    try:
        return AccountRecord.decode(value).model_copy(update={"ignore_people": ()}).encode()
    except Undecodable:
        return value


def _encoded(alert: Alert | None) -> bytes | None:
    return alert.encode() if alert else None
