"""What the alert step must know of the past: every alert that still stands on the topic, by account.

Alerts are kept packed (a stage may own a hundred thousand), as they were told, or with what they have collected since:
then they are *held*, and told with their next revision. An account that gets a match has its articles read into
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
from datetime import datetime
from typing import Final

from pipeline.alert.programme import keys
from pipeline.alert.story import Reading, read
from pipeline.alert.words import rarity
from pipeline.records import Alert, AlertState, ArticleRef, Place, short

#: Articles held in all shelves together, newest articles looked at for one word, and articles compared in the end.
SHELVED, PER_WORD, COMPARED = 8_000, 60, 30
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
    """The articles of one account's alerts, findable by their words.

    Attributes:
        told: every article of every story.
        stories: the alert of each type, by story.
        article: the story of each article, by `short` of its id.
        holding: the alerts that hold an article.
        programmes: the alerts of each programme, with when they were published.
        fetched: when the newest text of each article was fetched.
    """

    told: list[Told] = field(default_factory=list)
    stories: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    article: dict[str, str] = field(default_factory=dict)
    holding: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    programmes: dict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    fetched: dict[str, datetime] = field(default_factory=dict)
    _at: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _having: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def put(self, alert: Alert) -> None:
        """Take up an alert's articles; those that are known only learn its type and countries."""
        self.know(alert, alert.story_id)
        self.stories[alert.story_id][alert.signal.type] = alert.id
        for key in keys(alert):
            self.programmes[key][alert.id] = alert.published
        countries = countries_of(alert.places)
        for article in alert.articles:
            self.holding[article.id][alert.id] = None
            self.fetched[article.id] = max(article.fetched, self.fetched.get(article.id, article.fetched))
            at = self._at.get((alert.story_id, article.id, article.revision))
            if at is None:
                self._add(Told(alert.story_id, reading_of(article, alert.places), set(), set()), article)
                at = len(self.told) - 1
            self.told[at].types.add(alert.signal.type)
            self.told[at].countries |= countries

    def know(self, alert: Alert, story: str) -> None:
        """Remember that an alert's articles belong to a story, where nothing else is known of them."""
        for id in (*(short(article.id) for article in alert.articles), *alert.more):
            self.article.setdefault(id, story)

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
    """The alerts of some accounts; the stream rebuilds it from the compacted topics.

    Attributes:
        held: ids of the alerts that have collected something, each with its account and when it is due; None waits
            for the next news.
    """

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._packed: dict[str, dict[str, tuple[int, bytes]]] = defaultdict(dict)
        # Which accounts' alerts hold an article, by the hash of its id: labels and withdrawals know no account.
        self._accounts: dict[int, tuple[str, ...]] = {}
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._on_shelves = 0
        self.held: dict[str, tuple[str, datetime | None]] = {}
        for alert in alerts:
            self.put(alert)

    def __len__(self) -> int:
        """Return the number of alerts."""
        return sum(len(alerts) for alerts in self._packed.values())

    def put(self, alert: Alert) -> None:
        """Remember this revision unless a later one is known."""
        if self._keep(alert):
            self.held.pop(alert.id, None)

    def hold(self, alert: Alert, due: datetime | None) -> None:
        """Remember what an alert has collected since the revision that it bears, until it is told."""
        if self._keep(alert):
            self.held[alert.id] = alert.account.id, due

    def _keep(self, alert: Alert) -> bool:
        alerts = self._packed[alert.account.id]
        if alert.id in alerts and alerts[alert.id][0] > alert.revision:
            return False
        alerts[alert.id] = (alert.revision, zlib.compress(alert.encode(), _FAST))
        for article in alert.articles:
            accounts = self._accounts.get(hash(article.id), ())
            if alert.account.id not in accounts:
                self._accounts[hash(article.id)] = (*accounts, alert.account.id)
        shelf = self._shelves.get(alert.account.id)
        if shelf is not None:
            self._on_shelf(shelf, alert)
        return True

    def _on_shelf(self, shelf: Shelf, alert: Alert) -> None:
        if shelf.stories.get(alert.story_id, {}).get(alert.signal.type) != alert.id and alert.revision > 1:
            # Its story is another one now: rare, and simplest read anew.
            self._on_shelves -= len(shelf.told)
            del self._shelves[alert.account.id]
            return
        before = len(shelf.told)
        shelf.put(alert)
        self._on_shelves += len(shelf.told) - before

    def get(self, account_id: str, alert_id: str) -> Alert | None:
        """Return one alert with what it has collected, where it is known."""
        found = self._packed.get(account_id, {}).get(alert_id)
        return _unpacked(found) if found else None

    def of(self, account_id: str) -> tuple[Alert, ...]:
        """Return the account's alerts, oldest first."""
        return tuple(_unpacked(one) for one in self._packed.get(account_id, {}).values())

    def all(self) -> Iterator[Alert]:
        """Yield every alert."""
        for account in self._packed:
            yield from self.of(account)

    def of_story(self, account_id: str, story: str) -> tuple[Alert, ...]:
        """Return the alerts of a story that go on, one for each type."""
        ids = self.shelf(account_id).stories.get(story, {}).values()
        return tuple(alert for id in ids if (alert := self.get(account_id, id)))

    def find(self, alert_id: str) -> Alert | None:
        """Return an alert of whatever account; where it was merged, the one that goes on."""
        account = next((account for account, alerts in self._packed.items() if alert_id in alerts), None)
        found = self.get(account, alert_id) if account is not None else None
        return self._going_on(found) if found else None

    def _going_on(self, alert: Alert) -> Alert | None:
        """Return the alert that an alert was merged into in the end, or itself."""
        found: Alert | None = alert
        while found is not None and found.merged_into:
            found = self.get(alert.account.id, found.merged_into)
        return found

    def holding(self, article_id: str) -> tuple[Alert, ...]:
        """Return the alerts of all accounts that hold an article."""
        return tuple(
            alert
            for account in self._accounts.get(hash(article_id), ())
            for id in self.shelf(account).holding.get(article_id, ())
            if (alert := self.get(account, id)) and any(one.id == article_id for one in alert.articles)
        )

    def due(self, now: datetime) -> tuple[Alert, ...]:
        """Return the alerts whose cool-down is over and that have something to tell."""
        ready = [(account, id) for id, (account, due) in self.held.items() if due is not None and due <= now]
        return tuple(alert for account, id in ready if (alert := self.get(account, id)))

    def shelf(self, account_id: str) -> Shelf:
        """Return the account's shelf, filled when it was not there."""
        shelf = self._shelves.get(account_id)
        if shelf is None:
            shelf = self._shelves[account_id] = Shelf()
            alerts = self.of(account_id)
            for alert in alerts:
                if alert.state is not AlertState.MERGED:
                    shelf.put(alert)
            for alert in alerts:
                if alert.state is AlertState.MERGED and (on := self._going_on(alert)):
                    shelf.know(alert, on.story_id)
            self._on_shelves += len(shelf.told)
            while self._on_shelves > SHELVED and len(self._shelves) > 1:
                _, oldest = self._shelves.popitem(last=False)
                self._on_shelves -= len(oldest.told)
        else:
            self._shelves.move_to_end(account_id)
        return shelf


def _unpacked(packed: tuple[int, bytes]) -> Alert:
    return Alert.decode(zlib.decompress(packed[1]))
