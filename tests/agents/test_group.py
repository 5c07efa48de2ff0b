"""Sources on the topic, and workers that share them, on the real broker."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from agents import control
from agents.group import Group
from agents.health import Health
from agents.outbox import Outbox
from agents.sources import Source
from agents.worker import Worker, working
from deploy.children import Child
from pipeline import kafka
from pipeline.errors import NotReady
from pipeline.records import Article
from pipeline.settings import FetchSettings, Settings
from pipeline.topics import ARTICLES, SOURCES
from tests.agents.conftest import Web

pytestmark = pytest.mark.broker


def sources(web: Web, numbers: Iterable[int], **changes: object) -> list[Source]:
    """Return sources that are polled as often as they may be."""
    bounds = {"poll_min": 0.2, "poll_max": 0.4, "pages": False}
    return [
        Source.model_validate({"id": f"s{n}", "url": web.url(f"/f{n}"), "name": "N", **bounds, **changes})
        for n in numbers
    ]


def put(web: Web, numbers: Iterable[int]) -> None:
    """Let the web have a feed with one article for each number."""
    for n in numbers:
        item = f"<item><title>T{n}</title><link>/a/{n}</link></item>"
        body = f'<rss version="2.0"><channel><title>F</title>{item}</channel></rss>'.encode()
        web.put(f"/f{n}", body, kind="application/rss+xml")


async def until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def ready(settings: Settings, fetch_settings: FetchSettings) -> AsyncIterator[Settings]:
    """Settings of a deployment whose topics are made."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    yield settings.model_copy(
        update={
            "fetch": fetch_settings.model_copy(update={"per_host": 8}),
            "kafka": settings.kafka.model_copy(update={"session": 6.0}),
        }
    )


@asynccontextmanager
async def member(settings: Settings) -> AsyncIterator[Worker]:
    """Be a member of the group in this process."""
    stop, read = asyncio.Event(), asyncio.Event()
    async with kafka.sending(settings.kafka) as producer:
        outbox = Outbox(producer, settings, "/stellwerk/ingest")
        async with working(settings, outbox.publish, outbox.save) as worker:
            tasks = [
                asyncio.create_task(worker.run(stop)),
                asyncio.create_task(Group(settings, worker, read.set).run(stop)),
            ]
            async with asyncio.timeout(30):
                await read.wait()
            yield worker
            stop.set()
            await asyncio.gather(*tasks)


async def test_applying_tells_what_changes(ready: Settings, web: Web) -> None:
    """New, changed and gone ones are written; what is the same is not written again."""
    first = await control.apply(ready.kafka, sources(web, range(3)))
    assert (first.new, first.changed, first.gone, first.same) == (("s0", "s1", "s2"), (), (), 0)
    again = await control.apply(ready.kafka, sources(web, range(3)))
    assert (again.new, again.changed, again.gone, again.same) == ((), (), (), 3)
    other = [*sources(web, [1]), *sources(web, [2], name="Other"), *sources(web, [3])]
    then = await control.apply(ready.kafka, other)
    assert (then.new, then.changed, then.gone, then.same) == (("s3",), ("s2",), ("s0",), 1)
    assert await control.listed(ready.kafka) == {source.id: source for source in other}
    records = [record async for record in kafka.whole(ready.kafka, SOURCES)]
    assert Counter(record.key for record in records) == {b"s0": 2, b"s1": 1, b"s2": 2, b"s3": 1}
    assert [record.value for record in records if record.key == b"s0"][-1] is None


async def test_applying_needs_its_topic(settings: Settings, web: Web) -> None:
    """Without the topic it says which command makes it."""
    with pytest.raises(NotReady, match="topics init"):
        await control.apply(settings.kafka, sources(web, [0]))


