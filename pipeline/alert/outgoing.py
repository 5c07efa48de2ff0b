"""What is to be told to whom, and when; decides, and sends nothing.

    take      an alert from a route's topic: told already, not worth telling, or waiting for its time
    reroute   another tree is in force: what waits is to be taken again
    due       what has waited long enough, as one message per receiver and route (per alert for a webhook)
    low       from where a partition would have to be read again to know all that waits

Nothing of this is stored: what waits is read again from the route's topic after a restart, because its offset is not
committed before it is told. What was told stands on the topic `notifications`.

The tree in force says who is told. A revision on a topic onto which it would not have put it was put there by a former
tree, and goes the way of the one in force: what waited is told by it, and nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pipeline.alert.receivers import Receiver
from pipeline.alert.routes import Route, choose
from pipeline.records import Alert, AlertState, Notification, stable_id

_BEGUN: Final = ("sending", "tried")
#: What becomes of one alert revision and one receiver; `docs/profiles.md` explains them.
OUTCOMES: Final = ("sent", "again", "replaced", "stale", "unneeded", "unsure", "dead")


@dataclass(slots=True)
class Item:
    """One alert on its way to one receiver.

    Attributes:
        alert: its newest revision.
        receiver: who is told.
        route: because of which route.
        topic: the topic without prefix that it was read from, with partition and offset.
        due: when it is to be told.
        batch: id of the message that it was part of before a crash.
        attempts: that have failed.
    """

    alert: Alert
    receiver: Receiver
    route: str
    topic: str
    partition: int
    offset: int
    due: datetime
    batch: str = ""
    attempts: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What it is kept under."""
        return self.alert.id, self.receiver.name


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once to one receiver; `id` is the same whenever it is sent."""

    id: str
    receiver: Receiver
    items: tuple[Item, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Return the alerts, those that somebody wants most first."""
        return tuple(sorted((one.alert for one in self.items), key=_worth, reverse=True))


@dataclass(slots=True)
class Outgoing:
    """Everything that waits, and what was told.

    Attributes:
        routes: the tree; None tells nobody.
        age_most: seconds after which a revision is told to nobody.
        unsure: messages that a crash cut off and that are not repeated; to be written down.
    """

    routes: Route | None
    age_most: float
    unsure: list[Message] = field(default_factory=list)
    _waiting: dict[tuple[str, str], Item] = field(default_factory=dict)
    _told: dict[tuple[str, str], tuple[int, Notification]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._waiting)

    def remember(self, partition: int, said: Notification) -> None:
        """Take up what was told; later records of one alert and receiver win."""
        self._told[said.alert_id, said.receiver] = partition, said

    def reroute(self, routes: Route | None) -> None:
        """Decide by another tree from now on; what waits must be taken again, from `low` on."""
        self.routes = routes
        self._waiting.clear()

    def forget(self, partition: int) -> None:
        """Drop what another worker takes over."""
        self._waiting = {key: one for key, one in self._waiting.items() if one.partition != partition}
        self._told = {key: one for key, one in self._told.items() if one[0] != partition}

    def take(self, alert: Alert, topic: str, partition: int, offset: int, now: datetime) -> list[str]:
        """Take an alert from a route's topic; return an outcome for each receiver that it will not be told to.

        Args:
            alert: one revision.
            topic: without prefix.
            partition: of the topic.
            offset: in the partition.
            now: UTC.
        """
        outcomes = []
        chosen = choose(self.routes, alert) if self.routes else []
        for route in [one for one in chosen if f"alerts.{one.topic}" == topic] or chosen:
            for receiver in route.receivers:
                item = Item(alert, receiver, route.name, topic, partition, offset, now)
                item.due = route.digest.after(now) if route.digest else self._together(item, now, route.wait)
                outcomes += self._take(item, now)
        return outcomes

    def _take(self, item: Item, now: datetime) -> list[str]:
        _, said = self._told.get(item.key, (0, None))
        if said and _knows(said, item.alert.revision):
            return ["again"]
        if said and said.state in _BEGUN and said.revision == item.alert.revision:
            if said.state == "sending" and not item.receiver.keyed:
                self.unsure.append(Message(said.batch, item.receiver, (item,)))
                return ["unsure"]
            # Begun before: the same message once more, so that the other side knows it again.
            item.batch, item.due = said.batch, now
        waiting = self._waiting.get(item.key)
        if waiting and waiting.alert.revision >= item.alert.revision:
            return ["again"]
        if waiting and waiting.alert.revision < item.alert.revision:
            item.due = min(item.due, waiting.due)
        if (now - item.alert.updated).total_seconds() > self.age_most:
            return ["stale"]
        if item.alert.state is AlertState.MERGED or (item.alert.state is AlertState.RETRACTED and not said):
            # Nobody was told of it, or the alert that goes on tells of it.
            self._waiting.pop(item.key, None)
            return ["unneeded"] + ["replaced"] * bool(waiting)
        self._waiting[item.key] = item
        return ["replaced"] if waiting else []

    def _together(self, item: Item, now: datetime, wait: float) -> datetime:
        """Return when the route's message to this receiver goes out: as its first alert has it."""
        same = [one for one in self._waiting.values() if (one.route, one.receiver) == (item.route, item.receiver)]
        return min((one.due for one in same if not one.attempts), default=now + timedelta(seconds=wait))

    def due(self, now: datetime) -> list[Message]:
        """Return what is to be sent now; it stays until it is `done`."""
        groups: dict[tuple[str, ...], list[Item]] = {}
        for item in self._waiting.values():
            if item.due <= now:
                alone = item.alert.id if item.receiver.kind == "webhook" else ""
                groups.setdefault((item.receiver.name, item.batch or item.route, alone), []).append(item)
        return [Message(items[0].batch or _id(items), items[0].receiver, tuple(items)) for items in groups.values()]

    def next(self) -> datetime | None:
        """Return when the next message is due."""
        return min((item.due for item in self._waiting.values()), default=None)

    def done(self, message: Message) -> None:
        """Take a message off the list."""
        for item in message.items:
            if self._waiting.get(item.key) is item:
                del self._waiting[item.key]

    def later(self, message: Message, due: datetime) -> int:
        """Have a message sent again, as the same message; return how many attempts have failed."""
        for item in message.items:
            item.due, item.batch, item.attempts = due, message.id, item.attempts + 1
        return max(item.attempts for item in message.items)

    def low(self, topic: str, partition: int) -> int | None:
        """Return the lowest offset of a partition that something waits of."""
        offsets = (one.offset for one in self._waiting.values() if (one.topic, one.partition) == (topic, partition))
        return min(offsets, default=None)


def _knows(said: Notification, revision: int) -> bool:
    return said.revision > revision or (said.revision == revision and said.state not in _BEGUN)


def _id(items: Iterable[Item]) -> str:
    some = list(items)
    return stable_id(some[0].receiver.name, *sorted(f"{one.alert.id}-{one.alert.revision}" for one in some))


def _worth(alert: Alert) -> float:
    return max((score.value for score in alert.scores.values()), default=0.0)
