"""Which alerts would come and go with another model: the same articles through the same pure steps, twice.

An alert stays when some article in it makes an alert for the same account and type with the other model too; which
article opened it, and so its id, may differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipeline import kafka
from pipeline.alert.memory import Memory
from pipeline.applied import in_force
from pipeline.classify.step import Scorer
from pipeline.errors import Undecodable
from pipeline.process import BATCH, Walk
from pipeline.records import Alert, AlertState, Article
from pipeline.route.step import Router
from pipeline.rules.match import Book, opened
from pipeline.settings import AlertSettings, Settings
from pipeline.topics import ARTICLES, RULES


@dataclass(frozen=True, slots=True)
class Change:
    """An alert that only one of the two models makes."""

    what: Literal["comes", "goes"]
    alert: Alert

    def line(self) -> dict[str, Any]:
        """Return the change as a JSON line."""
        alert, newest = self.alert, self.alert.evidence[-1]
        return {
            "change": self.what,
            "account": alert.account.name,
            "path": alert.account.path,
            "type": alert.signal.type,
            "status": alert.signal.status,
            "probability": alert.signal.probability,
            "articles": [article.id for article in alert.articles],
            "title": newest.title,
            "evidence": newest.text,
            "url": newest.url,
        }


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a candidate would change.

    Attributes:
        articles: that were judged.
        stay: alerts that both models make.
        changes: the others, as they would have come.
    """

    articles: int
    stay: int
    changes: tuple[Change, ...]


def shadow(
    champion: Scorer,
    candidate: Scorer,
    router: Router,
    settings: AlertSettings,
    articles: Sequence[Article],
    rules: Book | None = None,
) -> Shadow:
    """Take articles, in their order, through all steps with both models and the same rules, and compare the alerts."""
    before, after = (_alerts(Walk(scorer, router, settings, rules), articles) for scorer in (champion, candidate))
    old, new = ({key for alert in alerts for key in _keys(alert)} for alerts in (before, after))
    goes = [Change("goes", alert) for alert in before if not _keys(alert) & new]
    comes = [Change("comes", alert) for alert in after if not _keys(alert) & old]
    changes = sorted([*goes, *comes], key=lambda change: change.alert.published)
    return Shadow(len(articles), len(before) - len(goes), tuple(changes))


async def recent(settings: Settings, since: datetime) -> list[Article]:
    """Return the articles that came onto the topic since then, oldest first.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (ARTICLES,))
    found: list[tuple[int, Article]] = []
    async for record in kafka.whole(settings.kafka, ARTICLES):
        if record.timestamp >= since.timestamp() * 1000:
            found += [(record.timestamp, article) for article in _decoded(record.value)]
    return [article for _, article in sorted(found, key=lambda one: one[0])]


async def rules_in_service(settings: Settings) -> Book | None:
    """Return the keyword rules in service, as the workers have them; None where there never were any.

    Raises:
        NotReady: the topic is missing.
        Transient: no broker answers.
    """
    await kafka.require(settings.kafka, (RULES,))
    return await in_force(settings.kafka, RULES, opened)


def _decoded(value: bytes | None) -> Iterator[Article]:
    try:
        yield Article.decode(value)
    except Undecodable:
        # The classify stage has buried it; it makes no alert with any model.
        return


def _alerts(walk: Walk, articles: Sequence[Article]) -> list[Alert]:
    """Return each alert that stands in the end, with all that it has collected."""
    walk.memory = Memory()
    for start in range(0, len(articles), BATCH):
        walk.walk(articles[start : start + BATCH])
    return list(_standing(walk.memory.all()))


def _standing(alerts: Iterable[Alert]) -> Iterator[Alert]:
    return (alert for alert in alerts if alert.state not in (AlertState.RETRACTED, AlertState.MERGED))


def _keys(alert: Alert) -> set[tuple[str, str, str]]:
    return {(alert.account.id, alert.signal.type, article.id) for article in alert.articles}
