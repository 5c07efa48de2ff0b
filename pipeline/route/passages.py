"""Sentences, as far as routing needs them: where a name's clues end, and what came before.

The classifier's sentences are finer and come with the evidence; these only have to be cheap and to not cut names apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from typing import Final, NamedTuple

_CUT: Final = re.compile(
    r"\n|[!?…][\"”“»«’)\]]*\s+(?=[\"„“»«(\d]*[A-ZÄÖÜ])|"
    r"(?<![\s.]\w)(?<!\w\.\w)\.[\"”“»«’)\]]*\s+(?=[\"„“»«(]*[A-ZÄÖÜ0-9])"
)
_SHORTENED: Final = re.compile(
    r"(?:\b(?:Dr|Prof|Mr|Mrs|Ms|St|Nr|No|Inc|Corp|Ltd|Co|Bros|Jan|Feb|Aug|Sept|Sep|Oct|Okt|Nov|Dec|Dez|ca|bzw|Mio|"
    r"Mrd|rd|vs|Jr|Gen|Sen|Gov|Ing|zzgl|inkl|evtl)|\d)\.\s+$"
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")


class Passage(NamedTuple):
    """A sentence `[start, end)` of a body; the first is the title's."""

    start: int
    end: int


class Capitals(Enum):
    """How a sentence uses capitals: as usual, on every word (English headlines), or throughout."""

    PLAIN = "plain"
    TITLED = "titled"
    SHOUTED = "shouted"


class Passages:
    """The sentences of one body, in order and without gaps."""

    __slots__ = ("_body", "_capitals", "_starts", "title_end")

    def __init__(self, body: str) -> None:
        """Cut the body into sentences."""
        self._body = body
        self._capitals: dict[int, Capitals] = {}
        starts = [0]
        for match in _CUT.finditer(body):
            if body[match.start()] != "." or not _SHORTENED.search(
                body, max(starts[-1], match.start() - 6), match.end()
            ):
                starts.append(match.end())
        self._starts = starts
        head = body.find("\n")
        self.title_end = len(body) if head < 0 else head

    def __len__(self) -> int:
        """Return the number of sentences, at least one."""
        return len(self._starts)

    def __getitem__(self, index: int) -> Passage:
        """Return one sentence."""
        following = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._body)
        return Passage(self._starts[index], following)

    def index(self, at: int) -> int:
        """Return the number of the sentence that this place is in."""
        return bisect_right(self._starts, at) - 1

    def at(self, at: int) -> Passage:
        """Return the sentence that this place is in."""
        return self[self.index(at)]

    def capitals(self, at: int) -> Capitals:
        """Return how the sentence at this place uses capitals."""
        index = self.index(at)
        if index not in self._capitals:
            start, end = self[index]
            words = _WORD.findall(self._body, start, end)
            self._capitals[index] = _capitals(words)
        return self._capitals[index]


def _capitals(words: list[str]) -> Capitals:
    if len(words) < 4:
        return Capitals.PLAIN
    if sum(word.isupper() for word in words) >= 0.7 * len(words):
        return Capitals.SHOUTED
    titled = sum(word[0].isupper() for word in words)
    return Capitals.TITLED if titled >= 0.86 * len(words) else Capitals.PLAIN
