"""Fit what says that two articles are one story, and measure it: `python -m models.stories DATA [--write]`.

DATA holds `gold/pairs.jsonl` (pairs of news items labelled `same`, `related` or `different`) and
`news/unlabelled.jsonl`, of which `models/seed/pairs.tsv` labels further pairs: nothing is fitted on those. The first
figures are from folds that share no item, the threshold as it stands in `story.SAME`; `--write` counts the stems again
and puts the fitted weights beside the code.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

import pipeline.alert
from models.corpus import SEED
from pipeline.alert.story import SAME, Reading, read, traits
from pipeline.alert.words import telling, words

HERE: Final = Path(pipeline.alert.__file__).parent
PAIRS: Final = SEED / "pairs.tsv"
#: Items that must hold a stem before it is counted, characters of an item that are counted, folds and their repeats.
_LEAST, _READ, _FOLDS, _TIMES = 4, 600, 5, 5
_C: Final = 0.1


def lines(file: Path) -> Iterable[dict[str, Any]]:
    """Yield the objects of a file of JSON lines."""
    with file.open() as handle:
        for line in handle:
            yield json.loads(line)


def count(items: Iterable[dict[str, Any]]) -> str:
    """Return the table of stems: the number of items, then `count stem stem …`."""
    held: Counter[str] = Counter()
    total = 0
    for item in items:
        total += 1
        text = f"{item['title'] or ''} {(item['text'] or '')[:_READ]}"
        held.update({token for word in words(text) if (token := telling(word))})
    by_count: dict[int, list[str]] = defaultdict(list)
    for token, n in held.items():
        if n >= _LEAST:
            by_count[n].append(token)
    return "\n".join([str(total), *(f"{n} {' '.join(sorted(by_count[n]))}" for n in sorted(by_count))]) + "\n"


def reading(item: dict[str, Any]) -> Reading:
    """Return the reading of one item of a pair."""
    published = datetime.fromisoformat(item["date"][:10]).replace(tzinfo=UTC)
    return read(item["title"] or "", item["text"] or "", language=item.get("lang") or "de", published=published)


def read_pairs(data: Path) -> list[tuple[Reading, Reading, bool]]:
    """Return the pairs that `PAIRS` labels, and whether each is the same story."""
    texts = {str(item["id"]): item for item in lines(data / "news" / "unlabelled.jsonl")}
    with PAIRS.open(newline="") as handle:
        found = list(csv.reader(handle, delimiter="\t"))
    return [(reading(texts[one]), reading(texts[two]), verdict == "same") for one, two, verdict in found]


def groups(pairs: Sequence[dict[str, Any]]) -> list[int]:
    """Return a number for each pair; pairs that share an item, also over others, have the same."""
    leader: dict[str, str] = {}

    def find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for pair in pairs:
        leader[find(pair["a"]["id"])] = find(pair["b"]["id"])
    numbers: dict[str, int] = {}
    return [numbers.setdefault(find(pair["a"]["id"]), len(numbers)) for pair in pairs]


def fit(table: Any, same: Any) -> tuple[Any, float]:
    """Return weights and constant for traits as they are; inside, each trait is scaled so that C means one thing."""
    middle, wide = table.mean(axis=0), table.std(axis=0) + 1e-9
    model = LogisticRegression(C=_C, max_iter=2000).fit((table - middle) / wide, same)
    weights = model.coef_[0] / wide
    return weights, float(model.intercept_[0] - weights @ middle)


def scores(table: Any, same: Any, group: Any, seed: int) -> Any:
    """Return each pair's probability from the folds that it is not in."""
    made = np.zeros(len(same))
    for train, test in StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(table, same, group):
        weights, constant = fit(table[train], same[train])
        made[test] = 1 / (1 + np.exp(-(table[test] @ weights + constant)))
    return made


def measure(said: Any, same: Any) -> tuple[float, float, float]:
    """Return F1, precision and recall."""
    right = float((said & same).sum())
    precision, recall = right / max(said.sum(), 1), right / same.sum()
    return 2 * precision * recall / ((precision + recall) or 1), precision, recall


def main() -> None:
    """Measure, and write the tables where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write idf.txt and weights.csv")
    wanted = parser.parse_args()
    if wanted.write:
        (HERE / "idf.txt").write_text(count(lines(wanted.data / "news" / "unlabelled.jsonl")))
    pairs = list(lines(wanted.data / "gold" / "pairs.jsonl"))
    named = [traits(reading(pair["a"]), reading(pair["b"])) for pair in pairs]
    table = np.array([list(one.values()) for one in named])
    same, group = np.array([pair["label"] == "same" for pair in pairs]), np.array(groups(pairs))
    runs = [measure(scores(table, same, group, seed) >= SAME, same) for seed in range(_TIMES)]
    f1, precision, recall = np.mean(runs, axis=0)
    print(f"same: F1 {f1:.3f} ±{np.std([run[0] for run in runs]):.3f} precision {precision:.3f} recall {recall:.3f}")
    weights, constant = fit(table, same)
    other = read_pairs(wanted.data)
    chance = [float(np.array(list(traits(one, two).values())) @ weights) + constant for one, two, _ in other]
    apart = measure(1 / (1 + np.exp(-np.array(chance))) >= SAME, np.array([verdict for *_, verdict in other]))
    print("{} other pairs: F1 {:.3f} precision {:.3f} recall {:.3f}".format(len(other), *apart))
    if wanted.write:
        with (HERE / "weights.csv").open("w", newline="") as handle:
            out = csv.writer(handle, lineterminator="\n")
            out.writerow(["trait", "weight"])
            out.writerow(["constant", f"{constant:.3f}"])
            out.writerows([name, f"{weight:.3f}"] for name, weight in zip(named[0], weights, strict=True))


if __name__ == "__main__":
    main()
