"""An entry becomes an article: identity, revision, dates, limits.

Two addresses: `Article.url` is a link that works, without trackers; `canonical_url` is what two links to one article
have in common, made for comparing and not for following. The article's id is a hash of the latter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from agents.feeds import Entry
from agents.links import clean
from agents.sources import Source
from pipeline.records import Article, How, stable_id

#: Characters kept of a text, a title, an excerpt.
TEXT, TITLE, EXCERPT = 200_000, 500, 1000
_FUTURE: Final = timedelta(hours=24)
#: Before this no newsroom had a feed; such dates are zeros of some clock.
_FIRST: Final = datetime(1995, 1, 1, tzinfo=UTC)
_NAMED_AFTER: Final = 90

#: Parameters that say where the reader came from, and nothing of what is read.
_TRACKING: Final = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id mc_cid mc_eid mkt_tok"
    " oly_anon_id oly_enc_id vero_id vero_conv _hsenc _hsmi hsctatracking __hstc __hssc __hsfp s_kwcid ef_id epik"
    " wt_mc wt_zmc wt_cc1 wt.mc_id wtmc xtor xtref ref ref_src ref_url referrer referer ncid cmpid cmp ocid icid"
    " ito smid sref src_trk share shared sharedby feature_share spm scm trk trkcampaign ved"
    " partner_feed newsfeed fromrss from_rss rssfeed sessionid phpsessid sid jsessionid"
    " outputtype amp_js_v usqp amp_gsa"
)
_TRACKERS: Final = frozenset(_TRACKING.split())
_PREFIXES: Final = (
    "utm_",
    "at_",
    "pk_",
    "mtm_",
    "piwik_",
    "matomo_",
    "hsa_",
    "ga_",
    "wt_",
    "ns_",
    "itm_",
    "stm_",
    "_ga",
)
#: Parameters that show the same article in another dress.
_DRESSES: Final = frozenset(("amp", "print", "printview", "printable", "drucken", "druckansicht", "mobile"))
_DRESSED: Final = frozenset((("output", "amp"), ("view", "print"), ("view", "amp"), ("format", "amp"), ("m", "1")))
_FRONT: Final = re.compile(r"^(?:(?:www\d{0,2}|amp|m|mobile|mobil)\.)+(?=[^.]+\.)")
_TAIL: Final = re.compile(r"(/(amp|print)|\.amp(\.html?)?|/(index|default)\.(html?|php|aspx?|jsp))$", re.IGNORECASE)
_SESSION: Final = re.compile(r";(jsessionid|phpsessid|sid)=[^/?]*", re.IGNORECASE)
_PLAIN: Final = "/:@!$&'()*+,;=~"
_CACHE: Final = re.compile(r"^/(?:[a-z]/)?(?:s/)?([^/]+\.[^/]+/.*)$")


class Dropped(StrEnum):
    """Why an entry became no article; a closed list, for counting."""

    NO_TITLE = "no_title"
    DUPLICATE = "duplicate_in_feed"
    UNCHANGED = "unchanged"
    TOO_MANY = "too_many"


def tidy(url: str) -> str:
    """Return the link without what only tracks the reader; it still leads to the same page. "" for no link."""
    url = clean(url)
    if not url:
        return ""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and not _tracks(pair.partition("=")[0])]
    return urlunsplit((parts.scheme, parts.netloc, _SESSION.sub("", parts.path), "&".join(kept), ""))


def canonical_url(url: str) -> str:
    """Return what all links to one article have in common; "" for no link. For comparing, not for following.

    Scheme https, host without port 80/443 and without `www.`, `amp.`, `m.`; no trackers, no AMP or print variant, no
    fragment, parameters sorted, no slash at the end.
    """
    url = tidy(_uncached(clean(url)))
    if not url:
        return ""
    parts = urlsplit(url)
    host = _FRONT.sub("", parts.netloc)
    path = _respelt(parts.path)
    while (shorter := _TAIL.sub("", path.rstrip("/"))) != path:
        path = shorter
    pairs = sorted(set(parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")))
    kept = [(name, value) for name, value in pairs if name.lower() not in _DRESSES and (name, value) not in _DRESSED]
    return urlunsplit(("https", host, path, urlencode(kept, errors="surrogateescape"), ""))


def article_id(url: str) -> str:
    """Return the id of the article behind a link; the same for all its variants."""
    return stable_id("article", canonical_url(url))


def revision(title: str, text: str) -> str:
    """Return a hash that changes when the publisher edits."""
    return stable_id("revision", title, text)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry that is new or was edited.

    Attributes:
        revision: of the entry as the feed gave it: what the next poll can compare without fetching the page.
    """

    entry: Entry
    id: str
    url: str
    revision: str


