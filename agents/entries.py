"""What every kind of document is read into: a feed with its entries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final

from agents.plain import line

#: Characters kept of a title, a name, a category and a text.
TITLE, NAME, TAG, TEXT = 500, 200, 100, 250_000
#: Categories kept of one entry.
TAGS: Final = 50
#: Documents that one may lead to in the same poll.
MORE: Final = 10

_PERIODS: Final = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_]|$)")

#: A name that is only an address's comment.
_WRAPPED: Final = re.compile(r"\(([^()]*)\)")

Extra = dict[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the document gave it, its texts plain.

    Attributes:
        id: the document's own identifier; may be empty, may be a URL.
        url: absolute http(s) link; empty where there is none that we keep.
        title: one line, at most 500 characters.
        summary: the teaser.
        content: the fullest text the document has; the summary where it has no more.
        published: in UTC as written, however unlikely; None where it cannot be read.
        author: a name, at most 200 characters.
        tags: categories.
        language: ISO 639-1 as declared for this entry, or empty.
        extra: what only a public post has, by the names of `records.Post`; empty where this is none.
    """

    id: str
    url: str
    title: str
    summary: str
    content: str
    published: datetime | None
    author: str
    tags: tuple[str, ...]
    language: str
    extra: Extra = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Feed:
    """A document with entries.

    Attributes:
        ttl: seconds that it asks for between polls; None where it does not.
        entries: in the document's order, at most as many as asked for.
        offered: how many entries the document has.
        more: further documents to be fetched in the same poll, at most 10.
    """

    title: str
    language: str
    ttl: float | None
    entries: tuple[Entry, ...]
    offered: int
    more: tuple[str, ...] = ()


def language_of(text: object) -> str:
    """Return the primary language of a tag like `de-AT`."""
    found = _LANGUAGE.match(str(text or "").strip().lower())
    return found[1] if found else ""


def tags_of(raw: Iterable[object]) -> tuple[str, ...]:
    """Return categories, each once, in their order."""
    named = (_tag(str(tag)[: 4 * TAG]) for tag in islice(raw, 4 * TAGS) if tag)
    return tuple(dict.fromkeys(tag for tag in named if tag))[:TAGS]


@lru_cache(maxsize=4096)
def _tag(text: str) -> str:
    """Return one category; feeds repeat the same few."""
    return line(text, TAG)


def name_of(text: str) -> str:
    """Return the name in `a@b.de (Name)` or `Name (a@b.de)`; the address where there is no name."""
    text = line(text[:1000], 2 * NAME)
    words = text.split() if "@" in text else []
    name = " ".join(word for word in words if "@" not in word) or text
    bare = _WRAPPED.fullmatch(name)
    return (bare[1].strip() if bare else name)[:NAME]


def ttl_of(ttl: str, period: str, often: str) -> float | None:
    """Return the pause that a feed asks for by `ttl` (minutes) or by `updatePeriod` and `updateFrequency`, seconds."""
    ttl, often = ttl.strip(), often.strip() or "1"
    if ttl.isdigit() and 0 < int(ttl[:6]) <= 44_640:
        return float(ttl) * 60.0
    seconds = _PERIODS.get(period.strip().lower())
    return seconds / max(1, int(often[:4])) if seconds and often.isdecimal() else None
