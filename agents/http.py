"""The only server of the agents: articles that are brought, and what hubs have to say.

    POST /articles        JSON lines or a JSON array; 202 when the broker has all of them
    GET, POST /websub/…   hubs (`websub.py`), where a public address is set
    GET /ready            204 while it works

Whoever brings articles bears a token. A request is taken whole or not at all: with a fault in any line nothing is sent,
and the answer names every fault by line and field. What is answered with 429 or 503 may be sent again as it is: ids are
stable, so a second copy does no harm.

It listens on this machine only unless told otherwise, and speaks no TLS: beyond it belongs a proxy that does, and that
also ends requests whose head never ends.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson
import structlog
from aiohttp import web

from agents.push import Reader
from pipeline import metrics
from pipeline.errors import BadInput, NotReady, Transient
from pipeline.records import Article
from pipeline.settings import PushSettings

log = structlog.get_logger()

#: Characters of a token or secret below which guessing is no hopeless matter.
SHORTEST: Final = 16
#: Articles in one request: what is small as bytes is large as objects.
_MOST: Final = 10_000
#: Faults told in one answer.
_TOLD: Final = 100
#: Lines read without letting others have their turn.
_STRETCH: Final = 50
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

PublishAll = Callable[[Sequence[Article]], Awaitable[None]]


class Meter:
    """How much may come: `burst` at once, `rate` a second in the long run.

    A request is let in while anything is left and may take more than that; the next ones then wait longer.

    Args:
        rate: a second.
        burst: at once.
        clock: seconds, only ever growing.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = burst, clock()

    def wait(self) -> float:
        """Return the seconds until something is left again, 0 for now."""
        now = self._clock()
        self._left, self._at = min(self._burst, self._left + (now - self._at) * self._rate), now
        return 0.0 if self._left > 0 else (1 - self._left) / self._rate

    def take(self, number: int) -> None:
        """Count what has come."""
        self._left -= number


