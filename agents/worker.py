"""Due → poll, again and again: the wiring of ingest. What a poll is stands in `poller.py`.

Sources come and go while it runs: `put` and `drop`. A worker holds of each source two strings of bytes (what it is, and
what is remembered of it) and a place in the schedule.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from agents.again import Seen
from agents.counts import Counts
from agents.fetch import Door
from agents.kinds import KINDS
from agents.links import host_of
from agents.poller import Polled, Poller, Publish, Save, said
from agents.relevance import Lookup, nobody
from agents.sandbox import Sandbox
from agents.schedule import Schedule, resumed
from agents.sources import Source
from pipeline.errors import StellwerkError, Undecodable
from pipeline.records import PollState
from pipeline.settings import Settings

__all__ = ["Counts", "Polled", "Poller", "Publish", "Save", "Worker", "run", "working"]

log = structlog.get_logger()

#: Polls under way for each request that may be: most of them wait for their host's turn, and must not keep others.
_PER_REQUEST: Final = 8
#: Polls under way with one host; the others of its sources wait outside.
_PER_HOST: Final = 8


async def run(
    sources: Iterable[Source],
    settings: Settings,
    publish: Publish,
    save: Save,
    states: Mapping[str, PollState],
    stop: asyncio.Event,
    once: bool = False,
    aliases: Lookup = nobody,
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
        aliases: gets the names of all accounts, for sources that keep only mentions.
    """
    async with working(settings, publish, save, aliases) as worker:
        worker.take(sources, states, now=once)
        await worker.run(stop, once=once)
    return worker.counts


@contextlib.asynccontextmanager
async def working(settings: Settings, publish: Publish, save: Save, aliases: Lookup = nobody) -> AsyncIterator[Worker]:
    """Open a worker with its door and its sandbox; see `run`."""
    fetch = settings.fetch
    async with Door(fetch) as door, Sandbox(fetch.parsers, fetch.parse_cpu) as sandbox:
        poller = Poller(fetch, door, sandbox, publish, save, {}, aliases=aliases)
        try:
            yield Worker(poller, fetch.at_once)
        finally:
            await poller.aclose()


