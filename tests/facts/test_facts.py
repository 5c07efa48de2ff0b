"""Facts by rules: golden cases, offsets, relative dates, signals."""

from __future__ import annotations

import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.facts.find import belong, beside, find
from pipeline.records import Fact, FactKind, Signal, Span
from pipeline.signals import FAMILY, Direction, SignalType, Status
from tests.facts.cases import ALL, DAY, Case
from tests.facts.score import score

TODAY = date.fromisoformat(DAY)


def reading(fact: Fact) -> str:
    if fact.kind is FactKind.PARTNER:
        return "partner"
    if fact.vague:
        return f"vague {fact.currency}" if fact.currency else "vague"
    if fact.kind is FactKind.DATE:
        return f"{fact.date_from or ''}..{fact.date_to or ''}"
    value = f"{fact.value:.10g}" if fact.value is not None and fact.value < 1e9 else f"{fact.value:.0f}"
    if fact.kind is FactKind.JOBS:
        return value
    return f"{value} {fact.currency or fact.unit or ''}"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[1][:60])
def test_a_sentence_gives_its_facts(case: Case) -> None:
    """Each sentence gives its facts with their values, and nothing else."""
    language, sentence, wanted = case
    body = f"\n{sentence}"
    found = find(body, german=language == "de", published=TODAY)
    assert [(fact.text, reading(fact)) for fact in found] == wanted


def test_there_are_enough_cases_in_both_languages() -> None:
    """German and English are tried alike."""
    for language in ("de", "en"):
        assert sum(case[0] == language for case in ALL) >= 60


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from([case[1] for case in ALL])
        | st.text(max_size=30)
        | st.sampled_from(["\n", "İ", "🚂", " 1.", "9" * 40, " $"]),
        max_size=6,
    ),
    st.booleans(),
    st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 12, 31)) | st.none(),
)
def test_spans_cut_out_their_text(parts: list[str], german: bool, day: date | None) -> None:
    """Whatever the text: spans cut out their own text, stand in order and do not overlap."""
    body = " ".join(parts)
    found = find(body, german=german, published=day)
    assert all(body[fact.start : fact.end] == fact.text and fact.text for fact in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert found == find(body, german=german, published=day)


@pytest.mark.parametrize(
    ("day", "sentence", "expected"),
    [
        (date(2026, 2, 3), "Im vierten Quartal sank der Gewinn.", "2025-10-01..2025-12-31"),
        (date(2026, 4, 29), "Im vierten Quartal soll es mehr werden.", "2026-10-01..2026-12-31"),
        (date(2026, 10, 22), "Im April zog Lindach um.", "2026-04-01..2026-04-30"),
        (date(2026, 11, 22), "Bis März will Lindach umziehen.", "..2027-03-31"),
        (date(2026, 1, 12), "Der Absatz zog zum Jahresende an.", "2025-09-01..2025-12-31"),
        (date(2026, 12, 30), "Nächste Woche geht es los.", "2027-01-04..2027-01-10"),
    ],
)
def test_the_year_that_is_meant(day: date, sentence: str, expected: str) -> None:
    """A period without a year lies where the sentence looks: ahead behind `soll` and `bis`, else behind."""
    (fact,) = find(f"\n{sentence}", german=True, published=day)
    assert reading(fact) == expected


def test_without_a_day_nothing_relative_has_days() -> None:
    """An article without a date still says `in diesem Jahr`, but nobody knows which."""
    (fact,) = find("\nDas Werk kommt in diesem Jahr.", german=True, published=None)
    assert (fact.date_from, fact.date_to, fact.vague) == (None, None, False)


def test_fiscal_quarters_are_those_of_the_report() -> None:
    """`Q3` of a report for the quarter ended March 31 is that quarter."""
    body = "Kenmore posts Q3 sales\nKenmore sold more in the quarter ended March 31, 2026."
    first, second = find(body, german=False, published=TODAY)
    assert reading(first) == reading(second) == "2026-01-01..2026-03-31"


def signal(kind: SignalType, body: str, passage: str) -> Signal:
    start = body.index(passage)
    evidence = (Span(text=passage, start=start, end=start + len(passage)),)
    return Signal(
        type=kind,
        family=FAMILY[kind],
        probability=0.9,
        status=Status.PLANNED,
        direction=Direction.NEUTRAL,
        evidence=evidence,
    )


def test_a_fact_belongs_to_the_nearest_signal() -> None:
    """Jobs go to the layoffs, the sum to the loan, and each signal gets only its own."""
    body = f"Lindach streicht 300 Stellen.\n{'Nichts weiter. ' * 30}Lindach erhält 5 Mio. Euro Kredit."
    signals = [
        signal(SignalType.LAYOFFS, body, "Lindach streicht 300 Stellen."),
        signal(SignalType.FUNDING, body, "Lindach erhält 5 Mio. Euro Kredit."),
    ]
    facts = belong(find(body, german=True, published=TODAY), signals)
    assert [fact.signal for fact in facts] == ["layoffs", "funding"]
    assert [fact.text for fact in beside(facts, signals[1])] == ["5 Mio. Euro"]


def test_partners_need_a_partnership() -> None:
    """Without a partnership signal a name behind `kooperiert mit` is only a name."""
    body = "Brenntal kooperiert mit Lindach.\n"
    facts = find(body, german=True, published=TODAY)
    assert belong(facts, []) == ()
    (fact,) = belong(facts, [signal(SignalType.PARTNERSHIP, body, "Brenntal kooperiert mit Lindach.")])
    assert (fact.text, fact.signal) == ("Lindach", SignalType.PARTNERSHIP)


def test_labelled_facts_are_found(data: Path) -> None:
    """On the labelled set: F1 at least 0.93 in both languages, values right in 95 of 100."""
    tally = score(data)
    for language in ("de", "en"):
        assert tally.f1(language) >= 0.93, tally.row(language)
        assert tally.values(language) >= 0.95, tally.row(language)


@pytest.mark.slow
def test_it_is_fast() -> None:
    """A long text takes time in proportion to its length: ten times the text, about ten times the time."""
    text = "\n" + " ".join(case[1] for case in ALL)

    def seconds(body: str) -> float:
        begin = time.process_time()
        find(body, german=True, published=TODAY)
        return time.process_time() - begin

    find(text, german=True, published=TODAY)
    one, ten = min(seconds(text) for _ in range(3)), min(seconds(text * 10) for _ in range(3))
    assert ten < 30 * one
