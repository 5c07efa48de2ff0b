"""A worker's sign of life: a file that is touched while it gets on with its work, or has none.

    worker ── Heart.work, Heart.run ──> FOLDER/alive/ROLE-WORKER <── silent ── stellwerk health

A loop that is blocked, a process that is stopped, and a piece of work that never ends all look the same from outside:
the file grows old. It says nothing of what Kafka holds; a worker that gets no records although there are some is alive.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from pipeline.settings import Settings

log = structlog.get_logger()

#: Seconds between two touches.
EVERY: Final = 5.0
#: Seconds after which a file is too old; a step may keep the loop busy for some seconds.
LATE: Final = 30.0
#: Seconds for one piece of work: a batch of a stage, a record that ingest sends. More than any of our time limits.
STUCK: Final = 120.0


def folder(settings: Settings) -> Path:
    """Return where the workers of this machine leave their signs of life."""
    return settings.folder / "alive"


class Heart:
    """The sign of life of one worker.

    Args:
        settings: the folder, and the worker's name.
        role: the worker's role.
        clock: seconds that only grow.
    """

    def __init__(self, settings: Settings, role: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.file = folder(settings) / f"{role}-{settings.stream.worker}"
        self._clock = clock
        self._begun: dict[object, float] = {}

    @contextmanager
    def work(self) -> Iterator[None]:
        """Hold while a piece of work lasts; several may be under way."""
        piece = object()
        self._begun[piece] = self._clock()
        try:
            yield
        finally:
            del self._begun[piece]

    def stuck(self) -> bool:
        """Say whether the oldest piece of work has lasted too long."""
        # A dictionary keeps its order: the first one is the oldest.
        return self._clock() - next(iter(self._begun.values()), self._clock()) > STUCK

    async def run(self) -> None:
        """Touch the file until cancelled, then remove it."""
        try:
            while True:
                if self.stuck():
                    log.error("no progress", worker=self.file.name, seconds=STUCK)
                else:
                    self._touch()
                await asyncio.sleep(EVERY)
        finally:
            with suppress(OSError):
                self.file.unlink(missing_ok=True)

    def _touch(self) -> None:
        """Touch the file; a full disk makes the worker look dead, but does not end it."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.touch()
        except OSError as error:
            log.warning("no sign of life", file=str(self.file), error=error.strerror)

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Run in the background."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def silent(alive: Path, now: float) -> dict[str, float]:
    """Return each worker that has a sign of life, and for how long it has been silent: seconds, 0 while it is on time.

    Args:
        alive: the folder of the files.
        now: seconds since the epoch.
    """
    ages = {file.name: now - file.stat().st_mtime for file in sorted(alive.glob("*"))}
    return {name: age if age > LATE else 0.0 for name, age in ages.items()}
