"""A stage's worker as a process, on the real broker: killed, stopped, fed with rubbish."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.broker import LocalBroker
from deploy.children import Child
from pipeline import kafka
from pipeline.errors import NotReady
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.stream import app
from pipeline.topics import ARTICLES, CLASSIFIED, DEAD_LETTERS, Topic
from tests.stream.echo import ECHO

pytestmark = pytest.mark.broker
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def article(name: str, title: str = "") -> bytes:
    return Article(
        id=name, source_id="s", url="", title=title or name, text="x" * 500, published=NOW, fetched=NOW
    ).encode()


def echo_worker(settings: Settings, slot: str = "0", **more: str) -> Child:
    return Child(
        "echo",
        [sys.executable, "-m", "tests.stream.echo"],
        log=settings.folder / f"echo-{slot}.log",
        environment={
            "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
            "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
            "STELLWERK_STREAM__WORKER": slot,
            "STELLWERK_FOLDER": str(settings.folder),
            **more,
        },
        announces=True,
    )


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    yield settings


async def feed(settings: Settings, values: Iterable[tuple[bytes, bytes | None]]) -> None:
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, ARTICLES)
        await asyncio.gather(*[await producer.send(name, value, key=key) for key, value in values])


async def keys(settings: Settings, topic: Topic) -> Counter[bytes]:
    return Counter([record.key async for record in kafka.whole(settings.kafka, topic)])


async def until(settings: Settings, wanted: int, seconds: float = 60.0) -> tuple[Counter[bytes], Counter[bytes]]:
    """Wait until so many different keys have come out or died; return both."""
    async with asyncio.timeout(seconds):
        while True:
            out, dead = await keys(settings, CLASSIFIED), await keys(settings, DEAD_LETTERS)
            if len(out.keys() | dead.keys()) >= wanted:
                return out, dead
            await asyncio.sleep(0.3)


async def test_a_worker_refuses_to_start_on_missing_topics(settings: Settings) -> None:
    """Without its topics a stage says what is missing and which command makes it."""
    with pytest.raises(NotReady, match=r"topics init[\s\S]*articles: missing"):
        await app.ready(ECHO, settings)


async def test_wrong_partitions_are_named(ready: Settings) -> None:
    """A topic with other partitions than the settings say would break the alert stage's memory, so it is refused."""
    other = ready.model_copy(update={"kafka": ready.kafka.model_copy(update={"partitions": 3})})
    with pytest.raises(NotReady, match="4 partitions, settings say 3"):
        await app.ready(ECHO, other)


async def test_rubbish_and_failing_records_die_alone(ready: Settings) -> None:
    """Rubbish between good records ends as dead letters, and every good record comes out once."""
    good = [(b"g%d" % n, article(f"g{n}")) for n in range(300)]
    rubbish: list[tuple[bytes, bytes | None]] = [
        (b"r0", b"\xff\x00\xfe"),
        (b"r1", b""),
        (b"r2", None),
        (b"r3", b'{"schema_version": 99}'),
        (b"r4", b"x" * 1_000_000),
        (b"r5", article("r5", "!crash")),
        (b"r6", article("r6", "!permanent")),
    ]
    mixed = [*good[:100], *rubbish, *good[100:]]
    worker = echo_worker(ready)
    await worker.start()
    await feed(ready, mixed)
    out, dead = await until(ready, len(mixed))
    await worker.stop()
    assert out == Counter({key: 1 for key, _ in good})
    assert set(dead) == {key for key, _ in rubbish}
    letters = {r.key: r async for r in kafka.whole(ready.kafka, DEAD_LETTERS)}
    assert letters[b"r4"].value == b"x" * 1_000_000
    assert dict(letters[b"r6"].headers)["dead_error"] == b"Unprocessable: asked for"
    assert dict(letters[b"r5"].headers)["dead_error"].startswith(b"ZeroDivisionError")


async def test_sigkill_loses_nothing_and_the_restart_is_quick(ready: Settings) -> None:
    """Killed four times under load, a worker loses no record, and works again soon after its restart."""
    total, worker, pauses = 4000, echo_worker(ready), []
    await worker.start()
    await worker.announced()
    feeding = asyncio.create_task(feed(ready, ((b"%d" % n, article(str(n))) for n in range(total))))
    for _ in range(4):
        await asyncio.sleep(1.0)
        worker.kill()
        await worker.ended()
        before = sum((await keys(ready, CLASSIFIED)).values())
        began = time.monotonic()
        await worker.start()
        # A record of its own, so that there is work left even when all others are done.
        await feed(ready, [(b"after", article("after"))])
        async with asyncio.timeout(30):
            while sum((await keys(ready, CLASSIFIED)).values()) == before:
                await asyncio.sleep(0.05)
        pauses.append(time.monotonic() - began)
    await feeding
    out, dead = await until(ready, total + 1)
    await worker.stop()
    slowest = max(pauses)
    print(f"\n{total} records, 4 × SIGKILL: {out.total() - total - 1} extra copies, slowest restart {slowest:.1f} s")
    assert not dead
    assert set(out) == {b"%d" % n for n in range(total)} | {b"after"}
    # On a quiet machine it is under 5 s (printed above); a bound that a busy one breaks would only cry wolf.
    assert slowest <= 25.0


async def test_two_workers_share_and_hand_over(ready: Settings) -> None:
    """Two workers share the partitions; when one is stopped the other one goes on; nothing is lost."""
    total, one, two = 3000, echo_worker(ready, "1"), echo_worker(ready, "2")
    await one.start()
    await one.announced()
    feeding = asyncio.create_task(feed(ready, ((b"%d" % n, article(str(n))) for n in range(total))))
    await two.start()
    await two.announced()
    await feeding
    await one.stop()
    await feed(ready, ((b"%d" % n, article(str(n))) for n in range(total, 2 * total)))
    out, _ = await until(ready, 2 * total)
    await two.stop()
    assert set(out) == {b"%d" % n for n in range(2 * total)}


async def test_the_broker_killed_under_load(tmp_path: Path, settings: Settings) -> None:
    """A broker that is killed and comes back loses nothing that it acknowledged."""
    own = LocalBroker(tmp_path / "kafka", settings.kafka)
    await own.start()
    mine = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own.bootstrap})})
    async with kafka.Broker(mine.kafka) as broker:
        await broker.make()
    total, worker = 3000, echo_worker(mine)
    await worker.start()
    await worker.announced()
    feeding = asyncio.create_task(feed(mine, ((b"%d" % n, article(str(n))) for n in range(total))))
    await asyncio.sleep(0.5)
    own.child.kill()
    await own.child.ended()
    await own.child.start()
    await own.wait()
    await feeding
    out, dead = await until(mine, total)
    await worker.stop()
    await own.stop()
    print(f"\n{total} records, broker killed: {out.total() - total} extra copies")
    assert not dead
    assert set(out) == {b"%d" % n for n in range(total)}
