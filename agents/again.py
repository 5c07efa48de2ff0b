"""Is what alerts stand on still there? Their articles are looked at again; one that was taken away is withdrawn.

    alerts ──▶ 1 h, 6 h, 1, 3, 7 days after fetching ──▶ robots.txt, GET ─┬─ there, or not to be had now: next time
                                                                         ├─ 410: withdrawn
                               an hour later once more ◀── 404, or a page that says so; the second time: withdrawn

Nothing is kept of it: when an article is due follows from when it was fetched, so a worker that starts goes on where
the last one was, and what a crash repeats is one request. All ingest workers read all alerts; each looks at its share.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

import orjson
import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from agents.errors import Fault, Gone
from agents.fetch import PAGE, Door
from agents.links import shown
from agents.robots import Robots
from agents.sandbox import Sandbox
from agents.walls import ERROR, wall, words_of
from pipeline import kafka, metrics
from pipeline.errors import Transient
from pipeline.records import AlertState, Withdrawal
from pipeline.settings import KafkaSettings
from pipeline.topics import ALERTS

log = structlog.get_logger()

_AFTER: Final = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72, 168))
#: From a 404 to the look that must see it too: a server that is being moved says it for minutes.
_SURE: Final = timedelta(hours=1)
#: A look that was due so shortly before a worker started may have been made or not: it is made.
_MISSED: Final = timedelta(hours=1)
#: Until it is seen again whether one that is due has become ours.
_TURN: Final = timedelta(seconds=5)
#: Looks at the same time; polls have the door to themselves otherwise.
_TOGETHER: Final = 4
#: Seconds between two rounds where no alert comes, and after the broker was away.
_IDLE, _PAUSE = 60.0, 30.0


class Seen(StrEnum):
    """What a look saw."""

    THERE = "there"
    GONE = "gone"
    MISSING = "missing"
    UNKNOWN = "unknown"


async def look(url: str, door: Door, robots: Robots, sandbox: Sandbox) -> Seen:
    """Return what is at a URL now; only a server's own word says that something is not there."""
    try:
        answer = await door.get(url, accept=PAGE, may=robots.check)
        what = await sandbox.run(_stands, answer.body, answer.url)
    except Gone as fault:
        return Seen.GONE if fault.status == 410 else Seen.MISSING
    except Fault:
        return Seen.UNKNOWN
    return Seen.MISSING if what == ERROR else Seen.THERE


def _stands(body: bytes, url: str) -> str:
    """Return what a page is instead of an article, in the sandbox."""
    title, text, html = words_of(body)
    return wall(title, text, html, url)


