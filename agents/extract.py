"""HTML of a page to the text of its article.

trafilatura does the work; what stands here is what it leaves to its caller: the right characters, an end to size, and
the knowledge that a consent wall, a login or an error page is no article although it has words.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from trafilatura import bare_extraction

from agents.dates import when
from agents.errors import NoText
from agents.plain import line, plain

#: Bytes of HTML that are looked at; real articles end long before.
LARGEST: Final = 2_000_000
#: A text shorter than this, in characters, is looked at with suspicion; one shorter than `_NOTHING` is none.
_SHORT: Final = 800
_NOTHING: Final = 60
_TEXT: Final = 250_000
_DATES: Final = {"extensive_search": False, "original_date": True}
_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: What the web calls so and means otherwise.
_MEANT: Final = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
_LANGUAGE: Final = re.compile(rb"<html[^>]{0,500}?\slang\s*=\s*[\"']?([a-zA-Z]{2,3})\b", re.IGNORECASE)

_WALLS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "a consent wall",
        re.compile(
            r"akzeptieren und weiter|alle(s)? akzeptieren|mit werbung und cookies|mit werbung (weiter)?lesen|pur-abo"
            r"|zustimmen (und|&) weiter|einwilligung (verwalten|widerrufen|erforderlich)|wir und unsere (\d+ )?partner"
            r"|datenschutz-?einstellungen|cookie-einstellungen|ihre zustimmung|accept all cookies"
            r"|we and our (\d+ )?partners"
            r"|manage (your )?(cookie|consent|privacy)|before you continue|bevor sie fortfahren|we value your privacy"
        ),
    ),
    (
        "a check for robots",
        re.compile(
            r"checking your browser|verify (that )?you are (a )?human|are you a robot|captcha|just a moment\.\.\."
            r"|enable javascript and cookies|unusual traffic|ddos protection"
            r"|bestätigen sie, dass sie (ein mensch|kein roboter)"
        ),
    ),
    (
        "a login",
        re.compile(
            r"(bitte|jetzt) (einloggen|anmelden|registrieren)|please (log|sign) in|(log|sign) in to (continue|read)"
            r"|passwort vergessen|forgot(ten)? (your )?password|create a free account|jetzt kostenlos registrieren"
        ),
    ),
    (
        "an error page",
        re.compile(
            r"\b(error )?404\b|page (was )?not found|seite (wurde )?(leider )?nicht gefunden|existiert (leider )?nicht"
            r"|nicht (mehr )?verfügbar|no longer available|access denied|zugriff verweigert|403 forbidden"
            r"|internal server error|service unavailable|bad gateway|domain (is|steht) (for sale|zum verkauf)"
        ),
    ),
    ("a page that needs JavaScript", re.compile(r"(enable|requires|aktivieren sie( bitte)?|benötigt) javascript")),
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
        NoText: there is no article; says what it looks like instead.
    """
    if not html.strip(b"\0 \r\n\t"):
        raise NoText("an empty page")
    declared = _LANGUAGE.search(html[:20_000])
    text = decoded(_shortened(html), charset)
    found = bare_extraction(
        text,
        url=url or None,
        include_comments=False,
        with_metadata=about,
        date_extraction_params=dict(_DATES),
    )
    if found is None or isinstance(found, dict) or not found.text:
        raise NoText(_wall(plain(text)[:5000].lower()) or "no article in it")
    article = plain(found.text.replace("<", "&lt;").replace("\n", "<br>"), markup=True)[:_TEXT]
    looks = _wall(f"{found.title or ''} {article}".lower()) if len(article) < _SHORT else ""
    if len(article) < _NOTHING or looks:
        raise NoText(looks or f"only {len(article)} characters")
    return Page(
        title=line((found.title or "").replace("<", "&lt;"), 500),
        text=article,
        author=line(found.author or "", 200),
        published=_day(found.date) if about else None,
        language=declared[1].decode().lower() if declared else "",
    )


def decoded(html: bytes, charset: str = "") -> str:
    """Return the characters of a page: by BOM, as UTF-8 where it is valid, else as header or page say, else Windows.

    UTF-8 first: bytes that are valid UTF-8 by accident are rare, pages whose declaration is wrong are not.
    """
    for bom, name in _BOMS:
        if html.startswith(bom):
            return html[len(bom) :].decode(name, "replace")
    # A cut at the size limit may have split the last character.
    whole = html[: len(html) - 3] if len(html) >= LARGEST else html
    declared = _META.search(html[:4096])
    for name in ("utf-8", charset, declared[1].decode("ascii", "replace") if declared else ""):
        try:
            codec = codecs.lookup(name).name if name else ""
            if codec and not (codec.startswith("utf") and codec != "utf-8" and html[:200].count(0) < 20):
                return whole.decode(_MEANT.get(codec, codec))
        except (LookupError, UnicodeError, AssertionError):
            continue
    return whole.decode("cp1252", "replace")


def _shortened(html: bytes) -> bytes:
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


def _wall(text: str) -> str:
    """Return what a text without an article looks like, or ""."""
    return next((name for name, pattern in _WALLS if pattern.search(text)), "")


def _day(text: str | None) -> datetime | None:
    """Return htmldate's day as a time."""
    time = when(text or "")
    return time.astimezone(UTC) if time else None