class Intake:
    """Takes articles.

    Args:
        settings: token and limits.
        publish: returns when the broker has all of them.
        largest: bytes of an article on the topic.
        meter: how much may come.
    """

    def __init__(
        self, settings: PushSettings, publish: PublishAll, largest: int = 900_000, meter: Meter | None = None
    ) -> None:
        self._settings, self._publish, self._largest = settings, publish, largest
        self._meter = meter or Meter(settings.rate, settings.burst)
        self._token = settings.token.get_secret_value().encode()
        self._working = 0

    async def post(self, request: web.Request) -> web.Response:
        """Answer `POST /articles`."""
        if not self._known(request):
            return answer(401, {"error": "a bearer token is needed"}, {"WWW-Authenticate": "Bearer"})
        wait = self._meter.wait() or (1.0 if self._working >= self._settings.at_once else 0.0)
        if wait:
            return answer(429, {"error": "too much at once; later"}, {"Retry-After": str(int(wait) + 1)})
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return answer(415, {"error": "send it uncompressed"})
        self._working += 1
        try:
            return await self._take(request)
        finally:
            self._working -= 1

    async def _take(self, request: web.Request) -> web.Response:
        """Read, check and send a request's articles."""
        body = await body_of(request, self._settings.body_most, self._settings.seconds)
        articles, faults, wrong = await _read(body, Reader("", datetime.now(UTC), self._largest))
        if wrong + len(articles) > _MOST:
            return answer(413, {"error": f"more than {_MOST:,} articles in one request; nothing was taken"})
        if faults:
            return answer(400, {"error": f"{wrong} of {wrong + len(articles)} are wrong; nothing was taken", **faults})
        if not articles:
            return answer(400, {"error": "no articles in it"})
        self._meter.take(len(articles))
        try:
            async with asyncio.timeout(self._settings.seconds):
                await self._publish(articles)
        except (Transient, TimeoutError) as error:
            log.warning("pushed articles not taken", articles=len(articles), error=str(error) or type(error).__name__)
            return answer(503, {"error": "the broker did not take all of it; send it again"}, {"Retry-After": "5"})
        log.info("pushed", articles=len(articles))
        return answer(202, {"articles": len(articles)})

    def _known(self, request: web.Request) -> bool:
        """Say whether a request bears the token; takes the same time whatever it bears."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        same = hmac.compare_digest(token.strip().encode("utf-8", "surrogateescape"), self._token)
        return scheme.lower() == "bearer" and same


async def _read(body: bytes, reader: Reader) -> tuple[list[Article], dict[str, Any], int]:
    """Return the articles, the faults as they are told, and how many of the articles have one."""
    articles: list[Article] = []
    faults: list[BadInput] = []
    wrong = more = 0
    for count, read in enumerate(islice(_each(body, reader), _MOST + 1)):
        if isinstance(read, Article):
            articles.append(read)
        else:
            wrong, more = wrong + 1, more + len(read)
            faults += read[: _TOLD - len(faults)]
        if count % _STRETCH == 0:
            await asyncio.sleep(0)
    told = [{"line": one.line, "field": one.field, "message": one.message} for one in faults]
    return articles, {"faults": told, "more": more - len(told)} if faults else {}, wrong


def _each(body: bytes, reader: Reader) -> Any:
    """Yield what is read of each line, or of each member of an array (counted like lines)."""
    if body.lstrip()[:1] == b"[":
        try:
            members = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            yield (BadInput(f"not JSON: {error.msg} at character {error.colno}", line=error.lineno),)
            return
        yield from (reader.made(number, one) for number, one in enumerate(members, 1))
        return
    lines = body.split(b"\n")
    yield from (reader.read(number, line) for number, line in enumerate(lines, 1) if line.strip())


async def body_of(request: web.Request, most: int, seconds: float) -> bytes:
    """Return a request's body.

    Raises:
        HTTPRequestEntityTooLarge: it is longer than `most` bytes.
        HTTPRequestTimeout: it did not arrive in time.
    """
    length = request.content_length
    if length is not None and length > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=length)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)


def answer(status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    """Return an answer in JSON."""
    body = orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers or {})


@web.middleware
async def _quiet(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Give every answer the same headers, and every refusal of aiohttp's the same form."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        allowed = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        response = answer(error.status, {"error": error.reason}, allowed)
        if error.status in (408, 413):
            # What is still on its way is not waited for.
            response.force_close()
    response.headers.update(_HEADERS)
    metrics.PUSHED.add(1, _whose(request), str(response.status))
    return response


def _whose(request: web.Request) -> str:
    """Return whom a request is from, by its path: `articles`, `hubs`, or `other`."""
    path = request.path
    return "articles" if path == "/articles" else "hubs" if path.startswith("/websub/") else "other"


def site(intake: Intake | None = None, hubs: Sequence[web.RouteDef] = ()) -> web.Application:
    """Return the application.

    Args:
        intake: for articles; None where they are not taken.
        hubs: routes for what hubs have to say.
    """
    made = web.Application(middlewares=(_quiet,))
    made.add_routes([web.get("/ready", _ready), *hubs])
    if intake:
        made.add_routes([web.post("/articles", intake.post)])
    made.on_response_prepare.append(_unnamed)
    return made


async def _ready(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _unnamed(request: web.Request, response: web.StreamResponse) -> None:
    """Do not tell which server this is."""
    response.headers["Server"] = "stellwerk"


@asynccontextmanager
async def listening(made: web.Application, settings: PushSettings) -> AsyncIterator[int]:
    """Listen, and yield the port.

    Raises:
        NotReady: address or port cannot be had.
    """
    # Nothing is decompressed: a small body could become a large one.
    runner = web.AppRunner(
        made, access_log=None, auto_decompress=False, keepalive_timeout=15.0, lingering_time=1.0, shutdown_timeout=10.0
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            said = error.strerror or str(error)
            raise NotReady(f"cannot listen on {settings.host}:{settings.port}: {said}; see STELLWERK_PUSH__") from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
