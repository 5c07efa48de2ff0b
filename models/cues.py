"""What is known of a text besides its words: who is named in it, where, and what form it has.

The regressions add up what speaks for a type. That no company is named, that the title asks, that nothing but a title
is there: these change what a sum is worth. `models.mixer` weighs the one by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.companies import Name
from models.lexicon import NAMES, concepts
from models.tokens import Document

CUES: Final = 18
_LIKELY: Final = 0.2
_NEAR: Final = 60
"""Tokens of the lead in which known companies are counted."""
_ORG: Final = NAMES.index("org")
_ASKS: Final = frozenset("wie warum was so how why what".split())
_SELF: Final = frozenset("ich wir mein my we uns".split())
_QUOTES: Final = frozenset('„“"”»«')


def cues(body: str, document: Document, names: Sequence[Name]) -> tuple[float, ...]:
    """Return the cues of a body (`CUES` numbers).

    Args:
        body: title and text.
        document: its tokens.
        names: words that may name a company, in order.
    """
    title = body.partition("\n")[0]
    words, lead = document.runs
    head = [name.chance for name in names if name.start < len(title)]
    rest = [name.chance for name in names if name.start >= len(title)]
    first = next((name.start for name in names if name.chance > _LIKELY and name.start < len(title)), -1)
    return (
        *_best(head),
        *_best(rest),
        first / max(1, len(title)),
        float(first < 0),
        _known(words),
        _known(lead[:_NEAR]),
        float("?" in title),
        float("!" in title),
        float(":" in title),
        float(not _QUOTES.isdisjoint(title)),
        float(len(words)),
        float(len(lead)),
        float(not lead),
        float(sum(word.startswith("<") for word in words)),
        float(words[:1] != [] and words[0] in _ASKS),
        float(not _SELF.isdisjoint(words)),
    )


def _best(chances: Sequence[float]) -> tuple[float, float]:
    """Return the two highest."""
    one, other, *_ = [*sorted(chances, reverse=True), 0.0, 0.0]
    return one, other


def _known(words: Sequence[str]) -> float:
    """Return how many of the words are known companies."""
    return float(sum(_ORG in concepts(word) for word in words))
