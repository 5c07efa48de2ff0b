"""What every kind of document is read into: a feed with its entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

#: Characters kept of a title, a name, a category and a text.
TITLE, NAME, TAG, TEXT = 500, 200, 100, 250_000
#: Categories kept of one entry.
TAGS: Final = 50
#: Documents that one may lead to in the same poll.
MORE: Final = 10

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
        extra: what only some kinds know (handle, hashtags, mentions, re-posts, likes).
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
