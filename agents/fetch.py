"""The one door to the network.

Every request of Stellwerk for something of the web goes through `Door.get`: http and https to public addresses only,
each redirect looked at like a first request, no proxies, no cookies, no user names, and an end to everything: seconds,
hops, bytes as sent, bytes after decoding, bytes held at once, bytes a second at least, requests at once, requests to
one host (`turns.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self
from weakref import finalize

import httpcore2
import httpx2

from agents.body import Reader, is_gzip
from agents.counts import timed
from agents.dial import Dialler, Resolver, SystemResolver, networks
from agents.errors import Blocked, Fault, Garbled, Gone, Refused, Soft, TooBig, Unreachable
from agents.links import shown
from agents.turns import CONNECTIONS, Turns
from pipeline import metrics
from pipeline.errors import BadInput
from pipeline.settings import FetchSettings

__all__ = ["Answer", "Blocked", "Door", "Garbled", "Gone", "Refused", "Soft", "TooBig", "Unreachable"]

_MOVED: Final = frozenset((301, 302, 303, 307, 308))
_FOR_GOOD: Final = frozenset((301, 308))
_SOFT: Final = frozenset((408, 425, 429))
#: Bytes of all answers still in somebody's hands; while there are more, none may grow beyond the smaller limit.
_HELD_MOST, _SMALL = 128_000_000, 500_000
#: Seconds of a body before its speed is judged.
_SETTLED: Final = 5.0
ANY: Final = "application/feed+json, application/rss+xml, application/atom+xml, application/xml, text/xml, */*;q=0.5"
PAGE: Final = "text/html, application/xhtml+xml, */*;q=0.1"


#: Asked before each hop; raises where a URL is not to be fetched.
May = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Answer:
    """What a server answered.

    Attributes:
        url: the URL that answered, after redirects.
        status: 200 to 206, or 304.
        headers: names in lower case; repeated ones joined by a comma.
        body: decoded from gzip; empty where not modified.
        etag: verbatim, for the next request.
        last_modified: verbatim, for the next request.
        not_modified: the server says that nothing changed.
        elapsed: seconds, without waiting for a turn.
        hops: redirects followed.
        moved: they all said that they are for good.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    etag: str
    last_modified: str
    not_modified: bool
    elapsed: float
    hops: int
    moved: bool = False


