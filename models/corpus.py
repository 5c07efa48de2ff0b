"""Labelled items from JSONL.

One line is one item: `id`, `lang`, `title`, `text`, `signals` (`type`, `status`, `evidence`, `company`), optionally
`date` and `licence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.errors import BadInput
from pipeline.signals import SignalType, Status

TYPES: Final = tuple(SignalType)
STATUSES: Final = tuple(Status)
SEED: Final = Path(__file__).parent / "seed"


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
