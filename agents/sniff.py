"""What can be said of a feed's bytes before a parser sees them: is it one, in which characters, how long."""

from __future__ import annotations

import re
from typing import Final

from agents.errors import NotAFeed

_HEAD: Final = 65_536
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?(rss|rdf|feed)[\s>]", re.IGNORECASE)
_FEEDS: Final = frozenset((b"rss", b"rdf", b"feed", b"channel"))
_DOCTYPE: Final = re.compile(rb"<!doctype[^\[>]*(\[?)", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)


def check_root(body: bytes) -> None:
    """Refuse what does not begin as a feed; UTF-16 is read through its NULs."""
    head = body[:_HEAD].replace(b"\0", b"")
    if head.startswith(b"%PDF"):
        raise NotAFeed("a PDF")
    doctype = _DOCTYPE.search(head, 0, _first_element(head))
    if (doctype and doctype[1]) or b"<!ENTITY" in head[: _first_element(head)]:
        raise NotAFeed("a document type with declarations of its own; entities are not expanded")
    name = first_name(head).encode()
    if name in _FEEDS:
        return
    found = _ROOT.search(head[:4096])
    if found and not re.search(rb"<(html|body|head)\b", head[: found.start()], re.IGNORECASE):
        return
    if name == b"html" or re.search(rb"<(html|head|body|frameset|div|script|title|meta|h1|br)\b", head, re.IGNORECASE):
        raise NotAFeed("an HTML page")
    raise NotAFeed(f"XML of another kind: <{name.decode('ascii', 'replace')[:40]}>" if name else "no XML, no JSON")


def first_name(body: bytes) -> str:
    """Return the name of the first element without prefix, lower case; "" where there is none."""
    head = body[:_HEAD].replace(b"\0", b"")
    root = re.match(rb"<(?:[\w.-]+:)?([\w.-]+)", head[_first_element(head) :])
    return root[1].lower().decode() if root else ""


def _first_element(head: bytes) -> int:
    """Return where the first element begins: after declarations, comments and document type."""
    at = 0
    while (at := head.find(b"<", at)) >= 0:
        for opening, closing in ((b"<!--", b"-->"), (b"<?", b"?>"), (b"<!", b">")):
            if head.startswith(opening, at):
                end = head.find(closing, at)
                at = end + 1 if end >= 0 else len(head)
                break
        else:
            return at
    return len(head)


def charset(body: bytes, content_type: str) -> dict[str, str]:
    """Return the header that makes feedparser read the right characters.

    UTF-8 that is valid and not only ASCII proves itself, whatever header and declaration say; else a charset in the
    header counts. Its media type never does: feedparser takes what it does not know for Latin-1.
    """
    try:
        proven = not body.isascii() and bool(body.decode())
    except UnicodeDecodeError:
        proven = False
    name = "utf-8" if proven else stated(content_type)
    return {"content-type": f"application/xml; charset={name}"} if name else {}


def stated(content_type: str) -> str:
    """Return the charset of a Content-Type header, or ""."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def closings(body: bytes) -> int:
    """Return how many entries end in these bytes, whatever they stand in."""
    return sum(1 for _ in _CLOSE.finditer(body))


def cut(body: bytes, most: int) -> tuple[bytes, int]:
    """Return the document without the entries after the first `most`, and their number.

    Parsing costs a quarter of a millisecond per entry; 30,000 of them would cost the whole feed its deadline.
    """
    ends = [found.end() for found in _CLOSE.finditer(body)]
    if len(ends) <= most or most < 1:
        return body, 0
    return body[: ends[most - 1]] + body[ends[-1] :], len(ends) - most
