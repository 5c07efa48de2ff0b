"""Sentences, as far as routing needs them: where a name's clues end, and what came before.

The classifier's sentences are finer and come with the evidence; these only have to be cheap and to not cut names apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

_CUT: Final = re.compile(r"\n|[!?…][\"”“»«’)\]]*\s+(?=[\"„“»«(\d]*[A-ZÄÖÜ])|(?<![\s.]\w)(?<!\w\.\w)\.[\"”“»«’)\]]*\s+(?=[\"„“»«(]*[A-ZÄÖÜ0-9])")
_SHORTENED: Final = re.compile(
    r"(?:\b(?:Dr|Prof|Mr|Mrs|Ms|St|Nr|No|Inc|Corp|Ltd|Co|Bros|Jan|Feb|Aug|Sept|Sep|Oct|Okt|Nov|Dec|Dez|ca|bzw|Mio|Mrd|rd|vs|Jr|Gen|Sen|Gov|Ing|zzgl|inkl|evtl)|\d)\.\s+$"
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")


class Passage(NamedTuple):
    """A sentence `[start, end)` of a body; the first is the title's."""

    start: int
    end: int


class Passages:
    """The sentences of one body, in order and without gaps."""

    __slots__ = ("_body", "_shouted", "_starts", "title_end")

    def __init__(self, body: str) -> None:
        self._body = body
        self._shouted: dict[int, bool] = {}
        starts = [0]
        for match in _CUT.finditer(body):
            if body[match.start()] != "." or not _SHORTENED.search(body, max(starts[-1], match.start() - 6), match.end()):
                starts.append(match.end())
        self._starts = starts
        head = body.find("\n")
        self.title_end = len(body) if head < 0 else head

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Passage:
        following = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._body)
        return Passage(self._starts[index], following)

    def index(self, at: int) -> int:
        """Return the number of the sentence that this place is in."""
        return bisect_right(self._starts, at) - 1

    def at(self, at: int) -> Passage:
        """Return the sentence that this place is in."""
        return self[self.index(at)]

    def shouted(self, at: int) -> bool:
        """Say whether nearly every longer word of the sentence has a capital, as in English headlines."""
        index = self.index(at)
        if index not in self._shouted:
            start, end = self[index]
            words = _WORD.findall(self._body, start, end)
            self._shouted[index] = len(words) > 3 and sum(word[0].isupper() for word in words) >= 0.8 * len(words)
        return self._shouted[index]
