"""Due → poll, again and again: the wiring of ingest. What a poll is stands in `poller.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from agents.counts import Counts
from agents.fetch import Door
from agents.poller import Polled, Poller, Publish, Save, said
from agents.sandbox import Sandbox
from agents.schedule import Outcome, Schedule, next_poll
from agents.sources import Source
from pipeline.errors import StellwerkError
from pipeline.records import PollState
from pipeline.settings import Settings

__all__ = ["Counts", "Polled", "Poller", "Publish", "Save", "run"]

log = structlog.get_logger()

#: Polls under way for each request that may be: most of them wait for their host's turn, and must not keep others.
_PER_REQUEST = 8


async def run(
    sources: Iterable[Source],
    settings: Settings,
    publish: Publish,
    save: Save,
    states: Mapping[str, PollState],
    stop: asyncio.Event,
    once: bool = False,
) -> Counts:
    """Poll sources until told to stop, or each of them once; return what became of everything.

    Args:
        sources: with different ids.
        settings: manners on the web, limits of parsing.
        publish: returns when the broker has the article.
        save: returns when the broker has the memory.
        states: source id -> memory of the last poll, for those that have one.
        stop: ends polling; polls under way are given up, which loses nothing.
        once: poll each source one time, now.
    """
    fetch = settings.fetch
    async with Door(fetch) as door, Sandbox(fetch.parsers, fetch.parse_cpu) as sandbox:
        poller = Poller(fetch, door, sandbox, publish, save, states)
        loop = _Loop(poller, {source.id: source for source in sources}, fetch.at_once, once)
        await loop.run(stop)
    return poller.counts


class _Loop:
    """Starts polls when they are due, so many at once."""

    def __init__(self, poller: Poller, sources: Mapping[str, Source], at_once: int, once: bool) -> None:
        self._poller, self._sources, self._once = poller, sources, once
        self._most = _PER_REQUEST * at_once
        self._schedule = Schedule()
        self._running: set[asyncio.Task[None]] = set()
        now = datetime.now(UTC)
        for id, source in sources.items():
            state = poller.states.get(id)
            self._schedule.add(id, now if once or state is None else _resumed(state, source))

    async def run(self, stop: asyncio.Event) -> None:
        """Run until stopped, or with `once` until every source was polled."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                now = datetime.now(UTC)
                free = self._most - len(self._running)
                for id in self._schedule.pop_due(now, free):
                    self._running.add(asyncio.create_task(self._visit(self._sources[id])))
                due = self._schedule.next_due()
                if due is None and not self._running:
                    return
                full = len(self._running) >= self._most
                pause = None if due is None or full else max(0.0, (due - now).total_seconds())
                done, _ = await asyncio.wait(
                    {stopped, *self._running}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
                )
                self._running -= done
        finally:
            for task in (stopped, *self._running):
                task.cancel()
            await asyncio.gather(stopped, *self._running, return_exceptions=True)

    async def _visit(self, source: Source) -> None:
        """Poll a source and put it back into the schedule."""
        try:
            due = (await self._poller.poll(source)).due
        except Exception as error:
            # The guard of ingest: the broker may be away, or the code be wrong for one source. Nothing was
            # saved, so the next poll repeats this one; the other sources go on.
            self._poller.counts.add(Counts(polls=1, failed=Counter(fault=1)))
            log.exception(
                "poll not kept", source=source.id, error=said(error), exc_info=not isinstance(error, StellwerkError)
            )
            due = datetime.now(UTC) + timedelta(seconds=source.poll_min)
        if not self._once:
            self._schedule.add(source.id, due)


def _resumed(state: PollState, source: Source) -> datetime:
    """Return when a source is due after a restart, from what was saved of it."""
    failed = state.failures > 0
    return next_poll(state, source, Outcome.SOFT if failed else Outcome.NOTHING, state.polled)
