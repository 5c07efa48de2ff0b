"""What ingest tells of itself: its counts as metrics, and whether it gets on.

Nothing is counted here: the counts that every poll ends in are read when somebody asks.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from agents.counts import Counts
from agents.health import Health
from agents.worker import Worker
from pipeline import kafka, metrics
from pipeline.beside import beside
from pipeline.disk import Room, measured
from pipeline.heart import Heart
from pipeline.probe import Probe, serving
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS, SOURCES, Topic
from pipeline.watch import UnderWay, watch

_TOPICS: tuple[Topic, ...] = (ARTICLES, POLLS, SOURCES)


class Overdue:
    """Judges whether polling gets on: sources are due, and no poll has ended for too long.

    Args:
        patience: seconds.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._polls, self._since = -1, 0.0

    def look(self, polls: int, late: float, now: float) -> str:
        """Return what is stuck, or nothing.

        Args:
            polls: that have ended so far.
            late: how long the first source has been due, seconds.
            now: seconds on a clock that only grows.
        """
        if polls != self._polls or late <= 0:
            self._polls, self._since = polls, now
        waited = now - self._since
        return f"sources are due, and no poll has ended for {waited:.0f} s" if waited > self._patience else ""


@asynccontextmanager
async def telling(
    settings: Settings, probe: Probe, worker: Worker | None = None, heart: Heart | None = None
) -> AsyncIterator[None]:
    """Serve figures while this lasts, and end the process when its polling, or what its heart sees, is stuck.

    Args:
        settings: where to serve, which broker, and the patience.
        probe: what is needed.
        worker: whose figures; None where nothing is polled.
        heart: sees pieces of work that last too long; None where polls tell of that.
    """
    overdue, under_way = Overdue(settings.stream.stuck), UnderWay(settings.stream.stuck / 4)
    rooms: dict[str, Room] = {}

    def forget() -> None:
        overdue.forget()
        under_way.forget()

    async with AsyncExitStack() as ends:
        for metric, reader in readers(worker) if worker is not None else ():
            ends.enter_context(metric.read(reader))
        await ends.enter_async_context(serving(settings, probe))
        ends.enter_context(measured(probe.role, lambda: rooms))

        async def look() -> str:
            async with kafka.Broker(settings.kafka) as broker:
                missing = await broker.missing(_TOPICS)
                room = await broker.room()
            rooms.update({"broker": room} if room else {})
            probe.say("topics", f"missing: {', '.join(missing)}" if missing else "")
            now = time.monotonic()
            if worker is None:
                return under_way.look(heart.stuck(), now) if heart else ""
            return overdue.look(worker.counts.polls, worker.late, now)

        async with beside(watch(look, forget, probe, settings.stream.stuck)):
            yield


def readers(worker: Worker) -> tuple[tuple[metrics.Counter | metrics.Gauge, metrics.Reader], ...]:
    """Return what is read of a worker, and into which metric."""

    def by(words: Callable[[Counts], Mapping[str, float]]) -> metrics.Reader:
        return lambda: {(word,): number for word, number in words(worker.counts).items()}

    def entries(counts: Counts) -> Mapping[str, float]:
        return {"article": counts.articles, **counts.dropped}

    def sources() -> dict[metrics.Values, float]:
        known: dict[metrics.Values, float] = {(word.value,): float(worker.health[word]) for word in Health}
        known[Health.NEW.value,] += len(worker) - sum(known.values())
        return known

    return (
        (metrics.POLLS, by(lambda counts: counts.health)),
        (metrics.POLL_FAILURES, by(lambda counts: counts.failed)),
        (metrics.PAGES, by(lambda counts: counts.pages)),
        (metrics.ENTRIES, by(entries)),
        (metrics.SOURCES, sources),
        (metrics.OVERDUE, lambda: {(): worker.late}),
    )
