"""Figures by cross-validation: `python -m models.evaluate --data DIR`.

Items of one story are never on both sides; what was written for training only ever trains. Calibration and thresholds
for a fold come from the other folds, so the figures are those of text never seen in any way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from models.corpus import TYPES, Item, gather, helping, marks
from models.folds import folds
from models.learn import Judged, Table, calibrate, judge, out_of_fold
from models.scorer import LANGUAGES, LinearScorer

_RARE = 8
"""Items of a type below which its F1 says nothing and stays out of the mean."""


def figures(items: Sequence[Item], judged: Judged, fold: NDArray[np.int64]) -> dict[str, Any]:
    """Return the figures per language: F1 over all and per type, any signal, calibration, evidence, status."""
    return _report(items, *nested(items, judged.margins, fold), judged)


def measure(scorer: LinearScorer, items: Sequence[Item]) -> dict[str, Any]:
    """Return the same figures for one model on items that it has not been trained on, its own thresholds in force."""
    languages = [item.language for item in items]
    chances = scorer.probabilities([scorer.document(item.body) for item in items], languages)
    judged = Judged(np.zeros_like(chances, dtype=np.float64), [], [])
    for item in items:
        judge(scorer, item, judged.evidence, judged.statuses)
    return _report(items, chances.astype(np.float64), chances >= scorer.thresholds(languages), judged)


def _report(
    items: Sequence[Item], chances: NDArray[np.float64], said: NDArray[np.bool_], judged: Judged
) -> dict[str, Any]:
    """Return the figures of these probabilities and verdicts, per language."""
    right = marks(items) > 0
    report: dict[str, Any] = {}
    for code in LANGUAGES:
        mine = np.array([item.language == code for item in items])
        if not mine.any():
            continue
        report[code] = {
            "items": int(mine.sum()),
            **_overall(said[mine], right[mine]),
            "ece": _ece(chances[mine], right[mine]),
            "evidence": _share([first for language, first, _ in judged.evidence if language == code]),
            "evidence_any": _share([some for language, _, some in judged.evidence if language == code]),
            "status": _share([one == other for language, one, other in judged.statuses if language == code]),
            "types": _per_type(chances[mine], said[mine], right[mine]),
        }
    return report


def nested(
    items: Sequence[Item], margins: Table, fold: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return probabilities and verdicts, each fold's calibration and thresholds from the other folds."""
    right = marks(items)
    languages = np.array([item.language for item in items])
    row = np.array([LANGUAGES.index(code) if code in LANGUAGES else 0 for code in languages.tolist()])
    chances = np.zeros_like(margins)
    said = np.zeros(margins.shape, dtype=np.bool_)
    for number in np.unique(fold).tolist():
        held, rest = fold == number, fold != number
        slope, offset, thresholds = calibrate(margins[rest], right[rest], languages[rest].tolist())
        odds = margins[held] * slope[row[held]][:, None] + offset[row[held]]
        chances[held] = 1.0 / (1.0 + np.exp(-odds))
        said[held] = chances[held] >= thresholds[row[held]]
    return chances, said


def table(report: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    names = (
        "micro",
        "macro",
        "precision",
        "recall",
        "any_precision",
        "any_recall",
        "any",
        "ece",
        "evidence",
        "evidence_any",
        "status",
    )
    lines = ["| language | items | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    lines += [
        f"| {code} | {one['items']} | " + " | ".join(f"{one[name]:.3f}" for name in names) + " |"
        for code, one in report.items()
    ]
    lines += ["", "| type | " + " | ".join(f"{code}: items, P, R, F1, AP" for code in report) + " |"]
    lines.append("|---" * (len(report) + 1) + "|")
    for kind in TYPES:
        cells = []
        for one in report.values():
            of = one["types"][kind.value]
            cells.append(f"{of['items']}, {of['precision']:.2f}, {of['recall']:.2f}, {of['f1']:.2f}, {of['ap']:.2f}")
        lines.append(f"| `{kind.value}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with gold/dev.jsonl or *.jsonl")
    parser.add_argument(
        "--seeds", action=argparse.BooleanOptionalAction, default=True, help="train with models/seed too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    chosen = parser.parse_args(arguments)
    items = gather(chosen.data)
    extra = helping(chosen.data) if chosen.seeds else []
    fold = folds([*items, *extra])
    judged = out_of_fold(items, extra, fold, lambda line: print(line, file=sys.stderr))
    report = figures(items, judged, fold[: len(items)])
    print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() if chosen.json else table(report))
    return 0


def _overall(said: NDArray[np.bool_], right: NDArray[np.bool_]) -> dict[str, float]:
    """Return precision, recall, micro- and macro-F1, and the same for `any signal at all`."""
    hits = (said & right).sum()
    some_said, some_right = said.any(axis=1), right.any(axis=1)
    both = (some_said & some_right).sum()
    common = [kind for kind in range(right.shape[1]) if right[:, kind].sum() >= _RARE]
    return {
        "micro": _ratio(2 * hits, said.sum() + right.sum()),
        "macro": float(np.mean([_f1(said[:, kind], right[:, kind]) for kind in common])) if common else 0.0,
        "precision": _ratio(hits, said.sum()),
        "recall": _ratio(hits, right.sum()),
        "any_precision": _ratio(both, some_said.sum()),
        "any_recall": _ratio(both, some_right.sum()),
        "any": _ratio(2 * both, some_said.sum() + some_right.sum()),
    }


def _per_type(
    chances: NDArray[np.float64], said: NDArray[np.bool_], right: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Return items, precision, recall, F1 and average precision of each type."""
    found = {}
    for at, kind in enumerate(TYPES):
        one, other = said[:, at], right[:, at]
        found[kind.value] = {
            "items": int(other.sum()),
            "precision": _ratio((one & other).sum(), one.sum()),
            "recall": _ratio((one & other).sum(), other.sum()),
            "f1": _f1(one, other),
            "ap": float(average_precision_score(other, chances[:, at])) if other.any() else 0.0,
        }
    return found


def _ece(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over cells with a probability of at least 0.05, in ten bins."""
    flat, truth = chances.ravel(), right.ravel()
    truth, flat = truth[flat >= 0.05], flat[flat >= 0.05]
    bins = np.minimum((flat * 10).astype(int), 9)
    gaps = [abs(flat[bins == at].mean() - truth[bins == at].mean()) * (bins == at).sum() for at in np.unique(bins)]
    return float(sum(gaps) / max(1, len(flat)))


def _f1(said: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """Return the F1 of one column."""
    return _ratio(2 * (said & right).sum(), said.sum() + right.sum())


def _ratio(part: Any, whole: Any) -> float:
    """Return part ÷ whole; 0 where there is nothing."""
    return float(part) / float(whole) if whole else 0.0


def _share(values: Sequence[bool]) -> float:
    """Return the share of true values."""
    return _ratio(sum(values), len(values))


if __name__ == "__main__":
    raise SystemExit(main())
