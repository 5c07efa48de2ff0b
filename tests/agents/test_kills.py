"""SIGKILL at six points of a poll, with a server that says 304 afterwards: no article is missing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from agents import control
from agents.sources import Source
from deploy.children import Child
from pipeline import kafka
from pipeline.records import Article, PollState
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS
from tests.agents.conftest import Web
from tests.agents.killable import POINTS

pytestmark = [pytest.mark.broker, pytest.mark.slow]

OLD, NEW = 3, 20


def version(number: int, articles: int) -> Callable[[dict[str, str], asyncio.StreamWriter], Awaitable[None]]:
    """Answer with a feed of so many articles; with 304 to who says that he has this version."""
    items = "".join(f"<item><title>T{n}</title><link>/a/{n}</link></item>" for n in range(articles))
    body = f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()
    tag = f'"v{number}"'

    async def answer(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if headers.get("if-none-match") == tag:
            writer.write(f"HTTP/1.1 304 X\r\nETag: {tag}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            head = f"HTTP/1.1 200 X\r\nETag: {tag}\r\nContent-Type: application/rss+xml\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    return answer


def worker(settings: Settings, *command: str) -> Child:
    """Return an ingest process; the same slot each time, as a supervisor would start it."""
    return Child(
        "ingest",
        [sys.executable, "-m", *command],
        log=settings.folder / "ingest.log",
        environment={
            "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
            "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
            "STELLWERK_FETCH__ALLOW": '["127.0.0.0/8"]',
            "STELLWERK_FETCH__INTERVAL": "0",
        },
    )


async def states(settings: Settings) -> list[PollState]:
    """Return everything that was ever remembered, in its order."""
    return [PollState.decode(record.value) async for record in kafka.whole(settings.kafka, POLLS)]


async def polls(settings: Settings, wanted: Callable[[list[PollState]], bool]) -> None:
    """Wait until what is remembered is as wanted."""
    async with asyncio.timeout(40):
        while not wanted(await states(settings)):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("point", POINTS)
async def test_nothing_is_missing_after_a_kill(settings: Settings, web: Web, point: str) -> None:
    """Old articles, then new ones with the kill, then a worker that comes back: each article is there."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    bounds = {"poll_min": 0.1, "poll_max": 0.2, "pages": False}
    source = Source.model_validate({"id": "s", "url": web.url("/feed"), "name": "N", **bounds})
    await control.apply(settings.kafka, [source])

    web.routes["/feed"] = version(1, OLD)
    first = worker(settings, "pipeline.cli", "worker", "ingest", "--sources", str(_file(settings, source)), "--once")
    await first.start()
    assert await first.ended() == 0, first.tail()

    web.routes["/feed"] = version(2, NEW)
    dying = worker(settings, "tests.agents.killable", point, str(NEW - OLD))
    await dying.start()
    async with asyncio.timeout(40):
        assert await dying.ended() == -signal.SIGKILL, dying.tail()
    after_kill = [state.etag for state in await states(settings)]
    assert after_kill == ['"v1"', '"v2"'] if point == "after-state" else after_kill == ['"v1"']

    back = worker(settings, "pipeline.cli", "worker", "ingest")
    await back.start()
    await polls(settings, lambda found: [state.etag for state in found].count('"v2"') >= 2)
    await back.stop()

    found = Counter([Article.decode(record.value).title async for record in kafka.whole(settings.kafka, ARTICLES)])
    assert set(found) == {f"T{n}" for n in range(NEW)}
    assert all(found[f"T{n}"] == 1 for n in range(OLD))
    print(f"\n{point}: {found.total() - NEW} copies")


def _file(settings: Settings, source: Source) -> object:
    file = settings.folder / "sources.toml"
    file.write_text(f'[[source]]\nid = "s"\nurl = "{source.url}"\nname = "N"\npages = false\n')
    return file
