"""How far a stage is, as the broker knows it: its topics' ends, and what its group has committed; told, and watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Set
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import TopicPartition

from pipeline import kafka, metrics
from pipeline.probe import Probe, serving
from pipeline.settings import Settings
from pipeline.stream.stages import Built, Stage
from pipeline.watch import Place, Progress, Pulse, watch


class Lag:
    """Asks the broker about one stage, on connections that are kept while they work.

    Attributes:
        places: partition -> how far it is, as of the last answer.
        missing: topics of the stage that are not there, as of the last answer.
    """

    def __init__(self, stage: Stage, settings: Settings) -> None:
        self._stage, self._settings = stage, settings.kafka
        self._open: tuple[AsyncExitStack, kafka.Broker, Any] | None = None
        self.places: dict[int, Place] = {}
        self.missing: list[str] = []

    async def ask(self, partitions: Iterable[int]) -> dict[int, Place]:
        """Return how far these partitions are.

        Raises:
            KafkaError, Transient: the broker does not answer.
        """
        try:
            self.places = await self._ask(partitions)
        except BaseException:
            await self.aclose()
            raise
        return self.places

    async def _ask(self, partitions: Iterable[int]) -> dict[int, Place]:
        broker, consumer = await self._connected()
        self.missing = await broker.missing((self._stage.source, *self._stage.sinks))
        name = kafka.full_name(self._settings, self._stage.source)
        if name in self.missing:
            return {}
        wanted = [TopicPartition(name, n) for n in partitions]
        done = await broker.committed(self._stage.name)
        starts, ends = await asyncio.gather(consumer.beginning_offsets(wanted), consumer.end_offsets(wanted))
        # What expired before anybody came to it is not waiting any more.
        return {tp.partition: Place(max(done.get(tp, 0), starts[tp]), ends[tp]) for tp in wanted}

    async def _connected(self) -> tuple[kafka.Broker, Any]:
        if self._open is None:
            async with AsyncExitStack() as ends:
                broker = await ends.enter_async_context(kafka.Broker(self._settings))
                consumer = await ends.enter_async_context(kafka.reading(self._settings))
                self._open = ends.pop_all(), broker, consumer
        return self._open[1], self._open[2]

    async def aclose(self) -> None:
        """Disconnect."""
        self.places = {}
        if self._open is not None:
            ends, self._open = self._open[0], None
            await ends.aclose()


async def told(stage: Stage, built: Built, settings: Settings, probe: Probe, pulse: Pulse, mine: Set[int]) -> None:
    """Serve the figures of a stage, and end the process when it is stuck; for ever.

    Args:
        stage: which.
        built: knows what is in service.
        settings: where to serve, and the patience.
        probe: what the stage needs.
        pulse: when it last got on.
        mine: its partitions, as they are at any time.
    """
    lag, progress = Lag(stage, settings), Progress(settings.stream.stuck)

    async def look() -> str:
        places = await lag.ask(sorted(mine))
        probe.say("topics", f"missing: {', '.join(lag.missing)}" if lag.missing else "")
        return progress.look(places, pulse.worked, pulse.emptied, time.monotonic())

    def lags() -> dict[metrics.Values, float]:
        return {(stage.name, str(n)): float(place.end - place.done) for n, place in lag.places.items()}

    def versions() -> dict[metrics.Values, float]:
        return {(stage.name, what, version): 1.0 for what, version in built.versions().items() if version}

    def last() -> dict[metrics.Values, float]:
        return {(stage.name,): pulse.at} if pulse.at else {}

    async with AsyncExitStack() as ends:
        ends.push_async_callback(lag.aclose)
        ends.enter_context(metrics.LAG.read(lags))
        ends.enter_context(metrics.VERSION.read(versions))
        ends.enter_context(metrics.PROGRESS.read(last))
        await ends.enter_async_context(serving(settings, probe))
        await watch(look, progress.forget, probe, settings.stream.stuck)
