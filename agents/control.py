"""The control plane of ingest: what is to be polled stands on the compacted topic `sources`.

file ── apply ──▶ sources (what is new or changed; a tombstone for what is no longer in the file)
                     └──▶ ingest workers, live (`group.py`)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from agents.health import Health, current
from agents.sources import Source
from pipeline import kafka
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import Undecodable
from pipeline.records import PollState
from pipeline.settings import KafkaSettings
from pipeline.topics import POLLS, SOURCES

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying a file has changed, as ids of sources.

    Attributes:
        new: were not there before.
        changed: were there and are different now.
        gone: were there and are not in the file.
        same: how many are as they were.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Row:
    """A source and how it is; `state` is None where it was not polled yet."""

    source: Source
    health: Health
    state: PollState | None


async def apply(settings: KafkaSettings, sources: Iterable[Source]) -> Changes:
    """Make the topic say what the sources say; return when the broker has all of it.

    Args:
        settings: which broker.
        sources: all that there should be; those on the topic that are not among them are taken off it.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings, (SOURCES,))
    wanted = {source.id: source for source in sources}
    there = await listed(settings)
    new = tuple(id for id in wanted if id not in there)
    changed = tuple(id for id, source in wanted.items() if id in there and there[id] != source)
    gone = tuple(id for id in there if id not in wanted)
    values = {id: wanted[id].encode() for id in (*new, *changed)} | dict.fromkeys(gone)
    name = kafka.full_name(settings, SOURCES)
    async with kafka.sending(settings) as producer:
        sent = []
        for id, value in values.items():
            headers = headers_for(
                Out(SOURCES, id.encode(), value or b""), source="/stellwerk/sources", trace=new_trace()
            )
            sent.append(await producer.send(name, value, key=id.encode(), headers=headers))
        await asyncio.gather(*sent)
    return Changes(new, changed, gone, len(wanted) - len(new) - len(changed))


async def listed(settings: KafkaSettings) -> dict[str, Source]:
    """Return the sources on the topic by id, sorted; what cannot be read counts as not there, and is told."""
    values: dict[bytes, bytes | None] = {}
    async for record in kafka.whole(settings, SOURCES):
        values[record.key] = record.value
    found: dict[str, Source] = {}
    for key, value in sorted(values.items()):
        if value is None:
            continue
        try:
            found[key.decode()] = Source.decode(value)
        except (Undecodable, UnicodeDecodeError) as error:
            log.warning("source that cannot be read", key=key[:100], error=str(error)[:200])
    return found


async def remembered(settings: KafkaSettings, ids: Iterable[str]) -> dict[str, PollState]:
    """Return what the `polls` topic remembers of sources."""
    wanted, values = {id.encode() for id in ids}, dict[bytes, bytes | None]()
    async for record in kafka.whole(settings, POLLS):
        if record.key in wanted:
            values[record.key] = record.value
    states: dict[str, PollState] = {}
    for key, value in values.items():
        try:
            states[key.decode()] = PollState.decode(value)
        except Undecodable as error:
            log.warning("memory that cannot be read; the source is polled as if new", key=key, error=str(error))
    return states


async def rows(settings: KafkaSettings, now: datetime) -> list[Row]:
    """Return all sources with how they are, those that need a look first.

    Raises:
        NotReady: the topics are missing.
        Transient: no broker answers.
    """
    await kafka.require(settings, (SOURCES, POLLS))
    sources = await listed(settings)
    states = await remembered(settings, sources)
    made = [Row(source, current(states.get(id), source, now), states.get(id)) for id, source in sources.items()]
    fine = (Health.OK, Health.UNCHANGED, Health.EMPTY, Health.NEW)
    return sorted(made, key=lambda row: (row.health in fine, row.health, row.source.id))
