"""Golden cases of the alert step, written by us: articles, labels, withdrawals in order → alerts as they stand."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.alert.cycle import Verdicts, judged
from pipeline.alert.memory import Memory
from pipeline.records import Alert, Fact, FactKind, Label, Match, Place, Role, Withdrawal
from pipeline.settings import AlertSettings
from pipeline.signals import SignalType, Status
from tests.alert.making import NOW, amount, match, walk

FILE = Path(__file__).parents[1] / "data" / "golden" / "alerts.jsonl"
CASES = [json.loads(line) for line in FILE.read_text().splitlines()]


def article(step: dict[str, Any], at: timedelta) -> Match:
    """Return the match of a step; `age` is days that it is older than its fetch, `rev` a later text of it."""
    jobs = [Fact(kind=FactKind.JOBS, text="x", start=0, end=1, value=step["jobs"])] if "jobs" in step else []
    sums = [amount(step["amount"] * 1e6)] if "amount" in step else []
    country = step.get("country", "")
    fetched = NOW + at + timedelta(hours=step.get("rev", 1) - 1)
    made = match(
        step["title"],
        SignalType(step["type"]),
        id=step["id"],
        status=Status(step.get("status", "planned")),
        role=Role(step.get("role", "actor")),
        language=step.get("lang", "de"),
        places=(Place(text=country, start=0, end=2, country=country, name=country),) if country else (),
        facts=(*jobs, *sums),
        source=step.get("source", ""),
        revision=f"r{step.get('rev', 1)}",
        fetched=fetched,
    )
    published = fetched - timedelta(days=step.get("age", 0))
    return made.model_copy(update={"article": made.article.model_copy(update={"published": published})})


def said(memory: Memory, verdicts: Verdicts, step: dict[str, Any], number: int) -> str:
    """Take up a label or a withdrawal, and return the state that it brings the first alert into."""
    now = NOW + timedelta(hours=number)
    first = next(memory.all())
    if "label" in step:
        verdicts.label(Label(article_id="x", author="kim", at=now, alert_id=first.id, **step["label"]))
    else:
        verdicts.withdraw(Withdrawal(article_id=step["withdrawn"], fetched=now, reason="410"))
    revision = judged(first, verdicts, now)
    if revision is None:
        return ""
    memory.put(revision)
    return str(revision.state)


def play(case: dict[str, Any], memory: Memory) -> list[str]:
    settings, verdicts, outcomes = AlertSettings(cooldown=case.get("cooldown", 0)), Verdicts(), list[str]()
    for number, step in enumerate(case["steps"]):
        if "title" not in step:
            outcomes.append(said(memory, verdicts, step, number))
            continue
        at = timedelta(days=step.get("days", 0), minutes=step.get("minutes", 0))
        (decided,) = walk(memory, article(step, at), now=NOW + at, settings=settings)
        outcomes.append(decided.outcome)
    return outcomes


def standing(alert: Alert, like: list[Any]) -> list[Any]:
    """Return an alert as a case writes it: type, state, revision, articles, and status where the case has it."""
    ids = "".join(sorted(one.id for one in alert.articles))
    return [str(alert.signal.type), str(alert.state), alert.revision, ids, str(alert.signal.status)][: len(like)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    """Outcome of each step, and every alert in the end: type, state, revision, articles."""
    memory = Memory()
    assert play(case, memory) == case["outcomes"]
    alerts = list(memory.all())
    if "alerts" in case:
        assert [standing(one, like) for one, like in zip(alerts, case["alerts"], strict=True)] == case["alerts"]
    else:
        assert sorted(str(one.state) for one in alerts) == case["states"]
    if case.get("related"):
        assert alerts[-1].related == (alerts[0].id,)
    assert all(one.evidence for one in alerts)


def test_both_languages_have_cases() -> None:
    """At least forty cases, and a good part of them in each language."""
    english = [case for case in CASES if any(step.get("lang") == "en" for step in case["steps"])]
    assert len(CASES) >= 40
    assert len(CASES) / 3 <= len(english) <= len(CASES) * 2 / 3
