"""Feeds and pages that are made to hurt, through a whole poll: what becomes of them, and what it costs."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agents.articles import choose
from agents.counts import Counts
from agents.feeds import parse_feed
from agents.fetch import Door
from agents.poller import Polled, Poller
from agents.sandbox import Sandbox
from agents.sources import Source
from pipeline.records import Article, PollState
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

WORDS = "Der Konzern baut in Leuna ein neues Werk, und die Halle wird im Mai fertig. "


def rss(*items: str) -> bytes:
    """Return an RSS document."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>T</title>{inner}</channel></rss>'.encode()


class Ingest:
    """A poller of loopback sources, and what came of it."""

    def __init__(self, web: Web, settings: FetchSettings, door: Door, sandbox: Sandbox) -> None:
        self.web, self.articles = web, list[Article]()
        self._poller = Poller(settings, door, sandbox, self._publish, self._save, {})

    async def _publish(self, article: Article) -> None:
        self.articles.append(article)

    async def _save(self, state: PollState) -> None:
        await asyncio.sleep(0)

    async def poll(self, name: str, *, pages: bool = True) -> Polled:
        """Poll the source at `/name`."""
        return await self._poller.poll(Source(id=name, url=self.web.url(f"/{name}"), pages=pages))

    @property
    def counts(self) -> Counts:
        """What was counted."""
        return self._poller.counts


@pytest_asyncio.fixture
async def ingest(web: Web) -> AsyncIterator[Ingest]:
    """Ingest with its limits as they are, but for the addresses it may ask."""
    settings = FetchSettings(allow=("127.0.0.0/8",), interval=0.0)
    async with Door(settings) as door, Sandbox(2, settings.parse_cpu) as sandbox:
        yield Ingest(web, settings, door, sandbox)


PAGES = {
    "five megabytes of text": f"<article>{f'<p>{WORDS}</p>' * 60_000}</article>",
    "a picture inline": f'<article><img src="data:image/png;base64,{"QUJD" * 1_000_000}"><p>{WORDS * 9}</p></article>',
    "a table of a million rows": f"<article><table>{'<tr><td>1</td></tr>' * 400_000}</table></article>",
    "deeply nested": f"<article>{'<div>' * 50_000}{WORDS}{'</div>' * 50_000}</article>",
    "unclosed": f"<article>{'<b><i><p>x' * 100_000}",
    "one endless tag": "<article><p title='" + "x" * 4_000_000,
    "entities": f"<article><p>{'&nbsp;&amp;&#x202e;' * 200_000}</p></article>",
}


@pytest.mark.slow
async def test_pages_made_to_hurt_leave_their_teaser(ingest: Ingest) -> None:
    """Whatever a page is, its article is there: with the page's text, cut to size, or with the feed's own words."""
    texts = {f"/{number}": page for number, page in enumerate(PAGES.values())}
    for path, text in texts.items():
        # Compressed as far as may be without being a bomb: most of these are larger than may be sent.
        body = f"<html><body>{text}</body></html>".encode()
        (ingest.web.put if len(body) < 5_000_000 else ingest.web.put_gzip)(path, body)
    titles = dict(zip(texts, PAGES, strict=True))
    ingest.web.put(
        "/bad", rss(*(f"<title>{titles[path]}</title><link>{path}</link>" for path in texts)), kind="text/xml"
    )
    ingest.web.put("/good", rss(f"<title>Gut</title><link>/g</link><description>{WORDS * 20}</description>"))
    began = time.monotonic()
    bad = asyncio.create_task(ingest.poll("bad"))
    await asyncio.sleep(0.5)
    asked = time.monotonic()
    await ingest.poll("good")
    waited = time.monotonic() - asked
    await bad
    spent = time.monotonic() - began
    parsers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\n{len(PAGES)} pages in {spent:.1f} s, a good source beside them in {waited:.1f} s;", end=" ")
    print(f"largest parser so far {parsers:.0f} MB; {dict(ingest.counts.pages)}")
    assert {article.title for article in ingest.articles} == {*PAGES, "Gut"}
    assert all(len(article.text) <= 200_000 and len(article.encode()) < 900_000 for article in ingest.articles)
    assert ingest.counts.offered == ingest.counts.articles == len(PAGES) + 1
    assert waited < 15.0


def test_the_same_guid_again_and_again_is_one_article() -> None:
    """A hundred thousand entries with one guid: one article, the others counted."""
    feed = parse_feed(rss(*(f"<title>t{n}</title><guid>same</guid>" for n in range(100_000))), "https://a.example/f")
    chosen, dropped, _ = choose(feed.entries, Source(id="s", url="https://a.example/f"), {})
    assert (len(chosen), feed.offered) == (1, 100_000)
    assert len(chosen) + dropped.total() == len(feed.entries)


FEEDS = {
    "an author that costs seconds": f"<title>a</title><link>/a</link><author>{'a.' * 8000}@{'a.' * 8000}</author>",
    "nothing": "",
    "only a text": f"<description>{WORDS}</description>",
    "only a date": "<pubDate>Wed, 05 Mar 2025 10:00:00 GMT</pubDate>",
    "markup in the title": "<title>&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;Werk</title>",
    "a refresh": "<title><![CDATA[<meta http-equiv=refresh content='0;url=//evil.example'>Werk zwei]]></title>",
    "a link that is none": "<title>c</title><link>javascript:alert(1)</link>",
    "data as link": "<title>d</title><link>data:text/html,x</link>",
    "a file": "<title>e</title><link>file:///etc/passwd</link>",
    "another host": "<title>f</title><link>//evil.example/</link>",
    "a password": "<title>g</title><link>http://user:pass@a.example/g</link>",
    "an endless link": f"<title>h</title><link>https://a.example/{'x' * 10_000}</link>",
    "a day that is none": "<title>i</title><link>/i</link><pubDate>Feb 30</pubDate>",
    "the year nought": "<title>j</title><link>/j</link><pubDate>0000-00-00</pubDate>",
    "the year 9999": "<title>k</title><link>/k</link><pubDate>9999-01-01T00:00:00Z</pubDate>",
    "turned round": "<title>l \u202egnul \u200b</title><link>/l</link>",
    "a formula": '<title>=HYPERLINK("http://e","x")</title><link>/m</link>',
}


async def test_entries_made_to_hurt_are_articles_or_counted(ingest: Ingest) -> None:
    """Plain text, links that may be followed, times that can be; a second poll brings nothing; no entry is lost."""
    ingest.web.put("/feed", rss(*FEEDS.values()), kind="application/rss+xml")
    await ingest.poll("feed", pages=False)
    first = list(ingest.articles)
    ingest.web.put("/feed", rss(*FEEDS.values(), ""), kind="application/rss+xml")
    await ingest.poll("feed", pages=False)
    assert ingest.articles == first
    assert ingest.counts.offered == ingest.counts.articles + ingest.counts.dropped.total()
    assert ingest.counts.dropped["no_title"] >= 2
    assert len({article.id for article in first}) == len(first) >= len(FEEDS) - 3
    for article in first:
        assert article.title.isprintable()
        assert "<" not in article.title + article.text
        assert article.url.startswith(("http://", "https://"))
        assert "@" not in article.url
        assert len(article.author) <= 200
        assert article.published <= article.fetched
        assert Article.decode(article.encode()) == article
    guessed = {article.title for article in first if article.published_guessed}
    assert guessed >= {"i", "j", "k"}
