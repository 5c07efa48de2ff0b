"""A candidate against the champion, on items that neither has learnt from, with intervals.

Both judge the same items; then stories, not items, are drawn again and again with replacement (articles on one story
are right or wrong together), the same draw for both, so that the difference has an interval of its own. A candidate is
worse where that whole interval lies below zero: for F1 over all types, its mean over types, F1 of "carries a signal",
per language at 95 %; for single types at a level shared among all of them, because of fifty tries one fails by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import TYPES, Item, marks
from models.evaluate import measure
from models.folds import stories
from models.scorer import LANGUAGES, LinearScorer

ROUNDS: Final = 2000
LEVEL: Final = 0.05
LEAST: Final = 100
"""Items per language below which nothing can be told about a candidate."""
COMMON: Final = 8
"""Items of a type below which its F1 stays out of the mean and is not judged."""
_AT_ONCE: Final = 200
_KINDS: Final = len(TYPES)

Floats = NDArray[np.float64]


def compare(
    champion: LinearScorer, candidate: LinearScorer, items: Sequence[Item], rounds: int = ROUNDS, seed: int = 0
) -> dict[str, Any]:
    """Return the comparison, ready for JSON.

    `languages` → code → `items`, `stories`, `champion` and `candidate` (figures as `evaluate.measure` gives them),
    `overall` and `types` → name → `items`, `champion`, `candidate`, `difference`, `low`, `high`, `worse`; and `bins`:
    model → [said, true] shares per tenth of probability.
    """
    report: dict[str, Any] = {
        "champion": champion.version,
        "candidate": candidate.version,
        "rounds": rounds,
        "seed": seed,
        "level": LEVEL,
        "languages": {},
    }
    judged = [code for code in LANGUAGES if any(item.language == code for item in items)]
    right = {code: marks([item for item in items if item.language == code]) > 0 for code in judged}
    tries = sum(int((table.sum(axis=0) >= COMMON).sum()) for table in right.values())
    for code in judged:
        mine = [item for item in items if item.language == code]
        said = [_verdicts(model, mine) for model in (champion, candidate)]
        report["languages"][code] = {
            "items": len(mine),
            "champion": measure(champion, mine)[code],
            "candidate": measure(candidate, mine)[code],
            **_differences(said, right[code], stories(mine), rounds, seed, LEVEL / max(1, tries)),
            "bins": {
                "champion": _reliability(champion, mine, right[code]),
                "candidate": _reliability(candidate, mine, right[code]),
            },
        }
    return report


def refusals(report: Mapping[str, Any], least: int = LEAST) -> list[str]:
    """Return why the candidate should not go into service; nothing means that it may.

    Args:
        report: as `compare` gives it.
        least: items that each language must have been compared on; 0 asks only of those that there are.
    """
    reasons = []
    for code in LANGUAGES:
        one = report["languages"].get(code)
        count = one["items"] if one else 0
        if count < least:
            reasons.append(
                f"{code}: {count} items are too few to tell; {least} are needed that neither has learnt from"
            )
        if one is None or count < least:
            continue
        for name, row in {**one["overall"], **one["types"]}.items():
            if row["worse"]:
                low, high = row["low"], row["high"]
                reasons.append(
                    f"{code} {name}: {row['champion']:.3f} → {row['candidate']:.3f}, worse by {low:+.3f} to {high:+.3f}"
                )
    return reasons


def _verdicts(model: LinearScorer, items: Sequence[Item]) -> NDArray[np.bool_]:
    """Return which types a model says of each item (items × 24)."""
    codes = [item.language for item in items]
    documents = [model.document(item.body) for item in items]
    return np.asarray(model.probabilities(documents, codes) >= model.thresholds(codes))


def _differences(
    said: Sequence[NDArray[np.bool_]],
    right: NDArray[np.bool_],
    story: NDArray[np.int64],
    rounds: int,
    seed: int,
    level: float,
) -> dict[str, Any]:
    """Return the rows `overall` and `types`, and the number of `stories`."""
    _, group = np.unique(story, return_inverse=True)
    count = int(group.max()) + 1
    common = np.flatnonzero(right.sum(axis=0) >= COMMON)
    sums = [_by_story(one, right, group, count) for one in said]
    once = [_scores(table.sum(axis=0, keepdims=True), common)[0] for table in sums]
    drawn = _draw(sums, common, count, rounds, seed)
    gap = drawn[1] - drawn[0]
    names = ["micro", "macro", "any", *(kind.value for kind in TYPES)]
    rows: dict[str, Any] = {}
    for at, name in enumerate(names):
        own = at < 3
        low, high = np.quantile(gap[:, at], [LEVEL / 2, 1 - LEVEL / 2])
        bound = high if own else np.quantile(gap[:, at], 1 - level / 2)
        items = int(right.any(axis=1).sum()) if own else int(right[:, at - 3].sum())
        rows[name] = {
            "items": items,
            "champion": float(once[0][at]),
            "candidate": float(once[1][at]),
            "difference": float(once[1][at] - once[0][at]),
            "low": float(low),
            "high": float(high),
            "worse": bool(bound < 0 and (own or at - 3 in common)),
        }
    overall = {name: rows.pop(name) for name in names[:3]}
    return {"stories": count, "overall": overall, "types": rows}


def _by_story(said: NDArray[np.bool_], right: NDArray[np.bool_], group: NDArray[np.int64], count: int) -> Floats:
    """Return per story: hits, said, right of each type, then the same of any type (stories × 75)."""
    some_said, some_right = said.any(axis=1, keepdims=True), right.any(axis=1, keepdims=True)
    columns = [said & right, said, right, some_said & some_right, some_said, some_right]
    table = np.zeros((count, 3 * _KINDS + 3))
    np.add.at(table, group, np.hstack(columns).astype(np.float64))
    return table


def _draw(sums: Sequence[Floats], common: NDArray[np.int64], count: int, rounds: int, seed: int) -> list[Floats]:
    """Return the scores of each model on drawn stories (rounds × 27), the same draws for all."""
    random = np.random.default_rng(seed)
    found: list[list[Floats]] = [[] for _ in sums]
    for start in range(0, rounds, _AT_ONCE):
        weight = random.multinomial(count, np.full(count, 1 / count), size=min(_AT_ONCE, rounds - start))
        for at, table in enumerate(sums):
            found[at].append(_scores(weight.astype(np.float64) @ table, common))
    return [np.concatenate(parts) for parts in found]


def _scores(sums: Floats, common: NDArray[np.int64]) -> Floats:
    """Return micro, macro, any and each type's F1 of rows of sums (rows × 27)."""
    hits, said, right = (sums[:, at * _KINDS : (at + 1) * _KINDS] for at in range(3))
    each = _f1(hits, said, right)
    micro = _f1(hits.sum(axis=1), said.sum(axis=1), right.sum(axis=1))
    macro = each[:, common].mean(axis=1) if len(common) else np.zeros(len(sums))
    some = _f1(*(sums[:, 3 * _KINDS + at] for at in range(3)))
    return np.column_stack([micro, macro, some, each])


def _f1(hits: Floats, said: Floats, right: Floats) -> Floats:
    """Return F1; 0 where nothing was said and nothing was right."""
    return np.asarray(2 * hits / np.maximum(said + right, 1e-9))


def _reliability(model: LinearScorer, items: Sequence[Item], right: NDArray[np.bool_]) -> list[list[float]]:
    """Return [mean probability, share that is true] per tenth of probability with at least ten cells, from 0.05 on."""
    codes = [item.language for item in items]
    flat = model.probabilities([model.document(item.body) for item in items], codes).astype(np.float64).ravel()
    truth, flat = right.ravel()[flat >= 0.05], flat[flat >= 0.05]
    bins = np.minimum((flat * 10).astype(np.int64), 9)
    return [
        [float(flat[bins == at].mean()), float(truth[bins == at].mean())]
        for at in range(10)
        if (bins == at).sum() >= 10
    ]
