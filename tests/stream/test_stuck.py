"""A worker that stands still while records wait ends itself, and nothing is lost; on the real broker."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.broker import LocalBroker, free_port
from deploy.children import Child
from pipeline import kafka
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, CLASSIFIED
from tests.stream.test_worker import article, echo_worker, feed, keys, ready, until

__all__ = ["ready"]
pytestmark = [pytest.mark.broker, pytest.mark.slow]
STUCK = 8.0
PATIENT = {"STELLWERK_STREAM__STUCK": str(STUCK)}
RECORDS = [(b"%d" % n, article(str(n))) for n in range(200)]
WANTED = {key for key, _ in RECORDS}


async def ends(worker: Child, seconds: float = 60.0) -> int:
    async with asyncio.timeout(seconds):
        return await worker.ended()


@pytest.mark.parametrize(("fault", "said"), [("hang", "none committed"), ("deaf", "partition 0: ")])
async def test_a_silent_stop_ends_the_worker(ready: Settings, fault: str, said: str) -> None:
    """An await that never ends, a partition never resumed: one clear line, exit code 1; a restart does the rest."""
    worker = echo_worker(ready, ECHO_FAULT=fault, **PATIENT)
    await worker.start()
    await worker.announced()
    await feed(ready, RECORDS)
    began = time.monotonic()
    assert await ends(worker) == 1
    print(f"\n{fault}: ended after {time.monotonic() - began:.0f} s with a patience of {STUCK:.0f} s")
    assert "stuck: ends itself" in worker.tail()
    assert said in worker.tail()
    if fault == "deaf":
        # The other partitions had been served all the while.
        assert len(await keys(ready, CLASSIFIED)) > 100
    again = echo_worker(ready, **PATIENT)
    await again.start()
    out, dead = await until(ready, len(RECORDS))
    await again.stop()
    assert (set(out), dead) == (WANTED, Counter())


async def test_a_blocked_loop_ends_the_worker(ready: Settings) -> None:
    """A step that never returns lets nothing run any more: the timer ends the process and shows where it stood."""
    worker = echo_worker(ready, **PATIENT)
    await worker.start()
    await worker.announced()
    await feed(ready, [(b"b", article("b", "!block"))])
    assert await ends(worker) == 1
    assert "Timeout" in worker.tail(5000)
    assert "echo.py" in worker.tail(5000)


async def test_a_worker_that_was_stopped_goes_on(ready: Settings) -> None:
    """SIGSTOP for twice the patience, then SIGCONT: it goes on, or is ended and started again; nothing is lost."""
    worker = echo_worker(ready, **PATIENT)
    await worker.start()
    await worker.announced()
    await feed(ready, RECORDS[:100])
    os.kill(worker.pid, signal.SIGSTOP)
    await feed(ready, RECORDS[100:])
    await asyncio.sleep(STUCK * 2)
    os.kill(worker.pid, signal.SIGCONT)
    await asyncio.sleep(1.0)
    print(f"\nafter SIGCONT it {'goes on' if worker.running else 'was ended'}")
    if not worker.running:
        await worker.start()
    out, dead = await until(ready, len(RECORDS))
    await worker.stop()
    assert (set(out), dead) == (WANTED, Counter())


async def test_nobody_is_stuck_while_the_broker_is_away(tmp_path: Path, settings: Settings) -> None:
    """The broker is gone for twice the patience: the worker waits, says that it is not ready, and goes on with it."""
    own = LocalBroker(tmp_path / "kafka", settings.kafka)
    await own.start()
    mine = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own.bootstrap})})
    async with kafka.Broker(mine.kafka) as broker:
        await broker.make()
    port = free_port()
    worker = echo_worker(mine, STELLWERK_METRICS__PORT=str(port), **PATIENT)
    await worker.start()
    await worker.announced()
    await feed(mine, RECORDS)
    await until(mine, len(RECORDS))
    own.child.kill()
    await own.child.ended()
    assert "broker" in await until_ready(port, 503)
    await asyncio.sleep(STUCK * 2)
    assert worker.running
    await own.child.start()
    await own.wait()
    more = [(b"more", article("more"))]
    await feed(mine, more)
    out, _ = await until(mine, len(RECORDS) + 1)
    await until_ready(port, 200)
    assert (await scraped(port))["stellwerk_records_total", "echoed", "echo"] >= len(RECORDS) + 1
    await committed(mine, worker)
    await worker.stop()
    await own.stop()
    assert set(out) == WANTED | {b"more"}


async def committed(settings: Settings, worker: Child) -> None:
    """Wait until nothing waits any more.

    Faust takes a commit that failed for one that did not: what the outage cut off is committed with the partition's
    next record, or when the watchdog has ended the worker.
    """
    async with asyncio.timeout(60), kafka.Broker(settings.kafka) as broker:
        while await broker.lag("echo", ARTICLES):
            if not worker.running:
                print(f"\ncommits did not move after the outage: {worker.tail().splitlines()[-1][:200]}")
                await worker.start()
            await asyncio.sleep(1.0)


async def until_ready(port: int, status: int) -> set[str]:
    """Wait until /readyz answers this; return what is not ready."""
    async with asyncio.timeout(40), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                if answer.status == status:
                    said = await answer.json()
                    return {need for need, fault in said.items() if fault != "ok"}
            await asyncio.sleep(0.3)


async def scraped(port: int) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values, in the order of the labels' names."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
        return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}
