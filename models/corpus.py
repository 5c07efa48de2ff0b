"""Labelled items from JSONL.

One line is one item: `id`, `lang`, `title`, `text`, `signals` (`type`, `status`, `evidence`, `company`), optionally
`date` and `licence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import BadInput
from pipeline.lines import numbered, read_object
from pipeline.signals import SignalType, Status

TYPES: Final = tuple(SignalType)
STATUSES: Final = tuple(Status)
SEED: Final = Path(__file__).parent / "seed"
READ: Final = SEED / "read.tsv"
TEXTS: Final = Path("news") / "unlabelled.jsonl"
"""Where a data folder holds the texts that `READ` labels."""


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
    items = []
    for number, raw in objects(file):
        try:
            items.append(_item(raw, seed))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"no labelled item: {error!r}", file=str(file), line=number) from None
    return items


def sources(data: Path) -> list[Path]:
    """Return `gold/dev.jsonl` below a folder, or all JSONL files in it.

    Raises:
        BadInput: there are none.
    """
    gold = data / "gold" / "dev.jsonl"
    files = [gold] if gold.exists() else sorted(data.glob("*.jsonl"))
    if not files:
        raise BadInput("neither gold/dev.jsonl nor any *.jsonl in it", file=str(data))
    return files


def gather(data: Path) -> list[Item]:
    """Return the items of the files that `sources` names."""
    return [item for file in sources(data) for item in read(file)]


def seeds(folder: Path = SEED) -> list[Item]:
    """Return the items written for this project."""
    return [item for file in sorted(folder.glob("*.jsonl")) for item in read(file, seed=True)]


def texts(file: Path, table: Path = READ) -> list[Item]:
    """Return the items of a file that the project's table labels, in the table's order.

    The table says types, statuses and who acts: the title stands for the passage.

    Args:
        file: JSON lines with `id`, `lang`, `title`, `text`; other lines than those of the table are passed over.
        table: one line each, `id<TAB>type:status:company|…`, or `-` for no signal; no company where it was not noted.

    Raises:
        BadInput: no such file, or a line of one of them that is not what it should be; with file and line.
    """
    found = {str(raw.get("id")): raw for _, raw in objects(file)}
    items = []
    for number, line in enumerate(table.read_text().splitlines(), 1):
        name, _, said = line.partition("\t")
        try:
            parts = [part.split(":", 2) for part in said.split("|") if said != "-"]
            signals = [{"type": kind, "status": status, "company": company} for kind, status, company in parts]
            if name in found:
                title = str(found[name]["title"])
                items.append(_item(found[name] | {"signals": [one | {"evidence": title} for one in signals]}, False))
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"no label: {error!r}", file=str(table), line=number) from None
    return items


def helping(data: Path) -> list[Item]:
    """Return what only ever trains: the items written for this project, and texts of a data folder that it labels."""
    return [*seeds(), *(texts(data / TEXTS) if (data / TEXTS).exists() else ())]


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


def objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file of JSON lines with their line numbers."""
    try:
        with file.open("rb") as handle:
            for number, line in numbered(handle):
                yield number, read_object(line, number, str(file))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None


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
