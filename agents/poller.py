"""One turn of one source.

    memory ─ fetch (conditional) ─ same body? ─ parse ─ choose new and edited ─ pages ─ publish ─ save memory

Memory never runs ahead of the articles: `save` is called after `publish` has returned for every one of them, so a crash
anywhere repeats a poll and loses nothing. Each entry of a feed ends in one counted outcome: an article, or a reason.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeVar

import structlog

from agents.articles import Chosen, Dropped, choose, to_article, with_page
from agents.counts import Counts
from agents.errors import Fault, Garbled, Soft
from agents.extract import extract
from agents.feeds import Feed, parse_feed
from agents.fetch import PAGE, Answer, Door
from agents.links import shown
from agents.sandbox import Sandbox
from agents.schedule import Outcome, Pace, max_age, next_poll, pace_of
from agents.sources import Source
from pipeline.errors import Permanent
from pipeline.records import Article, How, PollState
from pipeline.settings import FetchSettings

Publish = Callable[[Article], Awaitable[None]]
Save = Callable[[PollState], Awaitable[None]]

_T = TypeVar("_T")

log = structlog.get_logger()

#: Servers lie in `ETag` and `Last-Modified`: each so many polls nothing is asked conditionally.
FULL_EVERY: Final = 10
#: Entries whose pages are fetched, and articles that are published, at the same time for one source.
_TOGETHER: Final = 16
#: Pages of older entries are not fetched: their articles can open no alert any more.
_PAGE_AGE: Final = timedelta(days=14)
#: Pages that may fail in one poll; then, unless more are good than bad, the teasers must do.
_PAGES_FAILED: Final = 10
#: Articles remembered of a source beyond those still in its feed.
_REMEMBERED: Final = 1000
_HTML: Final = ("text/html", "application/xhtml+xml", "text/plain", "")


@dataclass(frozen=True, slots=True)
class Polled:
    """How a poll ended, and when the next is due."""

    outcome: Outcome
    state: PollState
    due: datetime


class Poller:
    """Polls sources: one `poll` is one turn of one source.

    Attributes:
        counts: of all polls whose memory was saved.
        states: source id -> what was saved last.
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
    ) -> None:
        self._settings, self._door, self._sandbox = settings, door, sandbox
        self._publish, self._save, self._clock = publish, save, clock
        self.states = dict(states)
        self.counts = Counts()
        self._paces: dict[str, Pace] = {}

    async def poll(self, source: Source) -> Polled:
        """Poll a source: publish what is new, then save what must be known next time.

        A fault of the source is an outcome and not an error.

        Raises:
            Whatever `publish` or `save` raise; then nothing was saved and nothing is counted.
        """
        now = self._clock()
        before = self.states.get(source.id) or PollState(source_id=source.id, polled=now)
        counts = Counts(polls=1)
        words = log.bind(source=source.id, url=shown(source.url))
        try:
            answer = await self._fetch(source, before)
            feed = await self._parse(answer, before)
        except Fault as fault:
            counts.failed[fault.kind] += 1
            words.warning("poll failed", kind=fault.kind, error=said(fault), failures=before.failures + 1)
            outcome = _outcome_of(fault)
            after = before.model_copy(
                update={
                    "polled": now,
                    "polls": before.polls + 1,
                    "failures": before.failures + 1,
                    "outcome": fault.kind,
                }
            )
            due = next_poll(after, source, outcome, now, retry_after=fault.retry_after)
        else:
            seen = before.seen if feed is None else await self._bring(feed, source, before, now, counts)
            outcome = Outcome.NEWS if counts.articles else Outcome.NOTHING
            after = _remembered(before, answer, seen, now, outcome)
            due = next_poll(
                after,
                source,
                outcome,
                now,
                pace=self._paces.get(source.id),
                ttl=feed.ttl if feed else None,
                max_age=max_age(answer.headers),
            )
            tell = words.info if counts.articles else words.debug
            tell("polled", outcome=outcome.value, due=due.isoformat(timespec="seconds"), **counts.flat())
        await self._save(after)
        self.states[source.id] = after
        self.counts.add(counts)
        return Polled(outcome, after, due)

    async def _fetch(self, source: Source, before: PollState) -> Answer:
        """Ask for the feed, conditionally but for each tenth time."""
        if (before.polls + 1) % FULL_EVERY == 0 or not before.body_hash:
            answer = await self._door.get(source.url)
            if answer.not_modified:
                raise Garbled("304 to a question without conditions")
            return answer
        return await self._door.get(source.url, before.etag, before.last_modified)

    async def _parse(self, answer: Answer, before: PollState) -> Feed | None:
        """Return the feed; None where it is the one we had."""
        if answer.not_modified or _hash(answer.body) == before.body_hash:
            return None
        kind = answer.headers.get("content-type", "")
        return await self._sandbox.run(parse_feed, answer.body, answer.url, kind, self._settings.entries_most)

    async def _bring(
        self, feed: Feed, source: Source, before: PollState, now: datetime, counts: Counts
    ) -> dict[str, str]:
        """Publish what is new in a feed; return what has been seen now."""
        chosen, dropped, present = choose(feed.entries, source, before.seen)
        counts.offered = feed.offered
        counts.dropped.update({reason.value: number for reason, number in dropped.items()})
        if feed.offered > len(feed.entries):
            counts.dropped[Dropped.TOO_MANY.value] += feed.offered - len(feed.entries)
        pace = pace_of((entry.published for entry in feed.entries if entry.published), now)
        if pace:
            self._paces[source.id] = pace
        oldest_first = chosen[::-1]
        for at in range(0, len(oldest_first), _TOGETHER):
            await self._bring_some(oldest_first[at : at + _TOGETHER], source, now, counts)
        return _seen(before.seen, present)

    async def _bring_some(self, some: Sequence[Chosen], source: Source, now: datetime, counts: Counts) -> None:
        """Make articles of some entries and publish them."""
        made = await _each(self._article(one, source, now, counts) for one in some)
        articles = [one for one in made if isinstance(one, Article)]
        counts.dropped.update(one.value for one in made if isinstance(one, Dropped))
        await _each(self._publish(article) for article in articles)
        counts.articles += len(articles)

    async def _article(self, one: Chosen, source: Source, now: datetime, counts: Counts) -> Article | Dropped:
        """Make an article of an entry, with the text of its page where the entry is only a teaser."""
        entry = one.entry
        if not self._wants_page(one, source, now):
            return to_article(entry, source, now=now)
        if _given_up(counts.pages):
            counts.pages["given_up"] += 1
            return to_article(entry, source, now=now)
        try:
            answer = await self._door.get(one.url, accept=PAGE)
            kind, _, parameters = answer.headers.get("content-type", "").lower().partition(";")
            if kind.strip() not in _HTML:
                counts.pages["no_html"] += 1
                return to_article(entry, source, now=now)
            charset = parameters.partition("charset=")[2].strip(" \"'").partition(";")[0]
            about = not (entry.title and entry.published)
            page = await self._sandbox.run(extract, answer.body, answer.url, charset=charset, about=about)
        except Fault as fault:
            counts.pages[fault.kind] += 1
            log.debug("page failed", source=source.id, url=shown(one.url), kind=fault.kind, error=said(fault))
            return to_article(entry, source, now=now)
        counts.pages["text"] += 1
        fuller = with_page(
            entry, title=page.title, author=page.author, published=page.published, language=page.language
        )
        if len(page.text) <= len(entry.content):
            return to_article(fuller, source, now=now)
        return to_article(fuller, source, now=now, text=page.text, how=How.PAGE)

    def _wants_page(self, one: Chosen, source: Source, now: datetime) -> bool:
        """Say whether the page behind an entry is worth a request."""
        entry = one.entry
        if not source.pages or source.rights == "link" or len(entry.content) >= self._settings.teaser:
            return False
        has_own = bool(entry.url) or entry.id.startswith(("http://", "https://"))
        return has_own and not (entry.published and entry.published < now - _PAGE_AGE)


