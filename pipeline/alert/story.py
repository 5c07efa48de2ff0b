"""Are two articles about the same story?

Each article is read once into a `Reading`; a pair of readings has some twenty traits between 0 and 1 (`traits`), and a
logistic sum of them over the table `weights.csv` is the probability that both tell one event (`compare`). The table is
fitted by `models/stories.py`; what was tried and what it brought stands in `docs/stories.md`.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final

from pipeline.alert.words import SERIAL, concepts, events, numbers, rarity, regions, stem, telling, words

#: From this probability two articles are one story.
SAME: Final = 0.47
#: Characters of the text that are read after the title.
LEAD: Final = 200
#: Seconds after which the same words tell another event: next year's figures, the next strike.
_OPEN: Final = 30 * 86_400
#: Most traits lie between 0 and 1; sums of rarities are cut where more says nothing more.
_ENOUGH: Final = 4.0
_KICKER: Final = re.compile(r"(.{3,60}?): (.{12,})")
_LETTERS: Final = re.compile(r"[^\W_]+")
Tokens = frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is compared of one article.

    Attributes:
        title: telling stems of the title.
        meant: each of them with its concepts.
        core: those without the words before its first colon.
        all: telling stems of title and lead, and places as `@name`.
        concepts: names of the concepts in title and lead.
        numbers: in title and lead.
        regions: regions named in the title.
        kicker: the title's words before the first colon, or nothing.
        grams: runs of four letters in the title.
        serial: the title looks like one of a series.
        language: ISO 639-1.
        published: when.
    """

    title: Tokens
    meant: tuple[tuple[str, Tokens], ...]
    core: Tokens
    all: Tokens
    concepts: Tokens
    numbers: Tokens
    regions: Tokens
    kicker: str
    grams: Tokens
    serial: bool
    language: str
    published: datetime


def read(title: str, text: str, *, language: str, published: datetime, places: Iterable[str] = ()) -> Reading:
    """Return what the comparison needs of an article.

    Args:
        title: as published.
        text: the text or its first characters; `LEAD` of them count.
        language: ISO 639-1; all that is not English is read with German words.
        published: when.
        places: their English names, so that `München` and `Munich` are one.
    """
    found = _KICKER.fullmatch(title)
    kicker, core = (found[1], found[2]) if found else ("", title)
    in_title, in_lead = words(title), words(text[:LEAD])
    meant: dict[str, Tokens] = {token: concepts(word, language) for word in in_title if (token := telling(word))}
    of_title, titled = frozenset(meant), frozenset[str]().union(*meant.values())
    return Reading(
        title=of_title,
        meant=tuple(meant.items()),
        core=_stems(words(core)),
        all=of_title | _stems(in_lead) | {f"@{place}" for place in places},
        concepts=frozenset(titled.union(*(concepts(word, language) for word in in_lead)) - {SERIAL}),
        numbers=numbers((*in_title, *in_lead)),
        regions=of_title & regions(),
        kicker=kicker,
        grams=_grams(title),
        serial=SERIAL in titled,
        language=language,
        published=published,
    )


def _stems(found: Iterable[str]) -> Tokens:
    return frozenset(token for word in found if (token := telling(word)))


def _grams(title: str) -> Tokens:
    plain = f" {' '.join(_LETTERS.findall(title.casefold()))} "
    return frozenset(plain[at : at + 4] for at in range(len(plain) - 3))


def _dice(one: Tokens, other: Tokens) -> float:
    return 2 * len(one & other) / ((len(one) + len(other)) or 1)


def _cosine(one: Tokens, other: Tokens) -> float:
    shared = sum(rarity(token) ** 2 for token in one & other)
    length = sum(rarity(token) ** 2 for token in one) * sum(rarity(token) ** 2 for token in other)
    return shared / math.sqrt(length) if length else 0.0


def _found(one: Reading, other: Reading) -> float:
    """Return the share of a title that the other has too: the word, one that begins alike, or one that means it."""
    five = {token[:5] for token in other.all if len(token) >= 5}
    found = whole = 0.0
    for token, meant in one.meant:
        whole += rarity(token)
        if token in other.all or (len(token) >= 5 and token[:5] in five) or meant & other.concepts:
            found += rarity(token)
    return found / whole if whole else 0.0


