"""What became of everything that ingest was offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from agents.errors import Fault
from pipeline.metrics import Histogram


@dataclass(slots=True)
class Counts:
    """What became of everything: `offered == articles + dropped`, always.

    Attributes:
        polls: that ended, well or not.
        offered: entries in the documents that were parsed.
        articles: published.
        moved: polls of sources whose address should be changed, as permanent redirects say.
        dropped: entries that became no article, by reason.
        failed: polls that brought no document, by reason; "fault" is ours, everything else the source's.
        pages: pages behind entries, by what came of them: "text", "again" (extracted a moment ago), "skipped" (names no
            account), "given_up", or what was wrong.
        health: polls by the source's health after them.
    """

    polls: int = 0
    offered: int = 0
    articles: int = 0
    moved: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    health: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Add the counts of a poll."""
        self.polls += other.polls
        self.offered += other.offered
        self.articles += other.articles
        self.moved += other.moved
        self.dropped.update(other.dropped)
        self.failed.update(other.failed)
        self.pages.update(other.pages)
        self.health.update(other.health)

    def flat(self) -> dict[str, int]:
        """Return all counts under one level of names, for a log line."""
        groups = {"dropped": self.dropped, "failed": self.failed, "pages": self.pages, "health": self.health}
        named = {f"{group}_{word}": number for group, words in groups.items() for word, number in sorted(words.items())}
        moved = {"moved": self.moved} if self.moved else {}
        return {"polls": self.polls, "offered": self.offered, "articles": self.articles, **moved, **named}


@contextmanager
def timed(metric: Histogram) -> Iterator[None]:
    """Take in how long something lasts, as `ok`, `given_up`, or the kind of its fault."""
    begun, outcome = perf_counter(), "given_up"
    try:
        yield
        outcome = "ok"
    except Fault as fault:
        outcome = fault.kind
        raise
    finally:
        metric.see(perf_counter() - begun, outcome)
