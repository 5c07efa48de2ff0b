"""Bytes of a feed to entries.

RSS, Atom and RDF that are XML through `fast.py`, what only resembles it through feedparser, JSON Feed here. What is no
feed is refused with what it is instead: feedparser alone returns HTML pages as feeds without entries.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXException

import feedparser
import orjson

from agents.chars import mended
from agents.dates import when
from agents.entries import NAME, TEXT, TITLE, Entry, Feed, language_of, name_of, tags_of, ttl_of
from agents.errors import NotAFeed, Walled
from agents.fast import fast_feed
from agents.links import clean
from agents.plain import line, plain
from agents.sniff import charset, check_root, closings, cut
from agents.sources import Source
from agents.trees import meant
from agents.walls import WALLS, wall, words_of

__all__ = ["Entry", "Feed", "parse", "parse_feed"]


def parse_feed(body: bytes, url: str, content_type: str = "", most: int = 2000) -> Feed:
    """Return the feed in these bytes.

    Args:
        body: as fetched, decoded from gzip.
        url: where it came from; relative links are resolved against it.
        content_type: the header; its charset counts.
        most: entries taken, from the top.

    Raises:
        NotAFeed: it is something else, or XML that declares entities.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if not start:
        raise NotAFeed("empty")
    if start[:1] in b"{[":
        return _json_feed(start, url, most)
    try:
        check_root(start)
    except NotAFeed as error:
        looks = wall(*words_of(start)) if "HTML" in str(error) else ""
        raise (Walled(looks) if looks in WALLS else NotAFeed(f"{error}: {looks}" if looks else str(error))) from None
    return _xml_feed(body, url, content_type, most)


def parse(body: bytes, url: str, source: Source, content_type: str = "", most: int = 2000) -> Feed:
    """Return the feed in these bytes, as every kind of source is read; see `parse_feed`."""
    return parse_feed(body, url, content_type, most)


def _xml_feed(body: bytes, url: str, content_type: str, most: int) -> Feed:
    """Return a feed in XML."""
    fast = fast_feed(body, url, content_type, most)
    if fast is not None:
        return fast
    try:
        slow = slow_feed(body, url, content_type, most)
    except NotAFeed:
        if guessed := fast_feed(body, url, content_type, most, guess=True):
            return guessed
        raise
    # Where feedparser sees fewer entries than end in the document, libxml2 may have seen all of them.
    fewer = slow.offered < closings(body)
    return (fewer and fast_feed(body, url, content_type, most, guess=True)) or slow


