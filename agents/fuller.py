"""An entry becomes an article, with the text of its page where the entry is only a teaser.

    enough text? ─ robots.txt ─ fetch ─ is it a page, does it name an account? ─ extract ─▶ article
         └──────────────────────────────── else ────────────────────────────────▶ the teaser, or not kept

Extraction is what ingest spends its time on. So nothing is extracted that was extracted a moment ago (publishers offer
one article in several feeds), and of a source that keeps only mentions, no page that names no account.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from datetime import datetime, timedelta
from typing import Final

import structlog

from agents.articles import Chosen, to_article, with_page
from agents.counts import Counts
from agents.errors import Fault, Garbled, Soft, Unreachable
from agents.extract import Page, extract
from agents.fetch import PAGE, Door
from agents.links import shown
from agents.relevance import NO_MENTION, Aliases, Lookup
from agents.robots import Robots
from agents.sandbox import Sandbox
from agents.sources import Source
from pipeline.records import Article, How
from pipeline.settings import FetchSettings

log = structlog.get_logger()

#: Pages of older entries are not fetched: their articles can open no alert any more.
_PAGE_AGE: Final = timedelta(days=14)
#: Pages that may fail in one poll; then, unless more are good than bad, the teasers must do.
_PAGES_FAILED: Final = 10
#: The outcome of an entry that says nothing by itself (sitemaps) and whose page cannot be had now: next time.
LATER: Final = "later"
_PASSING: Final = (Garbled.kind, Soft.kind, Unreachable.kind, "given_up")
#: Pages in one poll of which nothing is known but where they are.
_BARE_MOST: Final = 100
_HTML: Final = ("text/html", "application/xhtml+xml", "text/plain", "")
#: What may become of a page without anything being wrong with it.
_FINE: Final = ("text", "again", "skipped", "given_up")
#: Pages remembered, and the characters of their texts.
_PAGES_MOST, _CHARACTERS_MOST = 2000, 10_000_000


class Fuller:
    """Makes articles of entries.

    Args:
        settings: how short a teaser is.
        door: to the pages.
        sandbox: for their extraction.
        robots: asked before each page.
        aliases: gets the names of all accounts; where it gets None, a source that keeps only mentions keeps all.
    """

    def __init__(self, settings: FetchSettings, door: Door, sandbox: Sandbox, robots: Robots, aliases: Lookup) -> None:
        self._teaser = settings.teaser
        self._door, self._sandbox, self._robots, self._aliases = door, sandbox, robots, aliases
        self._known = _Known()
        self._told = False

    async def article(self, one: Chosen, source: Source, now: datetime, counts: Counts) -> Article | str:
        """Return the article, or the reason why there is none; what became of its page is counted.

        Args:
            one: an entry that is new or was edited.
            source: where it is from.
            now: when it was fetched.
            counts: of the poll.
        """
        entry = one.entry
        picky = source.keep == "mentions" and not source.accounts
        aliases = await self._aliases() if picky else None
        if picky and aliases is None and not self._told:
            self._told = True
            log.warning('keep = "mentions" needs STELLWERK_ROUTE__ACCOUNTS; everything is kept', source=source.id)
        named = aliases is None or aliases.named_in(f"{entry.title}\n{entry.content}")
        outcome: Page | str = ""
        bare = not (entry.title or entry.content)
        if self._wants_page(one, source, now):
            if bare and counts.pages.total() >= _BARE_MOST:
                return LATER
            outcome = (
                "given_up" if _given_up(counts.pages) else await self._page(one, source, None if named else aliases)
            )
            counts.pages[outcome if isinstance(outcome, str) else "text"] += 1
            if outcome == "again":
                outcome = self._known.get(one)
        if not isinstance(outcome, Page):
            if bare and outcome in _PASSING:
                return LATER
            return to_article(entry, source, now=now, edited=one.edited) if named else NO_MENTION
        page = outcome
        fuller = with_page(
            entry, title=page.title, author=page.author, published=page.published, language=page.language
        )
        if len(page.text) <= len(entry.content):
            return to_article(fuller, source, now=now, edited=one.edited)
        return to_article(fuller, source, now=now, text=page.text, how=How.PAGE, edited=one.edited)

    def _wants_page(self, one: Chosen, source: Source, now: datetime) -> bool:
        """Say whether the page behind an entry is worth a request."""
        entry = one.entry
        if not source.pages or source.rights == "link" or len(entry.content) >= self._teaser:
            return False
        if entry.extra:
            # A post says what it says itself; what it links to is somebody else's, and a source of its own.
            return False
        has_own = bool(entry.url) or entry.id.startswith(("http://", "https://"))
        return has_own and not (entry.published and entry.published < now - _PAGE_AGE)

    async def _page(self, one: Chosen, source: Source, wanted: Aliases | None) -> Page | str:
        """Return the page, or one word on what became of it; it must name one of those wanted, if any are."""
        if self._known.get(one):
            return "again"
        entry = one.entry
        try:
            answer = await self._door.get(one.url, accept=PAGE, may=self._robots.check)
            kind, _, parameters = answer.headers.get("content-type", "").lower().partition(";")
            if kind.strip() not in _HTML:
                return "no_html"
            charset = parameters.partition("charset=")[2].strip(" \"'").partition(";")[0]
            if wanted and not wanted.named_on(answer.body, charset):
                return "skipped"
            about = not (entry.title and entry.published)
            page = await self._sandbox.run(extract, answer.body, answer.url, charset=charset, about=about)
        except Fault as fault:
            log.debug("page failed", source=source.id, url=shown(one.url), kind=fault.kind, error=str(fault)[:200])
            return fault.kind
        self._known.keep(one, page)
        return page


class _Known:
    """Pages extracted lately, by article and by what the feed said of it: an edited entry has its page read again."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str], Page] = OrderedDict()
        self._characters = 0

    def get(self, one: Chosen) -> Page | str:
        """Return the page of an entry, "" where it is not known."""
        return self._pages.get((one.id, one.revision), "")

    def keep(self, one: Chosen, page: Page) -> None:
        """Remember a page, and forget the oldest ones."""
        key = one.id, one.revision
        if key in self._pages:
            return
        self._pages[key] = page
        self._characters += len(page.text)
        while len(self._pages) > _PAGES_MOST or self._characters > _CHARACTERS_MOST:
            _, gone = self._pages.popitem(last=False)
            self._characters -= len(gone.text)


def _given_up(pages: Counter[str]) -> bool:
    """Say whether a poll's pages bring so little that the rest is left alone: it would cost others their turns."""
    failed = sum(number for word, number in pages.items() if word not in _FINE)
    return failed >= _PAGES_FAILED and failed > pages["text"] + pages["again"] + pages["skipped"]
