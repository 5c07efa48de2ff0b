"""Golden cases: article → mentions, roles, places, alerts; each is one trap of routing, in German or English.

They run through the pure steps of `stellwerk process`, the classifier that ships among them, each with an empty memory.
A line holds `title`, `text`, and of what it is about: `mentions` and `places` (all of them, in order), `roles`,
`alerts` (account, type, and the country of one of its places) and `no_alert` (accounts).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.alert.memory import Memory
from pipeline.process import Walk, Walked, open_path, read_article
from pipeline.settings import Settings

FOLDER = Path(__file__).parents[1] / "data" / "golden"
FILES = sorted(FOLDER.glob("routing_*.jsonl"))
CASES = [json.loads(line) for file in FILES for line in file.read_text("utf-8").splitlines()]


@cache
def walk() -> Walk:
    return open_path(FOLDER / "accounts.csv", Settings())


def judged(case: dict[str, Any]) -> Walked:
    steps = walk()
    steps.memory = Memory()
    article = read_article(json.dumps(case).encode(), 1, case["id"])
    (walked,) = steps.walk([article])
    return walked


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_golden(case: dict[str, Any]) -> None:
    """What the line names is found, and nothing else of its kind."""
    walked = judged(case)
    routed, body = walked.routed, walked.classified.article.body
    assert all(body[one.start : one.end] == one.text for one in (*routed.mentions, *routed.places))
    if "mentions" in case:
        assert [[one.text, one.account_id] for one in routed.mentions] == case["mentions"]
    if "places" in case:
        found = [[one.text, one.country, *(["dateline"] if one.dateline else [])] for one in routed.places]
        assert found == case["places"]
    roles = {one.account_id: one.role.value for one in routed.mentions}
    assert {account: roles.get(account) for account in case.get("roles", {})} == case.get("roles", {})
    alerts = {(alert.account.id, alert.signal.type.value): alert for alert in walked.alerts}
    for account, kind, *country in case.get("alerts", []):
        assert (account, kind) in alerts
        assert set(country) <= {place.country for place in alerts[account, kind].places}
    assert not {account for account, _ in alerts} & set(case.get("no_alert", []))


def test_the_cases_are_balanced() -> None:
    """At least 160 cases, every id once, German and English within a tenth of each other."""
    german = sum(case["language"] == "de" for case in CASES)
    assert len(CASES) >= 160
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert abs(2 * german - len(CASES)) <= len(CASES) / 10
