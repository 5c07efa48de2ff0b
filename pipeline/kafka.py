"""The one door to the broker for everything that is not a Faust stage.

`client` turns settings into aiokafka's arguments, `sending` and `reading` give a producer and a consumer that follow
`docs/decisions.md`, and `Broker` makes and checks topics.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    KafkaError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.partitioner import murmur2

from pipeline import disk
from pipeline.bearer import provider
from pipeline.errors import BadInput, NotReady, Transient
from pipeline.settings import KafkaSettings
from pipeline.topics import LARGEST, TOPICS, Topic


def client(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that every aiokafka client of this deployment shares."""
    made: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "request_timeout_ms": int(settings.request * 1000),
        "security_protocol": settings.security,
    }
    if settings.security.endswith("SSL"):
        made["ssl_context"] = _trust(settings)
    if settings.security.startswith("SASL"):
        made["sasl_mechanism"] = settings.mechanism
        if settings.mechanism == "OAUTHBEARER":
            made["sasl_oauth_token_provider"] = provider(settings)
        else:
            made["sasl_plain_username"] = settings.username
            made["sasl_plain_password"] = settings.password.get_secret_value()
    return made


def _trust(settings: KafkaSettings) -> ssl.SSLContext:
    """Return whom we believe to be the broker, and who we say we are.

    Raises:
        BadInput: a certificate or key that cannot be read.
    """
    field, file = "STELLWERK_KAFKA__CAFILE", settings.cafile
    try:
        context = ssl.create_default_context(cafile=settings.cafile or None)
        if settings.certfile:
            field, file = "STELLWERK_KAFKA__CERTFILE", settings.certfile
            context.load_cert_chain(settings.certfile, settings.keyfile or None)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"no certificate in PEM that can be used: {error}", file=file, field=field) from None
    return context


def full_name(settings: KafkaSettings, topic: Topic) -> str:
    """Return the topic's name on the broker, prefix and all."""
    return settings.prefix + topic.name


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner gives this key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def all_partitions(settings: KafkaSettings, topic: Topic) -> range:
    """Return the numbers of the topic's partitions; `require` has made sure that the broker agrees."""
    return range(settings.partitions if topic.wide else 1)


@asynccontextmanager
async def _open(settings: KafkaSettings, connection: Any) -> AsyncIterator[Any]:
    """Start an aiokafka client and stop it in the end, also when it cannot be started."""
    try:
        try:
            await connection.start()
        except ClusterAuthorizationFailedError:
            raise Transient(f"the broker at {settings.bootstrap} lets this login write nothing") from None
        except KafkaError as error:
            raise Transient(f"no broker at {settings.bootstrap}: {error}") from None
        yield connection
    finally:
        await connection.stop()


def sending(settings: KafkaSettings, **more: Any) -> AbstractAsyncContextManager[AIOKafkaProducer]:
    """Open a producer: acknowledged by all replicas, and no copy written twice when a request is repeated.

    Raises:
        Transient: on entering, when no broker answers.
    """
    made = {"acks": "all", "enable_idempotence": True, "linger_ms": 5, "max_request_size": LARGEST, **more}
    return _open(settings, AIOKafkaProducer(**client(settings), **made))


def reading(settings: KafkaSettings, **more: Any) -> AbstractAsyncContextManager[AIOKafkaConsumer]:
    """Open a consumer that commits nothing by itself; the caller assigns partitions.

    Raises:
        Transient: on entering, when no broker answers.
    """
    return _open(settings, AIOKafkaConsumer(**client(settings), enable_auto_commit=False, **more))