def _given_up(pages: Counter[str]) -> bool:
    """Say whether a poll's pages bring so little that the rest is left alone: it would cost others their turns."""
    failed = pages.total() - pages["text"] - pages["given_up"]
    return failed >= _PAGES_FAILED and failed > pages["text"]


def _outcome_of(fault: Fault) -> Outcome:
    """Return what a fault means for the schedule."""
    if isinstance(fault, Permanent):
        return Outcome.HARD
    return Outcome.SOFT if isinstance(fault, Soft) else Outcome.TEMPORARY


def _remembered(before: PollState, answer: Answer, seen: dict[str, str], now: datetime, outcome: Outcome) -> PollState:
    """Return the memory after a poll that worked."""
    kept = {"etag": answer.etag or before.etag, "last_modified": answer.last_modified or before.last_modified}
    if not answer.not_modified:
        kept = {"etag": answer.etag, "last_modified": answer.last_modified, "body_hash": _hash(answer.body)}
    changed = {"polled": now, "polls": before.polls + 1, "failures": 0, "outcome": outcome.value, "seen": seen, **kept}
    return before.model_copy(update=changed)


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


def _hash(body: bytes) -> str:
    """Return what tells two documents apart."""
    return sha256(body).hexdigest()[:32]


def said(error: BaseException) -> str:
    """Return an error's text as it may stand in a log: one line, short."""
    return " ".join(str(error).split())[:200] or type(error).__name__
