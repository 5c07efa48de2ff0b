"""The watchdog: work waits on the broker, and nothing is done about it? Then the worker ends, to be started again.

    broker: end offsets ──┐
    group: committed ─────┼──▶ Progress ──▶ stuck? ──▶ one line in the log, exit code 1
    worker: last batch ───┘

Faust can stop without a word: a partition that is never resumed after a rebalance, commits that are blocked for good,
an await that never ends. Whoever asks only the worker hears that all is well. A loop that does not turn at all is the
business of `heart.py`. While the broker does not answer nobody is stuck: restarting would not help.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, NoReturn

import structlog
from aiokafka.errors import KafkaError

from pipeline.errors import Transient
from pipeline.probe import Probe

log = structlog.get_logger()

#: Seconds between two looks, where the patience allows it.
EVERY: Final = 10.0


class Place(NamedTuple):
    """How far a partition is: the first offset not committed, and the first that does not exist yet."""

    done: int
    end: int


class Progress:
    """Judges whether a worker gets on, from looks at its partitions.

    Args:
        patience: seconds that a partition may wait.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Any, tuple[int, float]] = {}

    def forget(self) -> None:
        """Begin anew: what was seen before means nothing."""
        self._since.clear()

    def look(self, places: Mapping[Any, Place], worked: float, emptied: float, now: float) -> str:
        """Return what is stuck, or nothing.

        A partition is stuck when records have waited in it and its commits have not moved for so long, and meanwhile
        the worker has done nothing, or had nothing left in its hands: one that is busy with other partitions is slow.

        Args:
            places: partition -> how far it is, of those that the worker has.
            worked: when the worker last finished a batch.
            emptied: when it last had no record left in its hands.
            now: on the same clock, seconds.
        """
        waiting = {n: place for n, place in places.items() if place.done < place.end}
        before, self._since = self._since, {}
        for n, place in waiting.items():
            done, since = before.get(n, (-1, now))
            self._since[n] = (done, since) if done == place.done else (place.done, now)
        for n, (_, since) in self._since.items():
            idle = now - worked > self._patience or emptied > since + self._patience / 2
            if idle and now - since > self._patience:
                lag = waiting[n].end - waiting[n].done
                return f"partition {n}: {lag} records wait, none committed for {now - since:.0f} s"
        return ""


class UnderWay:
    """Judges whether a piece of work lasts too long although the broker answers.

    Args:
        patience: seconds that it may be stuck while the broker answers; what a lost broker held up goes on by itself.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: float | None = None

    def forget(self) -> None:
        """Begin anew."""
        self._since = None

    def look(self, stuck: str, now: float) -> str:
        """Return what is stuck, or nothing.

        Args:
            stuck: what the worker's heart says.
            now: on a clock that only grows, seconds.
        """
        self._since = (now if self._since is None else self._since) if stuck else None
        return stuck if self._since is not None and now - self._since > self._patience else ""


async def watch(look: Callable[[], Awaitable[str]], lost: Callable[[], None], probe: Probe, patience: float) -> None:
    """Look again and again, for ever; end the process when a look says that it is stuck.

    Args:
        look: returns what is stuck, or nothing.
        lost: called when the broker did not answer, or nobody looked for long: the patience begins anew.
        probe: is told whether it did.
        patience: seconds that work may wait.
    """
    last = time.monotonic()
    while True:
        if time.monotonic() - last > patience / 2:
            # The process stood still, or the machine did: what was seen before says nothing about the worker.
            lost()
        last = time.monotonic()
        try:
            async with asyncio.timeout(max(EVERY, patience / 4)):
                stuck = await look()
        except (KafkaError, Transient, TimeoutError) as error:
            probe.say("broker", f"does not answer: {type(error).__name__}")
            lost()
        else:
            probe.say("broker")
            if stuck:
                _end(probe.role, stuck)
        await asyncio.sleep(min(EVERY, patience / 4))


def _end(role: str, stuck: str) -> NoReturn:
    """End this process at once: what is stuck cannot be asked to end. Nothing is lost, as with a kill."""
    log.critical("stuck: ends itself, to be started again", worker=role, stuck=stuck)
    sys.stderr.flush()
    os._exit(1)


class Pulse:
    """When a worker last got on.

    Attributes:
        worked: when the last batch was finished, by `time.monotonic`.
        at: the same, seconds since the epoch; 0 before the first.
    """

    def __init__(self) -> None:
        self.worked = self._emptied = time.monotonic()
        self.at, self._empty = 0.0, True

    @contextmanager
    def work(self, *, last: bool) -> Iterator[None]:
        """Hold while a batch lasts; `last` where no other one waits behind it."""
        self._empty = False
        yield
        self.worked, self.at, self._empty = time.monotonic(), time.time(), last
        if last:
            self._emptied = self.worked

    @property
    def emptied(self) -> float:
        """When the worker last had nothing in its hands: now, where it has nothing."""
        return time.monotonic() if self._empty else self._emptied
