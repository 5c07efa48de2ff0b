"""robots.txt (RFC 9309) for pages: may we fetch this one?

Feeds are offered to readers and not asked about. The file of a host is kept as bytes for a day at most and read anew
for each question, in the sandbox: a usual one costs a fraction of a millisecond, and a hostile one cannot hold us up.

    answer of /robots.txt            means
    2xx                              what it says, in its first 500 KiB
    4xx but 429, redirects without end   everything is allowed
    5xx, 429, no answer              nothing is allowed, for an hour
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from agents.errors import Blocked, Disallowed, Exhausted, Fault, Gone, Refused, Unparsable, Unreachable
from agents.fetch import Door
from agents.links import shown
from agents.sandbox import Sandbox
from pipeline.settings import FetchSettings

#: Seconds that a file, and that a failure to get one, is believed.
_KEPT, _KEPT_FAILURE = 86_400.0, 3600.0
_LARGEST: Final = 500 * 1024
#: Files kept in memory, and their bytes.
_FILES_MOST, _BYTES_MOST = 20_000, 32_000_000
_PLAIN: Final = "text/plain, */*;q=0.1"


def allowed(file: bytes, agent: str, url: str) -> bool:
    """Say whether a robots.txt allows a URL.

    Args:
        file: its bytes.
        agent: our product token, e.g. `Stellwerk`.
        url: http or https.
    """
    # Imported here: only the sandbox's children need it.
    from protego import Protego

    return bool(Protego.parse(file[:_LARGEST].decode("utf-8", "replace").lstrip("\ufeff")).can_fetch(url, agent))


@dataclass(frozen=True, slots=True)
class _File:
    """What a host said: its file, or one word on all of it."""

    until: float
    rules: bytes = b""
    nothing: bool = False


class Robots:
    """Asks the hosts, once a day each; for one event loop."""

    def __init__(
        self, settings: FetchSettings, door: Door, sandbox: Sandbox, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._door, self._sandbox, self._clock = door, sandbox, clock
        self._on, self._agent = settings.robots, settings.agent.partition("/")[0].split(" ")[0]
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_File]] = {}
        self._bytes = 0

    async def check(self, url: str) -> None:
        """Return when a page may be fetched.

        Raises:
            Disallowed: the host asks us not to.
            Unreachable: it could not be asked; then it may not be, either.
        """
        if not self._on:
            return
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        file = await self._file(host)
        if file.nothing:
            raise Unreachable(f"{shown(url)}: robots.txt cannot be had")
        if file.rules and not await self._allows(host, file, url):
            raise Disallowed(f"{shown(url)}: robots.txt says no")

    async def _allows(self, host: str, file: _File, url: str) -> bool:
        try:
            return await self._sandbox.run(allowed, file.rules, self._agent, url)
        except (Exhausted, Unparsable):
            # A file that cannot be read says nothing good; it is not tried again for each page.
            self._keep(host, _File(file.until, nothing=True))
            return False

    async def _file(self, host: str) -> _File:
        """Return what the host says, asking it where we do not know; several who want to know ask once."""
        known = self._files.get(host)
        if known and known.until > self._clock():
            self._files.move_to_end(host)
            return known
        task = self._asking.get(host)
        if task is None:
            task = self._asking[host] = asyncio.create_task(self._ask(host))
            task.add_done_callback(lambda _: self._asking.pop(host, None))
        # One of those who wait may be cancelled; the others still want the answer.
        return await asyncio.shield(task)

    async def _ask(self, host: str) -> _File:
        until = self._clock() + _KEPT
        try:
            file = _File(until, (await self._door.get(f"{host}/robots.txt", accept=_PLAIN)).body[:_LARGEST])
        except (Gone, Blocked, Refused):
            file = _File(until)
        except Fault:
            file = _File(self._clock() + _KEPT_FAILURE, nothing=True)
        self._keep(host, file)
        return file

    def _keep(self, host: str, file: _File) -> None:
        """Remember a file, and forget those that nobody asked for longest."""
        old = self._files.pop(host, None)
        self._files[host] = file
        self._bytes += len(file.rules) - (len(old.rules) if old else 0)
        while len(self._files) > _FILES_MOST or self._bytes > _BYTES_MOST:
            _, gone = self._files.popitem(last=False)
            self._bytes -= len(gone.rules)

    async def aclose(self) -> None:
        """Give up the questions that are still open."""
        open_ones = tuple(self._asking.values())
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
