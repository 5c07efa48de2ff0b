"""What stands before an article, or in its place: consent walls, logins, paywalls, checks for robots, errors, parking.

Such pages have words, so extraction finds a text in them. They are known by where they are (`/consent/`), by their
title, by what their markup says of itself, and by how they speak: a wall addresses its reader ("Ihre Zustimmung", "wir
und unsere Partner"), an article about walls speaks of them. Longer texts need more than a phrase.
"""

from __future__ import annotations

import re
from typing import Final

from agents.chars import decoded
from agents.phrases import (
    CONSENT,
    ERROR,
    LOGIN,
    MARKS,
    PARKED,
    PAYWALL,
    PHRASES,
    PLACES,
    RAISED,
    ROBOTS,
    SCRIPT,
    THINGS,
    TITLES,
    YOU,
)
from agents.plain import line, plain

__all__ = [
    "CONSENT",
    "ERROR",
    "LOGIN",
    "PARKED",
    "PAYWALL",
    "ROBOTS",
    "SCRIPT",
    "WALLS",
    "wall",
    "wall_by_place",
    "words_of",
]

#: Texts up to here, in characters, are walls by one phrase; up to `_LONG` by what most of their lines say.
_SHORT, _LONG = 800, 20_000
#: How often a longer wall names what it wants.
_OFTEN: Final = 3


_FREE: Final = re.compile(r"\"isAccessibleForFree\"\s*:\s*\"?(true|false)", re.IGNORECASE)


#: What stands before something; the others stand where nothing is.
WALLS: Final = frozenset((CONSENT, LOGIN, PAYWALL, ROBOTS))


def words_of(body: bytes) -> tuple[str, str, str]:
    """Return the title, the words and the source of an HTML page that nobody has read yet; for `wall`."""
    text = decoded(body[:500_000])
    title = re.search(r"<title[^>]{0,200}>(.{1,500}?)</title>", text, re.IGNORECASE | re.DOTALL)
    return line(title[1], 500) if title else "", plain(text)[:20_000], text[:100_000]


def wall_by_place(url: str) -> str:
    """Return what stands at a URL where a redirect led to, or ""."""
    return next((name for name, pattern in PLACES if pattern.search(url)), "")


def wall(title: str, text: str, html: str = "", url: str = "") -> str:
    """Return what a page is instead of an article, or "".

    Args:
        title: of the page; where it has several, one a line.
        text: what extraction took for its article, or all its words where there was none.
        html: its source.
        url: where it is.
    """
    found = wall_by_place(url) if len(text) < 3 * _SHORT else ""
    if len(text) < 2 * _SHORT:
        found = found or next((name for name, pattern in TITLES if pattern.search(title)), "")
        found = found or (_marked(html.lower()) if html else "")
    if not found and len(text) < 2 * _SHORT and "false" in (free.lower() for free in _FREE.findall(html)):
        found = PAYWALL
    return found or _spoken(text)


def _marked(lower: str) -> str:
    """Return what a page is by its markup."""
    return next((name for name, marks in MARKS if any(mark in lower for mark in marks)), "")


def _spoken(text: str) -> str:
    """Return what a text is by how it speaks."""
    if len(text) < _SHORT:
        return next((name for name, pattern in PHRASES if pattern.search(text)), "")
    lower = text.lower()
    if len(text) > _LONG or sum(map(lower.count, RAISED)) < _OFTEN:
        return ""
    # Lines of extraction are paragraphs, and one of them may be all there is.
    lines = re.split(r"\n|(?<=[.!?]) ", text)
    addressed = sum(len(line) for line in lines if THINGS.search(line) and YOU.search(line))
    if addressed > 0.5 * len(text) and PHRASES[0][1].search(text):
        return CONSENT
    return ""