class Worker:
    """Starts polls when they are due, so many at once.

    Args:
        poller: does the polls.
        at_once: requests that may be under way.
    """

    def __init__(self, poller: Poller, at_once: int) -> None:
        self._poller, self._most = poller, _PER_REQUEST * at_once
        self._sources: dict[str, bytes] = {}
        self._schedule = Schedule()
        self._polls: dict[str, asyncio.Task[datetime | None]] = {}
        # Polls under way per host, and the sources that wait because there are enough of them.
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, deque[str]] = {}
        self._changed = asyncio.Event()
        self._once = False

    def __len__(self) -> int:
        """Return how many sources there are."""
        return len(self._sources)

    @property
    def counts(self) -> Counts:
        """What became of everything so far."""
        return self._poller.counts

    @property
    def health(self) -> Counter[str]:
        """Sources by health, of those that are remembered."""
        return self._poller.health

    async def look(self, url: str) -> Seen:
        """Return what is at a page's URL now."""
        return await self._poller.look(url)

    @property
    def late(self) -> float:
        """For how long the first source has been due, seconds; 0 where none is."""
        due = self._schedule.next_due()
        return max(0.0, (datetime.now(UTC) - due).total_seconds()) if due else 0.0

    def put(self, source: Source, state: bytes | None = None, *, now: bool = False) -> None:
        """Take a source in, or take over its change.

        Args:
            source: as it is now; one that is pushed to us is not polled.
            state: its memory, encoded, where it was polled before by somebody else.
            now: it is due at once, whatever its memory says.
        """
        if source.kind not in KINDS:
            # It may have been of a kind that is polled.
            self._sources.pop(source.id, None)
            self._schedule.remove(source.id)
            return
        if state is not None:
            self._poller.remember(source.id, state)
        self._sources[source.id] = source.encode()
        if source.id in self._polls:
            # It comes back into the schedule when its poll has ended, as what it is then.
            return
        self._schedule.add(source.id, datetime.now(UTC) if now else self._due(source))
        self._changed.set()

    def take(self, sources: Iterable[Source], states: Mapping[str, PollState], *, now: bool = False) -> None:
        """Take sources in, each with its memory where it has one; see `put`."""
        for source in sources:
            state = states.get(source.id)
            self.put(source, state.encode() if state else None, now=now)

    async def drop(self, ids: Iterable[str]) -> None:
        """Leave sources to others, with their memory; polls of theirs that are under way are given up."""
        given_up = []
        for id in ids:
            self._sources.pop(id, None)
            self._poller.remember(id, None)
            self._schedule.remove(id)
            if task := self._polls.get(id):
                task.cancel()
                given_up.append(task)
        await asyncio.gather(*given_up, return_exceptions=True)
        for id in ids:
            self._poller.remember(id, None)

    async def run(self, stop: asyncio.Event, *, once: bool = False) -> None:
        """Poll until stopped, or with `once` until every source was polled."""
        self._once = once
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._changed.clear()
                self._start_due()
                if once and not self._polls and not len(self._schedule):
                    return
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({stopped, changed}, timeout=self._pause(), return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            polls = tuple(self._polls.values())
            for task in (stopped, *polls):
                task.cancel()
            await asyncio.gather(stopped, *polls, return_exceptions=True)

    def _due(self, source: Source) -> datetime:
        """Return when a source is due that was not polled here before."""
        try:
            state = self._poller.state(source.id)
        except Undecodable as error:
            log.warning(
                "memory that cannot be read; the source is polled as if new", source=source.id, error=str(error)
            )
            self._poller.remember(source.id, None)
            state = None
        if state is None or state.place not in ("", KINDS[source.kind].place(source)):
            return datetime.now(UTC)
        return resumed(state, source)

    def _pause(self) -> float | None:
        """Return the seconds until something is to be started; None where only an event can change that."""
        due = self._schedule.next_due()
        if due is None or len(self._polls) >= self._most:
            return None
        return max(0.0, (due - datetime.now(UTC)).total_seconds())

    def _start_due(self) -> None:
        """Start what is due, as far as there is room."""
        for id in self._schedule.pop_due(datetime.now(UTC), self._most - len(self._polls)):
            host = self._host(id)
            if self._busy[host] < _PER_HOST:
                self._start(id, host)
            else:
                self._waiting.setdefault(host, deque()).append(id)

    def _start(self, id: str, host: str) -> None:
        self._busy[host] += 1
        task = self._polls[id] = asyncio.create_task(self._visit(id))
        task.add_done_callback(lambda task: self._ended(id, host, task))

    def _ended(self, id: str, host: str, task: asyncio.Task[datetime | None]) -> None:
        """Put a source back into the schedule, and make room for the next one, of the same host first."""
        del self._polls[id]
        # One whose poll was given up is here where it was taken away and given back meanwhile.
        due = self._again(id) if task.cancelled() else task.result()
        if due and id in self._sources:
            self._schedule.add(id, due)
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        waiting = self._waiting.get(host)
        while waiting:
            # What was dropped meanwhile, or is back in the schedule, is no longer waiting.
            if (next_one := waiting.popleft()) in self._sources and next_one not in self._polls:
                self._start(next_one, host)
                break
        else:
            self._waiting.pop(host, None)
        self._changed.set()

    def _host(self, id: str) -> str:
        return host_of(Source.decode(self._sources[id]).url)

    def _again(self, id: str) -> datetime | None:
        return self._due(Source.decode(self._sources[id])) if id in self._sources else None

    async def _visit(self, id: str) -> datetime | None:
        """Poll a source; return when it is due again, None for never."""
        source = Source.decode(self._sources[id])
        try:
            due = (await self._poller.poll(source)).due
        except Exception as error:
            # The guard of ingest: the broker may be away, or the code be wrong for one source. Nothing was
            # saved, so the next poll repeats this one; the other sources go on.
            self._poller.counts.add(Counts(polls=1, failed=Counter(fault=1)))
            log.exception("poll not kept", source=id, error=said(error), exc_info=not isinstance(error, StellwerkError))
            due = datetime.now(UTC) + timedelta(seconds=source.poll_min)
        if self._once or id not in self._sources:
            return None
        # Where it was changed meanwhile, that counts.
        return due if self._sources[id] == source.encode() else self._again(id)