async def whole(
    settings: KafkaSettings, topic: Topic, partitions: Iterable[int] | None = None
) -> AsyncIterator[ConsumerRecord]:
    """Yield every record that stands on the topic now, oldest first in each partition, and end.

    Args:
        settings: which broker.
        topic: which topic.
        partitions: which of its partitions; None for all.

    Raises:
        Transient: no broker answers, or it does not show us the topic.
        TopicAuthorizationFailedError: this login may see the topic, and not read it.
    """
    async with reading(settings) as consumer:
        name = full_name(settings, topic)
        if name not in await consumer.topics():
            # aiokafka would ask for it again and again until the request's time is over.
            raise Transient(f"topic {name} is not there, or {settings.username or 'this login'} may not see it")
        wanted = [
            TopicPartition(name, n) for n in (all_partitions(settings, topic) if partitions is None else partitions)
        ]
        consumer.assign(wanted)
        starts, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
        for tp, start in starts.items():
            # Not `seek_to_beginning`: it loses against the reset to `latest` that `assign` has begun in the background.
            consumer.seek(tp, start)
        open_ones = {tp for tp in wanted if starts[tp] < ends[tp]}
        while open_ones:
            for tp, records in (await consumer.getmany(*open_ones, timeout_ms=200)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield record
            # The position and not the last record decides: compaction and markers leave holes at the end.
            open_ones = {tp for tp in open_ones if await consumer.position(tp) < ends[tp]}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one topic."""

    topic: str
    what: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.topic}: {self.what}"


class Broker:
    """Makes and checks topics.

    Args:
        settings: which broker, and how many partitions and copies.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin = AIOKafkaAdminClient(**client(settings))

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            Transient: no broker answers.
        """
        try:
            await self._admin.start()
        except KafkaError as error:
            await self._admin.close()
            raise Transient(f"no broker at {self._settings.bootstrap}: {error}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._admin.close()

    async def make(self, topics: Iterable[Topic] = TOPICS) -> list[str]:
        """Create the topics that are missing and return their names."""
        missing = set(await self.missing(topics := list(topics)))
        new = [topic for topic in topics if full_name(self._settings, topic) in missing]
        if new:
            answer = await self._admin.create_topics(
                [
                    NewTopic(
                        full_name(self._settings, topic),
                        len(all_partitions(self._settings, topic)),
                        self._settings.replication,
                        topic_configs=topic.config(),
                    )
                    for topic in new
                ]
            )
            for name, code, *rest in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise NotReady(f"topic {name} cannot be made: {error.__name__} {rest[0] if rest else ''}")
        names = [full_name(self._settings, topic) for topic in new]
        await self._shown(names)
        return names

    async def _shown(self, names: Iterable[str]) -> None:
        """Wait until the broker shows the topics that its controller has made: it learns of them a moment later."""
        try:
            async with asyncio.timeout(self._settings.request):
                while not set(names) <= set(await self._admin.list_topics()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise NotReady("topics were made, but the broker does not show them; may this login see them?") from None

    async def check(self, topics: Iterable[Topic] = TOPICS) -> list[Fault]:
        """Return what is wrong with the topics: missing, other partitions, other configuration."""
        wanted = {full_name(self._settings, topic): topic for topic in topics}
        present = set(await self._admin.list_topics())
        faults = [Fault(name, "missing") for name in wanted if name not in present]
        there = {name: topic for name, topic in wanted.items() if name in present}
        if not there:
            return faults
        for described in await self._admin.describe_topics(list(there)):
            name, found = described["topic"], len(described["partitions"])
            wanted_here = len(all_partitions(self._settings, there[name]))
            if found != wanted_here:
                faults.append(Fault(name, f"{found} partitions, settings say {wanted_here}"))
        return faults + await self._check_config(there)

    async def nodes(self) -> int:
        """Return how many brokers there are."""
        return len((await self._admin.describe_cluster())["brokers"])

    async def room(self) -> disk.Room | None:
        """Return the fullest of the brokers' disks; None where Kafka does not say, or not to this login."""
        brokers = (await self._admin.describe_cluster())["brokers"]
        asked = (self._admin._send_request_to_node(one["node_id"], disk.LogDirs()) for one in brokers)
        found = [room for answer in await asyncio.gather(*asked) if (room := disk.told(answer))]
        return min(found, key=lambda one: one.free / one.size) if found else None

    async def missing(self, topics: Iterable[Topic]) -> list[str]:
        """Return the full names of those of the topics that are not there."""
        present = set(await self._admin.list_topics())
        return [name for topic in topics if (name := full_name(self._settings, topic)) not in present]

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return how far a consumer group has committed; its name without the prefix."""
        full = self._settings.prefix + group
        found = await self._coordinated(lambda: self._admin.list_consumer_group_offsets(full))
        return {tp: told.offset for tp, told in found.items()}

    async def lag(self, group: str, topic: Topic) -> int:
        """Return how many of the topic's records a consumer group has not committed yet."""
        name, done = full_name(self._settings, topic), await self.committed(group)
        async with reading(self._settings) as consumer:
            wanted = [TopicPartition(name, n) for n in all_partitions(self._settings, topic)]
            starts, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
        return sum(ends[tp] - max(done.get(tp, 0), starts[tp]) for tp in wanted)

    async def idle(self, group: str) -> None:
        """Refuse to go on while a consumer group has members; its name without the prefix.

        Raises:
            NotReady: a worker of the group is still a member.
        """
        full = self._settings.prefix + group
        for told in await self._coordinated(lambda: self._admin.describe_consumer_groups([full])):
            state, members = told.groups[0][2], told.groups[0][5]
            if members:
                raise NotReady(
                    f"group {full} has {len(members)} members ({state}): stop its workers, then wait until their "
                    f"session has ended ({self._settings.session:.0f} s)"
                )

    async def rewind(self, group: str, topic: Topic, since: datetime | None) -> int:
        """Let a consumer group begin again at an earlier time and return how many records that are.

        Args:
            group: its name without the prefix.
            topic: what it reads.
            since: the time of the first record to be read again; None for the oldest there is.

        Raises:
            NotReady: a worker of the group is still a member.
        """
        await self.idle(group)
        full = self._settings.prefix + group
        name = full_name(self._settings, topic)
        wanted = [TopicPartition(name, n) for n in all_partitions(self._settings, topic)]
        async with reading(self._settings, group_id=full) as consumer:
            consumer.assign(wanted)
            starts, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
            if since is not None:
                found = await consumer.offsets_for_times({tp: int(since.timestamp() * 1000) for tp in wanted})
                # Nothing so young on a partition: it stays at its end.
                starts = {tp: found[tp].offset if found.get(tp) else ends[tp] for tp in wanted}
            await consumer.commit(starts)
        return sum(ends[tp] - starts[tp] for tp in wanted)

    async def _coordinated(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask about a group; a broker whose first group this is has to make a topic before it can answer."""
        deadline = time.monotonic() + self._settings.request
        while True:
            try:
                return await ask()
            except GroupCoordinatorNotAvailableError as error:
                if time.monotonic() >= deadline:
                    raise Transient(f"nobody at {self._settings.bootstrap} coordinates groups: {error}") from None
            await asyncio.sleep(0.2)

    async def _check_config(self, there: dict[str, Topic]) -> list[Fault]:
        """Compare each topic's configuration on the broker with the table."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
        faults = []
        for answer in await self._admin.describe_configs(asked):
            for resource in answer.resources:
                _, _, _, name, entries = resource[:5]
                found = {entry[0]: entry[1] for entry in entries}
                faults += [
                    Fault(name, f"{key} is {found.get(key)!r}, the table says {value!r}")
                    for key, value in there[name].config().items()
                    if key in found and found[key] != value
                ]
        return faults


async def patiently(settings: KafkaSettings, work: Callable[[], Awaitable[None]]) -> None:
    """Do something that needs the broker, again and again until it succeeds or `settings.wait` seconds are over.

    Raises:
        NotReady: as the last attempt did.
        Transient: as the last attempt did.
    """
    deadline = time.monotonic() + settings.wait
    while True:
        try:
            return await work()
        except (NotReady, Transient):
            if time.monotonic() >= deadline:
                raise
        await asyncio.sleep(1.0)


async def require(settings: KafkaSettings, topics: Iterable[Topic]) -> None:
    """Refuse to go on while a topic is missing or has other partitions than the settings say.

    Raises:
        NotReady: with one line per fault and the command that mends it.
        Transient: no broker answers.
    """

    async def look() -> None:
        async with Broker(settings) as broker:
            faults = [fault for fault in await broker.check(topics) if "table says" not in fault.what]
        if faults:
            lines = "\n  ".join(str(fault) for fault in faults)
            raise NotReady(f"topics are not ready; run `stellwerk topics init`\n  {lines}")

    await patiently(settings, look)
