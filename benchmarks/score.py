"""How much of an article is found, and how much beside it: F1, as the benchmark does that the pages are from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable


def f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Return F1 over runs of four words, averaged over pages.

    Args:
        pairs: of the text that was found and the one that is right.
    """
    hit = extra = missed = 0.0
    for got, wanted in pairs:
        ours, theirs = _runs(got), _runs(wanted)
        both = (ours & theirs).total()
        size = (ours | theirs).total() or 1
        hit += both / size
        extra += (ours.total() - both) / size
        missed += (theirs.total() - both) / size
    return 2 * hit / (2 * hit + extra + missed)


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))
