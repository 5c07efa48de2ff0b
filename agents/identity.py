"""What makes two links one article, and what makes an article another revision.

Two addresses: `tidy` is a link that works, without trackers; `canonical_url` is what two links to one article have in
common, made for comparing and not for following. The article's id is a hash of the latter.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from agents.links import clean
from pipeline.records import stable_id

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
_TAIL: Final = re.compile(
    r"(/(amp|print|drucken|druckversion|druckansicht)|\.(amp|print)(\.html?)?|/(index|default)\.(html?|php|aspx?|jsp))$",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(r";(jsessionid|phpsessid|sid)=[^/?]*", re.IGNORECASE)
_PLAIN: Final = "/:@!$&'()*+,;=~"
#: An AMP variant that stands before the path.
_HEAD: Final = re.compile(r"^/amp(?=/[^/]+/)", re.IGNORECASE)
_VIEWER: Final = re.compile(r"^/amp/s/([^/]+\.[^/]+/.*)$")
_CACHE: Final = re.compile(r"^/(?:[a-z]/)?(?:s/)?([^/]+\.[^/]+/.*)$")


_DATE: Final = (
    r"(?:(?:mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)\w*\.?,? )?"
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|\d{1,2}\.? [a-zä]{3,9}\.?,? \d{4}"
    r"|[a-z]{3,9}\.? \d{1,2},? \d{4})"
)
_HOUR: Final = (
    r"(?:\d{1,2}[:.]\d\d(?::\d\d)?(?: ?(?:uhr|h|am|pm|a\.m\.|p\.m\.))?"
    r"(?: ?(?:gmt|utc|cest|cet|mesz|mez|e[sd]?t|p[sd]?t))?)"
)
_WHEN: Final = rf"(?:{_DATE}(?:[ ,|–-]+(?:um |at )?{_HOUR})?|{_HOUR}(?:[ ,|–-]+{_DATE})?|\d{{4}}-\d\d-\d\dT[\d:.Z+-]+)"
_SPAN: Final = r"\d+ (?:sekunden?|minuten?|min\.?|stunden?|std\.?|tag(?:en?)?|(?:second|minute|hour|day)s?)"
_SAID: Final = (
    r"(?:stand|aktualisiert|zuletzt (?:aktualisiert|geändert|bearbeitet)|(?:last )?(?:updated|modified)|veröffentlicht"
    r"|published|erschienen|posted|update)(?: am| on| at|)[: ]{1,3}"
)
#: `Stand: 5. März 2025, 10:30 Uhr`, `Updated 3 hours ago`; looked for where one of the words is.
_STAMP: Final = re.compile(rf"\b{_SAID}(?:{_WHEN}|(?:vor )?{_SPAN}(?: ago)?)(?!\w)", re.IGNORECASE)
_WORDS: Final = (
    *("stand:", "stand am", "stand ", "update:", "update ", "aktualisiert", "geändert", "bearbeitet", "updated"),
    *("modified", "veröffentlicht", "published", "erschienen", "posted"),
)
_SINCE: Final = re.compile(rf"[vV]or {_SPAN}(?!\w)")
_AGO: Final = re.compile(r"\d+ (?:second|minute|hour|day)s? ago\b")
#: Lines that are only a date, a count of comments or a reading time; they are short.
_LINE: Final = re.compile(
    rf"{_WHEN}|\(?\d+ (?:kommentare?|comments?)\)?|(?:lesezeit|reading time)\b.{{0,20}}", re.IGNORECASE
)
_LINE_MOST: Final = 60
_SIGNS: Final = {
    **dict.fromkeys("„“”«»‟″", '"'),
    **dict.fromkeys("‚‘’‹›‛′´", "'"),
    **dict.fromkeys("‐‑‒–—−", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
    "…": "...",
}
_SIGN: Final = re.compile(f"[{''.join(_SIGNS)}]")


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
    path = _HEAD.sub("", _respelt(parts.path))
    while (shorter := _TAIL.sub("", path.rstrip("/"))) != path:
        path = shorter
    pairs = sorted(set(parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")))
    kept = [(name, value) for name, value in pairs if name.lower() not in _DRESSES and (name, value) not in _DRESSED]
    return urlunsplit(("https", host, path, urlencode(kept, errors="surrogateescape"), ""))


def article_id(url: str) -> str:
    """Return the id of the article behind a link; the same for all its variants."""
    return stable_id("article", canonical_url(url))


def revision(title: str, text: str) -> str:
    """Return a hash that changes when the publisher edits: not for white space, quotes, dashes or a stamp of time."""
    return stable_id("revision", _essence(title), _essence(text))


def _essence(text: str) -> str:
    """Return what a text says, without what changes by itself."""
    if not text.isascii():
        text = _SIGN.sub(lambda sign: _SIGNS[sign[0]], text)
    lower = text.lower()
    if any(word in lower for word in _WORDS):
        text = _STAMP.sub(" ", text)
    text = _SINCE.sub(" ", text)
    if " ago" in lower:
        text = _AGO.sub(" ", text)
    lines = (line for line in text.split("\n") if len(line) > _LINE_MOST or not _LINE.fullmatch(line.strip()))
    return " ".join(" ".join(lines).split())


def _tracks(name: str) -> bool:
    """Say whether a parameter only tracks."""
    name = name.lower()
    return name in _TRACKERS or name.startswith(_PREFIXES)


def _uncached(url: str) -> str:
    """Return the publisher's link behind an AMP cache's."""
    parts = urlsplit(url)
    found = _CACHE.match(parts.path) if parts.netloc.endswith(".cdn.ampproject.org") else None
    if re.match(r"(www\.)?google\.[a-z.]{2,6}$", parts.netloc):
        found = _VIEWER.match(parts.path)
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
