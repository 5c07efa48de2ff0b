"""A worker's sign of life: a file that is touched while its loop turns, and says so where a piece of work is stuck.

    worker ── Heart.work, Heart.run ──> FOLDER/alive/ROLE-WORKER <── silent ── stellwerk health, up

The file grows old where the loop is blocked or the process is stopped. A loop that stays blocked ends the process by a
timer that needs neither the loop nor the interpreter's lock: it leaves all stacks on standard error and exit code 1.
What Kafka holds is the watchdog's business (`watch.py`).
"""

from __future__ import annotations

import asyncio
import faulthandler
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from pipeline.beside import beside
from pipeline.settings import Settings

log = structlog.get_logger()

#: Seconds between two touches.
EVERY: Final = 5.0
#: Seconds after which a file is too old; a step may keep the loop busy for some seconds.
LATE: Final = 30.0
#: Standard error by its number: the timer must not depend on what Python has made of it.
_ERRORS: Final = 2


def folder(settings: Settings) -> Path:
    """Return where the workers of this machine leave their signs of life."""
    return settings.folder / "alive"


class Heart:
    """The sign of life of one worker.

    Args:
        settings: the folder, the worker's name, and how long a piece of work may take: a batch of a stage, a record
            that ingest sends.
        role: the worker's role.
        clock: seconds that only grow.
    """

    def __init__(self, settings: Settings, role: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.file = folder(settings) / f"{role}-{settings.stream.worker}"
        self._clock, self._most = clock, settings.stream.stuck
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

    def stuck(self) -> str:
        """Return what is wrong where the oldest piece of work has lasted too long, else nothing."""
        # A dictionary keeps its order: the first one is the oldest.
        lasted = self._clock() - next(iter(self._begun.values()), self._clock())
        return f"a piece of work has been under way for {lasted:.0f} s" if lasted > self._most else ""

    async def run(self) -> None:
        """Beat until cancelled, then remove the file."""
        try:
            while True:
                faulthandler.dump_traceback_later(self._most, exit=True, file=_ERRORS)
                if stuck := self.stuck():
                    log.error("no progress", worker=self.file.name, stuck=stuck)
                self._touch(stuck)
                await asyncio.sleep(min(EVERY, self._most / 4))
        finally:
            faulthandler.cancel_dump_traceback_later()
            with suppress(OSError):
                self.file.unlink(missing_ok=True)

    def _touch(self, stuck: str) -> None:
        """Touch the file; a full disk makes the worker look dead, but does not end it."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(stuck)
        except OSError as error:
            log.warning("no sign of life", file=str(self.file), error=error.strerror)

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Run in the background."""
        async with beside(self.run()):
            yield


def silent(alive: Path, now: float) -> dict[str, str]:
    """Return each worker that has a sign of life, and what is wrong with it, or nothing.

    Args:
        alive: the folder of the files.
        now: seconds since the epoch.
    """
    found = {}
    for file in sorted(alive.glob("*")):
        with suppress(FileNotFoundError):
            silence = age(file, now)
            found[file.name] = f"silent for {silence:.0f} s" if silence > LATE else file.read_text()
    return found


def age(file: Path, now: float) -> float:
    """Return the seconds since a sign of life was touched; 0 where there is none yet, or none any more."""
    try:
        return now - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
