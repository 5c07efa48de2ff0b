"""Which articles are most worth a person's time: uncertain, unlike each other, and in words the model does not know.

Uncertain is an article with a type close to its threshold. Drifting is one with words that training never saw. Then one
after the other is taken, each worth less the more it is like one taken before: forty reports of one story are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import TYPES
from models.drift import unknown
from models.labels import Text
from models.scorer import LinearScorer

#: What a text in unknown words only is worth beside one that could not be less certain.
NEW: Final = 0.5
_AT_ONCE: Final = 500
_STRANGE: Final = 0.15
"""Share of unknown words, weighed so, from which a suggestion says it."""
_SHORT: Final = 10
"""Known words added to each text when its unknown ones are weighed: otherwise three-word headlines fill the list."""
_POOL: Final = 20
"""Articles per wanted one that are compared with each other; the rest is too certain to matter."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article worth labelling.

    Attributes:
        id: the article's.
        text: its text.
        value: 0 to 1.5, before the likeness to others.
        likeness: to the most similar one suggested before it, 0 to 1.
        types: probability of each type over a tenth, the most probable first.
        why: for people.
    """

    id: str
    text: Text
    value: float
    likeness: float
    types: dict[str, float]
    why: str

    def line(self) -> dict[str, Any]:
        """Return the suggestion as a JSON line."""
        about = {"title": self.text.title, "text": self.text.text, "language": self.text.language, "url": self.text.url}
        return {"article_id": self.id, "value": round(self.value, 4), "why": self.why, "types": self.types, **about}


def suggest(scorer: LinearScorer, texts: Sequence[tuple[str, Text]], count: int) -> list[Suggestion]:
    """Return up to `count` of the articles (id, text), the one most worth labelling first."""
    if not texts or count < 1:
        return []
    chances, near, new = _judge(scorer, [text for _, text in texts])
    value = near.max(axis=1) + NEW * new
    # Of equal value the earlier one: the same articles give the same list.
    pool = np.argsort(-value, kind="stable")[: _POOL * count]
    rows = scorer.features.matrix([scorer.document(texts[at][1].body) for at in pool])
    length = np.maximum(np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel()), 1e-9)
    likest = np.zeros(len(pool), dtype=np.float64)
    found: list[Suggestion] = []
    left = np.ones(len(pool), dtype=np.bool_)
    while len(found) < count and left.any():
        worth = np.where(left, value[pool] * (1 - likest), -1.0)
        best = int(worth.argmax())
        left[best] = False
        at = int(pool[best])
        found.append(
            _suggestion(texts[at], chances[at], near[at], float(new[at]), float(value[at]), float(likest[best]))
        )
        likeness = np.asarray((rows @ rows[best].T).todense()).ravel() / (length * length[best])
        likest = np.maximum(likest, likeness)
    return found


def _judge(
    scorer: LinearScorer, texts: Sequence[Text]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities, closeness to the threshold (both articles × 24) and the share of unknown words."""
    chances, near, new = [], [], []
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        codes = [text.language for text in some]
        documents = [scorer.document(text.body) for text in some]
        said = scorer.probabilities(documents, codes).astype(np.float64)
        at = scorer.thresholds(codes).astype(np.float64)
        chances.append(said)
        near.append(1 - np.where(said < at, (at - said) / at, (said - at) / (1 - at)))
        new.append(np.array([unknown(scorer, one, _SHORT) for one in documents]))
    return np.concatenate(chances), np.concatenate(near), np.concatenate(new)


def _suggestion(
    article: tuple[str, Text],
    chances: NDArray[np.float64],
    near: NDArray[np.float64],
    new: float,
    value: float,
    likeness: float,
) -> Suggestion:
    closest = int(near.argmax())
    order = [int(kind) for kind in np.argsort(-chances) if chances[kind] >= 0.1]
    why = [f"{TYPES[closest]} {chances[closest]:.2f} is close to its threshold ({near[closest]:.0%})"]
    if new >= _STRANGE:
        why.append("many unknown words")
    types = {TYPES[kind].value: round(float(chances[kind]), 3) for kind in order}
    return Suggestion(*article, value, likeness, types, "; ".join(why))