class Door:
    """The door; an async context manager, used by everybody in one event loop.

    Args:
        settings: limits and manners.
        resolve: stands for the system's resolver.
    """

    def __init__(self, settings: FetchSettings, resolve: Resolver | None = None) -> None:
        self._settings = settings
        try:
            allow = networks(settings.allow)
        except ValueError as error:
            raise BadInput(f"{error}; write CIDR, e.g. 127.0.0.0/8", field="STELLWERK_FETCH__ALLOW") from None
        # As many threads as connections: a name whose servers are silent holds one for longer than its request lasts.
        self._system = SystemResolver(CONNECTIONS * settings.at_once)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=CONNECTIONS * settings.at_once,
            # A connection serves one request: what a server sends beyond its own Content-Length would be taken for
            # the next answer, and one it has closed meanwhile would cost the next request.
            max_keepalive_connections=0,
            network_backend=Dialler(allow, resolve or self._system, httpcore2.AnyIOBackend()),
        )
        self._turns = Turns(settings)
        self._held = 0
        seconds = {"connect": settings.connect, "read": settings.read, "write": settings.read, "pool": settings.total}
        self._timeouts = {"timeout": seconds}

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._system.close()

    async def get(
        self, url: str, etag: str = "", last_modified: str = "", accept: str = ANY, may: May | None = None
    ) -> Answer:
        """Return the answer to a GET.

        Args:
            url: http or https.
            etag: of the last answer, verbatim; makes the request conditional.
            last_modified: likewise.
            accept: the header.
            may: asked before each hop; what it raises is raised.

        Raises:
            Fault: one of Refused, TooBig, Gone, Blocked, Soft, Unreachable, Garbled.
        """
        with timed(metrics.FETCH):
            answer = await self._get(url, etag, last_modified, accept, may)
        metrics.FETCHED.add(len(answer.body))
        return answer

    async def _get(self, url: str, etag: str, last_modified: str, accept: str, may: May | None) -> Answer:
        asked = {
            "User-Agent": self._settings.agent,
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "Connection": "close",
            "If-None-Match": etag,
            "If-Modified-Since": last_modified,
        }
        headers = [(name.encode(), value.encode("latin-1", "ignore")) for name, value in asked.items() if value]
        left = self._settings.total
        target, seen, moved = _target(url), set[str](), True
        while True:
            if str(target) in seen or len(seen) > self._settings.redirects:
                raise Refused(f"{shown(url)}: redirected {len(seen)} times, in a circle or without end")
            seen.add(str(target))
            if may:
                await may(str(target))
            async with self._turns.take(target.host):
                begun = time.monotonic()
                status, named, got = await self._hop(target, headers, left)
                left -= time.monotonic() - begun
            if isinstance(got, httpx2.URL):
                target, moved = got, moved and status in _FOR_GOOD
                continue
            body = got
            answer = Answer(
                url=str(target),
                status=status,
                headers=named,
                body=body,
                etag=named.get("etag", ""),
                last_modified=named.get("last-modified", ""),
                not_modified=status == 304,
                elapsed=self._settings.total - left,
                hops=len(seen) - 1,
                moved=moved and len(seen) > 1,
            )
            self._held += len(body)
            finalize(answer, self._drop, len(body)).atexit = False
            return answer

    async def _hop(
        self, target: httpx2.URL, headers: list[tuple[bytes, bytes]], left: float
    ) -> tuple[int, dict[str, str], httpx2.URL | bytes]:
        """Return status, headers, and where to go on or the body."""
        try:
            async with asyncio.timeout(max(left, 0.001)), self._asked(target, headers) as response:
                named = _named(response.headers)
                if response.status in _MOVED and named.get("location"):
                    # Headers are Latin-1 by the book, and UTF-8 where servers put an umlaut into them.
                    place = named["location"].encode("latin-1")
                    return response.status, named, _target(place.decode("utf-8", "replace"), target)
                _raise_for(response.status, named, target)
                body = b"" if response.status == 304 else await self._body(response, named)
                return response.status, named, body
        except Fault:
            raise
        except (TimeoutError, httpcore2.TimeoutException):
            raise Unreachable(f"{shown(str(target))}: no whole answer in time") from None
        except httpcore2.ProtocolError as error:
            raise Garbled(f"{shown(str(target))}: no HTTP: {str(error)[:100]}") from None
        except (httpcore2.NetworkError, OSError) as error:
            raise Unreachable(f"{shown(str(target))}: {str(error)[:100] or type(error).__name__}") from None

    @asynccontextmanager
    async def _asked(self, target: httpx2.URL, headers: list[tuple[bytes, bytes]]) -> AsyncIterator[httpcore2.Response]:
        """Send the request and hand out the answer with its body still unread."""
        url = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        async with self._pool.stream("GET", url, headers=headers, extensions=self._timeouts) as response:
            yield response

    async def _body(self, response: httpcore2.Response, headers: Mapping[str, str]) -> bytes:
        """Return the decoded body, or stop at the first limit it breaks."""
        length = headers.get("content-length", "")
        if length.isdigit() and int(length[:20]) > self._settings.wire_most:
            raise TooBig(f"{length[:20]} bytes announced, {self._settings.wire_most} taken")
        reader, held, begun = Reader(self._settings, is_gzip(headers)), 0, time.monotonic()
        try:
            async for piece in response.aiter_stream():
                reader.feed(piece)
                self._held += reader.size - held
                held = reader.size
                if held > _SMALL and self._held > _HELD_MOST:
                    raise Soft("too many large answers at once; later")
                passed = time.monotonic() - begun
                if passed > _SETTLED and reader.wire < self._settings.rate_least * passed:
                    raise Unreachable(f"{reader.wire} bytes in {passed:.0f} seconds")
        finally:
            self._held -= held
        return reader.done()

    def _drop(self, size: int) -> None:
        """Take note that nobody holds an answer any more."""
        self._held -= size


def _target(url: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """Return the URL to ask, without fragment; refuse what is not http(s) to a plain host."""
    try:
        parsed = base.join(url) if base else httpx2.URL(url)
        bare = parsed.copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Refused(f"{shown(url)}: {error}") from None
    if bare.scheme not in ("http", "https") or not bare.host:
        raise Refused(f"{shown(url)}: only http and https to a host")
    if bare.userinfo:
        raise Refused(f"{shown(url)}: user names in URLs are not sent")
    return bare


def _named(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by name in lower case."""
    named: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        named[name] = f"{named[name]}, {text}" if name in named else text
    return named


def _raise_for(status: int, headers: Mapping[str, str], target: httpx2.URL) -> None:
    """Raise what a status means, unless it means an answer."""
    if status == 304 or (200 <= status <= 206 and status != 204):
        return
    kind: type[Fault] = Blocked
    if status in _SOFT or status >= 500 or status < 300:
        kind = Soft
    elif status in (404, 410):
        kind = Gone
    fault = kind(f"{shown(str(target))}: HTTP {status}")
    fault.status = status
    fault.retry_after = _pause(headers.get("retry-after", ""))
    raise fault


def _pause(text: str) -> float | None:
    """Return the seconds of a Retry-After header; None where it says nothing that can be meant."""
    text = text.strip()
    if text.isdigit():
        return float(text[:12])
    try:
        seconds = (parsedate_to_datetime(text).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds > 0 else None
