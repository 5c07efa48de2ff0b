"""Processes that may die while they read what strangers wrote.

One process per parser, each a plain child with two pipes: no fork of a process that runs threads, sockets and an event
loop, no shared queue that a kill could leave locked, and no pool that one dead child breaks for everybody (which is
what `concurrent.futures.ProcessPoolExecutor` does). A child that uses up its CPU time is killed by the kernel through
a timer that was set before the work began; the next call starts another.

    caller --(length, pickle of function and arguments)--> child
    caller <--(length, pickle of (word, result or error))-- child
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

from agents.counts import timed
from agents.errors import Exhausted, Unparsable
from pipeline import metrics

_P = ParamSpec("_P")
_R = TypeVar("_R")
_LENGTH: Final = struct.Struct(">Q")
#: A result larger than this is no feed and no page any more.
_LARGEST: Final = 256 << 20
#: Parsers and their libraries leak a little; after so many calls a child is replaced.
_CALLS: Final = 1000
#: Where a machine is busy, CPU seconds take longer than seconds; after this many times as long it is a hang.
_PATIENCE: Final = 10.0
_STARTING: Final = 30.0


class Sandbox:
    """Runs functions in child processes; an async context manager.

    Args:
        parsers: how many children at most; they are started when first needed.
        cpu_seconds: CPU time of one call, user and system.
        memory_mb: address space of a child, MiB.
    """

    def __init__(self, parsers: int, cpu_seconds: float, memory_mb: int = 1024) -> None:
        self._cpu, self._memory = cpu_seconds, memory_mb
        self._free = asyncio.LifoQueue[_Child | None]()
        self._all: set[_Child] = set()
        for _ in range(parsers):
            self._free.put_nowait(None)

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill all children; calls under way end as Exhausted."""
        for child in tuple(self._all):
            await self._end(child)

    async def run(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Return what the function returns, or raise what it raises of our own errors.

        Args:
            function: at the top level of a module; arguments and result must pickle.
            args: its arguments.
            kwargs: likewise.

        Raises:
            Exhausted: it used up its CPU time or memory, or its process died.
            Unparsable: it raised something that is not ours.
        """
        with timed(metrics.SANDBOX):
            return await self._run(function, *args, **kwargs)

    async def _run(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        request = pickle.dumps((function, args, kwargs, self._cpu), pickle.HIGHEST_PROTOCOL)
        child = await self._free.get()
        kept: _Child | None = None
        try:
            if child is None:
                child = await self._start()
            word, result = await child.ask(request, _PATIENCE * self._cpu + _STARTING)
            if word != "exhausted" and child.calls < _CALLS:
                kept = child
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            why = await child.ended() if child else "could not be started"
            raise Exhausted(f"{function.__name__}, allowed {self._cpu:g} CPU seconds: its process {why}") from None
        finally:
            self._free.put_nowait(kept)
            # Also on cancellation: what the child would answer belongs to nobody then.
            if kept is None and child is not None:
                await self._end(child)
        if word == "ok":
            return result  # type: ignore[no-any-return]
        if word == "exhausted":
            raise Exhausted(f"{function.__name__} used up {self._memory} MiB of memory")
        if word == "ours":
            raise result
        raise Unparsable(f"{function.__name__}: {result}")

    async def _start(self) -> _Child:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            # Address space is limited: a thread pool of a numeric library would take a gigabyte by itself.
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
            "MALLOC_ARENA_MAX": "2",
        }
        command = (sys.executable, "-m", "agents.sandbox", str(self._memory))
        # A session of its own: Ctrl-C is for the parent, which then closes the pipes.
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True
        )
        child = _Child(process)
        self._all.add(child)
        return child

    async def _end(self, child: _Child) -> None:
        self._all.discard(child)
        await child.kill()


class _Child:
    """One process and its two pipes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.calls = 0

    async def ask(self, request: bytes, within: float) -> tuple[str, Any]:
        """Send a request and return the answer."""
        self.calls += 1
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        async with asyncio.timeout(within):
            writer.write(_LENGTH.pack(len(request)))
            writer.write(request)
            await writer.drain()
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            if length > _LARGEST:
                raise TimeoutError
            answer: tuple[str, Any] = pickle.loads(await reader.readexactly(length))
            return answer

    async def ended(self) -> str:
        """Return how the process ended, in words."""
        try:
            async with asyncio.timeout(1.0):
                code = await self._process.wait()
        except TimeoutError:
            return "did not answer"
        if -code in (signal.SIGPROF, signal.SIGXCPU):
            return "used them up"
        return f"was killed by signal {-code}" if code < 0 else f"died with exit code {code}"

    async def kill(self) -> None:
        """End the process, at once and surely."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.shield(self._process.wait())


def _serve(memory_mb: int) -> None:
    """Answer requests until the parent goes away."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between the answers.
    os.dup2(2, 1)
    while header := requests.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(header)
        # Unpickling imports the function's module: that is start-up and not counted as its work.
        function, args, kwargs, seconds = pickle.loads(requests.read(length))
        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 3, hard))
        # The kernel ends the process when this runs out; no handler, so no C code can hold it up.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = _answer(function, args, kwargs)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        answers.write(_LENGTH.pack(len(answer)))
        answers.write(answer)
        answers.flush()


def _answer(function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> bytes:
    """Return the pickled outcome of a call."""
    from pipeline.errors import StellwerkError

    outcome: tuple[str, object]
    try:
        outcome = ("ok", function(*args, **kwargs))
    except MemoryError:
        outcome = ("exhausted", None)
    except StellwerkError as error:
        outcome = ("ours", error)
    except Exception as error:
        # The wall between strangers' bytes and us: a parser may raise anything here, and only the call may fail by it.
        outcome = ("theirs", f"{type(error).__name__}: {error!s:.200}")
    return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
