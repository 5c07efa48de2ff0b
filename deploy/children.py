"""Child processes that are told apart, kept alive, and never left behind.

A child gets its own process group, so that Ctrl-C reaches only us and we can end them in order. On Linux a child dies
with us even when we are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import orjson
import structlog

from pipeline.errors import NotReady

log = structlog.get_logger()

#: Seconds between asking a child to end and killing it; killing loses nothing, it only repeats some work.
PATIENCE: Final = 30.0
_PR_SET_PDEATHSIG: Final = 1


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One process.

    Args:
        name: for people and logs.
        command: program and arguments.
        log: file that takes its standard error (and its output, unless it `announces`); None: our standard error.
        environment: added to ours.
        announces: it prints one line of JSON on standard output when it is ready.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        announces: bool = False,
    ) -> None:
        self.name, self.command, self.log = name, list(command), log
        self._environment = {**os.environ, **(environment or {})}
        self._announces = announces
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id; 0 before the start."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it."""
        with contextlib.ExitStack() as files:
            errors: IO[bytes] | None = None
            if self.log:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                errors = files.enter_context(self.log.open("ab"))
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if self._announces else (errors or sys.stderr),
                stderr=errors,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def announced(self, seconds: float = 60.0) -> dict[str, str]:
        """Wait for the line that it prints when it is ready, and return it.

        Raises:
            NotReady: it ended, or said nothing in time; the message holds the end of its log.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise NotReady(f"{self.name} is not ready after {seconds:.0f} s{self.end_of_log()}") from None
        if not line:
            await self.ended()
            raise NotReady(f"{self.name} could not start{self.end_of_log()}")
        said: dict[str, str] = orjson.loads(line)
        return said

    async def ended(self) -> int:
        """Wait until it ends and return its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, patience: float = PATIENCE) -> None:
        """Ask it to end, and kill it when it does not."""
        if not self.running:
            return
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            log.warning("does not end, killing it", child=self.name)
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def tail(self, characters: int = 1500) -> str:
        """Return the end of its log."""
        if not self.log or not self.log.exists():
            return ""
        return self.log.read_text(errors="replace")[-characters:]

    def end_of_log(self) -> str:
        """Return the tail of an error message: where its log is, and its last lines."""
        return f"; the end of {self.log}:\n{self.tail()}" if self.log else "; see its messages above"
