"""The ingest worker's Kafka side: articles and memory go to topics, and count only when the broker has them.

worker.run ──publish──> articles        one record per new or edited article
           ──save─────> polls           what must be known of the source at the next poll
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import structlog
from aiokafka import AIOKafkaProducer

from agents.sources import Source, load_sources
from agents.worker import Counts, run
from pipeline import kafka
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import Undecodable
from pipeline.heart import Heart
from pipeline.records import Article, PollState
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS

log = structlog.get_logger()


async def ingest(
    file: Path, settings: Settings, *, ready: Callable[[], None] = lambda: None, once: bool = False
) -> Counts:
    """Poll the sources of a file until SIGTERM or SIGINT, or once.

    Args:
        file: the sources.
        settings: broker and manners on the web.
        ready: called when polling begins.
        once: poll every source one time and return.

    Raises:
        BadInput: the source file is wrong.
        NotReady: topics are missing.
        Transient: no broker answers.
    """
    sources = load_sources(file)
    await kafka.require(settings.kafka, (ARTICLES, POLLS))
    states = await _states(settings, sources)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    heart = Heart(settings, "ingest")
    async with kafka.sending(settings.kafka) as producer, heart.beating():
        ready()
        log.info("polling", sources=len(sources), remembered=len(states))
        send = _Sender(producer, settings, heart)
        counts = await run(sources, settings, send.publish, send.save, states, stop, once=once)
    log.info("stopped", **counts.flat())
    return counts


class _Sender:
    """Publishes articles and memory; returns when the broker has them."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings, heart: Heart) -> None:
        self._producer, self._settings, self._heart = producer, settings, heart

    async def publish(self, article: Article) -> None:
        await self._send(Out(ARTICLES, article.id.encode(), article.encode()))

    async def save(self, state: PollState) -> None:
        await self._send(Out(POLLS, state.source_id.encode(), state.encode()))

    async def _send(self, out: Out) -> None:
        headers = headers_for(out, source="/stellwerk/ingest", trace=new_trace())
        name = kafka.full_name(self._settings.kafka, out.topic)
        with self._heart.work():
            await (await self._producer.send(name, out.value, key=out.key, headers=headers))


async def _states(settings: Settings, sources: tuple[Source, ...]) -> dict[str, PollState]:
    """Return what the `polls` topic remembers of these sources."""
    wanted, states = {source.id for source in sources}, {}
    async for record in kafka.whole(settings.kafka, POLLS):
        try:
            state = PollState.decode(record.value)
        except Undecodable as error:
            log.warning(
                "memory that cannot be read; the source is polled as if new", offset=record.offset, error=str(error)
            )
            continue
        if state.source_id in wanted:
            states[state.source_id] = state
    return states
