"""The alert stage: the pure step, and its memory rebuilt from the topics `alerts` and `held`.

The stage owns partition n of `matches`; all alerts of the accounts in it stand in partition n of `alerts`, because both
topics are partitioned by account and have the same number of partitions. So partition n's memory is read from there
before its first match is judged, and dropped when the partition goes to another worker.

    matches ──────────────────▶ step ──┬─▶ alerts.<route>, then alerts     a revision
    labels, withdrawals ──▶ aside ─────┤
    a cool-down that is over ──┘       └─▶ held                            collected, not told yet

A revision goes to the topics of its routes first and to `alerts` when they have it: a crash in between repeats it
there. What comes without a match (`aside`) is decided between two batches, on the partitions that are owned then, and
from the same memory: after a restart it is found again, or found done. What was applied comes into force there, too:
a batch is judged by one set of profiles and takes one tree of routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import structlog
from aiokafka import ConsumerRecord

from pipeline import kafka
from pipeline.alert.cycle import allowed, judged
from pipeline.alert.memory import Memory
from pipeline.alert.step import Held, decide, due_after, healed, released, remember, scored
from pipeline.envelope import Out
from pipeline.errors import Undecodable, Unprocessable
from pipeline.records import Alert, AlertState, Label, Match
from pipeline.settings import Settings
from pipeline.stream import meter
from pipeline.stream.force import InForce
from pipeline.stream.guard import Done
from pipeline.stream.says import Says
from pipeline.topics import ALERTS, HELD, Topic

log = structlog.get_logger()

#: Seconds between two looks at what has become due.
_LOOK = 1.0


class Alerting:
    """The stage's step with its memory.

    Args:
        settings: broker, number of partitions, ages and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._memory: dict[int, Memory] = {}
        self._says = Says(settings.kafka)
        self._found: list[tuple[int, str, Alert]] = []
        self._wake: Callable[[], None] = lambda: None
        self._force = InForce(settings)

    def woken_by(self, wake: Callable[[], None]) -> None:
        """Call this when `aside` has something to say."""
        self._wake = wake
        self._says.woken_by(wake)

    async def start(self) -> None:
        """Read what people and publishers have said, and what is in force, unless that was done before."""
        await self._says.prepare()
        await self._force.prepare()

    async def follow(self) -> None:
        """Follow what they say and what is applied, and wake when a cool-down is over, for ever."""
        await asyncio.gather(self._says.follow(), self._force.follow(), self._watch())

    def versions(self) -> dict[str, str]:
        """Return what is in force."""
        return self._force.versions()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            now = datetime.now(UTC)
            if any(memory.due(now) for memory in self._memory.values()):
                self._wake()

    async def prepare(self, partitions: Iterable[int]) -> None:
        """Read what the topics hold for these partitions, unless it is known."""
        missing = [n for n in partitions if n not in self._memory]
        if not missing:
            return
        told, held = await self._read(ALERTS, missing), await self._read(HELD, missing)
        for n in missing:
            memory = self._memory[n] = Memory(told[n].values())
            self._hold_again(memory, told[n], held[n])
            self._find(n, told[n])
        counts = {"alerts": sum(map(len, told.values())), "held": sum(len(self._memory[n].held) for n in missing)}
        log.info("memory rebuilt", partitions=sorted(missing), **counts)

    async def _read(self, topic: Topic, partitions: Sequence[int]) -> dict[int, dict[str, Alert]]:
        """Return the newest record of each alert, by partition."""
        # Compaction comes late: only the last record of each alert is worth decoding.
        last: dict[int, dict[bytes | None, ConsumerRecord]] = {n: {} for n in partitions}
        async for record in kafka.whole(self._settings.kafka, topic, partitions):
            last[record.partition][record.key] = record
        return {n: {alert.id: alert for alert in _readable(records.values())} for n, records in last.items()}

    def _hold_again(self, memory: Memory, told: dict[str, Alert], held: dict[str, Alert]) -> None:
        for id, alert in held.items():
            known = told.get(id)
            if known is None or alert.revision < known.revision:
                continue
            if alert.revision > known.revision:
                # The revision that it builds on was lost with a worker: all that was in it is in here too.
                memory.hold(alert.model_copy(update={"revision": known.revision}), datetime.now(UTC))
            else:
                memory.hold(alert, due_after(known, alert, self._settings.alert))

    def _find(self, partition: int, told: dict[str, Alert]) -> None:
        """Note what was said, or begun, while nobody owned the partition."""
        now, memory = datetime.now(UTC), self._memory[partition]
        for alert in told.values():
            if alert.state is AlertState.MERGED and healed(memory, alert, self._settings.alert, now):
                self._found.append((partition, "healed", alert))
            elif judged(alert, self._says.verdicts, now):
                self._found.append((partition, "judged", alert))

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop what another worker may change from now on."""
        gone = set(partitions)
        for n in gone:
            self._memory.pop(n, None)
        self._found = [one for one in self._found if one[0] not in gone]

    def aside(self) -> list[Done]:
        """Return what labels, withdrawals and time have made of the alerts that are owned now.

        What was applied meanwhile is in force from here on, until the next call.
        """
        now = datetime.now(UTC)
        self._force.switch()
        found, self._found = self._found, []
        news, self._says.news = self._says.news, []
        done: list[Done] = []
        for partition, what, alert in found:
            memory = self._memory[partition]
            if what == "healed" and (one := healed(memory, alert, self._settings.alert, now)):
                done.append(self._told(partition, "healed", one, now))
            elif what == "judged":
                done += self._judged(partition, alert.id, now)
        for partition, memory in self._memory.items():
            for said in news:
                by_alert = isinstance(said, Label) and said.alert_id
                on = [memory.find(said.alert_id)] if by_alert else memory.holding(said.article_id)  # type: ignore[union-attr]
                for alert in filter(None, on):
                    done += self._judged(partition, alert.id, now)
            done += [self._told(partition, "released", released(alert, now), now) for alert in memory.due(now)]
        return done

    def _judged(self, partition: int, alert_id: str, now: datetime) -> list[Done]:
        alert = self._memory[partition].find(alert_id)
        revision = judged(alert, self._says.verdicts, now) if alert else None
        if revision is None:
            return []
        outcome = "taken_back" if revision.state is AlertState.RETRACTED else "corrected"
        return [self._told(partition, outcome, revision, now)]

    def _told(self, partition: int, outcome: str, alert: Alert, now: datetime) -> Done:
        alert = scored(alert, self._force.profiles, now)
        self._memory[partition].put(alert)
        return self._done(partition, outcome, [alert])

    def step(self, matches: Sequence[Match]) -> list[Done]:
        """Judge matches one after the other; each sees what the one before has changed."""
        return [self._one(match) for match in matches]

    def _one(self, match: Match) -> Done:
        partition = kafka.partition_of(match.account.id.encode(), self._settings.kafka.partitions)
        memory = self._memory.get(partition)
        if memory is None:
            raise Unprocessable(f"match of {match.account.id} in another partition than its account's: wrong key")
        may = allowed(match, self._says.verdicts)
        if match.signals and not may.signals:
            return Done("denied")
        decided = decide(
            memory, may, now=datetime.now(UTC), settings=self._settings.alert, profiles=self._force.profiles
        )
        remember(memory, decided)
        return self._done(partition, decided.outcome, decided.alerts, decided.held)

    def _done(self, partition: int, outcome: str, alerts: Iterable[Alert], held: Iterable[Held] = ()) -> Done:
        told = list(alerts)
        for alert in told:
            log.info("alert", alert=alert.id, revision=alert.revision, state=alert.state)
        meter.told(told)
        return Done(
            outcome,
            tuple(_out(topic, alert, partition) for alert in told for topic in self._force.topics(alert)),
            (
                *(_out(ALERTS, alert, partition) for alert in told),
                *(_out(HELD, one.alert, partition) for one in held),
            ),
        )


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
