"""One turn of one source.

    memory ─ documents (conditional, parsed when changed) ─ choose new and edited ─ pages ─ publish ─ save memory

Memory never runs ahead of the articles: `save` is called after `publish` has returned for every one of them, so a crash
anywhere repeats a poll and loses nothing. Each entry of a feed ends in one counted outcome: an article, or a reason.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog

from agents import health
from agents.again import Seen, look
from agents.articles import Chosen, Dropped, choose
from agents.counts import Counts
from agents.documents import FULL_EVERY, Documents, Read
from agents.entries import Feed
from agents.errors import Fault, Gone, Soft
from agents.fetch import Door
from agents.fuller import LATER, Fuller
from agents.kinds import KINDS
from agents.links import shown
from agents.memory import Memory
from agents.relevance import Lookup, nobody
from agents.robots import Robots
from agents.sandbox import Sandbox
from agents.schedule import Outcome, next_poll, pace_from, pace_of
from agents.sources import Source
from pipeline.errors import Permanent
from pipeline.records import Article, PollState, Version
from pipeline.settings import FetchSettings

__all__ = ["FULL_EVERY", "Polled", "Poller", "Publish", "Save", "said"]

Publish = Callable[[Article], Awaitable[None]]
Save = Callable[[PollState], Awaitable[None]]

_T = TypeVar("_T")

log = structlog.get_logger()

#: Entries whose pages are fetched, and articles that are published, at the same time for one source.
_TOGETHER: Final = 16
#: Articles remembered of a source beyond those still in its feed.
_REMEMBERED: Final = 1000
#: Failures in a row after which a 404 counts like a 410.
_GONE_AFTER: Final = 3


@dataclass(frozen=True, slots=True)
class Polled:
    """How a poll ended, and when the next is due."""

    outcome: Outcome
    state: PollState
    due: datetime


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a feed has brought.

    Attributes:
        seen: article id -> revision, of everything that has had its outcome.
        published: of the new articles.
        whole: every entry has had its outcome; else the document is to be read again although it has not changed.
    """

    seen: dict[str, str]
    published: tuple[datetime, ...] = ()
    whole: bool = True


class Poller:
    """Polls sources: one `poll` is one turn of one source.

    Args:
        settings: manners on the web.
        door: to the web.
        sandbox: for what comes from there.
        publish: returns when the broker has the article.
        save: returns when the broker has the memory.
        states: source id -> what was saved last, for those that were polled before.
        clock: now.
        aliases: gets the names of all accounts, for sources that keep only mentions.

    Attributes:
        counts: of all polls whose memory was saved.
    """

    def __init__(
        self,
        settings: FetchSettings,
        door: Door,
        sandbox: Sandbox,
        publish: Publish,
        save: Save,
        states: Mapping[str, PollState],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        aliases: Lookup = nobody,
    ) -> None:
        self._publish, self._save, self._clock = publish, save, clock
        self._door, self._sandbox = door, sandbox
        self._robots = Robots(settings, door, sandbox)
        self._documents = Documents(settings, door, sandbox, self._robots)
        self._fuller = Fuller(settings, door, sandbox, self._robots, aliases)
        self._memory = Memory(states)
        self.counts = Counts()

    def remember(self, id: str, state: bytes | None) -> None:
        """Take over what was saved of a source, encoded; None forgets it."""
        self._memory.put(id, state)

    def state(self, id: str) -> PollState | None:
        """Return what was saved last of a source.

        Raises:
            Undecodable: the memory that was taken over is none.
        """
        return self._memory.get(id)

    @property
    def health(self) -> Counter[str]:
        """Sources by health, of those that are remembered."""
        return self._memory.health

    async def look(self, url: str) -> Seen:
        """Return what is at a page's URL now."""
        return await look(url, self._door, self._robots, self._sandbox)

    async def aclose(self) -> None:
        """Give up what is under way beside the polls."""
        await self._robots.aclose()

    async def poll(self, source: Source) -> Polled:
        """Poll a source: publish what is new, then save what must be known next time.

        A fault of the source is an outcome and not an error.

        Raises:
            Whatever `publish` or `save` raise; then nothing was saved and nothing is counted.
        """
        now = self._clock()
        before = self.state(source.id) or PollState(source_id=source.id, polled=now)
        counts = Counts(polls=1)
        words = log.bind(source=source.id, url=shown(source.url))
        try:
            read = await self._documents.read(source, before)
        except Fault as fault:
            counts.failed[fault.kind] += 1
            words.warning("poll failed", kind=fault.kind, error=said(fault), failures=before.failures + 1)
            polled = _failed(before, source, fault, now)
        else:
            brought = _Brought(before.seen)
            if read.feed is not None:
                brought = await self._bring(read.feed, source, before, now, counts)
            polled = _worked(before, source, read, brought, counts, now)
            tell = words.info if counts.articles else words.debug
            tell("polled", outcome=polled.outcome.value, due=polled.due.isoformat(timespec="seconds"), **counts.flat())
        counts.health[polled.state.health] += 1
        await self._save(polled.state)
        self._memory.put(source.id, polled.state.encode())
        self.counts.add(counts)
        return polled

    async def _bring(self, feed: Feed, source: Source, before: PollState, now: datetime, counts: Counts) -> _Brought:
        """Publish what is new in a feed; return what has been seen now."""
        chosen, dropped, present = choose(feed.entries, source, before.seen)
        counts.offered = feed.offered
        counts.dropped.update({reason.value: number for reason, number in dropped.items()})
        if feed.offered > len(feed.entries):
            counts.dropped[Dropped.TOO_MANY.value] += feed.offered - len(feed.entries)
        oldest_first = chosen[::-1]
        published: list[datetime] = []
        for at in range(0, len(oldest_first), _TOGETHER):
            articles, later = await self._bring_some(oldest_first[at : at + _TOGETHER], source, now, counts)
            published += [article.published for article in articles if article.id not in before.seen]
            for one in later:
                del present[one.id]
        return _Brought(_seen(before.seen, present), tuple(published), whole=not counts.dropped[LATER])

    async def _bring_some(
        self, some: Sequence[Chosen], source: Source, now: datetime, counts: Counts
    ) -> tuple[list[Article], list[Chosen]]:
        """Make articles of some entries and publish them; return them, and the entries whose turn is next time."""
        made = await _each(self._fuller.article(one, source, now, counts) for one in some)
        articles = [one for one in made if isinstance(one, Article)]
        counts.dropped.update(str(one) for one in made if not isinstance(one, Article))
        await _each(self._publish(article) for article in articles)
        counts.articles += len(articles)
        return articles, [one for one, outcome in zip(some, made, strict=True) if outcome == LATER]