async def test_changes_are_live(ready: Settings, web: Web) -> None:
    """What is applied is polled, changed and left alone without a restart; what cannot be read stops nobody."""
    put(web, range(4))
    async with kafka.sending(ready.kafka) as producer:
        await producer.send_and_wait(kafka.full_name(ready.kafka, SOURCES), b"rubbish", key=b"bad")
    await control.apply(ready.kafka, sources(web, [0, 1]))

    def asked(path: str) -> int:
        return [one for one, _ in web.asked].count(path)

    async with member(ready) as worker:
        await until(lambda: asked("/f0") > 1 and asked("/f1") > 1)
        moved = Source.model_validate({**sources(web, [1])[0].model_dump(), "url": web.url("/f2")})
        await control.apply(ready.kafka, [moved, *sources(web, [3])])
        await until(lambda: asked("/f2") > 1 and asked("/f3") > 1)
        assert len(worker) == 2
        web.asked.clear()
        await until(lambda: asked("/f2") > 1 and asked("/f3") > 1)
        assert asked("/f0") == asked("/f1") == 0
    articles = [Article.decode(record.value) async for record in kafka.whole(ready.kafka, ARTICLES)]
    assert sorted(article.title for article in articles) == ["T0", "T1", "T2", "T3"]
    rows = {row.source.id: row for row in await control.rows(ready.kafka, datetime.now(UTC))}
    assert {id: row.health for id, row in rows.items()} == {"s1": Health.UNCHANGED, "s3": Health.UNCHANGED}


async def test_memory_is_found_again(ready: Settings, web: Web) -> None:
    """Another worker goes on where the first one stopped: nothing is published twice, and nothing polled too early."""
    put(web, range(8))
    slow = sources(web, range(8), poll_min=600, poll_max=900)
    await control.apply(ready.kafka, slow)
    async with member(ready) as worker:
        await until(lambda: worker.counts.polls == 8)
    web.asked.clear()
    async with member(ready) as worker:
        assert len(worker) == 8
        await asyncio.sleep(0.5)
        assert worker.counts.polls == 0
    assert web.asked == []
    assert len([record async for record in kafka.whole(ready.kafka, ARTICLES)]) == 8


def child(settings: Settings, slot: str) -> Child:
    """Return a worker process whose requests carry its name."""
    return Child(
        f"ingest-{slot}",
        [sys.executable, "-m", "pipeline.cli", "worker", "ingest", "--announce"],
        log=settings.folder / f"ingest-{slot}.log",
        environment={
            "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
            "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
            "STELLWERK_KAFKA__SESSION": str(settings.kafka.session),
            "STELLWERK_STREAM__WORKER": slot,
            "STELLWERK_FETCH__AGENT": slot,
            "STELLWERK_FETCH__ALLOW": '["127.0.0.0/8"]',
            "STELLWERK_FETCH__INTERVAL": "0",
            "STELLWERK_FETCH__PER_HOST": "8",
        },
        announces=True,
    )


@pytest.mark.slow
async def test_a_killed_workers_sources_go_on_elsewhere(ready: Settings, web: Web) -> None:
    """Two workers share; after SIGKILL the other has all; the killed one comes back and they share again."""
    put(web, range(24))
    await control.apply(ready.kafka, sources(web, range(24)))
    one, two = child(ready, "one"), child(ready, "two")

    def polled(by: str) -> set[str]:
        return {path for path, headers in web.asked if headers["user-agent"] == by}

    def shared() -> bool:
        return bool(polled("one")) and bool(polled("two")) and len(polled("one") | polled("two")) == 24

    await one.start()
    await one.announced()
    await until(lambda: len(polled("one")) == 24)
    await two.start()
    await two.announced()
    await until(lambda: bool(polled("two")))
    await asyncio.sleep(1.0)
    web.asked.clear()
    await until(shared)
    assert not polled("one") & polled("two")
    one.kill()
    await one.ended()
    began = time.monotonic()
    web.asked.clear()
    await until(lambda: len(polled("two")) == 24)
    print(f"\nsources of a killed worker went on after {time.monotonic() - began:.1f} s (session 6 s)")
    await one.start()
    await one.announced()
    await until(lambda: bool(polled("one")))
    await asyncio.sleep(1.0)
    web.asked.clear()
    await until(shared)
    await asyncio.gather(one.stop(), two.stop())
    articles = [record async for record in kafka.whole(ready.kafka, ARTICLES)]
    assert len({record.key for record in articles}) == 24
    print(f"{len(articles) - 24} copies")