def slow_feed(body: bytes, url: str, content_type: str = "", most: int = 2000) -> Feed:
    """Return the feed as feedparser reads it: what is no XML, or XML that `fast_feed` does not trust itself with."""
    body, dropped = cut(meant(body), most)
    # It is not told the URL: it would resolve guids against it as well, and `123` is a name and no link. Clean-up and
    # relative links inside texts are wasted work here: texts become plain.
    headers = charset(body, content_type)
    parsed = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    error = parsed.get("bozo_exception")
    if not parsed.entries and isinstance(error, SAXException):
        # An empty feed is fine, one that broke before its first entry is not: silence must not look like health.
        raise NotAFeed(f"broken XML: {error.getMessage():.100}")
    if not parsed.entries and not parsed.get("version"):
        raise NotAFeed("XML without a feed in it")
    about = parsed.feed
    base = url or clean(str(about.get("link", "")))
    entries = tuple(_entry(raw, base) for raw in parsed.entries[:most])
    return Feed(
        title=line(str(about.get("title", "")), TITLE),
        language=language_of(about.get("language", "")),
        ttl=ttl_of(*(str(about.get(name, "")) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency"))),
        entries=entries,
        offered=len(parsed.entries) + dropped,
    )


def _entry(raw: Any, base: str) -> Entry:
    """Return one of feedparser's entries."""
    parts = [_of(part) for part in raw.get("content", [])[:5]]
    # feedparser answers `summary` with the content where there is no summary.
    summary = _of(raw.get("summary_detail") or {"value": raw.get("summary", "")})
    content = max([*parts, summary], key=len)
    detail = raw.get("title_detail") or {}
    link = str(raw.get("feedburner_origlink") or raw.get("link") or "")
    if link == raw.get("id") and not link.startswith(("http://", "https://", "/")):
        # A guid counts as a link unless it says that it is none, and many that are none do not say so.
        link = ""
    return Entry(
        id=line(str(raw.get("id", "")), 1000, markup=False),
        url=clean(link, base),
        title=line(mended(str(raw.get("title", ""))), TITLE, markup=_is_markup(detail)),
        summary=summary,
        content=content,
        published=_published(raw),
        author=name_of(mended(str(raw.get("author", "")))),
        tags=tags_of([tag.get("label") or tag.get("term") for tag in raw.get("tags", [])]),
        language=language_of(raw.get("language") or detail.get("language")),
    )


def _of(part: Any) -> str:
    """Return a text construct as plain text."""
    return plain(mended(str(part.get("value") or "")[: TEXT * 4]), markup=_is_markup(part))[:TEXT]


def _is_markup(detail: Any) -> bool:
    """Say whether entities in a text construct are still to be decoded."""
    return bool(detail.get("type") != "text/plain")


def _published(raw: Any) -> datetime | None:
    """Return the first time that can be read, as we read it or else as feedparser does."""
    for name in ("published", "updated", "created"):
        written = raw.get(name) if name in raw else None
        if not written:
            continue
        time = when(str(written))
        if time is not None:
            return time
        parsed = raw.get(f"{name}_parsed") if re.match(r"\s*\D", str(written)) else None
        if parsed:
            try:
                return datetime(*parsed[:6]).replace(tzinfo=UTC)
            except (ValueError, TypeError):
                continue
    return None


def _json_feed(body: bytes, url: str, most: int) -> Feed:
    """Return a JSON Feed 1.0 or 1.1."""
    try:
        raw = orjson.loads(body.rstrip(b"\0 \r\n\t"))
    except orjson.JSONDecodeError:
        raise NotAFeed("begins like JSON and is none") from None
    version = raw.get("version") if isinstance(raw, dict) else None
    items = raw.get("items") if isinstance(raw, dict) else None
    if not isinstance(version, str) or "jsonfeed.org/version/" not in version or not isinstance(items, list):
        raise NotAFeed("JSON, but no JSON Feed")
    base = url or clean(_str(raw, "feed_url")) or clean(_str(raw, "home_page_url"))
    entries = tuple(_json_entry(item, base) for item in items[:most] if isinstance(item, dict))
    return Feed(
        title=line(_str(raw, "title"), TITLE, markup=False),
        language=language_of(raw.get("language")),
        ttl=None,
        entries=entries,
        offered=len(entries) + max(0, len(items) - most),
    )


def _json_entry(item: dict[str, Any], base: str) -> Entry:
    """Return one item of a JSON Feed."""
    summary = plain(_str(item, "summary")[:TEXT], markup=False)
    html = plain(_str(item, "content_html")[: TEXT * 4])[:TEXT]
    text = plain(_str(item, "content_text")[:TEXT], markup=False)
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_str(author, "name") for author in authors or [] if isinstance(author, dict)]
    tags = item.get("tags")
    number = item.get("id")
    return Entry(
        id=line(str(number), 1000, markup=False) if isinstance(number, str | int | float) else "",
        url=clean(_str(item, "url") or _str(item, "external_url"), base),
        # Plain by the standard, but entities stand in it more often than talk of them.
        title=line(_str(item, "title")[: 4 * TITLE], TITLE),
        summary=summary,
        content=max((html, text, summary), key=len),
        published=when(_str(item, "date_published")) or when(_str(item, "date_modified")),
        author=line(", ".join(name for name in names if name), NAME, markup=False),
        tags=tags_of(tags if isinstance(tags, list) else []),
        language=language_of(item.get("language")),
    )


def _str(item: dict[str, Any], key: str) -> str:
    """Return a member that is text; anything else counts as missing."""
    value = item.get(key)
    return value if isinstance(value, str) else ""
