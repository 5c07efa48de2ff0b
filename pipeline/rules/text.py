"""The spelling in which queries and texts meet.

Lower case, accents gone, umlauts kept, and all that is neither letter nor digit a space. A text keeps the place of each
character, so that what is found can be cut out again; umlauts are therefore expanded in the queries, not in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

_UMLAUTS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
_BACK: Final = {digraph: umlaut for umlaut, digraph in _UMLAUTS.items()}
_OTHER: Final = {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ð": "d", "œ": "o", "ƒ": "f", "μ": "u", "ˆ": " "}
_SPELT = re.compile("ae|oe|(?<![aeq])ue|ss|[äöüß]")  # not in neue, Bauer, quer
#: Umlauts of one word that are spelt independently; with more, all are spelt the same way.
_FREE: Final = 4
#: Soft hyphens, zero-width characters and loose accents: they stand inside words and belong to none.
_LOOSE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff\u0300-\u036f]")


class _Fold(dict[int, int]):
    """A translation table that fills itself: one character in, one out."""

    def __missing__(self, code: int) -> int:
        self[code] = folded = ord(_folded(chr(code)))
        return folded


def _folded(character: str) -> str:
    lower = character.lower()[:1]
    if lower in _UMLAUTS:
        return lower
    base = unicodedata.normalize("NFKD", lower)[:1]
    base = _OTHER.get(base, base)
    return base if base.isalnum() else " "


_TABLE: Final = _Fold()
#: News in western languages fits into this encoding, and bytes are translated ten times as fast as characters.
_WESTERN: Final = "cp1252"
_BYTES: Final = bytes(
    ord(_folded(bytes([code]).decode(_WESTERN, errors="replace"))) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else 32
    for code in range(256)
)
_EASTERN = re.compile("[\u0100-\u024f]+")


class Folded(NamedTuple):
    """A text in folded spelling, with a space before and after it.

    Attributes:
        text: the folded text.
        places: for each of its characters the place in the original, where places have moved; else None.
    """

    text: str
    places: Sequence[int] | None

    def place(self, at: int) -> int:
        """Return where the character at `at` stands in the original; a word's end is the place after its last one."""
        return at - 1 if self.places is None else self.places[at]


def fold(body: str) -> Folded:
    """Return the text in folded spelling.

    Args:
        body: any text; soft hyphens in it are passed over, and letters with loose accents are composed.
    """
    if not body.isascii() and _LOOSE.search(body):
        return _composed(body)
    return Folded(f" {_translated(body)} ", None)


def _translated(body: str) -> str:
    try:
        return _of_bytes(body)
    except UnicodeEncodeError:
        pass
    try:
        # `Łódź` in a western text: a few letters, and western ones when they are folded.
        return _of_bytes(_EASTERN.sub(lambda found: found.group().translate(_TABLE), body))
    except UnicodeEncodeError:
        return body.translate(_TABLE)


def _of_bytes(body: str) -> str:
    return body.encode(_WESTERN).translate(_BYTES).decode("latin-1")


def _composed(body: str) -> Folded:
    """Fold a text whose characters do not stand one for one."""
    letters, places = [" "], [0]
    for at, character in enumerate(body):
        if not _LOOSE.match(character):
            letters.append(character)
            places.append(at)
        elif unicodedata.combining(character) and letters[-1] != " ":
            whole = unicodedata.normalize("NFC", letters[-1] + character)
            letters[-1] = whole if len(whole) == 1 else letters[-1]
    places.append(len(body))
    return Folded(f" {_translated(''.join(letters[1:]))} ", places)


@lru_cache(maxsize=20_000)
def fold_word(word: str) -> str:
    """Return a query's word in folded spelling, its wildcards `*` and `?` kept; may contain spaces (`E.ON`)."""
    composed = unicodedata.normalize("NFC", word)
    return "".join(one if one in "*?" else _folded(one) for one in composed if not _LOOSE.match(one))


@lru_cache(maxsize=20_000)
def spellings(word: str) -> tuple[str, ...]:
    """Return all spellings of a folded word: `müller` and `mueller`, whichever of them was given.

    `muller` is none of them: `fordern` is not `fördern`.
    """
    parts = _SPELT.findall(word)
    if not parts:
        return (word,)
    rest = _SPELT.split(word)
    choices = [(part, _UMLAUTS.get(part) or _BACK[part]) for part in parts]
    ways: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]] = product(*choices)
    if len(parts) > _FREE:
        umlauts = tuple(max(choice, key=lambda spelt: spelt in _UMLAUTS) for choice in choices)
        ways = (tuple(parts), umlauts, tuple(_UMLAUTS[one] for one in umlauts))
    made = ("".join(a + b for a, b in zip(rest, (*way, ""), strict=True)) for way in ways)
    return tuple(dict.fromkeys(made))
