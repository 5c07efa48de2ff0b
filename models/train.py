"""Training a version: `python -m models.train --data DIR --out DIR`.

First every item is scored by a model that has not seen its story: those scores give the figures, the calibration and
the thresholds. Then one model learns from everything and takes them over. Same data, same version: nothing is random.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import sklearn

from models import registry
from models.corpus import READ, SEED, TEXTS, Item, digest, fingerprint, gather, helping, sources
from models.evaluate import figures, table
from models.folds import folds, stories
from models.learn import RECIPE, Progress, calibrated, fit, out_of_fold
from models.scorer import LinearScorer

RELEASE: Final = "0.1"


def train(
    items: Sequence[Item],
    extra: Sequence[Item] = (),
    progress: Progress = lambda _: None,
    *,
    inputs: Mapping[str, str] | None = None,
    parts: int = 5,
) -> tuple[LinearScorer, dict[str, Any]]:
    """Return a calibrated scorer and its figures.

    Args:
        items: what is learnt from and measured on.
        extra: what is learnt from only.
        progress: is told each step: one to begin with, one per fold, one at the end.
        inputs: name of each file that the items came from → its SHA-256, for the lineage.
        parts: folds of the cross-validation.
    """
    lineage = digest([*items, *extra])
    version = f"stellwerk-{RELEASE}-{hashlib.sha256(f'{lineage} {RECIPE}'.encode()).hexdigest()[:8]}"
    progress(f"{version}: {len(items)} items, {len(extra)} that only train")
    fold = folds([*items, *extra], parts)
    judged = out_of_fold(items, extra, fold, progress)
    scorer = calibrated(fit([*items, *extra], version), judged, items, version)
    progress("trained on everything")
    metrics = {
        "version": version,
        "lineage": {
            "all": lineage,
            "items": digest(items),
            "extra": digest(extra),
            "inputs": dict(inputs or {}),
            # So that nothing it has learnt from is ever taken for a test, without keeping a word of it.
            "texts": " ".join(sorted({fingerprint(item) for item in (*items, *extra)})),
        },
        "recipe": RECIPE,
        "items": len(items),
        "extra": len(extra),
        "terms": len(scorer.features),
        "scikit_learn": sklearn.__version__,
        "numpy": np.__version__,
        "cross_validation": figures(items, judged, fold[: len(items)]),
    }
    return scorer, metrics


def apart(items: Sequence[Item], frozen: Sequence[Item]) -> list[Item]:
    """Return the items that tell no story of the frozen ones."""
    if not frozen:
        return list(items)
    story = stories([*frozen, *items]).tolist()
    tested = set(story[: len(frozen)])
    return [item for item, mine in zip(items, story[len(frozen) :], strict=True) if mine not in tested]


def unseen(items: Sequence[Item], *metrics: Mapping[str, Any]) -> list[Item]:
    """Return the items whose text none of these versions has learnt from, as far as their figures say."""
    seen: set[str] = set()
    for one in metrics:
        seen.update(str(one.get("lineage", {}).get("texts", "")).split())
    return [item for item in items if fingerprint(item) not in seen]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, save, print the figures; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with gold/dev.jsonl or *.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of the version; made if missing")
    parser.add_argument(
        "--seeds",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="train with models/seed too: its items, and its labels for news/unlabelled.jsonl where DIR holds that",
    )
    chosen = parser.parse_args(arguments)
    items, extra = gather(chosen.data), helping(chosen.data) if chosen.seeds else []
    files = {file.relative_to(chosen.data).as_posix(): file for file in (*sources(chosen.data), chosen.data / TEXTS)}
    files |= {f"models/seed/{file.name}": file for file in (*sorted(SEED.glob("*.jsonl")), READ) if chosen.seeds}
    inputs = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items() if file.exists()}
    scorer, metrics = train(items, extra, lambda line: print(line, file=sys.stderr), inputs=inputs)
    registry.save(scorer, chosen.out, card(scorer, items, extra, metrics, _OURS), metrics)
    print(table(metrics["cross_validation"]))
    return 0


def card(
    scorer: LinearScorer, items: Sequence[Item], extra: Sequence[Item], metrics: dict[str, Any], about: str = ""
) -> str:
    """Return the version's card in Markdown; `about` describes the data of a version that ships."""
    languages = Counter(item.language for item in items)
    signals = sum(len(item.signals) for item in items)
    parts = {
        "version": scorer.version,
        "items": f"{len(items)} ({', '.join(f'{count} {code}' for code, count in languages.most_common())})",
        "signals": str(signals),
        "invented": str(sum(item.seed for item in extra)),
        "read": str(sum(not item.seed for item in extra)),
        "all": metrics["lineage"]["all"],
        "terms": f"{metrics['terms']:,}",
        "figures": table(metrics["cross_validation"]),
        "sklearn": sklearn.__version__,
        "inputs": "\n".join(f"  * `{name}`: `{total}`" for name, total in metrics["lineage"]["inputs"].items()),
    }
    return _CARD.format(data=(about or _OWN).format(**parts).strip(), **parts)


