"""Who may ask whom, and when: manners towards a host, and fairness between hosts.

    host's place (so many at once) ─ host's pause (seconds between two) ─ a turn (so many altogether) ─ the request

A host that hangs must not keep the others waiting. A request that has taken a second steps aside: the next one gets
its turn while it goes on. Hosts that let us wait in vain the last time have a lane of their own from the start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from agents.errors import Fault, Unreachable
from pipeline.settings import FetchSettings

#: Connections for each turn: one in turn, two that stepped aside, one in the lane of those that hung before.
CONNECTIONS: Final = 4
_PATIENCE: Final = 1.0
#: Hosts remembered, as hanging and altogether.
_HUNG_MOST: Final = 10_000
_HOSTS_MOST: Final = 20_000


@dataclass(slots=True)
class _Host:
    """One host: its places, when it may be asked again, and how many of ours are with it."""

    places: asyncio.Semaphore
    free: float = 0.0
    users: int = 0


class Turns:
    """Turns at the network; for one event loop."""

    def __init__(self, settings: FetchSettings) -> None:
        self._per_host, self._interval = settings.per_host, settings.interval
        self._turns = asyncio.Semaphore(settings.at_once)
        self._lane = asyncio.Semaphore(settings.at_once)
        self._aside = 2 * settings.at_once
        self._hung: set[str] = set()
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[None]:
        """Wait for a turn with a host and have it; what is raised inside says whether the host hangs."""
        host = self._host(name)
        host.users += 1
        try:
            async with host.places:
                await self._pause(host)
                async with self._lane if name in self._hung else self._turn():
                    yield
        except Unreachable:
            if len(self._hung) < _HUNG_MOST:
                self._hung.add(name)
            raise
        except Fault:
            self._hung.discard(name)
            raise
        else:
            self._hung.discard(name)
        finally:
            host.users -= 1

    def _host(self, name: str) -> _Host:
        """Return what is known of a host."""
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= _HOSTS_MOST:
                now = time.monotonic()
                self._hosts = {name: one for name, one in self._hosts.items() if one.users or one.free > now}
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._per_host))
        return host

    async def _pause(self, host: _Host) -> None:
        """Wait until the host may be asked again, and claim that moment."""
        now = time.monotonic()
        at = max(now, host.free)
        host.free = at + self._interval
        if at > now:
            await asyncio.sleep(at - now)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Have one of the turns, and give it to the next after a second, while there is room aside."""
        await self._turns.acquire()
        loop, aside = asyncio.get_running_loop(), False
        timer: asyncio.TimerHandle

        def step() -> None:
            nonlocal aside, timer
            if self._aside > 0:
                self._aside, aside = self._aside - 1, True
                self._turns.release()
            else:
                timer = loop.call_later(_PATIENCE / 4, step)

        timer = loop.call_later(_PATIENCE, step)
        try:
            yield
        finally:
            timer.cancel()
            if aside:
                self._aside += 1
            else:
                self._turns.release()
