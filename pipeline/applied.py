"""Files on topics: keyword rules, profiles, routes. One compressed record holds a whole file, the newest one counts.

    file ──(a command reads and checks it)──▶ put ──▶ topic ──▶ workers (`following.py`)
                                                        └─────▶ in_force: whoever wants to know what they use

A record without value takes the file away again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from aiokafka.errors import MessageSizeTooLargeError, RecordTooLargeError

from pipeline import kafka
from pipeline.alert import profiles, routes
from pipeline.alert.profiles import Profiles, load_profiles
from pipeline.alert.routes import Route, load_routes
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import BadInput, Permanent, Undecodable
from pipeline.records import AppliedFile
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import PROFILES, ROUTES, Topic, route_topic

T = TypeVar("T")
#: The uncompressed file may be this large; the topic's limit counts what it becomes.
_LARGEST: Final = 32_000_000


async def put(settings: KafkaSettings, topic: Topic, file: AppliedFile | None) -> bool:
    """Make a topic say what a file says, and return whether it said something else before.

    Args:
        settings: which broker.
        topic: which topic.
        file: checked by the caller; None takes away what is there.

    Raises:
        NotReady: the topic is missing.
        BadInput: the file is larger than the topic takes.
        Transient: no broker answers.
    """
    await kafka.require(settings, (topic,))
    if _same(topic, await _values(settings, topic), file):
        return False
    out = Out(topic, topic.name.encode(), file.encode() if file else b"")
    headers = headers_for(out, source=f"/stellwerk/{topic.name}", trace=new_trace())
    async with kafka.sending(settings, compression_type="gzip", max_request_size=_LARGEST) as producer:
        try:
            name = kafka.full_name(settings, topic)
            await producer.send_and_wait(name, out.value or None, key=out.key, headers=headers)
        except (MessageSizeTooLargeError, RecordTooLargeError):
            told = file.name if file else ""
            raise BadInput(f"{len(out.value)} bytes are more than the topic takes", file=told) from None
    return True


def _same(topic: Topic, values: list[bytes | None], file: AppliedFile | None) -> bool:
    """Say whether the newest record says the same, whenever it was written."""
    newest = values[-1] if values else None
    if newest is None or file is None:
        return newest is None and file is None
    try:
        return type(file).decode(newest).model_copy(update={"at": file.at}) == file
    except Undecodable:
        return False


async def in_force(settings: KafkaSettings, topic: Topic, opened: Callable[[bytes | None], T]) -> T | None:
    """Return what the newest record that can be used says, as workers have it; None where there never was any.

    Args:
        settings: which broker.
        topic: which topic.
        opened: turns a record's value into what it says, or raises `Permanent`.

    Raises:
        Transient: no broker answers, or the topic is missing.
    """
    for value in reversed(await _values(settings, topic)):
        try:
            return opened(value)
        except Permanent:
            # The workers keep what they had, too.
            continue
    return None


async def newest(settings: KafkaSettings, topic: Topic, opened: Callable[[bytes | None], T]) -> T | None:
    """Return what the newest record says; None where there never was any.

    Raises:
        Permanent: it cannot be used.
        Transient: no broker answers, or the topic is missing.
    """
    values = await _values(settings, topic)
    return opened(values[-1]) if values else None


async def _values(settings: KafkaSettings, topic: Topic) -> list[bytes | None]:
    return [record.value async for record in kafka.whole(settings, topic)]


async def profiles_in_force(settings: Settings) -> Profiles:
    """Return the profiles that alerts are scored by: of the settings' file, else of the topic, else those that ship.

    Without a broker nothing was applied.

    Raises:
        BadInput: the file is wrong.
        Transient: no broker answers, or the topic is missing.
    """
    if settings.alert.profiles or not settings.kafka.bootstrap:
        return load_profiles(settings.alert.profiles)
    return await in_force(settings.kafka, PROFILES, profiles.opened) or load_profiles()


async def routes_in_force(settings: Settings) -> Route | None:
    """Return the routes that alerts take: of the settings' file, else of the topic, else none.

    Without a broker nothing was applied.

    Raises:
        BadInput: the file is wrong.
        Transient: no broker answers, or the topic is missing.
    """
    if settings.alert.routes:
        return load_routes(settings.alert.routes)
    return await in_force(settings.kafka, ROUTES, routes.opened) if settings.kafka.bootstrap else None


async def route_topics(settings: Settings) -> tuple[Topic, ...]:
    """Return the topics of the routes in force, for those who make and check topics.

    Raises:
        BadInput: the file is wrong.
        Transient: no broker answers, or the topic `routes` is missing.
    """
    tree = await routes_in_force(settings)
    return tuple(map(route_topic, tree.topics())) if tree else ()


async def make(settings: KafkaSettings, tree: Route) -> list[str]:
    """Make the topics of routes that are missing, and return their names: before the routes come into force.

    Raises:
        NotReady: a topic cannot be made, or is there with other partitions.
        Transient: no broker answers.
    """
    topics = [route_topic(name) for name in tree.topics()]
    async with kafka.Broker(settings) as broker:
        made = await broker.make(topics)
    await kafka.require(settings, topics)
    return made


def known(tree: Route | None, there: Profiles, file: str) -> None:
    """Refuse routes that ask for a profile that is not there: no alert would ever fit them.

    Raises:
        BadInput: with the profile that is missing.
    """
    names = {one.name for one in there.all}
    if tree and (missing := sorted(tree.profiles() - names)):
        said = f"routes ask for the profile {missing[0]!r}, and there are {', '.join(sorted(names))}"
        raise BadInput(said, file=file, field="profile")
