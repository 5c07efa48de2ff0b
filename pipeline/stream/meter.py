"""What the stages count beside outcomes: how old articles are, what the model says, which alerts come of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from pipeline import metrics
from pipeline.records import Alert, AlertState, Article, ArticleRef, Classified, Match, Record

#: The type of an article without signals.
NONE: Final = "none"


def article_of(record: Record | None) -> Article | ArticleRef | None:
    """Return the article that a record of the path is about."""
    match record:
        case Article():
            return record
        case Classified() | Match():
            return record.article
    return None


def names(record: Record | None) -> dict[str, str]:
    """Return what a record is called in logs and spans: its article."""
    article = article_of(record)
    return {"article": article.id} if article else {}


def finished(stage: str, arrived: float, record: Record | None) -> None:
    """Take in how old an article is when a stage is done with it.

    Args:
        stage: the stage's name.
        arrived: Kafka's timestamp of the record, seconds since the epoch; 0 where there is none.
        record: as it was decoded; None where it could not be.
    """
    if arrived > 0:
        metrics.aged(stage, arrived=arrived)
    if article := article_of(record):
        metrics.aged(stage, fetched=article.fetched.timestamp())
        if not getattr(article, "published_guessed", False):
            metrics.aged(stage, published=article.published.timestamp())


def judged(articles: Iterable[Classified]) -> None:
    """Count what the model says, so that one can see when the news or the model has changed (`docs/metrics.md`)."""
    for one in articles:
        by_model = [signal for signal in one.signals if signal.by == "model"]
        best = max(by_model, key=lambda signal: signal.probability, default=None)
        metrics.JUDGED.add(1, one.language, best.type if best else NONE)
        if best:
            metrics.PROBABILITY.see(best.probability, one.language)


def told(alerts: Iterable[Alert]) -> None:
    """Count alert revisions, and how old the article is that opens one: published, and fetched by us."""
    now = datetime.now(UTC)
    for alert in alerts:
        metrics.ALERTS.add(1, alert.signal.type, alert.state)
        if alert.state is AlertState.NEW:
            metrics.ALERT_LATENCY.see((now - alert.published).total_seconds(), "published")
            metrics.ALERT_LATENCY.see((now - alert.articles[-1].fetched).total_seconds(), "fetched")
