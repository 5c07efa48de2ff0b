"""Labelled items from JSONL, and which of them belong together.

One line is one item: `id`, `lang`, `title`, `text`, `signals` (`type`, `status`, `evidence`, `company`), optionally
`date` and `licence`. Items that tell the same story share a group, so that a figure never comes from a story seen in
training.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.errors import BadInput
from pipeline.signals import SignalType, Status

TYPES: Final = tuple(SignalType)
STATUSES: Final = tuple(Status)
SEED: Final = Path(__file__).parent / "seed"
_SIMILAR: Final = 0.55


@dataclass(frozen=True, slots=True)
class Labelled:
    """A signal that somebody read in an item; `start` is the evidence's offset in the body."""

    kind: SignalType
    status: Status
    company: str
    start: int
    end: int
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled item; `seed` items train but are never scored."""

    id: str
    language: str
    title: str
    text: str
    signals: tuple[Labelled, ...]
    date: str = ""
    seed: bool = False

    @property
    def body(self) -> str:
        """The text that offsets count in."""
        return f"{self.title}\n{self.text}"


def read(file: Path, *, seed: bool = False) -> list[Item]:
    """Return the items of a JSONL file.

    Raises:
        BadInput: no such file, or a line that is no item; with file and line.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    items = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            items.append(_item(orjson.loads(line), seed))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"no labelled item: {error!r}", file=str(file), line=number) from None
    return items


def gather(data: Path) -> list[Item]:
    """Return the items of `gold/dev.jsonl` below a folder, or of all JSONL files in it."""
    gold = data / "gold" / "dev.jsonl"
    files = [gold] if gold.exists() else sorted(data.glob("*.jsonl"))
    if not files:
        raise BadInput("neither gold/dev.jsonl nor any *.jsonl in it", file=str(data))
    return [item for file in files for item in read(file)]


def seeds(folder: Path = SEED) -> list[Item]:
    """Return the items written for this project."""
    return [item for file in sorted(folder.glob("*.jsonl")) for item in read(file, seed=True)]


def digest(items: Sequence[Item]) -> str:
    """Return a SHA-256 over ids, texts and labels in their order: the lineage of a version."""
    total = hashlib.sha256()
    for item in items:
        labels = ",".join(f"{s.kind}:{s.status}:{s.start}" for s in item.signals)
        total.update("\x1f".join((item.id, item.language, item.title, item.text, labels)).encode() + b"\x1e")
    return total.hexdigest()


def fingerprint(item: Item) -> str:
    """Return ten hexadecimal characters that stand for an item's text."""
    return hashlib.sha256(" ".join(item.body.lower().split()).encode()).hexdigest()[:10]


def marks(items: Sequence[Item]) -> NDArray[np.int8]:
    """Return which item carries which type (shape: items × 24)."""
    table = np.zeros((len(items), len(TYPES)), dtype=np.int8)
    for row, item in enumerate(items):
        for signal in item.signals:
            table[row, TYPES.index(signal.kind)] = 1
    return table


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

    Alike are texts or titles with cosine similarity over 0.55, and the same company with the same type in a month.
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
            if item.date:
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


def _item(raw: dict[str, Any], seed: bool) -> Item:
    """Return one line's item."""
    title, text = str(raw["title"]), str(raw.get("text") or "")
    body = f"{title}\n{text}"
    signals = []
    for one in raw["signals"]:
        passage = str(one.get("evidence") or "")
        start = one.get("start")
        start = max(body.find(passage), 0) if start is None else int(start)
        signals.append(
            Labelled(
                kind=SignalType(one["type"]),
                status=Status(one["status"]),
                company=str(one.get("company") or ""),
                start=start,
                end=start + len(passage),
                direction=str(one.get("direction") or ""),
            )
        )
    return Item(str(raw["id"]), str(raw["lang"]), title, text, tuple(signals), str(raw.get("date") or ""), seed)