def identify(entry: Entry, source: Source) -> tuple[str, str]:
    """Return the article's id and link.

    An entry without link whose own id is a URL is found there. One with neither is known by its source and its own id,
    else by title and date, and linked to its source: better an article with a poor link than none.
    """
    url = tidy(entry.url) or (tidy(entry.id) if entry.id.startswith(("http://", "https://")) else "")
    if url:
        return article_id(url), url
    own = entry.id or f"{entry.title or entry.content[:TITLE]}\x1f{entry.published or ''}"
    return stable_id("article", source.id, own), tidy(source.url)


def choose(
    entries: Iterable[Entry], source: Source, seen: Mapping[str, str]
) -> tuple[tuple[Chosen, ...], Counter[Dropped], dict[str, str]]:
    """Return the entries that are new or edited, a count of the others, and id -> revision of all; in their order.

    Args:
        entries: of one feed document.
        source: where they are from.
        seen: article id -> revision, from the polls before.
    """
    chosen: list[Chosen] = []
    present: dict[str, str] = {}
    dropped: Counter[Dropped] = Counter()
    for entry in entries:
        id, url = identify(entry, source)
        made = revision(entry.title, entry.content)
        if id in present:
            dropped[Dropped.DUPLICATE] += 1
            continue
        present[id] = made
        if seen.get(id) == made:
            dropped[Dropped.UNCHANGED] += 1
        else:
            chosen.append(Chosen(entry, id, url, made))
    return tuple(chosen), dropped, present


def to_article(
    entry: Entry, source: Source, *, now: datetime, text: str | None = None, how: How = How.FEED
) -> Article | Dropped:
    """Return the article, or why there is none.

    Args:
        entry: as the feed gave it.
        source: where it is from; its rights say how much text is kept.
        now: when it was fetched.
        text: of its page, where that was fetched; beats the feed's own.
        how: FEED or PAGE.
    """
    body = entry.content if text is None else text
    title = entry.title or _first_words(body)
    if not title:
        return Dropped.NO_TITLE
    id, url = identify(entry, source)
    published, guessed = _dated(entry.published, now)
    kept = _kept(body, source)
    return Article(
        id=id,
        source_id=source.id,
        source=source.name,
        credibility=source.credibility,
        url=url,
        title=title[:TITLE],
        text=kept,
        author=entry.author,
        published=published,
        published_guessed=guessed,
        fetched=now,
        language_hint=entry.language or source.language,
        tags=entry.tags,
        how=how,
        revision=revision(title[:TITLE], kept),
        accounts=source.accounts,
    )


def with_page(entry: Entry, *, title: str, author: str, published: datetime | None, language: str) -> Entry:
    """Return the entry with what its page knows and the feed did not say: the feed goes first."""
    return replace(
        entry,
        title=entry.title or title[:TITLE],
        author=entry.author or author,
        published=entry.published or published,
        language=entry.language or language,
    )


def _tracks(name: str) -> bool:
    """Say whether a parameter only tracks."""
    name = name.lower()
    return name in _TRACKERS or name.startswith(_PREFIXES)


def _uncached(url: str) -> str:
    """Return the publisher's link behind an AMP cache's."""
    parts = urlsplit(url)
    found = _CACHE.match(parts.path) if parts.netloc.endswith(".cdn.ampproject.org") else None
    return f"https://{found[1]}{'?' if parts.query else ''}{parts.query}" if found else url


def _respelt(path: str) -> str:
    """Return a path with one spelling of each character: `%c3%a4` and `%C3%A4`, `%7E` and `~` are the same."""
    try:
        # A decoded slash or percent sign would change what the path means.
        return "".join(
            piece if piece in ("%2F", "%25") else quote(unquote(piece, errors="strict"), safe=_PLAIN)
            for piece in re.split(r"(%2F|%25)", re.sub("%[0-9a-f]{2}", lambda code: code[0].upper(), path))
        )
    except UnicodeDecodeError:
        return path


def _dated(published: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """Return a time that can be meant, and whether it had to be guessed."""
    if published is None or published < _FIRST or published > now + _FUTURE:
        return now, True
    return published, False


def _kept(text: str, source: Source) -> str:
    """Return as much of a text as its rights allow."""
    if source.rights == "link":
        return ""
    most = EXCERPT if source.rights == "excerpt" else TEXT
    if len(text) <= most:
        return text
    cut = text[:most]
    return cut[: max(cut.rfind(" "), cut.rfind("\n"), most - 200)].rstrip()


def _first_words(text: str) -> str:
    """Return a title made of a text that has none: its first words."""
    first = text.partition("\n")[0]
    return first if len(first) <= _NAMED_AFTER else first[:_NAMED_AFTER].rpartition(" ")[0] + " …"
