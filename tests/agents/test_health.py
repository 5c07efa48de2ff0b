"""How a source is, in one word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from agents import errors, health
from agents.health import Health
from agents.sources import Source
from pipeline.records import PollState

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOURCE = Source(id="s", url="https://news.example/feed")
STATE = PollState(source_id="s", polled=NOW, first=NOW - timedelta(days=30), entries=3, health="ok")


def days(**ago: int) -> dict[str, int]:
    """Return articles per day; `d3=2` is two of them three days ago."""
    return {(NOW - timedelta(days=int(day[1:]))).date().isoformat(): number for day, number in ago.items()}


@pytest.mark.parametrize(
    ("kind", "reason", "word"),
    [
        ("not_a_feed", "a consent wall", Health.WALL),
        ("not_a_feed", "a login", Health.WALL),
        ("not_a_feed", "an HTML page", Health.PARSE_ERROR),
        ("wall", "x", Health.WALL),
        ("exhausted", "x", Health.PARSE_ERROR),
        ("robots", "x", Health.BLOCKED),
        ("gone", "x", Health.GONE),
        ("soft", "x", Health.UNREACHABLE),
    ],
)
def test_faults_have_a_health(kind: str, reason: str, word: Health) -> None:
    """What a page says instead of a document is told apart from a broken one."""
    assert health.of_fault(kind, reason) is word


def test_every_fault_is_known() -> None:
    """No kind of fault falls through to the default."""
    kinds = {one.kind for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.Fault)}
    assert kinds - {"fault"} == set(health._OF_FAULT)
    assert get_args(Health) == ()


@pytest.mark.parametrize(
    ("expect", "counted", "silent"),
    [
        ("", {}, False),
        ("3/week", days(d1=3), False),
        ("3/week", days(d1=2, d9=5), True),
        ("3/week", days(d0=1, d6=2), False),
        ("1/day", days(d1=1), False),
        ("1/day", days(d2=1), True),
        ("10/month", days(d2=4, d20=6), False),
        ("10/month", days(d2=4, d39=6), True),
    ],
)
def test_assertions_count_articles(expect: str, counted: dict[str, int], silent: bool) -> None:
    """Fewer than asserted in the span is silence."""
    source = SOURCE.model_copy(update={"expect": expect})
    assert health.is_silent(STATE.model_copy(update={"days": counted}), source, NOW) is silent


def test_nobody_is_silent_before_the_span_is_over() -> None:
    """A source that we have watched for two days has broken no assertion about a week."""
    source = SOURCE.model_copy(update={"expect": "3/week"})
    young = STATE.model_copy(update={"first": NOW - timedelta(days=2)})
    assert not health.is_silent(young, source, NOW)
    assert health.is_silent(young, source, NOW + timedelta(days=6))


def test_success_has_shades() -> None:
    """New, unchanged, empty and silent are told apart; silence goes first."""
    assert health.of_success(STATE, SOURCE, NOW, changed=True) is Health.OK
    assert health.of_success(STATE, SOURCE, NOW, changed=False) is Health.UNCHANGED
    empty = STATE.model_copy(update={"entries": 0})
    assert health.of_success(empty, SOURCE, NOW, changed=True) is Health.EMPTY
    assert health.of_success(empty, SOURCE.model_copy(update={"expect": "1/day"}), NOW, changed=True) is Health.SILENT


def test_silence_sets_in_between_polls() -> None:
    """What is shown is how a source is now; one that fails is not called silent."""
    source = SOURCE.model_copy(update={"expect": "1/week"})
    assert health.current(STATE, source, NOW) is Health.SILENT
    assert health.current(STATE.model_copy(update={"health": "gone"}), source, NOW) is Health.GONE
    assert health.current(None, source, NOW) is Health.NEW


def test_days_are_kept_for_a_while() -> None:
    """Added up per day; tomorrow's count today, last year's do not count."""
    published = [NOW, NOW - timedelta(days=1), NOW + timedelta(days=1), NOW - timedelta(days=400)]
    counted = health.with_days(days(d1=2, d41=9), published, NOW)
    assert counted == dict(sorted(days(d0=2, d1=3).items()))


def test_a_move_is_proposed_when_it_lasts() -> None:
    """One permanent redirect may be a mistake, three in a row are an address."""
    moved = STATE.model_copy(update={"moved": "https://new.example/", "moves": 2})
    assert health.proposal(moved) == ""
    assert health.proposal(moved.model_copy(update={"moves": 3})) == "https://new.example/"
