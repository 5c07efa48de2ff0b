"""A worker killed and started again, and what that took: seconds, CPU, and how much of the machine was others'."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import TopicPartition

from deploy.children import Child
from pipeline import kafka
from pipeline.settings import Settings
from pipeline.topics import Topic

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Machine:
    """What happened on the machine meanwhile; Linux tells, elsewhere all is 0.

    Attributes:
        others: share of all cores that went to processes that are not ours.
    """

    others: float = 0.0

    @classmethod
    @contextmanager
    def watched(cls) -> Iterator[Machine]:
        """Watch until the end of the block."""
        machine, began, busy, ours = cls(), time.monotonic(), _busy(), _ours()
        yield machine
        spent = (_busy() - busy) - (_ours() - ours)
        machine.others = max(0.0, spent / ((time.monotonic() - began) * (os.cpu_count() or 1)))


@dataclass(slots=True)
class Restart:
    """From the start of a process to its first work.

    Attributes:
        message: seconds until the first record that it wrote could be read from its topic.
        commit: seconds until its first commit; the worker's commit interval is in it.
        cpu: seconds of CPU that the process took until that first record.
        machine: what else there was.
    """

    message: float = 0.0
    commit: float = 0.0
    cpu: float = 0.0
    machine: Machine = field(default_factory=Machine)

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"next message {self.message:.1f} s, commit {self.commit:.1f} s, "
            f"CPU {self.cpu:.1f} s, others {self.machine.others:.0%}"
        )


async def restart(settings: Settings, worker: Child, sink: Topic) -> Restart:
    """Kill a worker, start it again, and wait until it works.

    Args:
        settings: which broker.
        worker: the only one of its stage, so that what comes onto the sink now is its own.
        sink: where it writes to.
    """
    worker.kill()
    await worker.ended()
    async with kafka.Broker(settings.kafka) as broker, kafka.reading(settings.kafka) as consumer:
        name = kafka.full_name(settings.kafka, sink)
        partitions = [TopicPartition(name, n) for n in kafka.all_partitions(settings.kafka, sink)]
        consumer.assign(partitions)
        for tp, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(tp, end)
        before, began, found = await broker.committed(worker.name), time.monotonic(), Restart()

        async def message() -> None:
            await consumer.getone()
            found.message, found.cpu = time.monotonic() - began, _cpu(worker.pid)

        async def commit() -> None:
            while await broker.committed(worker.name) == before:
                await asyncio.sleep(0.1)
            found.commit = time.monotonic() - began

        with Machine.watched() as found.machine:
            await worker.start()
            async with asyncio.timeout(60):
                await asyncio.gather(message(), commit())
    return found


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process; 0 where the system does not tell."""
    own, _ = _times(pid)
    return own


def _times(pid: int) -> tuple[float, float]:
    """Return the CPU seconds of a process, and of those children of it that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    user, system, user_of_children, system_of_children = (int(one) / _TICKS for one in fields[11:15])
    return user + system, user_of_children + system_of_children


def _ours() -> float:
    """Return the CPU seconds of this process and all below it."""
    below = [os.getpid()]
    for pid in below:
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            below.extend(map(int, file.read_text().split()))
    return sum(sum(_times(pid)) for pid in below)


def _busy() -> float:
    """Return the seconds in which the machine's cores worked for anybody."""
    try:
        fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / _TICKS
