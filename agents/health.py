"""How a source is, in one word, so that an operator sees which of a million needs a look.

ok           it works, and brings what is expected of it
unchanged    it works; the last poll brought the document that we had
empty        a valid document without entries
silent       it works, but has brought fewer articles than `expect` asserts
wall         a consent wall, a login, a check for robots or an error page stands where the document was
parse_error  what came cannot be read as what it should be
blocked      the server, its robots.txt or our own rules do not let us
gone         404 or 410
unreachable  no answer, or the server says: not now
new          not polled yet
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from agents.sources import Source
from pipeline.records import PollState


class Health(StrEnum):
    """The words; a closed list."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    SILENT = "silent"
    WALL = "wall"
    PARSE_ERROR = "parse_error"
    BLOCKED = "blocked"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    NEW = "new"


#: Kind of a failed poll -> health.
_OF_FAULT: Final[Mapping[str, Health]] = {
    "wall": Health.WALL,
    "no_text": Health.PARSE_ERROR,
    "not_a_feed": Health.PARSE_ERROR,
    "garbled": Health.PARSE_ERROR,
    "unparsable": Health.PARSE_ERROR,
    "exhausted": Health.PARSE_ERROR,
    "too_big": Health.BLOCKED,
    "refused": Health.BLOCKED,
    "robots": Health.BLOCKED,
    "blocked": Health.BLOCKED,
    "gone": Health.GONE,
    "soft": Health.UNREACHABLE,
    "unreachable": Health.UNREACHABLE,
}
#: Said of a document that is none: what stands in its place is a wall and no fault of a parser.
_WALLED: Final = re.compile(r"\b(wall|log-?in|robots|captcha|challenge|error page|paywall|parked)\b", re.IGNORECASE)
#: Days that are remembered; the longest assertion is by the month.
_DAYS: Final = 40
#: Polls in a row that a permanent redirect must have led to the same place before we propose it.
MOVED_AFTER: Final = 3


def of_fault(kind: str, reason: str) -> Health:
    """Return the health after a poll that failed.

    Args:
        kind: the fault's word.
        reason: its message.
    """
    health = _OF_FAULT.get(kind, Health.UNREACHABLE)
    return Health.WALL if health is Health.PARSE_ERROR and _WALLED.search(reason) else health


def of_success(state: PollState, source: Source, now: datetime, *, changed: bool) -> Health:
    """Return the health after a poll that worked.

    Args:
        state: after the poll.
        source: its assertion counts.
        now: when the poll was.
        changed: False where the document is the one that we had.
    """
    if is_silent(state, source, now):
        return Health.SILENT
    if not state.entries:
        return Health.EMPTY
    return Health.OK if changed else Health.UNCHANGED


def is_silent(state: PollState, source: Source, now: datetime) -> bool:
    """Say whether a source has brought fewer articles than it asserts, in a span that we have watched whole."""
    if source.expected is None or state.first is None:
        return False
    number, seconds = source.expected
    span = timedelta(seconds=seconds)
    if now - state.first < span:
        return False
    # Days and not hours are remembered: the day on which the span begins counts whole.
    since = (now - span).date().isoformat()
    return sum(count for day, count in state.days.items() if day >= since) < number


def with_days(days: Mapping[str, int], published: Iterable[datetime], now: datetime) -> dict[str, int]:
    """Return the articles per day with new ones, without days long past; articles of tomorrow count today."""
    today = now.date()
    oldest = (today - timedelta(days=_DAYS)).isoformat()
    new: Counter[date] = Counter(min(time.date(), today) for time in published)
    counted = Counter({day.isoformat(): number for day, number in new.items()})
    counted.update(days)
    return {day: number for day, number in sorted(counted.items()) if day >= oldest}


def current(state: PollState | None, source: Source, now: datetime) -> Health:
    """Return the health of a source as its memory tells it now: one may have fallen silent since the last poll."""
    if state is None or not state.health:
        return Health.NEW
    health = Health(state.health)
    well = health in (Health.OK, Health.UNCHANGED, Health.EMPTY)
    return Health.SILENT if well and is_silent(state, source, now) else health


def proposal(state: PollState) -> str:
    """Return the URL that a source should have instead, as its permanent redirects say; "" where there is none."""
    return state.moved if state.moves >= MOVED_AFTER else ""