def traits(one: Reading, other: Reading) -> dict[str, float]:
    """Return the traits of a pair, by the names of `weights.csv`; the order of the two does not matter."""
    there, back = _found(one, other), _found(other, one)
    rare = sorted(map(rarity, one.all & other.all), reverse=True)
    first, second = one.concepts & events(), other.concepts & events()
    days = abs((one.published - other.published).total_seconds()) / 86_400
    alike = _dice(one.concepts, other.concepts)
    return {
        "title_found_least": min(there, back),
        "title_found_most": max(there, back),
        "rarest": rare[0] if rare else 0.0,
        "second_rarest": rare[1] if len(rare) > 1 else 0.0,
        "shared": min(sum(rare), _ENOUGH) / _ENOUGH,
        "core_cosine": _cosine(one.core, other.core),
        "letters": _dice(one.grams, other.grams),
        "concepts": alike,
        "concepts_two_languages": alike if one.language != other.language else 0.0,
        "same_event": min(len(first & second), 2) / 2,
        "no_event": float(not first or not second),
        "other_event": float(bool(first and second) and not first & second),
        "other_region": float(one.regions != other.regions),
        "no_region_shared": float(bool(one.regions and other.regions) and not one.regions & other.regions),
        "same_kicker": float(bool(one.kicker) and one.kicker == other.kicker),
        "serial": float(one.serial and other.serial),
        "title_words": min(len(one.title), len(other.title), 15) / 10,
        "same_day": float(days < 1),
        "days": math.log1p(days) / math.log1p(30),
        "over_a_week": float(days > 7),
    }


@cache
def weights() -> dict[str, float]:
    """Return the fitted weight of each trait, and of `constant`."""
    lines = (files("pipeline.alert") / "weights.csv").read_text().splitlines()
    return {row["trait"]: float(row["weight"]) for row in csv.DictReader(lines)}


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two articles are.

    Attributes:
        score: probability that they tell one event.
        why: what speaks for it and against it, for people.
    """

    score: float
    why: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether they are one story."""
        return self.score >= SAME


def probability(one: Reading, other: Reading) -> float:
    """Return the probability that two articles tell one event."""
    table = weights()
    total = table["constant"] + sum(table[name] * value for name, value in traits(one, other).items())
    made = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
    apart = abs((one.published - other.published).total_seconds())
    return made if apart <= _OPEN else made * SAME


def compare(one: Reading, other: Reading) -> Likeness:
    """Return how alike two articles are, and why."""
    return Likeness(probability(one, other), tuple(_reasons(one, other)))


def _reasons(one: Reading, other: Reading) -> Iterable[str]:
    shared = sorted(one.all & other.all, key=rarity, reverse=True)
    yield f"share {', '.join(islice(shared, 5))}" if shared else "share no word that tells"
    first, second = one.concepts & events(), other.concepts & events()
    if first & second:
        yield f"both about {', '.join(sorted(first & second)[:3])}"
    elif first and second:
        yield f"one about {min(first)}, the other about {min(second)}"
    if one.regions != other.regions:
        yield f"regions differ: {', '.join(sorted(one.regions ^ other.regions))}"
    if one.serial and other.serial:
        yield "both look like parts of a series"
    days = abs((one.published - other.published).days)
    if days:
        yield f"{days} day{'s' if days > 1 else ''} apart"


def repeats(one: Reading, other: Reading) -> bool:
    """Say whether one article is the other again, whenever it came: nearly the same title, the same numbers."""
    return len(one.title) >= 4 and one.numbers == other.numbers and _dice(one.grams, other.grams) >= _REPEATED


_REPEATED: Final = 0.85


def near(one: datetime, other: datetime, seconds: float) -> bool:
    """Say whether two times lie within so many seconds."""
    return abs((one - other).total_seconds()) <= seconds


__all__ = ["SAME", "Likeness", "Reading", "compare", "near", "probability", "read", "repeats", "stem", "traits"]
