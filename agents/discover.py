"""From a home page to what can be polled of it: feeds that it names, links to or keeps where most do; sitemaps; lists.

Nothing is believed unseen: what is found is fetched and read, and only what has been read is offered.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from agents import feeds, pages, sitemaps
from agents.chars import decoded, shortened
from agents.entries import Feed
from agents.errors import Fault
from agents.fetch import Answer
from agents.links import clean
from agents.sniff import stated
from agents.sources import Source

Get = Callable[[str], Awaitable[Answer]]

#: Answers that are looked at for one site.
_MOST: Final = 24
_FEED_TYPES: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_LOOSE_TYPES: Final = ("application/json", "application/xml", "text/xml")
_FEEDISH: Final = re.compile(
    r"(?:^|[/._?=&-])(?:rss\d?|feeds?|atom|rdf)(?:[/._?=&-]|$)|\.(?:rss|rdf|atom)$", re.IGNORECASE
)
#: Feeds of comments and searches are no news.
_COMMENTS: Final = re.compile(r"comment|kommentar|/search|oembed|wp-json|xmlrpc", re.IGNORECASE)
_USUAL: Final = (
    "/feed",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/presse/rss",
    "/news/rss",
)
_SITEMAPS: Final = ("/sitemap-news.xml", "/news-sitemap.xml", "/sitemap.xml")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be polled.

    Attributes:
        kind: feed, page or sitemap.
        url: where it is, after redirects.
        title: its own.
        language: as it says, or empty.
        entries: how many it has now; of an index how many sitemaps.
        newest: when its newest entry was published, where it says so.
        how: by what it was found.
    """

    kind: str
    url: str
    title: str
    language: str
    entries: int
    newest: datetime | None
    how: str


async def discover(url: str, get: Get) -> list[Found]:
    """Return what can be polled of a site, the best first.

    Args:
        url: of its home page, or of anything on it.
        get: fetches; raises Fault.

    Raises:
        Fault: the page itself cannot be had.
    """
    home = await get(url)
    if own := _read("feed", home, "this is one itself"):
        return [own]
    found: list[Found] = []
    seen: set[str] = {home.url}
    left = _MOST
    for kind, place, how in (*_named(home), *_guessed(home.url)):
        # Guesses cost the site requests: they are made only until something is found.
        if place in seen or left <= 0 or (how == "usual place" and any(one.kind == kind for one in found)):
            continue
        seen.add(place)
        left -= 1
        if (one := await _tried(kind, place, how, get)) and all(one.url != other.url for other in found):
            found.append(one)
    if not any(one.kind == "feed" for one in found):
        found += [one for one in (_read("page", home, "a list of links"),) if one]
    return sorted(found, key=lambda one: ("feed", "page", "sitemap").index(one.kind))


async def _tried(kind: str, url: str, how: str, get: Get) -> Found | None:
    """Return what is at a place, if it can be had and read."""
    try:
        return _read(kind, await get(url), how)
    except Fault:
        return None


def _read(kind: str, answer: Answer, how: str) -> Found | None:
    """Return what an answer is, read as a kind."""
    source = Source(id="discover", kind="page" if kind == "page" else "feed", url=answer.url)
    parse = {"feed": feeds.parse, "page": pages.parse, "sitemap": sitemaps.parse}[kind]
    try:
        feed: Feed = parse(answer.body, answer.url, source, answer.headers.get("content-type", ""))
    except Fault:
        return None
    newest = max((entry.published for entry in feed.entries if entry.published), default=None)
    number = len(feed.entries) or len(feed.more)
    if kind != "feed" and not number:
        return None
    return Found(kind, answer.url, feed.title, feed.language, number, newest, how)


def _named(home: Answer) -> Iterator[tuple[str, str, str]]:
    """Yield kind, URL and how of everything that a page names or links to as a feed."""
    text = decoded(shortened(home.body), stated(home.headers.get("content-type", ""))).replace("\0", "")
    parser = html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return
    bases = root.xpath("//base/@href")
    base = urljoin(home.url, str(bases[0])) if isinstance(bases, list) and bases else home.url
    for types in (_FEED_TYPES, _LOOSE_TYPES):
        for link in root.iter("link"):
            rels = link.get("rel", "").lower().split()
            kind = link.get("type", "").lower().partition(";")[0].strip()
            url = clean(link.get("href", ""), base)
            if url and "alternate" in rels and kind in types and not _COMMENTS.search(url + link.get("title", "")):
                yield "feed", url, "named in the page's head"
    for anchor in root.iter("a"):
        url = clean(anchor.get("href", ""), base)
        if url and _FEEDISH.search(url.partition("://")[2]) and not _COMMENTS.search(url):
            yield "feed", url, "linked on the page"


def _guessed(url: str) -> Iterator[tuple[str, str, str]]:
    """Yield the places where most sites keep their feeds: beside the page, then at the root; then sitemaps."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    beside = parts.path.rstrip("/")
    if beside and "." not in beside.rpartition("/")[2]:
        yield from (("feed", f"{root}{beside}{place}", "usual place") for place in ("/feed", "/rss", "/rss.xml"))
    yield from (("feed", root + place, "usual place") for place in _USUAL)
    yield from (("sitemap", root + place, "usual place") for place in _SITEMAPS)