class Again:
    """The articles of young alerts, by when each is due.

    Args:
        keep: how long after it was fetched an article is looked at.
        ours: says of an article's id whether it is in our share now.
        look: returns what is at a URL.
        withdraw: returns when the broker has the withdrawal.
        clock: now.
    """

    def __init__(
        self,
        keep: timedelta,
        ours: Callable[[str], bool],
        look: Callable[[str], Awaitable[Seen]],
        withdraw: Callable[[Withdrawal], Awaitable[None]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._after = tuple(after for after in _AFTER if after <= keep)
        self._ours, self._look, self._withdraw, self._clock = ours, look, withdraw, clock
        self._due: list[tuple[datetime, str]] = []
        # Article id -> its URL and when it was fetched; those that were missing when last seen.
        self._articles: dict[str, tuple[str, datetime]] = {}
        self._missing: set[str] = set()

    def __len__(self) -> int:
        """Return how many articles will be looked at."""
        return len(self._articles)

    @property
    def pause(self) -> float:
        """Seconds until something is due, but not too many."""
        return max(0.0, min(_IDLE, (self._due[0][0] - self._clock()).total_seconds())) if self._due else _IDLE

    def take(self, alert: bytes) -> None:
        """Take in the articles of an alert's revision that are new, or were fetched again."""
        now = self._clock()
        for id, url, fetched in _articles(alert):
            known = self._articles.get(id)
            if (known is None or known[1] < fetched) and (due := self._next(fetched, now - _MISSED)):
                self._articles[id] = url, fetched
                heapq.heappush(self._due, (due, id))

    async def round(self) -> None:
        """Look at all that is due, some at a time; what fails with the broker is due again."""
        now = self._clock()
        while some := set(islice(self._pop_due(now), _TOGETHER)):
            await asyncio.gather(*map(self._one, some))

    def _pop_due(self, now: datetime) -> Iterator[str]:
        while self._due and self._due[0][0] <= now:
            yield heapq.heappop(self._due)[1]

    async def _one(self, id: str) -> None:
        if id not in self._articles:
            return
        url, fetched = self._articles[id]
        if not self._ours(id):
            # Shares change: for an hour it may become ours before whoever had it has looked.
            now = self._clock()
            self._again(id, now + _TURN if self._missed(fetched, now) else self._next(fetched, now))
            return
        seen = await self._look(url)
        metrics.LOOKS.add(1, seen.value)
        if seen is Seen.GONE or (seen is Seen.MISSING and id in self._missing):
            said = "410, it is gone" if seen is Seen.GONE else "404 twice, an hour apart"
            # Where the broker is away, the next round looks again.
            self._again(id, self._clock())
            await self._withdraw(Withdrawal(article_id=id, fetched=self._clock(), reason=f"the server said {said}"))
            log.info("article withdrawn", article=id, url=shown(url), said=said)
            self._forget(id)
            return
        now = self._clock()
        (self._missing.add if seen is Seen.MISSING else self._missing.discard)(id)
        self._again(id, now + _SURE if seen is Seen.MISSING else self._next(fetched, now))

    def _again(self, id: str, due: datetime | None) -> None:
        if due is None:
            self._forget(id)
        else:
            heapq.heappush(self._due, (due, id))

    def _forget(self, id: str) -> None:
        self._articles.pop(id, None)
        self._missing.discard(id)

    def _missed(self, fetched: datetime, now: datetime) -> bool:
        """Say whether a look was due within the last hour."""
        return any(now - _MISSED < fetched + after <= now for after in self._after)

    def _next(self, fetched: datetime, now: datetime) -> datetime | None:
        """Return when an article is looked at next; None where it is too old."""
        return next((fetched + after for after in self._after if fetched + after > now), None)


def _articles(alert: bytes) -> Iterator[tuple[str, str, datetime]]:
    """Yield id, URL and time of fetching of what a revision stands on; nothing of one that no longer stands."""
    try:
        said = orjson.loads(alert)
        if said["state"] in (AlertState.MERGED, AlertState.RETRACTED):
            return
        found = [(one["id"], one["url"], datetime.fromisoformat(one["fetched"])) for one in said["articles"]]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        log.warning("alert that cannot be read", error=repr(error)[:200])
        return
    yield from (one for one in found if one[1].startswith(("http://", "https://")))


async def follow(again: Again, settings: KafkaSettings, keep: timedelta) -> None:
    """Take in the alerts of the last days and each new one, and look at what is due, for ever."""
    while True:
        try:
            await _listen(again, settings, keep)
        except (KafkaError, Transient) as error:
            log.warning("alerts cannot be followed, trying again", error=repr(error)[:300])
            await asyncio.sleep(_PAUSE)


async def _listen(again: Again, settings: KafkaSettings, keep: timedelta) -> None:
    name = kafka.full_name(settings, ALERTS)
    places = [TopicPartition(name, partition) for partition in kafka.all_partitions(settings, ALERTS)]
    async with kafka.reading(settings) as consumer:
        consumer.assign(places)
        # A revision older than that holds no article young enough.
        since = int((datetime.now(UTC) - keep).timestamp() * 1000)
        for place, found in (await consumer.offsets_for_times(dict.fromkeys(places, since))).items():
            if found is None:
                await consumer.seek_to_end(place)
            else:
                consumer.seek(place, found.offset)
        while True:
            got = await consumer.getmany(timeout_ms=int(again.pause * 1000))
            for record in (record for records in got.values() for record in records if record.value):
                again.take(record.value)
            await again.round()
