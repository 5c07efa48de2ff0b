"""Which words of an item's beginning name a company: a logistic regression on each word and its two neighbours.

Lists of names end where news begins: more than every fourth company that acts in German news stands in none. How a word
is written, what it is made of and what stands beside it often tells. Learnt from the companies that labels name.

A word's score is a sum over itself and its neighbours, so each part is worked out once and remembered.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.lexicon import concepts

REACH: Final = 300
"""Characters of text, after the title, that are searched."""
BUCKETS: Final = 2**18
AROUND: Final = (-2, -1, 1, 2)
ENDS: Final = frozenset(("", *".?!:|"))
"""What stands before the first word of something."""
_REMEMBER: Final = 200_000
_WORD: Final = re.compile(r"[^\W\d_]\w{0,59}|\d[\d.,]*|[„“\"”»«?!:,.\-–|()&]")


class Name(NamedTuple):
    """A word that may name a company: in lower case, where it starts in the body, and how likely it is (0 to 1)."""

    word: str
    start: int
    chance: float


class Word(NamedTuple):
    """A word or mark, and where it stands in the body."""

    text: str
    start: int
    end: int


class _Sums(dict[str, float]):
    """What a word is worth in one place → its sum; fills itself."""

    def __init__(self, work: Callable[[str], float]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, text: str) -> float:
        if len(self) > _REMEMBER:
            self.clear()
        self[text] = known = self._work(text)
        return known


class Companies:
    """The trained regression.

    Args:
        weights: of each bucket that a trait falls into (`BUCKETS`).
        bias: what every word starts with.
    """

    def __init__(self, weights: NDArray[np.float32], bias: float) -> None:
        if weights.shape != (BUCKETS,):
            raise ValueError(f"companies has shape {weights.shape}, not {(BUCKETS,)}")
        self.weights, self.bias = weights, bias
        self._weights: list[float] = weights.tolist()
        self._own = _Sums(lambda text: self._sum(traits(text)))
        self._near = [_Sums(lambda text, step=step: self._sum(beside(step, text))) for step in AROUND]  # type: ignore[misc]
        self._where = {place: bias + self._sum(setting(*place)) for place in product((False, True), repeat=2)}

    def find(self, body: str) -> list[Name]:
        """Return every word in title and first text that could be a name, in order."""
        words, title = beginning(body)
        texts = ["", "", *(word.text for word in words), "", ""]
        farther, before, after, beyond = self._near
        found = []
        for at, (text, start, _) in enumerate(words):
            if candidate(text):
                score = self._where[start < title, texts[at + 1] in ENDS] + self._own[text]
                score += farther[texts[at]] + before[texts[at + 1]] + after[texts[at + 3]] + beyond[texts[at + 4]]
                found.append(Name(text.lower(), start, 1.0 / (1.0 + math.exp(-max(score, -50.0)))))
        return found

    def _sum(self, found: Iterable[str]) -> float:
        return sum(self._weights[bucket(trait)] for trait in found)


def beginning(body: str) -> tuple[list[Word], int]:
    """Return words and marks of title and first text, and where the title ends."""
    title = max(body.find("\n"), 0)
    return [Word(match.group(), *match.span()) for match in _WORD.finditer(body, 0, title + 1 + REACH)], title


def candidate(text: str) -> bool:
    """Say whether a word has a capital."""
    return len(text) > 1 and not text.islower() and text[0].isalpha()


def around(words: Sequence[Word], at: int) -> list[str]:
    """Return what the words around one say; nothing stands beyond the ends."""
    texts = ["", "", *(word.text for word in words[max(0, at - 2) : at + 3]), "", ""]
    here = 2 + min(at, 2)
    return [trait for step in AROUND for trait in beside(step, texts[here + step])]


def setting(title: bool, first: bool) -> list[str]:
    """Return where a word stands: in the title or not, at the beginning of something or not."""
    return ["title" if title else "text", *(["first"] if first else ())]


def traits(text: str) -> list[str]:
    """Return what a word is made of."""
    small = text.lower()
    padded = f" {small} "
    form = "X" if text.isupper() else "Xx" if text[0].isupper() and text[1:].islower() else "xX"
    found = [f"w={small}", f"s3={small[-3:]}", f"s4={small[-4:]}", f"p3={small[:3]}", f"p4={small[:4]}"]
    found += [f"form={form}", f"size={min(len(text), 12) // 2}"]
    found += [f"g={padded[at : at + 3]}" for at in range(len(padded) - 2)]
    return found + [f"c={concept}" for concept in concepts(small)]


def beside(step: int, text: str) -> list[str]:
    """Return what a neighbour says."""
    if not text:
        return [f"{step}end"]
    form = "A" if text[0].isupper() else "a" if text[0].isalpha() else "1" if text[0].isdigit() else text
    small = text.lower()
    return [f"{step}w={small}", f"{step}form={form}", *(f"{step}c={concept}" for concept in concepts(small))]


@lru_cache(maxsize=_REMEMBER)
def bucket(trait: str) -> int:
    """Return a trait's bucket, the same on every machine."""
    return zlib.crc32(trait.encode()) % BUCKETS
