"""Scores facts against the labelled ones: `python -m tests.facts.score [-v]`, with STELLWERK_DATA set.

A fact is found where one of the same kind overlaps it, one to one. Its value is right where value, currency and unit or
both days are the same. `signal` is scored with the labelled signals, so that no model is needed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from pipeline.facts.find import belong, find
from pipeline.records import Fact, Signal, Span
from pipeline.signals import FAMILY, Direction, SignalType, Status


@dataclass
class Tally:
    """What was found, missed, invented, by language and kind."""

    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    invented: Counter[tuple[str, str]] = field(default_factory=Counter)
    valued: Counter[tuple[str, str]] = field(default_factory=Counter)
    bound: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def f1(self, language: str = "", kind: str = "") -> float:
        """Return F1 over the languages and kinds that match; empty: all."""
        right, missed, invented = (self._sum(c, language, kind) for c in (self.right, self.missed, self.invented))
        return 2 * right / max(1, 2 * right + missed + invented)

    def values(self, language: str = "", kind: str = "") -> float:
        """Return the share of found facts whose value is right."""
        return self._sum(self.valued, language, kind) / max(1, self._sum(self.right, language, kind))

    def row(self, language: str = "", kind: str = "") -> str:
        """Return one line of the table."""
        right, missed, invented = (self._sum(c, language, kind) for c in (self.right, self.missed, self.invented))
        bound = self._sum(self.bound, language, kind) / max(1, right)
        return (
            f"{language or 'all':4}{kind or 'all':10}F1 {self.f1(language, kind):.3f}  "
            f"P {right / max(1, right + invented):.3f}  "
            f"R {right / max(1, right + missed):.3f}  value {self.values(language, kind):.3f}  signal {bound:.3f}  "
            f"({right} found, {missed} missed, {invented} invented)"
        )

    @staticmethod
    def _sum(counts: Counter[tuple[str, str]], language: str, kind: str) -> int:
        return sum(n for (of, what), n in counts.items() if language in ("", of) and kind in ("", what))


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file."""
    yield from map(orjson.loads, file.read_bytes().splitlines())


def score(folder: Path) -> Tally:
    """Return the tally over `gold/facts.jsonl` in the data folder."""
    items = {item["id"]: item for item in lines(folder / "gold" / "dev.jsonl")}
    tally = Tally()
    for labelled in lines(folder / "gold" / "facts.jsonl"):
        item = items[labelled["id"]]
        body = f"{item['title']}\n{item['text']}"
        day = date.fromisoformat(labelled["date"][:10]) if labelled["date"] else None
        found = belong(find(body, german=item["lang"] == "de", published=day), _signals(item))
        _compare(tally, item["lang"], body, found, labelled["facts"])
    return tally


def _signals(item: dict[str, Any]) -> list[Signal]:
    return [
        Signal(
            type=kind,
            family=FAMILY[kind],
            probability=1.0,
            status=Status(one["status"]),
            direction=Direction.NEUTRAL,
            evidence=(Span(text=one["evidence"], start=one["start"], end=one["end"]),),
        )
        for one in item["signals"]
        for kind in [SignalType(one["type"])]
        if one.get("start") is not None
    ]


def _compare(tally: Tally, language: str, body: str, found: Sequence[Fact], wanted: Sequence[dict[str, Any]]) -> None:
    left = [fact for fact in found if fact.kind != "partner"]
    for want in wanted:
        key = (language, want["kind"])
        hit = next(
            (f for f in left if f.kind == want["kind"] and f.start < want["end"] and want["start"] < f.end), None
        )
        around = body[max(0, want["start"] - 40) : want["end"] + 30].replace("\n", "/")
        if hit is None:
            tally.missed[key] += 1
            tally.lines.append(f"MISS  {language} {want['kind']}: {want['text']!r} in {around!r}")
            continue
        left.remove(hit)
        tally.right[key] += 1
        tally.bound[key] += hit.signal == want["signal"]
        if _same(hit, want):
            tally.valued[key] += 1
        else:
            said = (hit.text, hit.value, hit.currency, hit.unit, hit.date_from, hit.date_to)
            tally.lines.append(f"VALUE {language} {want} <> {said}")
    for fact in left:
        tally.invented[language, fact.kind] += 1
        around = body[max(0, fact.start - 50) : fact.end + 40].replace("\n", "/")
        tally.lines.append(f"EXTRA {language} {fact.kind}: {fact.text!r} {fact.value} {fact.unit} in {around!r}")


def _same(fact: Fact, want: dict[str, Any]) -> bool:
    days = (fact.date_from and fact.date_from.isoformat(), fact.date_to and fact.date_to.isoformat())
    return (fact.value, fact.currency, fact.unit, *days) == (
        want["value"], want["currency"], want["unit"], want["date_from"], want["date_to"]
    )  # fmt: skip


def main() -> None:
    """Print the table; with `-v` every difference too."""
    tally = score(Path(os.environ["STELLWERK_DATA"]))
    if "-v" in sys.argv:
        print("\n".join(sorted(tally.lines)))
    for language in ("de", "en", ""):
        for kind in ("amount", "jobs", "capacity", "area", "date", ""):
            print(tally.row(language, kind))


if __name__ == "__main__":
    main()
