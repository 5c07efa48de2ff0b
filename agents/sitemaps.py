"""Sitemaps to entries: of pages, of news (Google's extension), and indexes of sitemaps; packed or not, huge or not.

A sitemap says where pages are and when they were touched, not what is new. So what was touched long ago is left out, of
the rest the newest are taken, and only a news sitemap's own date counts as the date of publishing.
"""

from __future__ import annotations

import heapq
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from agents.dates import when
from agents.entries import MORE, TITLE, Entry, Feed, language_of, tags_of
from agents.errors import NotAFeed, TooBig, Walled
from agents.links import clean
from agents.plain import line
from agents.sniff import first_name
from agents.sources import Source
from agents.trees import in_utf8
from agents.walls import WALLS, wall, words_of

#: Bytes of a sitemap that was packed as a file; the standard allows 50 MB, of which we read the first part.
_UNPACKED: Final = 30_000_000
#: What was touched earlier than this before the newest entry is not news.
_AGE: Final = timedelta(days=30)
#: Pages taken of a sitemap that has no dates at all: each of them must be fetched to be known.
_UNDATED: Final = 500
#: Sitemaps of what is no article, by their names in an index; and such as are most likely to be.
_OTHERS: Final = re.compile(
    r"image|video|categor|tag[s_-]|author|autor|product|produkt|shop|static|person", re.IGNORECASE
)
_LIKELY: Final = re.compile(r"news|aktuell|press|artikel|article|post|blog|stor", re.IGNORECASE)


def parse(body: bytes, url: str, source: Source, content_type: str = "", most: int = 2000) -> Feed:
    """Return the newest pages of a sitemap as a feed without titles; of an index, which sitemaps to fetch.

    Args:
        body: XML, or text with one URL a line; packed with gzip or not.
        url: where it came from.
        source: whose sitemap it is.
        content_type: the header; its charset counts.
        most: entries taken, the newest.

    Raises:
        NotAFeed: it is something else.
        Walled: a consent wall, a login or a check for robots stands in its place.
        TooBig: it unpacks to more than we take, and its beginning is no sitemap.
    """
    body = _unpacked(body) if body.startswith(b"\x1f\x8b") else body
    name = first_name(body)
    if name == "urlset":
        return _feed(_located(body, content_type, "url"), url, most)
    if name == "sitemapindex":
        return Feed("", "", None, (), 0, _chosen(_located(body, content_type, "sitemap"), url))
    if not name and (urls := _text(body)):
        return _feed(((loc, {}) for loc in urls), url, most)
    looks = wall(*words_of(body)) if name == "html" else ""
    if looks in WALLS:
        raise Walled(looks)
    raise NotAFeed(f"no sitemap: {f'<{name[:40]}>' if name else 'no XML'}" if body.strip() else "empty")


def _unpacked(body: bytes) -> bytes:
    """Return what was packed as a file; what is too large, cut."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        made = unpack.decompress(body, _UNPACKED)
    except zlib.error:
        raise NotAFeed("begins like gzip and is none") from None
    if unpack.unconsumed_tail and first_name(made) not in ("urlset", "sitemapindex"):
        raise TooBig(f"unpacks to more than {_UNPACKED} bytes")
    return made


def _located(body: bytes, content_type: str, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield address and other fields of each `<url>` or `<sitemap>`, one at a time: a tree of all would be 100 MB."""
    parser = etree.iterparse(
        BytesIO(in_utf8(body, content_type).lstrip()),
        events=("end",),
        tag=(f"{{*}}{name}",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
        encoding="utf-8",
    )
    try:
        for _, node in parser:
            fields = {_short(child.tag): child.text.strip() for child in node.iter("{*}*") if child.text}
            yield fields.pop("loc", ""), fields
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]
    except etree.XMLSyntaxError:
        # What breaks off has a beginning that counts.
        return


def _short(tag: str) -> str:
    """Return a name without namespace, `news:` before Google's and `?:` before those of pictures and films."""
    space, _, name = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
    prefix = "news:" if "news" in space else "?:" if re.search("image|video|mobile|xhtml", space) else ""
    return prefix + name.lower()


def _text(body: bytes) -> list[str]:
    """Return the URLs of a sitemap in plain text; none where it is something else."""
    lines = [line.strip() for line in in_utf8(body).decode("utf-8", "replace").splitlines() if line.strip()]
    return lines if lines and all(one.startswith(("http://", "https://")) for one in lines[:100]) else []


def _chosen(sitemaps: Iterable[tuple[str, dict[str, str]]], base: str) -> tuple[str, ...]:
    """Return the sitemaps of an index that are most likely to have news: such by name, then those touched last."""
    found = {url: when(fields.get("lastmod", "")) for loc, fields in sitemaps if (url := clean(loc, base))}
    wanted = [url for url in found if not _OTHERS.search(urlsplit(url).path)] or list(found)
    if len(wanted) <= MORE:
        return tuple(wanted)

    def rank(url: str) -> tuple[float, bool, list[int]]:
        touched = found[url]
        numbers = [int(number) for number in re.findall(r"\d{1,9}", url)]
        return touched.timestamp() if touched else 0.0, bool(_LIKELY.search(urlsplit(url).path)), numbers

    newest = heapq.nlargest(MORE, wanted, key=rank)
    news = [url for url in wanted if "news" in urlsplit(url).path.lower()][: MORE // 2]
    return tuple(dict.fromkeys((*news, *newest)))[:MORE]


def _feed(pages: Iterable[tuple[str, dict[str, str]]], base: str, most: int) -> Feed:
    """Return the newest pages, newest first."""
    dated: list[tuple[datetime, str, dict[str, str]]] = []
    undated: list[tuple[str, dict[str, str]]] = []
    for loc, fields in pages:
        if not (url := clean(loc, base)):
            continue
        time = when(fields.get("news:publication_date", "")) or when(fields.get("lastmod", ""))
        if time:
            dated.append((time, url, fields))
        elif len(undated) < _UNDATED:
            undated.append((url, fields))
    if dated:
        newest = max(time for time, _, _ in dated)
        fresh = [one for one in dated if one[0] >= newest - _AGE]
        chosen = [(url, fields) for _, url, fields in heapq.nlargest(most, fresh, key=lambda one: one[0])]
        offered = len(fresh)
    else:
        chosen, offered = undated[:most], len(undated)
    entries = tuple(_entry(url, fields) for url, fields in chosen)
    return Feed("", "", None, entries, offered)


def _entry(url: str, fields: dict[str, Any]) -> Entry:
    """Return a page as an entry; what `lastmod` says is when it was touched, not when it was published."""
    return Entry(
        id=url,
        url=url,
        title=line(fields.get("news:title", ""), TITLE),
        summary="",
        content="",
        published=when(fields.get("news:publication_date", "")),
        author="",
        tags=tags_of(re.split("[,;]", fields.get("news:keywords", ""))),
        language=language_of(fields.get("news:language", "")),
    )
