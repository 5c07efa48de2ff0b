"""Numbers as newsrooms write them, German, English and Swiss, in digits and in words.

    1,2 Mrd. · 1.500 · 14 000 · 1'000'000 · 2.5-billion · acht Milliarden · four thousand · half a million

A comma or stop before exactly three digits is read by the language of the text; everything else says itself what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

GAP: Final = r"[ \u00a0\u202f\u2009]"
"""A space inside a line."""
JOIN: Final = rf"(?:{GAP}?[-‑]{GAP}?|{GAP})?"
"""What stands between a number and its unit: `5 GW`, `5-GW`, `5GW`."""


class Number(NamedTuple):
    """A number and where it stands.

    Attributes:
        start: first character.
        end: behind the digits and the word that scales them (`Mio.`, `billion`).
        value: what it says; None for `Hunderte`, `Milliarden`.
        scaled: a word such as `million` was part of it.
        letter: the factor of a single letter that follows (`5k`, `$3m`); 1.0 where there is none.
        long: where that letter ends.
    """

    start: int
    end: int
    value: float | None
    scaled: bool = False
    letter: float = 1.0
    long: int = 0


_DIGITS = re.compile(
    # The leading class lets the engine skip to the next digit.
    r"[0-9](?:[0-9]{0,2}([.,'’ \u00a0\u202f\u2009])[0-9]{3}(?:\1[0-9]{3})*(?![0-9])(?:[.,][0-9]+)?"
    r"|[0-9]*(?:[.,][0-9]+)?)"
)
_GAPS = re.compile(r"['’ \u00a0\u202f\u2009]")
_SCALE = re.compile(
    JOIN + r"(?:(?P<thousand>[Tt]ausend|[Tt]housand|THOUSAND|Tsd\.?|tsd\.?)"
    r"|(?P<million>[Mm]illion(?:en|s)?|MILLION(?:EN)?|Mio\.?|mio\.?|Mill\.|[Mm]ln\.?|mn|MM)"
    r"|(?P<milliard>[Mm]illiarden?|MILLIARDEN?|Mrd\.?|mrd\.?|Md\.|bn|BN|Bn)"
    r"|(?P<billion>[Bb]illion(?:en|s)?|BILLION|Bio\.?)|(?P<trillion>[Tt]rillion(?:en|s)?|TRILLION|tn))(?![^\W_])"
)
_SPACES: Final = frozenset(" \u00a0\u202f\u2009")
_SCALES: Final = frozenset("TtMmBbKk-‑ \u00a0\u202f\u2009")
"""What a scale can begin with, behind one space: most numbers are followed by something else."""
_LETTER = re.compile(JOIN + r"([kKmMbB])(?![\w²³]|/[sh]\b)")
_LETTERS: Final = {"k": 1e3, "m": 1e6, "b": 1e9}
_FACTOR: Final = {"thousand": 1e3, "million": 1e6, "milliard": 1e9, "billion": 1e9, "trillion": 1e12}
_GERMAN_FACTOR: Final = {**_FACTOR, "billion": 1e12, "trillion": 1e18}

_UNITS: Final = {
    **dict.fromkeys("ein eine einer einem einen a one".split(), 1.0),
    **dict(
        zip("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), map(float, range(2, 13)), strict=True)
    ),
    **dict(
        zip("two three four five six seven eight nine ten eleven twelve".split(), map(float, range(2, 13)), strict=True)
    ),
    **dict(
        zip("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(), range(20, 100, 10), strict=True)
    ),
    **dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)),
    **{"fifteen": 15.0, "fünfzehn": 15.0, "anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5},
    **{"half a": 0.5, "eine halbe": 0.5, "einer halben": 0.5, "a quarter of a": 0.25, "eine viertel": 0.25},
    **{"einhundert": 100.0, "hundert": 100.0, "a hundred": 100.0, "one hundred": 100.0},
}
_ONES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_BEFORE = re.compile(rf"(?<![\w-])({_ONES})(?:{GAP}|-)?\Z", re.IGNORECASE)
WORDS: Final = {
    "hundert": 100.0,
    "hundred": 100.0,
    "tausend": 1e3,
    "thousand": 1e3,
    "million": 1e6,
    "milliarde": 1e9,
    "billion": 1e9,
    "trillion": 1e12,
}
"""Words that scale; each hit of one of them may be a number without digits."""
_WORD = re.compile(
    r"(?:hundert|hundred|tausend|thousand|milliarden?|(?:m|b|tr)illion(?:en|s)?)(?![^\W_])", re.IGNORECASE
)
_BIGGER = re.compile(rf"{GAP}(?:thousand|million|billion|tausend|Millionen|Milliarden)(?![^\W_])")
SMALL: Final = (
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig fünfzig two three four five six".split()
    + ("seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split())
)


def value_of(digits: str, *, german: bool, scaled: bool) -> float:
    """Return what the digits say; `scaled` tells `1,234 Mrd.` from `1,234 jobs`."""
    text = digits if digits.isdigit() else _GAPS.sub("", digits)
    comma, stop = text.rfind(","), text.rfind(".")
    at = max(comma, stop)
    if at < 0:
        return float(text)
    mark = text[at]
    grouped = text.count(mark) > 1 or (min(comma, stop) < 0 and len(text) - at == 4 and text[0] != "0")
    if grouped and text.count(mark) == 1:
        # One mark, three digits behind it: `1.500 Stellen`, `1,500 jobs`, but `1,234 Mrd.`, `5.198 acres`.
        grouped = (mark == ".") if german and scaled else (mark == "." and german) or mark == ","
    if grouped:
        return float(text.replace(",", "").replace(".", ""))
    whole = text[:at].replace(",", "").replace(".", "")
    return float(f"{whole}.{text[at + 1 :]}")


def in_digits(body: str, *, german: bool) -> Iterator[Number]:
    """Yield every number that is written in digits; names such as `A380` and `COVID-19` are left out."""
    for match in _DIGITS.finditer(body):
        start, end = match.span()
        if start and (body[start - 1] in ".,:#_@'" or _part_of_name(body, start)):
            continue
        yield _scaled(body, start, end, german=german)


def _part_of_name(body: str, start: int) -> bool:
    """Say whether letters lead into the digits; a currency may (`EUR5m`)."""
    before = body[start - 1]
    if before.isalpha():
        return body[max(0, start - 3) : start] not in ("EUR", "USD", "CHF", "GBP", "CAD", "AUD", "RMB")
    return before in "-‑/" and start > 1 and body[start - 2].isalnum()


def _scaled(body: str, start: int, end: int, *, german: bool) -> Number:
    follows = body[end + 1 : end + 2] if body[end : end + 1] in _SPACES else body[end : end + 1]
    if follows not in _SCALES:
        return Number(start, end, value_of(body[start:end], german=german, scaled=False))
    scale = _SCALE.match(body, end)
    value = value_of(body[start:end], german=german, scaled=scale is not None)
    if scale is None:
        letter = _LETTER.match(body, end)
        if letter:
            value = value_of(body[start:end], german=german, scaled=True)
            return Number(start, end, value, False, _LETTERS[letter.group(1).lower()], letter.end())
        return Number(start, end, value)
    factor = (_GERMAN_FACTOR if german else _FACTOR)[scale.lastgroup or ""]
    return Number(start, scale.end(), round(value * factor, 4), True)


def in_words(body: str, at: int, *, german: bool) -> Number | None:
    """Return the number around a word of `WORDS` that begins at `at`, such as `acht Milliarden`; None if bare."""
    match = _WORD.match(body, at)
    if match is None:
        return None
    before = _BEFORE.search(body, max(0, at - 18), at)
    name = match.group().lower()
    factor = next(f for word, f in WORDS.items() if name.startswith(word))
    if german and name.startswith(("billion", "trillion")):
        factor = 1e12 if name[0] == "b" else 1e18
    if before is None:
        return None
    ones = _UNITS[before.group(1).lower()]
    if ones == 1.0 and name.endswith(("en", "s")):
        return None  # `eine Millionen-Finanzierung`
    end = match.end()
    more = _BIGGER.match(body, end)
    if more and factor < 1e6:
        word = more.group().strip().lower()
        factor *= next(f for known, f in WORDS.items() if word.startswith(known))
        end = more.end()
    return Number(before.start(1), end, ones * factor, factor >= 1e3)


def small(body: str, at: int, end: int) -> Number | None:
    """Return the number of a word of `SMALL` at `[at, end)`; None where it is only a part of a word."""
    if (at and (body[at - 1].isalnum() or body[at - 1] == "-")) or body[end : end + 1].isalnum():
        return None
    return Number(at, end, _UNITS.get(body[at:end].lower()))


def before(body: str, at: int) -> Number | None:
    """Return the number word that stands in front of `at`: the `one` of `one gigawatt`."""
    match = _BEFORE.search(body, max(0, at - 18), at)
    if match is None or match.group(1).lower() in ("eine", "einer", "a", "an"):
        return None  # `die Megawattstunde` has a price.
    return Number(match.start(1), match.end(1), _UNITS[match.group(1).lower()])
