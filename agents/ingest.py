"""The ingest worker's Kafka side: articles and memory go to topics, and count only when the broker has them.

group ──sources──▶ worker ──publish──▶ articles        one record per new or edited article
                          ──save─────▶ polls           what must be known of the source at the next poll
alerts ──again──withdraw──▶ withdrawals                what its publisher has taken away
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import structlog

from agents import control
from agents.again import Again, follow
from agents.figures import telling
from agents.group import Group
from agents.outbox import Outbox
from agents.relevance import Lookup, Names, nobody
from agents.sources import Source, load_sources
from agents.worker import Counts, Worker, working
from pipeline import kafka
from pipeline.beside import beside
from pipeline.heart import Heart
from pipeline.probe import Probe
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS, SOURCES

log = structlog.get_logger()


async def ingest(
    file: Path | None, settings: Settings, *, ready: Callable[[], None] = lambda: None, once: bool = False
) -> Counts:
    """Poll sources until SIGTERM or SIGINT, or once.

    Args:
        file: the sources, all of them ours alone; None shares those on the topic `sources` with other workers.
        settings: broker and manners on the web.
        ready: called when polling begins.
        once: poll every source one time and return; with those on the topic, all of them, whoever else polls.

    Raises:
        BadInput: the source file or the account file is wrong.
        NotReady: topics are missing.
        Transient: no broker answers.
    """
    sources = load_sources(file) if file else None
    await kafka.require(settings.kafka, (ARTICLES, POLLS, SOURCES))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    heart, probe = Heart(settings, "ingest"), Probe("ingest", "broker", "topics", "sources")

    def polling() -> None:
        probe.say("sources")
        ready()

    async with kafka.sending(settings.kafka) as producer, heart.beating():
        outbox = Outbox(producer, settings, "/stellwerk/ingest", heart)
        if sources is None and not once:
            counts = await _shared(settings, outbox, stop, probe, polling)
        else:
            chosen = tuple((await control.listed(settings.kafka)).values()) if sources is None else sources
            counts = await _alone(chosen, settings, outbox, stop, probe, polling, once=once)
    log.info("stopped", **counts.flat())
    return counts


async def _alone(
    sources: tuple[Source, ...],
    settings: Settings,
    outbox: Outbox,
    stop: asyncio.Event,
    probe: Probe,
    ready: Callable[[], None],
    *,
    once: bool,
) -> Counts:
    """Poll these sources, and no others."""
    states = await control.remembered(settings.kafka, (source.id for source in sources))
    ready()
    log.info("polling", sources=len(sources), remembered=len(states))
    async with (
        working(settings, outbox.publish, outbox.save, _aliases(settings)) as worker,
        telling(settings, probe, worker),
    ):
        worker.take(sources, states, now=once)
        async with nullcontext() if once else _looking(settings, outbox, worker, lambda _: True):
            await worker.run(stop, once=once)
    return worker.counts


async def _shared(
    settings: Settings, outbox: Outbox, stop: asyncio.Event, probe: Probe, ready: Callable[[], None]
) -> Counts:
    """Poll our share of the sources on the topic."""
    async with (
        working(settings, outbox.publish, outbox.save, _aliases(settings)) as worker,
        telling(settings, probe, worker),
    ):
        polling = asyncio.create_task(worker.run(stop))
        group = Group(settings, worker, ready)
        try:
            async with _looking(settings, outbox, worker, group.ours):
                await group.run(stop)
        finally:
            # Also where membership was lost: somebody else has our sources then.
            stop.set()
            await polling
    return worker.counts


@asynccontextmanager
async def _looking(
    settings: Settings, outbox: Outbox, worker: Worker, ours: Callable[[str], bool]
) -> AsyncIterator[None]:
    """Look again at what alerts stand on while this lasts."""
    keep = timedelta(days=settings.fetch.again)
    if not keep:
        yield
        return
    async with beside(follow(Again(keep, ours, worker.look, outbox.withdraw), settings.kafka, keep)):
        yield


def _aliases(settings: Settings) -> Lookup:
    """Return where the names of all accounts are to be had."""
    return Names(settings.route.accounts) if settings.route.accounts else nobody
