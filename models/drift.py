"""Has the news changed since? Pure comparisons of recent texts with those that a model was tested on.

Three figures: the mix of languages, the share of words that training never saw, and the distribution of each article's
best probability. Distributions are compared by the population stability index (the sum over bins of the difference
times the logarithm of the ratio); by custom, below 0.1 nothing has happened, above 0.25 something has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.labels import Text
from models.scorer import LANGUAGES, LinearScorer
from models.tokens import Document

BINS: Final = 10
MOVED: Final = 0.1
DRIFTED: Final = 0.25
_FLOOR: Final = 0.5
"""Added to each bin's count: an empty bin is rare, not impossible."""
_AT_ONCE: Final = 500


def unknown(scorer: LinearScorer, text: Document, known: int = 0) -> float:
    """Return the share of a text's words that are not in the model's vocabulary; 0 for a text without words.

    Args:
        scorer: whose vocabulary.
        text: the words.
        known: known words that are added to each text, so that one strange word does not make a short one strange.
    """
    words = [word for run in text.runs for word in run if word[:1].isalpha()]
    return sum(word not in scorer.features.words for word in words) / (len(words) + known) if words else 0.0


def profile(scorer: LinearScorer, texts: Sequence[Text]) -> dict[str, Any]:
    """Return what is compared: `articles`, `languages` (counts), and per language `scores` (counts), `unknown`."""
    found: dict[str, Any] = {
        "articles": len(texts),
        "languages": dict(Counter(text.language for text in texts).most_common()),
        "per_language": {},
    }
    for code in LANGUAGES:
        mine = [text for text in texts if text.language == code]
        if not mine:
            continue
        counts, new = np.zeros(BINS, dtype=np.int64), 0.0
        for start in range(0, len(mine), _AT_ONCE):
            documents = [scorer.document(text.body) for text in mine[start : start + _AT_ONCE]]
            best = scorer.probabilities(documents, [code] * len(documents)).max(axis=1)
            counts += np.bincount(np.minimum((best * BINS).astype(np.int64), BINS - 1), minlength=BINS)
            new += sum(unknown(scorer, one) for one in documents)
        found["per_language"][code] = {"scores": counts.tolist(), "unknown": new / len(mine)}
    return found


def drift(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two profiles: `languages` (PSI) and per language `scores` (PSI), `unknown` before and now."""
    codes = sorted({*before["languages"], *now["languages"]})
    report: dict[str, Any] = {
        "articles": [before["articles"], now["articles"]],
        "languages": stability(*([one["languages"].get(code, 0) for code in codes] for one in (before, now))),
        "per_language": {},
    }
    for code, then in before["per_language"].items():
        if code in now["per_language"]:
            today = now["per_language"][code]
            report["per_language"][code] = {
                "scores": stability(then["scores"], today["scores"]),
                "unknown": [then["unknown"], today["unknown"]],
            }
    return report


def stability(before: Sequence[int], now: Sequence[int]) -> float:
    """Return the population stability index of two lists of counts over the same bins; 0 where they are alike."""
    one, other = np.array(before, dtype=np.float64) + _FLOOR, np.array(now, dtype=np.float64) + _FLOOR
    one, other = one / one.sum(), other / other.sum()
    return float(((other - one) * np.log(other / one)).sum())


def word(index: float) -> str:
    """Return what an index means, by custom."""
    return "steady" if index < MOVED else "moved" if index < DRIFTED else "drifted"


def tell(report: Mapping[str, Any]) -> str:
    """Return the comparison as text."""
    then, today = report["articles"]
    lines = [f"drift: {today} recent articles against {then} of the test set"]
    lines.append(f"  language mix  {report['languages']:.3f}  {word(report['languages'])}")
    for code, one in report["per_language"].items():
        lines.append(f"  {code} scores     {one['scores']:.3f}  {word(one['scores'])}")
        lines.append(f"  {code} unknown words  {one['unknown'][0]:.1%} → {one['unknown'][1]:.1%}")
    return "\n".join(lines)
