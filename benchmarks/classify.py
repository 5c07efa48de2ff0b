"""What the classify step costs: language, types, status, evidence and facts, on articles of about 2,700 characters.

    python -m benchmarks.classify

Beside it, on the same texts: the plain scikit-learn pipeline that one would write first, TF-IDF of words and letters
and one regression per type, which says types and nothing else (aim: ours is faster). CPU time of one core, both in
turns in one process; the figures in themselves say more about the machine.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from threadpoolctl import threadpool_limits

from benchmarks.rules import long_articles
from models import registry
from models.corpus import marks, seeds
from models.scorer import LinearScorer
from pipeline.classify.step import classify
from pipeline.records import Article

BATCH = 200


def plain() -> Pipeline:
    """Return the plain pipeline, trained on the items written for this project."""
    items = seeds()
    features = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            ("chars", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)),
        ]
    )
    types = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    return Pipeline([("features", features), ("types", types)]).fit([item.body for item in items], marks(items))


def ours(scorer: LinearScorer, items: Sequence[Article], size: int) -> int:
    """Take articles through the step in batches of a size; return how many signals there are."""
    batches = (items[at : at + size] for at in range(0, len(items), size))
    return sum(len(one.signals) for batch in batches for one in classify(scorer, batch))


def rates(works: Sequence[Callable[[], object]], count: int, rounds: int) -> list[float]:
    """Return articles per CPU second of each work, the median of some rounds in turns."""
    times = []
    for _ in range(rounds):
        row = []
        for work in works:
            began = time.process_time()
            work()
            row.append(time.process_time() - began)
        times.append(row)
    return [count / statistics.median(column) for column in zip(*times, strict=True)]


def peak() -> float:
    """Return the most memory that this process has held, MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1_000_000 if sys.platform == "darwin" else 1000)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    items = long_articles(wanted.articles)
    texts = [item.body for item in items]
    began = time.process_time()
    scorer = registry.load()
    loading = time.process_time() - began
    # As the workers do once the model is read.
    gc.collect()
    gc.freeze()
    with threadpool_limits(1):
        signals = ours(scorer, items, BATCH)
        memory = peak()
        other = plain()
        works = (
            lambda: ours(scorer, items, BATCH),
            lambda: [other.predict_proba(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)],
            lambda: ours(scorer, items, 1),
        )
        many, peer, single = rates(works, len(items), wanted.rounds)
    table = Table("what", "figure", "aim")
    table.add_row(f"classify step, batches of {BATCH}, articles/s", f"{many:,.0f}", "≥ 600")
    table.add_row("plain TF-IDF and regressions, types only, articles/s", f"{peer:,.0f}", "")
    table.add_row("classify step ÷ plain pipeline", f"{many / peer:.2f}", "≥ 1")
    table.add_row("classify step, one by one, articles/s", f"{single:,.0f}", "")
    table.add_row("peak memory of the step, MB", f"{memory:.0f}", "≤ 600")
    table.add_row("loading the model, seconds", f"{loading:.2f}", "≤ 2")
    table.add_row("signals per article", f"{signals / len(items):.2f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
