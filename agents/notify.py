"""The notify worker: which routes are in force, what it needs, and `notifier.py` doing its work."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from agents.notifier import GROUP, Notifier
from pipeline import following, kafka, metrics
from pipeline.alert.routes import Route, load_routes
from pipeline.applied import route_topics
from pipeline.beside import beside
from pipeline.heart import Heart
from pipeline.probe import Probe, serving
from pipeline.settings import Settings
from pipeline.topics import DEAD_LETTERS, NOTIFICATIONS, ROUTES
from pipeline.watch import Progress, Pulse, UnderWay, watch

log = structlog.get_logger()


async def notify(settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Tell receivers until SIGTERM or SIGINT; with a file that names none, wait for that and do nothing.

    Args:
        settings: which routes, broker, attempts and pauses.
        ready: called when the worker listens.

    Raises:
        BadInput: the file of routes is wrong, or an address cannot be read.
        NotReady: topics or libraries are missing.
        Transient: no broker answers.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    file = load_routes(settings.alert.routes) if settings.alert.routes else None
    idle = file is not None and not file.told()
    heart, probe = Heart(settings, GROUP), Probe(GROUP, *(() if idle else ("broker", "topics")))
    async with heart.beating(), serving(settings, probe):
        if idle:
            log.info("no route names receivers: nobody to tell")
            ready()
            await stop.wait()
            return
        await kafka.require(settings.kafka, (ROUTES, NOTIFICATIONS, DEAD_LETTERS))
        await kafka.require(settings.kafka, await route_topics(settings))
        probe.say("broker")
        probe.say("topics")
        async with _in_force(settings, file, stop) as routes:
            notifier, pulse, tree = Notifier(settings, routes), Pulse(), routes()
            log.info("telling", receivers=sorted(tree.told() if tree else ()), version=tree.version if tree else "")
            with (
                metrics.VERSION.read(lambda: {(GROUP, "routes", tree.version): 1.0 for tree in [routes()] if tree}),
                metrics.PROGRESS.read(lambda: {(GROUP,): pulse.at} if pulse.at else {}),
            ):
                async with _beside(_watch(settings, notifier, heart, pulse, probe), stop):
                    await notifier.run(stop, heart, pulse, ready)
    log.info("stopped", **notifier.counts)


@asynccontextmanager
async def _in_force(
    settings: Settings, file: Route | None, stop: asyncio.Event
) -> AsyncIterator[Callable[[], Route | None]]:
    """Yield what returns the tree in force: the file's, or as the topic has it at any time."""
    if file:
        yield lambda: file
        return
    applied = following.routes(settings.kafka)
    await applied.prepare()
    async with _beside(applied.follow(), stop):
        yield lambda: applied.value


async def _watch(settings: Settings, notifier: Notifier, heart: Heart, pulse: Pulse, probe: Probe) -> None:
    """Tell the probe whether the broker answers, and has our topics; end the process when nothing gets on; for ever."""
    progress, under_way = Progress(settings.stream.stuck), UnderWay(settings.stream.stuck / 4)

    async def look() -> str:
        # Also a worker that has no partition asks the broker.
        async with kafka.Broker(settings.kafka) as broker:
            missing = await broker.missing((NOTIFICATIONS, DEAD_LETTERS))
        probe.say("topics", f"missing: {', '.join(missing)}" if missing else "")
        now, places = time.monotonic(), await notifier.places()
        return under_way.look(heart.stuck(), now) or progress.look(places, pulse.worked, pulse.emptied, now)

    def forget() -> None:
        progress.forget()
        under_way.forget()

    await watch(look, forget, probe, settings.stream.stuck)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Run something as long as this lasts; when it ends by itself so does the worker, with what it raised."""
    async with beside(work) as task:
        task.add_done_callback(lambda _: stop.set())
        yield
