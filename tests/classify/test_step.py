"""The batch step: order, count, offsets, direction."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.classify.direction import direction
from pipeline.classify.step import Found, Prepared, classify
from pipeline.records import Article
from pipeline.signals import Direction, SignalType, Status

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Everything:
    """A scorer that finds a new site in every sentence."""

    version = "everything-1"

    def score(self, items: Sequence[Prepared]) -> list[list[Found]]:
        return [
            [Found(SignalType.NEW_SITE, 0.9, Status.PLANNED, tuple(range(len(item.sentences)))[:3])] for item in items
        ]


def article(number: int, title: str, text: str = "", hint: str = "") -> Article:
    return Article(
        id=str(number),
        source_id="s",
        url="https://e.example/",
        title=title,
        text=text,
        published=NOW,
        fetched=NOW,
        language_hint=hint,
    )


@settings(deadline=None)  # the first call loads the language model
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=200)), max_size=6))
def test_one_out_for_one_in_and_evidence_cuts_itself(texts: list[tuple[str, str]]) -> None:
    """Each article comes back, in order, and every span cuts out its own text."""
    articles = [article(number, title, text) for number, (title, text) in enumerate(texts)]
    judged = classify(Everything(), articles)
    assert [one.article for one in judged] == articles
    for one in judged:
        for signal in one.signals:
            assert all(one.article.body[span.start : span.end] == span.text for span in signal.evidence)


def test_other_languages_get_no_signals() -> None:
    """French text keeps its language and is not scored."""
    text = "Le groupe a annoncé mardi la construction d'une nouvelle usine dans le nord du pays."
    (judged,) = classify(Everything(), [article(1, "Une usine", text)])
    assert (judged.language, judged.signals) == ("fr", ())


def test_model_version_is_written_down() -> None:
    """A record says which model judged."""
    (judged,) = classify(Everything(), [article(1, "Vossberg baut Werk", hint="de")])
    assert judged.model == "everything-1"
    assert judged.signals[0].family == "sites"


def test_nothing_in_nothing_out() -> None:
    """An empty batch is fine."""
    assert classify(Everything(), []) == []


@pytest.mark.parametrize(
    ("kind", "status", "passage", "expected"),
    [
        (SignalType.RESULTS, Status.COMPLETED, "Vossberg macht mehr Verlust", Direction.DECLINE),
        (SignalType.RESULTS, Status.COMPLETED, "Vossberg: Umsatz bricht ein", Direction.DECLINE),
        (SignalType.RESULTS, Status.COMPLETED, "Brenntal steigert Gewinn kräftig", Direction.GROWTH),
        (SignalType.RESULTS, Status.COMPLETED, "Kenmore narrows its loss", Direction.GROWTH),
        (SignalType.RESULTS, Status.COMPLETED, "Kenmore posts record revenue", Direction.GROWTH),
        (SignalType.RESULTS, Status.PLANNED, "Kenmore cuts its outlook", Direction.DECLINE),
        (SignalType.RESULTS, Status.COMPLETED, "Kenmore publishes annual report", Direction.NEUTRAL),
        (SignalType.NEW_SITE, Status.PLANNED, "Trotz Verlust: Vossberg baut Werk", Direction.GROWTH),
        (SignalType.NEW_SITE, Status.CANCELLED, "Vossberg baut doch nicht", Direction.DECLINE),
        (SignalType.LAYOFFS, Status.PLANNED, "Vossberg streicht Stellen", Direction.DECLINE),
    ],
)
def test_direction(kind: SignalType, status: Status, passage: str, expected: Direction) -> None:
    """Results go by their words, everything else by type and status."""
    assert direction(kind, status, passage) is expected
