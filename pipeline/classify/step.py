"""The batch step: articles in, the same articles judged, in the same order.

A scorer (`models.registry.load` gives one) sees prepared articles, many at once, and answers with findings that
point at sentences; the step turns them into records. What is neither German nor English gets its language and no
signals: the model has never read such text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.classify.direction import direction
from pipeline.classify.language import UNKNOWN, languages
from pipeline.classify.sentences import Sentence, sentences
from pipeline.facts.find import belong, find
from pipeline.records import Article, Classified, Signal, Span
from pipeline.signals import FAMILY, SignalType, Status

KNOWN: Final = frozenset(("de", "en", UNKNOWN))
"""Languages that are scored; text too short to tell is tried too."""
READ: Final = 60_000
"""Characters of a body that are split into sentences; news says its news before."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a scorer sees of an article: its language, its body, where the sentences are (the first is the title)."""

    language: str
    body: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A type over its threshold, in a prepared article.

    Attributes:
        kind: the type.
        probability: calibrated, 0 to 1.
        status: how far the thing has come.
        sentences: indexes into `Prepared.sentences`, at least one, the deciding one first.
    """

    kind: SignalType
    probability: float
    status: Status
    sentences: tuple[int, ...]


class Rules(Protocol):
    """Keyword rules in service: the second source of signals (`pipeline.rules`)."""

    @property
    def version(self) -> str:
        """Name of the version, for the record."""

    def signals(
        self, article: Article, language: str, body: str, sentences: Sequence[tuple[int, int]]
    ) -> tuple[Signal, ...]:
        """Return what the rules find in an article: its body, and starts and ends of sentences in it."""


class Scorer(Protocol):
    """A model in service."""

    @property
    def version(self) -> str:
        """Name of the version, for the record."""

    def score(self, items: Sequence[Prepared]) -> list[list[Found]]:
        """Return the findings of each item, in the items' order, the most probable first."""


def prepare(articles: Sequence[Article]) -> list[Prepared]:
    """Return what a scorer needs of each article."""
    codes = languages([(article.title, article.text, article.language_hint) for article in articles])
    bodies = [article.body[:READ] for article in articles]
    return [Prepared(code, body, tuple(sentences(body))) for code, body in zip(codes, bodies, strict=True)]


def classify(scorer: Scorer, articles: Sequence[Article], rules: Rules | None = None) -> list[Classified]:
    """Return one record for each article, in their order; scoring many at once is several times faster.

    Args:
        scorer: the model.
        articles: what to judge.
        rules: asked too, about articles in any language; their signals stand behind the model's.
    """
    items = prepare(articles)
    wanted = [index for index, item in enumerate(items) if item.language in KNOWN and item.sentences]
    findings: dict[int, list[Found]] = dict(zip(wanted, scorer.score([items[index] for index in wanted]), strict=True))
    # The rules of all articles before the facts of any: the tables they look into stay in the processor's cache.
    signals = [
        [*(_signal(item, found) for found in findings.get(index, ())), *_by_rules(rules, article, item)]
        for index, (article, item) in enumerate(zip(articles, items, strict=True))
    ]
    version = rules.version if rules else ""
    return [
        _classified(article, item, those, scorer.version, version)
        for article, item, those in zip(articles, items, signals, strict=True)
    ]


def _classified(article: Article, item: Prepared, signals: Sequence[Signal], model: str, rules: str) -> Classified:
    """Return the record: the signals, and the facts of a text that is read at all."""
    # What was fetched without a date may be old: `this year` would be wrong with confidence.
    day = None if article.published_guessed else article.published.date()
    facts = find(item.body, german=item.language != "en", published=day) if item.language in KNOWN else []
    return Classified(
        article=article,
        language=item.language,
        signals=tuple(signals),
        facts=belong(facts, signals),
        model=model,
        rules=rules,
    )


def _by_rules(rules: Rules | None, article: Article, item: Prepared) -> tuple[Signal, ...]:
    """Return what the rules find."""
    if rules is None or not item.sentences:
        return ()
    return rules.signals(article, item.language, item.body, item.sentences)


def _signal(item: Prepared, found: Found) -> Signal:
    """Turn a finding into the record's form."""
    evidence = tuple(_span(item, index) for index in found.sentences)
    return Signal(
        type=found.kind,
        family=FAMILY[found.kind],
        probability=round(min(max(found.probability, 0.0), 1.0), 4),
        status=found.status,
        direction=direction(found.kind, found.status, evidence[0].text),
        evidence=evidence,
    )


def _span(item: Prepared, index: int) -> Span:
    """Cut a sentence out of the body."""
    start, end = item.sentences[index]
    return Span(text=item.body[start:end], start=start, end=end)
