"""When is a source due?

A source is polled twice per usual gap between its articles, within its own bounds; a silent one ever more rarely, a
failing one likewise, and never before it asked us to. The same question has the same answer: jitter is a hash, so a
thousand sources started together drift apart, and a test needs no dice.
"""

from __future__ import annotations

import heapq
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import pairwise
from statistics import median
from typing import Final

from agents.sources import Source
from pipeline.records import PollState


class Outcome(StrEnum):
    """How a poll ended, as far as the next one depends on it."""

    NEWS = "news"
    NOTHING = "nothing"
    SOFT = "soft"
    HARD = "hard"
    TEMPORARY = "temporary"


#: What each failure in a row multiplies the pause by. A server that is away comes back; a 404 rarely does.
_GROWTH: Final = {Outcome.SOFT: 2.0, Outcome.HARD: 3.0, Outcome.TEMPORARY: 1.5}
#: Polls per usual gap between two articles, and per silence.
_PER_GAP, _PER_SILENCE = 2.0, 8.0
#: Dates that the usual gap is taken from.
_NEWEST: Final = 20
#: A feed's `ttl` and a cache's `max-age` are hints for readers without conditional requests: honoured up to here.
_HINT_MOST: Final = 3600.0
_JITTER: Final = 0.1
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a feed publishes.

    Attributes:
        gap: seconds between two articles, the median of the newest.
        newest: when the newest one was published.
    """

    gap: float
    newest: datetime


def pace_of(dates: Iterable[datetime], now: datetime) -> Pace | None:
    """Return the pace of a feed whose articles have these dates; None where there are fewer than two in the past."""
    newest = sorted((date for date in dates if date <= now), reverse=True)[:_NEWEST]
    if len(newest) < 2:
        return None
    return Pace(median((later - earlier).total_seconds() for later, earlier in pairwise(newest)), newest[0])


def max_age(headers: Mapping[str, str]) -> float | None:
    """Return how long a cache may keep an answer, seconds; None where the server says nothing or means it not."""
    control = headers.get("cache-control", "").lower()
    if headers.get("expires", "").strip() == "0" or "no-cache" in control or "no-store" in control:
        return None
    found = _MAX_AGE.search(control)
    return float(found[1]) if found else None


def next_poll(
    state: PollState,
    source: Source,
    outcome: Outcome,
    now: datetime,
    *,
    pace: Pace | None = None,
    ttl: float | None = None,
    max_age: float | None = None,
    retry_after: float | None = None,
) -> datetime:
    """Return when the source is due again, between `poll_min` and `poll_max` from now.

    Args:
        state: after the poll; its failures count, its polls move the jitter.
        source: its bounds.
        outcome: of the poll.
        now: when it ended.
        pace: of the feed, where known.
        ttl: seconds, from the feed.
        max_age: seconds, from the answer's headers.
        retry_after: seconds, from a refusal; honoured where longer.
    """
    growth = _GROWTH.get(outcome)
    if growth is None:
        pause = _usual(source, now, pace)
        hint = max(ttl or 0.0, max_age or 0.0)
        pause = max(pause, min(hint, max(_HINT_MOST, source.poll_min)))
    else:
        pause = source.poll_min * growth ** min(max(state.failures, 1), 50)
        pause = max(pause, retry_after or 0.0)
    pause = min(max(pause, source.poll_min), source.poll_max)
    pause += (min(pause * (1 + _JITTER), source.poll_max) - pause) * _part(source.id, state.polls + state.failures)
    return now + timedelta(seconds=pause)


def _usual(source: Source, now: datetime, pace: Pace | None) -> float:
    """Return the pause after a poll that worked, seconds."""
    if pace is None:
        return 2 * source.poll_min
    return max(pace.gap / _PER_GAP, (now - pace.newest).total_seconds() / _PER_SILENCE)


def _part(*seeds: object) -> float:
    """Return a number in [0, 1) that depends on nothing but the seeds."""
    digest = blake2b("\x1f".join(map(str, seeds)).encode(), digest_size=7).digest()
    return int.from_bytes(digest) / 2**56


class Schedule:
    """Which source is due when; each is in it at most once."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []
        self._due: dict[str, datetime] = {}

    def add(self, id: str, due: datetime) -> None:
        """Put a source in, or move it."""
        self._due[id] = due
        heapq.heappush(self._heap, (due, id))

    def pop_due(self, now: datetime, most: int = sys.maxsize) -> list[str]:
        """Take out and return the sources that are due, longest overdue first, at most so many."""
        found: list[str] = []
        while len(found) < most and (due := self.next_due()) is not None and due <= now:
            _, id = heapq.heappop(self._heap)
            del self._due[id]
            found.append(id)
        return found

    def next_due(self) -> datetime | None:
        """Return when the next source is due; None where none is in."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            # It was moved: this is its old place.
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