def _failed(before: PollState, source: Source, fault: Fault, now: datetime) -> Polled:
    """Return how a poll ended that brought no document."""
    outcome = _outcome_of(fault, before)
    reason = said(fault)
    changed = {
        "polled": now,
        "polls": before.polls + 1,
        "failures": before.failures + 1,
        "first": before.first or now,
        "outcome": fault.kind,
        "health": health.of_fault(fault.kind, reason).value,
        "reason": reason,
    }
    after = before.model_copy(update=changed)
    due = next_poll(after, source, outcome, now, retry_after=fault.retry_after)
    return Polled(outcome, after.model_copy(update={"due": due}), due)


def _worked(before: PollState, source: Source, read: Read, brought: _Brought, counts: Counts, now: datetime) -> Polled:
    """Return how a poll ended that brought a document, or learnt that it has not changed."""
    outcome = Outcome.NEWS if counts.articles else Outcome.NOTHING
    entries = read.feed.entries if read.feed else ()
    pace = pace_of((entry.published for entry in entries if entry.published), now) or pace_from(before)
    moves = before.moves + 1 if read.moved == before.moved else 1
    version = read.version if brought.whole else Version()
    after = before.model_copy(
        update={
            **{name: getattr(version, name) for name in ("etag", "last_modified", "body_hash")},
            "more": read.more if brought.whole else {},
            "place": KINDS[source.kind].place(source),
            "polled": now,
            "polls": before.polls + 1,
            "failures": 0,
            "first": before.first or now,
            "good": now,
            "gap": pace.gap if pace else None,
            "newest": pace.newest if pace else None,
            "seen": brought.seen,
            "entries": len(entries) if read.feed else before.entries,
            "days": health.with_days(before.days, brought.published, now),
            "outcome": outcome.value,
            "reason": "",
            "moved": read.moved,
            "moves": moves if read.moved else 0,
        }
    )
    counts.moved = int(bool(health.proposal(after)))
    ttl = read.feed.ttl if read.feed else None
    due = next_poll(after, source, outcome, now, pace=pace, ttl=ttl, max_age=read.max_age)
    word = health.of_success(after, source, now, changed=read.feed is not None)
    return Polled(outcome, after.model_copy(update={"due": due, "health": word.value}), due)


def _outcome_of(fault: Fault, before: PollState) -> Outcome:
    """Return what a fault means for the schedule."""
    if isinstance(fault, Gone) and (fault.status == 410 or before.failures >= _GONE_AFTER):
        return Outcome.GONE
    if isinstance(fault, Permanent):
        return Outcome.HARD
    return Outcome.SOFT if isinstance(fault, Soft) else Outcome.TEMPORARY


def _seen(before: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Return article id → revision, newest last, without those long out of the feed."""
    # What is still in the feed moves to the end: a pinned entry must not be forgotten and come again as news.
    seen = {id: revision for id, revision in before.items() if id not in present}
    kept = dict(list(seen.items())[-_REMEMBERED:])
    return {**kept, **dict(reversed(list(present.items())))}


async def _each(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Return what all return; raise the first error only when all have ended, so that none is still on its way."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return [one for one in ended if not isinstance(one, BaseException)]


def said(error: BaseException) -> str:
    """Return an error's text as it may stand in a log: one line, short."""
    return " ".join(str(error).split())[:200] or type(error).__name__
