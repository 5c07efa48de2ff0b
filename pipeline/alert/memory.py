"""What the alert step must know of the past: every alert that still stands on the topic, by account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pipeline.alert.story import features
from pipeline.records import Alert, ArticleRef, Place

Vector = dict[str, float]


class Memory:
    """The alerts of some accounts; the stream rebuilds it from the compacted topic.

    Vectors of the alerts' articles are made when first asked for: a rebuild of many alerts stays quick.
    """

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._alerts: dict[str, dict[str, Alert]] = defaultdict(dict)
        self._vectors: dict[tuple[str, str], Vector] = {}
        for alert in alerts:
            self.put(alert)

    def __len__(self) -> int:
        """Return the number of alerts."""
        return sum(len(alerts) for alerts in self._alerts.values())

    def put(self, alert: Alert) -> None:
        """Remember this revision unless a later one is known."""
        known = self._alerts[alert.account.id].get(alert.id)
        if known is None or known.revision <= alert.revision:
            self._alerts[alert.account.id][alert.id] = alert

    def of(self, account_id: str) -> tuple[Alert, ...]:
        """Return the account's alerts, oldest first."""
        return tuple(self._alerts[account_id].values()) if account_id in self._alerts else ()

    def vector(self, account_id: str, article: ArticleRef, places: Iterable[Place], ignore: Iterable[str]) -> Vector:
        """Return the article's vector in this account's view."""
        key = (account_id, article.id)
        if key not in self._vectors:
            self._vectors[key] = features(article, places, ignore)
        return self._vectors[key]
