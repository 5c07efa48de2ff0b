"""The alert stage: the pure step, and its memory rebuilt from the `alerts` topic.

The stage owns partition n of `matches`; all alerts of the accounts in it stand in partition n of `alerts`, because both
topics are partitioned by account and have the same number of partitions. So partition n's memory is read from there
before its first match is judged, and dropped when the partition goes to another worker.

A revision goes to the topics of its routes first and to `alerts` when they have it: a crash in between repeats it
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import structlog
from aiokafka import ConsumerRecord

from pipeline import kafka
from pipeline.alert.memory import Memory
from pipeline.alert.profiles import load_profiles
from pipeline.alert.routes import Route, load_routes, topics_for
from pipeline.alert.step import decide
from pipeline.envelope import Out
from pipeline.errors import Undecodable, Unprocessable
from pipeline.records import Alert, Match
from pipeline.settings import Settings
from pipeline.stream import meter
from pipeline.stream.guard import Done
from pipeline.topics import ALERTS, Topic, route_topic

log = structlog.get_logger()


class Alerting:
    """The stage's step with its memory.

    Args:
        settings: broker, number of partitions, ages and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._memory: dict[int, Memory] = {}
        self._profiles = load_profiles(settings.alert.profiles)
        self._routes = routes_of(settings)
        names = self._routes.topics() if self._routes else ()
        self._topics = {name: route_topic(name) for name in names}

    async def prepare(self, partitions: Iterable[int]) -> None:
        """Read what the `alerts` topic holds for these partitions, unless it is known."""
        missing = [n for n in partitions if n not in self._memory]
        if not missing:
            return
        # Compaction comes late: only the last record of each alert is worth decoding.
        last: dict[int, dict[bytes | None, ConsumerRecord]] = {n: {} for n in missing}
        async for record in kafka.whole(self._settings.kafka, ALERTS, missing):
            last[record.partition][record.key] = record
        for n, records in last.items():
            self._memory[n] = Memory(_readable(records.values()))
        log.info("memory rebuilt", partitions=sorted(missing), alerts=sum(len(self._memory[n]) for n in missing))

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop what another worker may change from now on."""
        for n in partitions:
            self._memory.pop(n, None)

    def step(self, matches: Sequence[Match]) -> list[Done]:
        """Judge matches one after the other; each sees what the one before has changed."""
        return [self._one(match) for match in matches]

    def _one(self, match: Match) -> Done:
        partition = kafka.partition_of(match.account.id.encode(), self._settings.kafka.partitions)
        memory = self._memory.get(partition)
        if memory is None:
            raise Unprocessable(f"match of {match.account.id} in another partition than its account's: wrong key")
        decided = decide(memory, match, now=datetime.now(UTC), settings=self._settings.alert, profiles=self._profiles)
        for alert in decided.alerts:
            memory.put(alert)
            log.info("alert", alert=alert.id, revision=alert.revision, state=alert.state, article=match.article.id)
        meter.decided(decided.alerts, match.article)
        return Done(
            decided.outcome,
            tuple(_out(topic, alert, partition) for alert in decided.alerts for topic in self._chosen(alert)),
            tuple(_out(ALERTS, alert, partition) for alert in decided.alerts),
        )

    def _chosen(self, alert: Alert) -> list[Topic]:
        return [self._topics[name] for name in topics_for(self._routes, alert)] if self._routes else []


def _readable(records: Iterable[ConsumerRecord]) -> Iterator[Alert]:
    """Yield the alerts in records; one without value was taken away."""
    for record in records:
        if record.value is None:
            continue
        try:
            yield Alert.decode(record.value)
        except Undecodable as error:
            log.warning("alert that cannot be read", offset=record.offset, error=str(error))


def _out(topic: Topic, alert: Alert, partition: int) -> Out:
    return Out(topic, alert.id.encode(), alert.encode(), partition)


def routes_of(settings: Settings) -> Route | None:
    """Return the deployment's routes, where it has any.

    Raises:
        BadInput: the route or the profile file is wrong.
    """
    if settings.alert.routes is None:
        return None
    names = [profile.name for profile in load_profiles(settings.alert.profiles).all]
    return load_routes(settings.alert.routes, names)


def route_topics(settings: Settings) -> tuple[Topic, ...]:
    """Return the topics of the deployment's routes, for those who make and check topics."""
    routes = routes_of(settings)
    return tuple(map(route_topic, routes.topics())) if routes else ()
