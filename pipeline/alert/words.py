"""What the story comparison reads in a text: stems with their rarity, concepts, numbers, regions.

Two tables lie beside this file. `idf.txt` says how many of some 23,700 German and English news items hold a stem
(`models/stories.py` counts them); `concepts.txt` names business words that German and English do not share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_FOLD: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s", "é": "e", "è": "e", "á": "a", "ł": "l", "’": "'"})
_ENDINGS: Final = ("ungen", "ern", "ing", "ed", "en", "er", "es", "em", "e", "n", "s")
_STEM: Final = 12
_STOP: Final = frozenset(
    """
    aber alle allem allen als also am an auch auf aus bei beim bin bis da das dass dem den denn der des die dies
    diese diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines er es für gegen haben hat
    hatte hier ich ihm ihn ihr ihre ihren ihrer im in ins ist ja jetzt kann kein keine man mehr mit nach nicht noch
    nun nur ob oder ohne rund sagte schon sei sein seine seinen seiner sich sie sind so soll sollen sowie um und uns
    unter über vom von vor war waren warum was weil wenn wer werden wie wieder will wir wird wo wurde wurden zu zum
    zur zwischen
    a about after all also an and are as at be been but by can could did do does for from had has have he her his
    how i if into is it its just more most new no now of off on one or our out over said s says she some than
    that the their them then there these they this to too under up us was we were when which who why would you
    your
    """.split()
)
#: Where the same kind of news is told of each region in turn: unemployment, prices, strikes.
_REGIONS: Final = """
    Bayern Hessen Sachsen Thüringen Saarland Berlin Hamburg Bremen Brandenburg Niedersachsen NRW Nordrhein-Westfalen
    Rheinland-Pfalz Mecklenburg-Vorpommern Sachsen-Anhalt Schleswig-Holstein Baden-Württemberg Südwesten Norden
    Nordosten Südosten Osten Eurozone Euroraum USA München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dresden Hannover
    Nürnberg Dortmund Essen Duisburg Bavaria Saxony Munich Cologne Nuremberg Hanover
""".split()


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in order; the parts of a hyphened word follow it."""
    found: list[str] = []
    for word in _WORD.findall(text):
        found.append(word)
        if "-" in word:
            found += word.split("-")
    return found


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the word without case, umlauts and its commonest endings: `Fabriken` and `Fabrik` are one."""
    low = word.casefold().translate(_FOLD)
    if len(low) > 5:
        ending = next((e for e in _ENDINGS if low.endswith(e) and len(low) - len(e) >= 4), "")
        low = low[: len(low) - len(ending)]
    elif len(low) > 3 and low[-1] in "sen":
        low = low[:-1]
    return low[:_STEM]


def telling(word: str) -> str:
    """Return the stem of a word that can tell stories apart, the number as it stands, or nothing."""
    if word[0].isdigit():
        return word
    return stem(word) if len(word) > 1 and word.casefold() not in _STOP else ""


def numbers(found: Iterable[str]) -> frozenset[str]:
    """Return the numbers among words, written one way; years tell nothing here."""
    made = set()
    for word in found:
        if word[0].isdigit() and not _YEAR.fullmatch(word):
            made.add(re.sub(r"[.,]", "", word) if _THOUSANDS.fullmatch(word) else word.replace(",", "."))
    return frozenset(made)


@cache
def regions() -> frozenset[str]:
    """Return the stems of the regions that are told one by one."""
    return frozenset(stem(name) for name in _REGIONS)


@cache
def _counts() -> tuple[int, dict[str, int]]:
    lines = (files("pipeline.alert") / "idf.txt").read_text().splitlines()
    held: dict[str, int] = {}
    for line in lines[1:]:
        count, _, stems = line.partition(" ")
        held.update(dict.fromkeys(stems.split(), int(count)))
    return int(lines[0]), held


@cache
def _rarest() -> float:
    return math.log((_counts()[0] + 1) / 1.5)


@lru_cache(maxsize=65_536)
def rarity(token: str) -> float:
    """Return how much a stem tells, 0 to 1: 1 is a stem that the counted news did not hold."""
    total, held = _counts()
    return math.log((total + 1) / (held.get(token, 0) + 1.5)) / _rarest()


@dataclass(frozen=True, slots=True)
class _Concepts:
    """The table of concepts, for one language."""

    begins: dict[str, tuple[str, ...]]
    inside: tuple[tuple[str, str], ...]


@cache
def _table() -> tuple[dict[str, _Concepts], frozenset[str]]:
    begins: dict[str, dict[str, tuple[str, ...]]] = {"de": {}, "en": {}}
    inside: dict[str, list[tuple[str, str]]] = {"de": [], "en": []}
    events: set[str] = set()
    above = True
    for line in (files("pipeline.alert") / "concepts.txt").read_text().splitlines():
        above = above and line != "---"
        name, _, both = line.partition(":")
        if not both or line.startswith("#"):
            continue
        if above and name != SERIAL:
            events.add(name)
        for language, stems in zip(("de", "en"), both.split("|"), strict=True):
            for one in stems.split():
                bare = one.strip("*")
                begins[language][bare] = (*begins[language].get(bare, ()), name)
                if one.startswith("*"):
                    inside[language].append((bare, name))
    return {lang: _Concepts(begins[lang], tuple(inside[lang])) for lang in begins}, frozenset(events)


#: What appears again and again under one heading; not an event.
SERIAL: Final = "serial"


def events() -> frozenset[str]:
    """Return the names of the concepts that are events."""
    return _table()[1]


@lru_cache(maxsize=65_536)
def concepts(word: str, language: str) -> frozenset[str]:
    """Return the concepts of one word.

    A stem of three letters must be nearly the whole word, a shorter one all of it.
    """
    table = _table()[0]["en" if language == "en" else "de"]
    low = word.casefold()
    found = {name for part, name in table.inside if part in low}
    for length in range(1, len(low) + 1):
        if length >= 4 or length == len(low) or (length == 3 and len(low) <= 5):
            found.update(table.begins.get(low[:length], ()))
    return frozenset(found)
