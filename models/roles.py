"""Fit what says which role an account plays, and measure it: `python -m models.roles DATA [--write]`.

DATA holds `gold/` (items, `accounts.csv`, `matches.jsonl` with the role of each account in an item) and
`news/unlabelled.jsonl`, for which `models/seed/roles.tsv` says the roles. Signals are those of a classifier that has
seen none of these items or their stories. The figures are from ten folds that share no story; `--write` puts the
fitted logits beside the code.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

import pipeline.route
from models import registry
from models.corpus import SEED, TEXTS, Item, gather, helping, objects
from models.folds import stories
from models.learn import fit
from models.scorer import LinearScorer
from models.train import apart
from pipeline.classify.step import classify
from pipeline.records import Article, How, Mention, Role, Signal
from pipeline.route.accounts import load_accounts
from pipeline.route.frames import framed
from pipeline.route.passages import Passages
from pipeline.route.roles import ORDER, Roles
from pipeline.route.step import Router, annotate

HERE: Final = Path(pipeline.route.__file__).parent
LABELS: Final = SEED / "roles.tsv"
#: Pairs that must have a clue; the regression's strength; what a pair read for training weighs; characters of its text.
_LEAST, _C, _READ, _TEXT = 6, 0.1, 0.5, 700
_FOLDS, _TIMES = 10, 5


class Labels(NamedTuple):
    """Items, and the role of each account in them.

    Attributes:
        items: those of the gold set first.
        roles: item id -> account id -> role.
        gold: ids of the items that are measured on; the others only train.
    """

    items: list[Item]
    roles: dict[str, dict[str, Role]]
    gold: frozenset[str]


class Row(NamedTuple):
    """One account in one item: its clues, its role as an index of `ORDER`, and what grammar adds to each role."""

    item: str
    clues: Mapping[str, float]
    role: int
    frame: tuple[float, ...]


def labels(data: Path) -> Labels:
    """Return what is known of roles in a data folder."""
    gold = {item.id: item for item in gather(data)}
    roles: dict[str, dict[str, Role]] = {}
    for _, line in objects(data / "gold" / "matches.jsonl"):
        roles[line["id"]] = {one["account_id"]: Role(one["role"]) for one in line["mentions"]}
    measured = frozenset(roles)
    items = [gold[id] for id in roles]
    with LABELS.open(newline="") as handle:
        read = {
            id: {account: Role(role) for account, _, role in (one.partition(":") for one in said.split(","))}
            for id, said in csv.reader(handle, delimiter="\t")
        }
    for _, raw in objects(data / TEXTS):
        if (id := str(raw["id"])) in read:
            items.append(Item(id, raw["lang"], raw["title"], (raw["text"] or "")[:_TEXT], ()))
    return Labels(items, {**roles, **read}, measured)


def signals(items: Sequence[Item], data: Path) -> dict[str, tuple[Signal, ...]]:
    """Return the signals of items by a classifier that has learnt from nothing that tells their stories."""
    fresh = in_service(fit(apart([*gather(data), *helping(data)], items)))
    return {one.article.id: one.signals for one in classify(fresh, [article(item) for item in items])}


def in_service(scorer: LinearScorer) -> LinearScorer:
    """Return a scorer that judges as the champion does: by its calibration, thresholds and nets."""
    champion = registry.load()
    known = {name: getattr(champion.weights, name) for name in ("slope", "offset", "thresholds")}
    return LinearScorer(scorer.version, scorer.features, replace(scorer.weights, **known), champion.mixer)


def article(item: Item) -> Article:
    """Return an item as the classifier takes it."""
    now = datetime.now(UTC)
    return Article(
        id=item.id,
        source_id="",
        url="",
        title=item.title,
        text=item.text,
        published=now,
        fetched=now,
        language_hint=item.language,
        how=How.FILE,
        revision="",
    )


def rows(found: Labels, router: Router, said: Mapping[str, tuple[Signal, ...]]) -> list[Row]:
    """Return a row for each account that has a role in an item and is found there."""
    return [row for item in found.items for row in _rows(item, found.roles[item.id], router, said[item.id])]


def _rows(item: Item, roles: Mapping[str, Role], router: Router, said: Sequence[Signal]) -> Iterator[Row]:
    mentions, _ = annotate(router, item.body, said, item.language)
    passages, names = Passages(item.body), dict[str, list[Mention]]()
    for mention in mentions:
        names.setdefault(mention.account_id, []).append(mention)
    scene = Roles(item.body, mentions, passages, router.accounts, said)
    for account, own in names.items():
        if account in roles:
            frame = framed(item.body, own, passages)
            adds = tuple(frame.weight if frame and frame.role is role else 0.0 for role in ORDER)
            yield Row(item.id, scene.features(own), ORDER.index(roles[account]), adds)


class Table(NamedTuple):
    """Rows as arrays: clues (rows × names), roles, what frames add (rows × 4), weights, stories, and which are gold."""

    names: list[str]
    clues: Any
    role: Any
    frame: Any
    weight: Any
    story: Any
    gold: Any


def table(made: Sequence[Row], found: Labels) -> Table:
    """Return rows as arrays."""
    counted = Counter(name for row in made for name in row.clues)
    vectors = DictVectorizer(sparse=False)
    kept = [{name: value for name, value in row.clues.items() if counted[name] >= _LEAST} for row in made]
    clues = vectors.fit_transform(kept)
    story = dict(zip((item.id for item in found.items), stories(found.items).tolist(), strict=True))
    gold = np.array([row.item in found.gold for row in made])
    return Table(
        list(vectors.get_feature_names_out()),
        clues,
        np.array([row.role for row in made]),
        np.array([row.frame for row in made]),
        np.where(gold, 1.0, _READ),
        np.array([story[row.item] for row in made]),
        gold,
    )


def fitted(of: Table, these: Any) -> LogisticRegression:
    """Return the regression on some of the rows."""
    with threadpool_limits(1):  # threads on vectors this short only wait for each other
        return LogisticRegression(C=_C, max_iter=3000).fit(
            of.clues[these], of.role[these], sample_weight=of.weight[these]
        )


def measure(of: Table, seed: int) -> Any:
    """Return the role said of each row by a regression that has seen none of its story."""
    every = np.unique(of.story)
    part = dict(zip(every.tolist(), np.random.default_rng(seed).permutation(len(every)) % _FOLDS, strict=True))
    fold = np.array([part[one] for one in of.story.tolist()])
    said = np.zeros(len(of.role), dtype=np.int64)
    for number in range(_FOLDS):
        model = fitted(of, fold != number)
        odds = model.predict_log_proba(of.clues[fold == number])
        said[fold == number] = (odds + of.frame[fold == number]).argmax(axis=1)
    return said


def main() -> None:
    """Measure, and write the table where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write roles.txt")
    wanted = parser.parse_args()
    found = labels(wanted.data)
    router = Router(load_accounts(wanted.data / "gold" / "accounts.csv"))
    of = table(rows(found, router, signals(found.items, wanted.data)), found)
    report(of)
    if wanted.write:
        (HERE / "roles.txt").write_text(written(of))


def report(of: Table) -> None:
    """Print accuracy and recall on the gold pairs."""
    gold, right = of.gold, []
    caught: Counter[int] = Counter()
    for seed in range(_TIMES):
        same = measure(of, seed) == of.role
        right.append(float(same[gold].mean()))
        caught.update(of.role[gold & same].tolist())
    print(f"{gold.sum()} pairs, {len(of.role) - gold.sum()} more to train: {np.mean(right):.3f} of the roles right")
    print(f"draws: {' '.join(f'{one:.3f}' for one in right)}")
    for number, role in enumerate(ORDER):
        print(f"{role}: recall {caught[number] / _TIMES / max(1, (of.role[gold] == number).sum()):.2f}")


def written(of: Table) -> str:
    """Return the table of logits, fitted on everything."""
    model = fitted(of, np.ones(len(of.role), dtype=np.bool_))
    lines = [
        "# Logits of each clue for actor, target, partner, mentioned; fitted by models/roles.py, see docs/routing.md."
    ]
    pairs = [("bias", model.intercept_), *zip(of.names, model.coef_.T, strict=True)]
    lines += [f"{name} {' '.join(f'{value:+.2f}' for value in values)}" for name, values in pairs]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