_OURS: Final = """
* {items} news items with {signals} signals: front-page teasers, headlines, press releases. The texts are their
  publishers' and came with licences from CC0 to none stated; most German ones are marked "internal evaluation
  only" by those who collected them, a few are CC BY-NC-SA. They were used for learning and are not contained: a
  version holds single words, pairs of words and pieces of 3 to 5 letters that occur in at least two items, names of
  companies and people in the news among them, with weights. Whoever redistributes a version should know this, and can
  train one on other text with `python -m models.train`.
* {invented} items written for this project, about invented companies (`models/seed/`); each weighs half of a real
  one.
* {read} further news items of the same kinds, those that a model gave a chance to carry a signal
  (`models/seed/read.tsv` holds ids, labels and names of companies, no text). They only train. Against 597 of the
  labelled items, hidden among them, their readers had a micro-F1 of 0.91 in both languages.
* Which words are names of companies: from the companies that all these labels name, from a count in 22,000 unlabelled
  texts and from three lists (`models/names.txt`: Forbes 2000, S&P 500, FinanceDatabase).
* Labels: read by a language model after the guidelines, one pass and checks. No human verdicts; a second reading of 200
  items agreed at F1 0.94 on types. That is consistency, not truth.
"""

_OWN: Final = """
* {items} labelled items with {signals} signals, and {invented} written for this project, about invented companies
  (`models/seed/`; each weighs half of a real one), and {read} news items with the labels of `models/seed/read.tsv`.
* A version holds single words, pairs of words and pieces of 3 to 5 letters that occur in at least two items, names
  among them, with weights. Rights to the texts are for those to clear who pass a version on.
* Files and their SHA-256:
{inputs}
"""

_CARD: Final = """# {version}

Finds 24 types of investment signals in German and English business news, with status and the sentence that says so.
Logistic regressions on words, pairs of words, pieces of words and the concepts of `models/lexicon.py`, {terms} terms;
one more says which words name a company; small neural nets weigh the types by who is named and what form the text has
(scikit-learn {sklearn}).

## What it learnt from

{data}
* Lineage (SHA-256 over ids, texts and labels): `{all}`

## Figures

Five-fold cross-validation; a story is never on both sides; invented items train only; nets, calibration and thresholds
come from the other folds. `micro`, `macro`: F1 over types (macro: types with 8 items or more); `any`: F1 of "carries a
signal"; `ece`: calibration error of probabilities over 0.05; `evidence`: share of labelled signals where the first
sentence, chosen given the type, overlaps the labelled passage; `evidence_any`: where one of up to three does;
`status`: share of right statuses, given the type.

{figures}

## What it does not see

* The share of signals in the training text is far above nature's: expect more false alarms on general news than here.
* It reads title and the first 1,200 characters. What stands only below is not found.
* English means press releases mostly; `layoffs`, `insolvency`, `disruption`, `site_closure`, `hiring`, `tender` have
  few real English items, `tender`, `award`, `event` few German ones.
* It guesses which words name a company from the words around them, in title and the first 300 characters. A signal of
  an unknown company in a bare headline can be missed, and a product or an authority be taken for a company.
* Irony, hypotheticals and background told in passing are often taken for news. Other languages are not scored.
"""

if __name__ == "__main__":
    raise SystemExit(main())
