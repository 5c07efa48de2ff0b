"""HTML of a page to the text of its article.

trafilatura does the work; what stands here is what it leaves to its caller: the right characters, an end to size, lines
that are not the article's (`chaff.py`), the text that a publisher states in JSON-LD where extraction found only a part
of it, and the knowledge that a consent wall, a login or an error page is no article although it has words (`walls.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from lxml import etree
from trafilatura import bare_extraction, load_html

from agents.chaff import sifted
from agents.chars import LARGEST, decoded, shortened
from agents.dates import when
from agents.errors import NoText, Walled
from agents.plain import line, plain
from agents.walls import WALLS, wall

__all__ = ["LARGEST", "Page", "decoded", "extract"]

#: A text shorter than this, in characters, is none.
_NOTHING: Final = 60
_TEXT: Final = 250_000
_DATES: Final = {"extensive_search": False, "original_date": True}
_LANGUAGE: Final = re.compile(rb"<html[^>]{0,500}?\slang\s*=\s*[\"']?([a-zA-Z]{2,3})\b", re.IGNORECASE)
_TITLES: Final = (
    re.compile(r"<h1\b[^>]{0,500}>(.{1,1000}?)</h1>", re.IGNORECASE | re.DOTALL),
    re.compile(r"<title\b[^>]{0,200}>(.{1,1000}?)</title>", re.IGNORECASE | re.DOTALL),
)
#: A heading shorter than this may be a word that the title begins with.
_HEADLINE: Final = 15
_STATED_TIME: Final = re.compile(
    r"\"datePublished\"\s*:\s*\"([\dT:.+Z-]{16,40})\""
    r"|article:published_time[\"'][^>]{0,100}?\scontent=[\"']([\dT:.+Z-]{16,40})"
)
_STATED: Final = re.compile(r"\"articleBody\"\s*:\s*(\"(?:[^\"\\]|\\.)*+\")", re.DOTALL)
#: Extraction that found less than this share of the stated text has missed it; shorter texts are often only leads.
_MISSED, _STATED_LEAST = 0.4, 500
#: Paragraphs of this length say something; where they are so much longer than what was found, the rest was missed.
_SAYS, _SPLIT = 40, 1.5
_paragraphs: Final[Any] = etree.XPath(
    ".//p[not(ancestor::aside or ancestor::footer or ancestor::nav or ancestor::form"
    " or ancestor::*[contains(@class, 'comment') or contains(@id, 'comment')])]"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says.

    Attributes:
        title: one line.
        text: the article, one line per block.
        author: a name, or empty.
        published: in UTC, midnight where the page has only a day; None where it says nothing.
        language: ISO 639-1 as the page declares it, or empty.
    """

    title: str
    text: str
    author: str
    published: datetime | None
    language: str


def extract(html: bytes, url: str = "", *, charset: str = "", about: bool = True) -> Page:
    """Return the article of a page.

    Args:
        html: as fetched; what is beyond 2 MB after scripts and styles are gone is not looked at.
        url: where it is from.
        charset: of the header; believed after UTF-8 that proves itself.
        about: False leaves out title, author and time, a third of the cost, where the feed has said them.

    Raises:
        Walled: a consent wall, a login, a paywall or a check for robots stands in its place.
        NoText: there is no article; says what it looks like instead.
    """
    if not html.strip(b"\0 \r\n\t"):
        raise NoText("an empty page")
    declared = _LANGUAGE.search(html[:20_000])
    text = decoded(shortened(html), charset)
    tree = load_html(text)
    told = _told(tree)
    found = _found(tree, url, about=about)
    titles = [line(named[1], 500) for pattern in _TITLES if (named := pattern.search(text))]
    if found is None:
        raise _instead(titles, plain(text)[:5000], text, url) or NoText("no article in it")
    article = plain(found.text.replace("<", "&lt;").replace("\n", "<br>"), markup=True)[:_TEXT]
    title = line((found.title or "").replace("<", "&lt;"), 500)
    # `Headline | Publisher`, where the page's own heading is the headline alone.
    title = next((name for name in titles if len(name) >= _HEADLINE and title.startswith(name)), title)
    stands = _instead([title, *titles], article, text, url)
    if stands:
        raise stands
    if told > _SPLIT * len(article):
        # Read again: extraction has taken the first tree apart.
        article = _whole(article, load_html(text))
    for name in dict.fromkeys((title, *titles)):
        article = sifted(article, name)
    article = _fuller(article, text)
    if len(article) < _NOTHING:
        raise NoText(f"only {len(article)} characters")
    return Page(
        title=title,
        text=article,
        author=line(found.author or "", 200),
        published=_published(found.date, text) if about else None,
        language=declared[1].decode().lower() if declared else "",
    )


def _found(tree: Any, url: str, *, about: bool) -> Any:
    """Return what trafilatura finds in a page, None where that is nothing."""
    if tree is None:
        return None
    found = bare_extraction(
        tree, url=url or None, include_comments=False, with_metadata=about, date_extraction_params=dict(_DATES)
    )
    return None if found is None or isinstance(found, dict) or not found.text else found


def _instead(titles: list[str], text: str, html: str, url: str) -> Walled | NoText | None:
    """Return what to raise where something else stands in the article's place."""
    looks = wall("\n".join(titles), text, html, url)
    if not looks:
        return None
    return Walled(looks) if looks in WALLS else NoText(looks)


def _told(tree: Any) -> int:
    """Return how many characters the paragraphs of the largest `<article>` have, 0 where there is none."""
    articles = tree.iter("article") if tree is not None else ()
    return max((sum(len(part.text_content()) for part in one.iter("p")) for one in articles), default=0)


def _whole(article: str, tree: Any) -> str:
    """Return the paragraphs of the page's `<article>` where extraction has found only some: advertising splits some."""
    every = (
        [made for part in _paragraphs(one) if len(made := line(part.text_content(), _TEXT, markup=False)) >= _SAYS]
        for one in tree.iter("article")
    )
    told = dict.fromkeys(max(every, key=lambda parts: sum(map(len, parts)), default=[]))
    found = {part for part in article.split("\n") if len(part) >= _SAYS}
    if sum(map(len, told)) < _SPLIT * len(article) or 2 * len(found & told.keys()) < len(found):
        return article
    return "\n".join(told)[:_TEXT]


def _fuller(article: str, html: str) -> str:
    """Return the text that the page states for machines, where extraction has found only a part of it."""
    stated = max((found[1] for found in _STATED.finditer(html)), key=len, default="")
    if len(stated) < _STATED_LEAST or len(article) > _MISSED * len(stated):
        return article
    try:
        body = plain(str(orjson.loads(stated.replace("\n", "\\n"))).replace("\n", "<br>"))[:_TEXT]
    except orjson.JSONDecodeError:
        return article
    return body if len(article) < _MISSED * len(body) else article


def _published(day: str | None, html: str) -> datetime | None:
    """Return htmldate's day as a time, with the hour where the page states that for machines."""
    time = when(day or "")
    if time is None:
        return None
    stated = (when(one or other) for one, other in _STATED_TIME.findall(html))
    return next((one for one in stated if one and abs(one - time) < timedelta(days=1.5)), time)
