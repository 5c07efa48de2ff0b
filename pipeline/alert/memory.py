"""What the alert step must know of the past: every alert that still stands on the topic, by account.

Alerts are held packed (a stage may own a hundred thousand). An account that gets a match has its articles read into
a `Shelf`: an index from words to articles, so that what a match costs depends on what it shares words with, not on how
much came before. The shelves used last are kept.
"""

from __future__ import annotations

import heapq
import math
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pipeline.alert.story import Reading, read
from pipeline.alert.words import rarity
from pipeline.records import Alert, ArticleRef, Place

#: Articles held in all shelves together, newest articles looked at for one word, and articles compared in the end.
HELD, PER_WORD, COMPARED = 8_000, 60, 30
_FAST: Final = 1


def reading_of(article: ArticleRef, places: Iterable[Place]) -> Reading:
    """Return the reading of an article, with the places that are known of it."""
    names = (place.name or place.text for place in places)
    return read(article.title, article.lead, language=article.language, published=article.published, places=names)


@dataclass(slots=True)
class Told:
    """One article as part of one story.

    Attributes:
        story: the story's id.
        reading: what is compared.
        types: of the signals in the story's alerts.
        countries: where they happen, as far as known.
    """

    story: str
    reading: Reading
    types: set[str]
    countries: set[str]


@dataclass(slots=True)
class Shelf:
    """The articles of one account's alerts, findable by their words."""

    told: list[Told] = field(default_factory=list)
    stories: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    article: dict[str, str] = field(default_factory=dict)
    _at: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _having: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def put(self, alert: Alert) -> None:
        """Take up an alert's articles; those that are known only learn its type and countries."""
        self.stories[alert.story_id][alert.id] = None
        countries = countries_of(alert.places)
        for article in alert.articles:
            self.article.setdefault(article.id, alert.story_id)
            at = self._at.get((alert.story_id, article.id, article.revision))
            if at is None:
                self._add(Told(alert.story_id, reading_of(article, alert.places), set(), set()), article)
                at = len(self.told) - 1
            self.told[at].types.add(alert.signal.type)
            self.told[at].countries |= countries

    def _add(self, told: Told, article: ArticleRef) -> None:
        self._at[told.story, article.id, article.revision] = len(self.told)
        for token in _keys(told.reading):
            self._having[token].append(len(self.told))
        self.told.append(told)

    def alike(self, reading: Reading) -> Iterator[Told]:
        """Yield the articles that share most with a reading, most first; never more than `COMPARED`."""
        shared: dict[int, float] = defaultdict(float)
        for token in _keys(reading):
            having = self._having.get(token, ())
            # What few articles of this account have counts most: their words are cut off last by `PER_WORD`.
            weight = rarity(token) * (1 + math.log(len(self.told) / len(having))) if having else 0.0
            for at in having[-PER_WORD:]:
                shared[at] += weight
        for at in heapq.nlargest(COMPARED, shared, key=shared.__getitem__):
            yield self.told[at]


def countries_of(places: Iterable[Place]) -> set[str]:
    """Return the countries of places, without datelines."""
    return {place.country for place in places if place.country and not place.dateline}


def _keys(reading: Reading) -> Iterator[str]:
    """Yield what an article is found by: its words, and for the other language the concepts."""
    yield from reading.all
    for name in reading.concepts:
        yield f"#{name}"


class Memory:
    """The alerts of some accounts; the stream rebuilds it from the compacted topic."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._packed: dict[str, dict[str, tuple[int, bytes]]] = defaultdict(dict)
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._held = 0
        for alert in alerts:
            self.put(alert)

    def __len__(self) -> int:
        """Return the number of alerts."""
        return sum(len(alerts) for alerts in self._packed.values())

    def put(self, alert: Alert) -> None:
        """Remember this revision unless a later one is known."""
        alerts = self._packed[alert.account.id]
        if alert.id in alerts and alerts[alert.id][0] > alert.revision:
            return
        alerts[alert.id] = (alert.revision, zlib.compress(alert.encode(), _FAST))
        shelf = self._shelves.get(alert.account.id)
        if shelf is not None:
            before = len(shelf.told)
            shelf.put(alert)
            self._held += len(shelf.told) - before

    def get(self, account_id: str, alert_id: str) -> Alert | None:
        """Return one alert, where it is known."""
        found = self._packed.get(account_id, {}).get(alert_id)
        return _unpacked(found) if found else None

    def of(self, account_id: str) -> tuple[Alert, ...]:
        """Return the account's alerts, oldest first."""
        return tuple(_unpacked(one) for one in self._packed.get(account_id, {}).values())

    def shelf(self, account_id: str) -> Shelf:
        """Return the account's shelf, filled when it was not held."""
        shelf = self._shelves.get(account_id)
        if shelf is None:
            shelf = self._shelves[account_id] = Shelf()
            for alert in self.of(account_id):
                shelf.put(alert)
            self._held += len(shelf.told)
            while self._held > HELD and len(self._shelves) > 1:
                _, oldest = self._shelves.popitem(last=False)
                self._held -= len(oldest.told)
        else:
            self._shelves.move_to_end(account_id)
        return shelf


def _unpacked(packed: tuple[int, bytes]) -> Alert:
    return Alert.decode(zlib.decompress(packed[1]))
