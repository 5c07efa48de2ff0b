"""Feeds in XML that is XML: lxml reads them in a fraction of the time that feedparser takes.

`None` here means that it is not certain that this is all of the feed: then feedparser reads it. fastfeedparser was
tried in this place. It is as fast, but an RSS feed's language, its `ttl`, German dates and the kind of a text do
not come out of it, and it brings a second way to fetch from the web.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin

from lxml import etree

from agents.chars import mended
from agents.dates import when
from agents.entries import NAME, TEXT, TITLE, Entry, Feed, language_of, name_of, tags_of, ttl_of
from agents.links import clean
from agents.plain import line, plain
from agents.sniff import closings
from agents.trees import tree

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
#: Namespaces by the prefix that we know them under; a part of the name is enough, people write them in many ways.
_SPACES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), prefix)
    for pattern, prefix in (
        (r"rss/(1\.0/)?modules/content", "content:"),
        (r"rss/(1\.0/)?modules/syndication", "sy:"),
        (r"rss/(1\.0/)?modules", "?:"),
        (r"^$|w3\.org/2005/atom|purl\.org/(atom|rss|net/rss)|netscape|userland|/rss(/|2|\d)|channel", ""),
        (r"purl\.org/dc/terms", "dcterms:"),
        (r"purl\.org/dc/", "dc:"),
        (r"itunes", "itunes:"),
        (r"yahoo\.com/mrss", "media:"),
        (r"feedburner|pheedo", "feedburner:"),
        (r"1999/xhtml", "xhtml:"),
    )
)
#: What a text construct may be called; the first that is there counts, of contents the longest.
_TITLES: Final = ("title", "dc:title", "media:title", "itunes:title")
_SUMMARIES: Final = ("description", "summary", "dc:description", "dcterms:abstract", "itunes:summary")
_FULL: Final = ("content:encoded", "content", "xhtml:body", "fullitem", "body", *_SUMMARIES)
#: Of a picture or a film beside the text, where there is no text.
_CAPTIONS: Final = ("media:description",)
_PUBLISHED: Final = ("pubdate", "published", "issued", "dcterms:issued", "dcterms:available")
_TIMES: Final = (
    *_PUBLISHED,
    "updated",
    "modified",
    "dc:date",
    "date",
    "dcterms:modified",
    "created",
    "dcterms:created",
)
_AUTHORS: Final = ("author", "dc:creator", "dc:author", "itunes:author", "creator")
#: Authors of one entry that are kept.
_WRITERS: Final = 20
_PLAIN: Final = frozenset(("", "text", "text/plain"))
_CATEGORIES: Final = ("category", "dc:subject", "media:category", "itunes:category")

Fields = dict[str, list[Any]]


def fast_feed(body: bytes, url: str, content_type: str = "", most: int = 2000, *, guess: bool = False) -> Feed | None:
    """Return the feed; None where it is not certain that this is all of it.

    Args:
        body: XML without entities of its own.
        url: where it came from; where that is not known, the feed's own word for it counts.
        content_type: the header; its charset counts.
        most: entries taken, from the top.
        guess: also what does not parse, as long as none of its entries is missing.
    """
    root = tree(body, content_type, guess=guess)
    if root is None:
        return None
    keys = _Keys()
    wanted = ("*",) if guess else ("{*}item", "{*}entry")
    nodes = [node for node in root.iter(*wanted) if keys[node.tag] in ("item", "entry")]
    ends = closings(body) if guess or not nodes else 0
    if len(nodes) < ends or (guess and not ends):
        return None
    about = _fields(next((node for node in root if keys[node.tag] == "channel"), root), keys)
    base = _joined(url or _home(about), root.get(_BASE, ""))
    return Feed(
        title=line(_first(about, ("title", "dc:title"))[0][: 4 * TITLE], TITLE),
        language=language_of(_first(about, ("language", "dc:language"))[0] or root.get(_LANG)),
        ttl=ttl_of(*(_first(about, (name,))[0] for name in ("ttl", "sy:updateperiod", "sy:updatefrequency"))),
        entries=tuple(_entry(node, _fields(node, keys), base) for node in nodes[:most]),
        offered=len(nodes),
    )


class _Keys(dict[str, str]):
    """Tag → name with one of our prefixes, lower case; remembered for one document."""

    def __missing__(self, tag: str) -> str:
        space, _, name = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
        if ":" in name:
            # A prefix that was never declared.
            known, _, name = name.lower().rpartition(":")
            made = self[tag] = name if known in ("rss", "atom", "rdf") else f"{known}:{name}"
            return made
        prefix = next((prefix for pattern, prefix in _SPACES if pattern.search(space)), "?:")
        made = self[tag] = prefix + name.lower()
        return made


def _fields(node: etree._Element, keys: _Keys) -> Fields:
    """Return an element's children by name; those of a media group behind the element's own."""
    fields: Fields = {}
    for child in node:
        fields.setdefault(keys[child.tag], []).append(child)
    for name in ("media:group", "media:content"):
        for child in (child for group in fields.get(name, ()) for child in group):
            fields.setdefault(keys[child.tag], []).append(child)
    return fields


def _entry(node: etree._Element, fields: Fields, base: str) -> Entry:
    """Return one item or entry."""
    title, marked = _first(fields, _TITLES)
    summary, summary_marked = _first(fields, (*_SUMMARIES, *_CAPTIONS))
    teaser = plain(summary[: 4 * TEXT], markup=summary_marked)[:TEXT]
    others = [_text(one) for name in _FULL for one in fields.get(name, ())]
    longest, longest_marked = max(others, key=lambda other: len(other[0]), default=("", True))
    content = "" if longest == summary else plain(longest[: 4 * TEXT], markup=longest_marked)[:TEXT]
    id = _own(fields, ("guid", "id")) or node.get(_ABOUT) or ""
    return Entry(
        id=line(id, 1000, markup=False),
        url=_link(node, fields, id, base),
        title=line(title[: 4 * TITLE], TITLE, markup=marked),
        summary=teaser or content,
        content=max(content, teaser, key=len),
        published=_published(fields),
        author=", ".join(dict.fromkeys(filter(None, map(name_of, _authors(fields)))))[:NAME],
        tags=tags_of(_tags(fields)),
        language=language_of(_own(fields, ("language", "dc:language")) or node.get(_LANG) or _lang(fields)),
    )


def _text(node: etree._Element) -> tuple[str, bool]:
    """Return a text construct, and whether its tags and entities are markup."""
    kind = node.get("type", "").lower()
    if len(node):
        inner = "".join(etree.tostring(child, encoding="unicode", method="html") for child in node)
        return (node.text or "") + inner, True
    # Atom says what it means; elsewhere texts are HTML more often than not.
    marked = kind not in _PLAIN or node.get("mode") == "escaped" or "tom" not in node.tag[:30]
    return mended(node.text or ""), marked and kind != "plain"


def _first(fields: Fields, names: tuple[str, ...]) -> tuple[str, bool]:
    """Return the first text that is there under one of the names, and whether it is markup."""
    for name in names:
        for node in fields.get(name, ()):
            found = _text(node)
            if found[0].strip():
                return found
    return "", True


def _own(fields: Fields, names: tuple[str, ...]) -> str:
    """Return the first text as it stands there."""
    return next((node.text.strip() for name in names for node in fields.get(name, ()) if node.text), "")


def _link(node: etree._Element, fields: Fields, id: str, base: str) -> str:
    """Return the link to the article: the one before a redirector's, the feed's own, or a guid that is one."""
    base = _joined(base, node.get(_BASE, ""))
    for link in (_own(fields, ("feedburner:origlink",)), *_links(fields, base)):
        if made := clean(link, base):
            return made
    guids = fields.get("guid", ())
    is_link = not guids or guids[0].get("isPermaLink", "true").lower() != "false"
    return clean(id, base) if is_link and id.startswith(("http://", "https://", "/")) else ""


def _links(fields: Fields, base: str = "") -> Iterator[str]:
    """Yield what an entry calls its links, RSS's own before Atom's."""
    links = fields.get("link", ())
    yield from (link.text.strip() for link in links if link.text and link.text.strip())
    for rels in (("alternate", ""), ("http://www.iana.org/assignments/relation/alternate",)):
        for link in links:
            if link.get("rel", "").lower() in rels and (href := link.get("href", "")):
                yield _joined(_joined(base, link.get(_BASE, "")), href) if link.get(_BASE) else href


def _joined(base: str, link: str) -> str:
    """Return a link against its base; the base where it is no link."""
    try:
        return urljoin(base, link) if link else base
    except ValueError:
        return base


def _home(about: Fields) -> str:
    """Return where a feed is by its own words, for relative links of one whose address is not known."""
    own = (link.get("href", "") for link in about.get("link", ()) if link.get("rel", "").lower() == "self")
    return next((made for link in (*own, *_links(about)) if (made := clean(link))), "")


def _published(fields: Fields) -> datetime | None:
    """Return the first time that can be read: of publishing, else of editing, else of writing."""
    for name in _TIMES:
        for node in fields.get(name, ()):
            if node.text and (time := when(node.text)):
                return time
    return None


def _authors(fields: Fields) -> list[str]:
    """Return the authors as written, each a name, an address, or both; those of the first kind that is there."""
    for name in _AUTHORS:
        said = [mended(text) for node in fields.get(name, ())[:_WRITERS] if (text := _person(node))]
        if said:
            return said
    return []


def _person(node: etree._Element) -> str:
    """Return what stands in an author's element: in Atom the name, or else the address."""
    inner = {child.tag.rpartition("}")[2]: child.text or "" for child in node}
    return str(inner.get("name") or inner.get("email") or node.text or "").strip()


def _tags(fields: Fields) -> Iterator[str]:
    """Yield the categories as written."""
    for name in _CATEGORIES:
        for node in fields.get(name, ()):
            yield mended(node.get("label") or node.get("term") or node.text or node.get("text") or "")
    for node in fields.get("itunes:keywords", ()):
        yield from re.split(r"[,;]", mended(node.text or ""))


def _lang(fields: Fields) -> str:
    """Return the language that an entry's title is declared to be in."""
    return next((node.get(_LANG, "") for node in fields.get("title", ())), "")
