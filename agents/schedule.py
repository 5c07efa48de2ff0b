"""When is a source due?

A source is polled twice per usual gap between its articles, within its own bounds; a silent one ever more rarely, a
failing one likewise, and never before it asked us to. None is ever given up: one that has gone is looked at once per
`poll_max`, and taken back as if nothing had been. The same question has the same answer: jitter is a hash, so a
thousand sources started together drift apart, and a test needs no dice.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
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
    GONE = "gone"
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


def pace_from(state: PollState) -> Pace | None:
    """Return the pace that a source had at the last poll that saw one."""
    return Pace(state.gap, state.newest) if state.gap is not None and state.newest else None


def max_age(headers: Mapping[str, str]) -> float | None:
    """Return how long a cache may keep an answer, seconds; None where the server says nothing or means it not."""
    control = headers.get("cache-control", "").lower()
    expires = headers.get("expires", "").strip()
    if expires == "0" or "no-cache" in control or "no-store" in control:
        return None
    found = _MAX_AGE.search(control)
    return float(found[1]) if found else _until(expires, headers.get("date", ""))


def _until(expires: str, date: str) -> float | None:
    """Return the seconds between two headers; None where they are no times, or the first is not later."""
    try:
        seconds = (parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds > 0 else None


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
    if outcome is Outcome.GONE:
        pause = source.poll_max
    elif growth is None:
        pause = _usual(source, now, pace)
        hint = max(ttl or 0.0, max_age or 0.0)
        pause = max(pause, min(hint, max(_HINT_MOST, source.poll_min)))
    else:
        pause = source.poll_min * growth ** min(max(state.failures, 1), 50)
        pause = max(pause, retry_after or 0.0)
    pause = min(max(pause, source.poll_min), source.poll_max)
    pause += (min(pause * (1 + _JITTER), source.poll_max) - pause) * _part(source.id, state.polls + state.failures)
    return now + timedelta(seconds=pause)


def resumed(state: PollState, source: Source) -> datetime:
    """Return when a source is due whose memory was read again: as was decided, unless its bounds have changed."""
    soonest, latest = (timedelta(seconds=seconds) for seconds in (source.poll_min, source.poll_max))
    if state.due is None:
        outcome = Outcome.SOFT if state.failures else Outcome.NOTHING
        return next_poll(state, source, outcome, state.polled, pace=pace_from(state))
    return min(max(state.due, state.polled + soonest), state.polled + latest)


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
    """Which source is due when; each is in it at most once.

    A binary heap of slot numbers in arrays: a million sources are a million short strings and some numbers, no objects.
    """

    def __init__(self) -> None:
        self._slot_of: dict[str, int] = {}
        self._ids: list[str] = []
        self._due = array("d")
        # Slots in heap order, and where in it each slot is.
        self._heap, self._place = array("I"), array("I")
        self._free = array("I")

    def __len__(self) -> int:
        """Return how many sources are in."""
        return len(self._heap)

    def add(self, id: str, due: datetime) -> None:
        """Put a source in, or move it."""
        slot = self._slot_of.get(id)
        if slot is None:
            slot = self._slot_of[id] = self._new(id)
            self._place[slot] = len(self._heap)
            self._heap.append(slot)
        self._due[slot] = due.timestamp()
        self._settle(self._place[slot])

    def remove(self, id: str) -> None:
        """Take a source out, if it is in."""
        slot = self._slot_of.pop(id, None)
        if slot is None:
            return
        self._ids[slot] = ""
        self._free.append(slot)
        at, last = self._place[slot], self._heap.pop()
        if last != slot:
            self._heap[at], self._place[last] = last, at
            self._settle(at)

    def pop_due(self, now: datetime, most: int = sys.maxsize) -> list[str]:
        """Take out and return the sources that are due, longest overdue first, at most so many."""
        found: list[str] = []
        time = now.timestamp()
        while self._heap and len(found) < most and self._due[self._heap[0]] <= time:
            id = self._ids[self._heap[0]]
            self.remove(id)
            found.append(id)
        return found

    def next_due(self) -> datetime | None:
        """Return when the next source is due; None where none is in."""
        return datetime.fromtimestamp(self._due[self._heap[0]], UTC) if self._heap else None

    def _new(self, id: str) -> int:
        """Return a slot for a source."""
        if self._free:
            slot = self._free.pop()
            self._ids[slot] = id
            return slot
        self._ids.append(id)
        self._due.append(0.0)
        self._place.append(0)
        return len(self._ids) - 1

    def _settle(self, at: int) -> None:
        """Move what is at a place of the heap up or down to where it belongs."""
        heap, place, due = self._heap, self._place, self._due
        slot = heap[at]
        time, size = due[slot], len(heap)
        while at and due[above := heap[(at - 1) >> 1]] > time:
            heap[at], place[above] = above, at
            at = (at - 1) >> 1
        while (child := 2 * at + 1) < size:
            if child + 1 < size and due[heap[child + 1]] < due[heap[child]]:
                child += 1
            if due[heap[child]] >= time:
                break
            heap[at], place[heap[child]] = heap[child], at
            at = child
        heap[at], place[slot] = slot, at
