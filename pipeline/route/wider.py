"""Names that are only a part of something longer, and so nobody's.

another company's name       `Intelligent Bio Solutions Inc.`, `Apple Rush Company, Inc.`
a symbol of somebody else    `Forward Industries (NASDAQ: FORD)`
a sum                        `raises $3M`
a town with its state        `DOVER, DE`
a verb, a prefix             `Posts $26 Million`, `post-pandemic`
a person                     `Andrew Chubb joins; Chubb will …`
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.route.gazetteer import states
from pipeline.route.hits import TICKER_BEFORE, Hit
from pipeline.route.names import without_legal_form
from pipeline.route.words import FIRST_NAMES, KIND_BEFORE, PERSON_TITLES, ordinary

_BEFORE: Final = re.compile(r"(?:^|[\s(„“\"])([A-Z][\w&.’'-]*)[ \u00a0]$")
_ENGLISH_FORM: Final = re.compile(r",? (?:Inc|Corp|Ltd|LLC|PLC|plc|L\.?P|Limited|Company|Incorporated|Corporation)\b")
_LONGER: Final = re.compile(
    r"(?: (?:[A-Z][\w&’'-]+|&)){1,3}(?:,? (?:Inc|Corp|Ltd|LLC|plc|Limited|Incorporated|Corporation|Company)\b|"
    r" \((?:NASDAQ|Nasdaq|NYSE|OTC|TSX|CSE|ASX|AIM|LSE)\b)"
)
_MONEY_BEFORE: Final = re.compile(r"[$€£.,\d]$")
_MONEY_AFTER: Final = re.compile(r" (?:US|C|A)?[$€£]?\d")
_STATE: Final = re.compile(r", ([A-Z]{2}|[A-Z][a-z]+\.)(?=[\s,)]|$)")
#: In front of a name these begin no longer one; headlines write them with capitals.
_NO_NAME: Final = frozenset(
    """a against also amid an and are as at before behind but buy buys by can competitor could did do does for former
    from has how if in into is joins just like may meet names new of on or over says should sues than that the their
    these this through to under until via was were what when where which who why will with would your
    als am auf aus bei beim das dass dem den der des die durch für gegen hat im ist kauft laut mit nach neben ob oder
    ohne sein seit so trotz und unter verklagt vom von vor wann warum was wegen wenn wer wie wird zum zur""".split()
)
_PREFIX: Final = {
    "post": re.compile(
        r"[-‐‑](?:acqui|acute|brexit|consumer|coron|covid|doc|election|graduate|industri|ipo|launch|market|merger|modern|"
        r"money|occupan|op|pandemi|produc|quantum|sale|secondary|surg|train|transaction|traum|treat|war)",
        re.IGNORECASE,
    )
}


def whole(body: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the names that stand for themselves.

    Args:
        body: the whole text.
        hits: names in it, in order, none inside another.
    """
    others = _persons(body, hits) | _others(body, hits)
    return [hit for hit in hits if not _part(body, hit) and body[hit.start : hit.end] not in others]


def _part(body: str, hit: Hit) -> bool:
    """Say whether the name is a part of something longer."""
    name, doubtful = body[hit.start : hit.end], _doubtful(hit)
    if name[0].isdigit() and _MONEY_BEFORE.search(body, max(0, hit.start - 1), hit.start):
        return True
    if name.isupper() and TICKER_BEFORE.search(body, max(0, hit.start - 60), hit.start):
        return not any(form.text.isupper() for form in hit.forms)
    bare = without_legal_form(name)
    if hit.ticker or (hit.legal and (bare != name or _ENGLISH_FORM.match(body, hit.end))):
        return " " not in bare and _continues(body, hit.start, doubtful=doubtful or bare.lower() in ordinary())
    if not doubtful:
        return False
    prefix, state = _PREFIX.get(name.lower()), _STATE.match(body, hit.end)
    return bool(
        (prefix and prefix.match(body, hit.end))
        or (state and state.group(1) in states())
        or (hit.right == hit.end and _LONGER.match(body, hit.end))
        or (body[hit.end : hit.right] == "s" and _MONEY_AFTER.match(body, hit.right))
    )


def _doubtful(hit: Hit) -> bool:
    """Say whether the name is a word too, or a part of the company's name that we derived."""
    return all(form.ordinary or form.kind == "short" for form in hit.forms)


def _continues(body: str, start: int, *, doubtful: bool) -> bool:
    """Say whether the word before belongs to the company's name as well."""
    found = _BEFORE.search(body, max(0, start - 30), start)
    if not found or found.group(1).endswith(("'s", "’s", ".", "s'", "s’")):
        return False
    word = found.group(1).lower()
    if word in _NO_NAME or KIND_BEFORE.search(word):
        return False
    return doubtful or word not in ordinary()


def _others(body: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the names that the text brings in as the end of another company's name (`AI Maverick Intel Inc.`)."""
    first: dict[str, bool] = {}
    for hit in hits:
        bare = without_legal_form(body[hit.start : hit.end])
        if hit.legal or hit.ticker:
            first.setdefault(bare, _part(body, hit))
    return frozenset(name for name, part in first.items() if part)


def _persons(body: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the names that the text brings in as a person's: where they stand first, a first name is before them."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(body[hit.start : hit.end], hit)
    return frozenset(name for name, hit in first.items() if " " not in name and _after_first_name(body, hit))


def _after_first_name(body: str, hit: Hit) -> bool:
    found = _BEFORE.search(body, max(0, hit.start - 30), hit.start)
    word = found.group(1).lower().rstrip(".") if found else ""
    return (word in FIRST_NAMES or word in PERSON_TITLES) and not hit.legal and not hit.ticker and hit.end == hit.right
