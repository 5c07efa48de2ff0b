"""Bytes of strangers to the characters that they meant."""

from __future__ import annotations

import codecs
import re
from typing import Final

#: Bytes of HTML that are looked at; real articles end long before.
LARGEST: Final = 2_000_000
#: What the web calls so and means otherwise.
MEANT: Final = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_C1: Final = "c1"
_OTHER: Final = re.compile(r"([^\x00-\x7f])([^\x00-\x7f]?)")
_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)


def decoded(html: bytes, charset: str = "") -> str:
    """Return the characters of a page: by BOM, as UTF-8 where it is valid, else as header or page say, else Windows.

    UTF-8 first: bytes that are valid UTF-8 by accident are rare, pages whose declaration is wrong are not.
    """
    for bom, name in BOMS:
        if html.startswith(bom):
            return html[len(bom) :].decode(name, "replace")
    # A cut at the size limit may have split the last character.
    whole = html[: len(html) - 3] if len(html) >= LARGEST else html
    declared = _META.search(html[:4096])
    for name in ("utf-8", charset, declared[1].decode("ascii", "replace") if declared else ""):
        try:
            codec = codecs.lookup(name).name if name else ""
            if codec and not (codec.startswith("utf") and codec != "utf-8" and html[:200].count(0) < 20):
                return whole.decode(MEANT.get(codec, codec))
        except (LookupError, UnicodeError, AssertionError):
            continue
    return whole.decode("cp1252", "replace")


def shortened(html: bytes) -> bytes:
    """Return at most 2 MB: scripts (but not their JSON-LD), styles and inline pictures go first, then the end."""
    if len(html) <= LARGEST:
        return html
    parts: list[bytes] = []
    at, lower = 0, html.lower()
    while at < len(html):
        starts = [found for mark in (b"<script", b"<style", b";base64,") if (found := lower.find(mark, at)) >= 0]
        start = min(starts, default=len(html))
        parts.append(html[at:start])
        at = _skipped(lower, start)
        if b"ld+json" in lower[start : start + 100]:
            parts.append(html[start:at])
    return b"".join(parts)[:LARGEST]


def _skipped(lower: bytes, start: int) -> int:
    """Return where what begins at `start` ends."""
    if lower.startswith(b";base64,", start):
        found = re.compile(rb"[^a-z0-9+/=;,\s]").search(lower, start)
        return found.start() if found else len(lower)
    close = b"</script>" if lower.startswith(b"<script", start) else b"</style>"
    end = lower.find(close, start)
    return end + len(close) if end >= 0 else len(lower)


def mended(text: str) -> str:
    """Return a text whose UTF-8 somebody took for Latin-1 or Windows-1252 and encoded again as what it was."""
    # All of it must have been UTF-8, so the first of its other characters says enough.
    first = None if text.isascii() else _OTHER.search(text)
    if not first or not "\xc2" <= first[1] <= "\xf4" or not first[2]:
        return text
    for coding in ("latin-1", "cp1252"):
        try:
            return text.encode(coding, _C1).decode()
        except UnicodeError:
            continue
    return text


def _as_it_is(error: UnicodeError) -> tuple[bytes, int]:
    """Encode what Windows-1252 leaves open as Latin-1 does, like all who decode it."""
    assert isinstance(error, UnicodeEncodeError)
    wrong = error.object[error.start : error.end]
    if not all("\x80" <= char <= "\x9f" for char in wrong):
        raise error
    return wrong.encode("latin-1"), error.end


codecs.register_error(_C1, _as_it_is)
