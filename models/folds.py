"""Which items tell one story: they share a fold, so that no figure comes from a story seen in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from models.corpus import Item

_SIMILAR: Final = 0.55


def folds(items: Sequence[Item], count: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Return a fold for each item; items of one story stay together, languages are spread evenly."""
    group = stories(items)
    members = Counter(group.tolist())
    order = np.random.default_rng(seed).permutation(sorted(members))
    load: dict[str, NDArray[np.int64]] = {}
    fold: dict[int, int] = {}
    for story in order.tolist():
        sizes = load.setdefault(items[story].language, np.zeros(count, dtype=np.int64))
        fold[story] = int(sizes.argmin())
        sizes[fold[story]] += members[story]
    return np.array([fold[story] for story in group.tolist()])


def stories(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return for each item the index of the first item of its story.

    Alike are texts or titles with cosine similarity over 0.55, and the same company (where it is named) with the same
    type in a month.
    """
    leader = list(range(len(items)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    def join(left: int, right: int) -> None:
        first, second = sorted((find(left), find(right)))
        leader[second] = first

    for left, right in _alike(items):
        join(left, right)
    seen: dict[tuple[str, str, str], int] = {}
    for index, item in enumerate(items):
        for signal in item.signals:
            if item.date and signal.company:
                key = (signal.company.lower(), signal.kind.value, item.date[:7])
                join(index, seen.setdefault(key, index))
    return np.array([find(index) for index in range(len(items))])


def _alike(items: Sequence[Item]) -> list[tuple[int, int]]:
    """Return pairs of items whose words, or whose titles' letters, are nearly the same."""
    found: list[tuple[int, int]] = []
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w+")
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), sublinear_tf=True)
    for vectorizer, texts in (
        (words, [f"{item.title} {item.text[:300]}" for item in items]),
        (letters, [f"{item.title} ." for item in items]),
    ):
        rows = vectorizer.fit_transform(texts)
        for start in range(0, len(items), 1000):
            close = (rows[start : start + 1000] @ rows.T).tocoo()
            near = close.data > _SIMILAR
            pairs = zip((close.row[near] + start).tolist(), close.col[near].tolist(), strict=True)
            found.extend((left, right) for left, right in pairs if left < right)
    return found
