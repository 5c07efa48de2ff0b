"""When a source is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.schedule import Outcome, Pace, Schedule, max_age, next_poll, pace_from, pace_of, resumed
from agents.sources import Source
from pipeline.records import PollState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3600.0
SOURCE = Source(id="s", url="https://news.example/feed")
STATE = PollState(source_id="s", polled=NOW)


def pause(outcome: Outcome, source: Source = SOURCE, failures: int = 0, **known: object) -> float:
    """Return the seconds until the next poll."""
    state = STATE.model_copy(update={"failures": failures})
    return (next_poll(state, source, outcome, NOW, **known) - NOW).total_seconds()  # type: ignore[arg-type]


def test_pace_decides() -> None:
    """Twice per usual gap; rarer when it falls silent; within the source's bounds."""
    fast, slow = Pace(2 * HOUR, NOW), Pace(10 * HOUR, NOW)
    assert HOUR <= pause(Outcome.NEWS, pace=fast) <= 1.1 * HOUR
    assert 5 * HOUR <= pause(Outcome.NOTHING, pace=slow) <= 5.5 * HOUR
    assert pause(Outcome.NEWS, pace=Pace(60.0, NOW)) >= 900
    assert pause(Outcome.NOTHING, pace=Pace(60.0, NOW - timedelta(days=3))) >= 9 * HOUR
    assert pause(Outcome.NOTHING, pace=Pace(60.0, NOW - timedelta(days=300))) == 24 * HOUR
    assert 1800 <= pause(Outcome.NOTHING) <= 1980


def test_hints_count_up_to_an_hour() -> None:
    """A feed that asks for a day between polls gets an hour; asking conditionally costs it next to nothing."""
    assert 1800 <= pause(Outcome.NEWS, pace=Pace(60.0, NOW), ttl=1800.0) <= 1980
    assert HOUR <= pause(Outcome.NEWS, pace=Pace(60.0, NOW), max_age=86400.0) <= 1.1 * HOUR


def test_failures_are_backed_off_from() -> None:
    """Each failure in a row lengthens the pause, hard ones most; it ends at the source's longest."""
    for outcome in (Outcome.TEMPORARY, Outcome.SOFT, Outcome.HARD):
        pauses = [pause(outcome, failures=failures) for failures in range(1, 15)]
        assert pauses == sorted(pauses)
        assert pauses[-1] == 24 * HOUR
    assert pause(Outcome.HARD, failures=2) > pause(Outcome.SOFT, failures=2) > pause(Outcome.TEMPORARY, failures=2)


def test_servers_wish_is_heard_and_cut() -> None:
    """Retry-After counts where it is longer, and up to the source's longest pause."""
    assert pause(Outcome.SOFT, failures=1, retry_after=2 * HOUR) >= 2 * HOUR
    assert pause(Outcome.SOFT, failures=1, retry_after=1.0) >= 1800
    assert pause(Outcome.SOFT, failures=1, retry_after=99_999_999.0) == 24 * HOUR


def test_jitter_is_the_same_twice_and_not_for_two() -> None:
    """Sources that start together drift apart, repeatably."""
    others = [SOURCE.model_copy(update={"id": f"s{number}"}) for number in range(50)]
    assert pause(Outcome.NOTHING) == pause(Outcome.NOTHING)
    assert len({pause(Outcome.NOTHING, other) for other in others}) == 50


@given(
    st.sampled_from(Outcome),
    st.integers(0, 10**9),
    st.none() | st.floats(0, 1e12),
    st.none() | st.floats(0, 1e12),
    st.none()
    | st.builds(
        Pace, st.floats(0, 1e9), st.datetimes(datetime(1990, 1, 1), NOW.replace(tzinfo=None), timezones=st.just(UTC))
    ),
    st.floats(1, 86400),
)
def test_pause_is_always_within_bounds(
    outcome: Outcome, failures: int, hint: float | None, wish: float | None, pace: Pace | None, least: float
) -> None:
    """Whatever servers say, a source is polled between its shortest and its longest pause."""
    source = SOURCE.model_copy(update={"poll_min": least, "poll_max": 86400.0})
    made = pause(outcome, source, failures, ttl=hint, max_age=hint, retry_after=wish, pace=pace)
    assert least - 1e-3 <= made <= 86400.0 + 1e-3


def test_pace_is_taken_from_the_newest() -> None:
    """The median gap of the newest dates; dates in the future do not count, one date is no pace."""
    dates = [NOW - timedelta(hours=hours) for hours in (0, 1, 2, 30)]
    assert pace_of([*dates, NOW + timedelta(days=9)], NOW) == Pace(HOUR, NOW)
    assert pace_of(dates[:1], NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=600"}, 600.0),
        ({"cache-control": "s-maxage=5"}, None),
        ({"cache-control": "max-age=600, no-cache"}, None),
        ({"cache-control": "max-age=600", "expires": "0"}, None),
        ({}, None),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT", "date": "Sun, 01 Mar 2026 12:30:00 GMT"}, 1800.0),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, None),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "date": "Sun, 01 Mar 2026 12:30:00 GMT"}, None),
        ({"expires": "-1", "date": "Sun, 01 Mar 2026 12:30:00 GMT"}, None),
    ],
)
def test_cache_headers_are_read(headers: dict[str, str], seconds: float | None) -> None:
    """Only what means something."""
    assert max_age(headers) == seconds


def test_what_has_gone_is_looked_at_rarely() -> None:
    """As rarely as the source allows, from the first time on."""
    assert pause(Outcome.GONE, failures=1) == 24 * HOUR


def test_a_restart_changes_no_pace() -> None:
    """What was decided holds, within bounds that may have changed since; older memory without it is worked out."""
    due = NOW + timedelta(hours=5)
    state = STATE.model_copy(update={"due": due, "gap": 60.0, "newest": NOW})
    assert resumed(state, SOURCE) == due
    assert resumed(state, SOURCE.model_copy(update={"poll_max": HOUR})) == NOW + timedelta(hours=1)
    assert resumed(state, SOURCE.model_copy(update={"poll_min": 6 * HOUR})) == NOW + timedelta(hours=6)
    assert pace_from(state) == Pace(60.0, NOW)
    assert pace_from(STATE) is None
    assert NOW < resumed(STATE, SOURCE) <= NOW + timedelta(hours=1)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 100))))
def test_schedule_holds_each_source_once(moves: list[tuple[str, int | None]]) -> None:
    """The last place of a source counts, what was removed is gone, and all come out in the order of their time."""
    schedule, last = Schedule(), dict[str, datetime]()
    for id, seconds in moves:
        if seconds is None:
            last.pop(id, None)
            schedule.remove(id)
        else:
            last[id] = NOW + timedelta(seconds=seconds)
            schedule.add(id, last[id])
        assert len(schedule) == len(last)
    assert schedule.next_due() == min(last.values(), default=None)
    half = NOW + timedelta(seconds=50)
    first = schedule.pop_due(half)
    assert set(first) == {id for id, due in last.items() if due <= half}
    assert [last[id] for id in first] == sorted(last[id] for id in first)
    assert set(schedule.pop_due(NOW + timedelta(days=1))) == set(last) - set(first)
    assert schedule.next_due() is None
