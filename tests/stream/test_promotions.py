"""Another model while articles flow: no restart, no article lost, the version in every record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import groupby

import pytest
import pytest_asyncio

from models import registry
from models.corpus import Item, Labelled
from models.learn import fit
from pipeline import kafka, retrain
from pipeline.errors import BadModel
from pipeline.records import Article, Classified, Promotion
from pipeline.settings import Settings
from pipeline.signals import SignalType, Status
from pipeline.topics import ARTICLES, CLASSIFIED, PROMOTIONS
from tests.conftest import Workers

pytestmark = pytest.mark.broker
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TITLE = "Vossberg baut Werk in Ulm"


def article(number: int) -> Article:
    return Article(id=str(number), source_id="s", url="", title=TITLE, published=NOW, fetched=NOW)


def candidate(settings: Settings, version: str) -> str:
    """Put a small model that was really trained into the registry."""
    signal = Labelled(SignalType.NEW_SITE, Status.PLANNED, "Vossberg", 0, len(TITLE))
    items = [
        Item(str(n), "de", f"{TITLE} {n}" if n % 2 else f"Das Wetter in Ulm {n}", "", (signal,) if n % 2 else ())
        for n in range(12)
    ]
    registry.save(fit(items, version), registry.place(registry.root(settings), version), "# card\n", {})  # type: ignore[arg-type]
    return version


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    yield settings


async def judged(settings: Settings) -> dict[int, list[Classified]]:
    """Return what has been classified, per partition in its order."""
    found: dict[int, list[Classified]] = {}
    async for record in kafka.whole(settings.kafka, CLASSIFIED):
        found.setdefault(record.partition, []).append(Classified.decode(record.value))
    return found


async def told(settings: Settings, words: str, seconds: float = 60.0) -> None:
    """Wait until the worker has written these words."""
    async with asyncio.timeout(seconds):
        while words not in (settings.folder / "classify.log").read_text():
            await asyncio.sleep(0.05)


async def test_the_model_changes_while_articles_flow(ready: Settings, worker: Workers) -> None:
    """Promoted and rolled back under load: every article comes out once, and each partition changes version twice."""
    first, second = registry.load().version, candidate(ready, "small-1")
    child, sent, on = worker("classify", STELLWERK_STREAM__BATCH="20"), 0, True
    await child.start()
    await child.announced()
    pid = child.pid

    async def feed() -> None:
        nonlocal sent
        name = kafka.full_name(ready.kafka, ARTICLES)
        async with kafka.sending(ready.kafka) as producer:
            while on:
                some = [article(sent + n) for n in range(10)]
                await asyncio.gather(*[await producer.send(name, one.encode(), key=one.id.encode()) for one in some])
                sent += len(some)

    feeding = asyncio.create_task(feed())
    await told(ready, "model in service")
    while not await judged(ready):
        await asyncio.sleep(0.05)
    await retrain.promote(ready, second, "kim", "better")
    await told(ready, f"version={second}")
    count = sent
    while sent < count + 1000:
        await asyncio.sleep(0.05)
    await retrain.roll_back(ready, "kim", "worse")
    async with asyncio.timeout(60):
        while not any(runs(found) == [first, second, first] for found in (await judged(ready)).values()):
            await asyncio.sleep(0.2)
    on = False
    await feeding
    async with asyncio.timeout(60):
        while sum(map(len, (found := await judged(ready)).values())) < sent:
            await asyncio.sleep(0.2)
    assert (child.running, child.pid) == (True, pid)
    await child.stop()
    ids = [one.article.id for records in found.values() for one in records]
    assert sorted(ids, key=int) == [str(n) for n in range(sent)]
    assert all(runs(records) in ([first, second, first], [first, second]) for records in found.values())
    print(f"\n{sent} articles, two changes of the model: none lost, none twice")


def runs(records: list[Classified]) -> list[str]:
    """Return the versions in their order, neighbours once."""
    return [version for version, _ in groupby(one.model for one in records)]


async def test_a_restarted_worker_takes_the_promoted_version(ready: Settings, worker: Workers) -> None:
    """What was promoted before a worker starts judges its first article."""
    version = candidate(ready, "small-2")
    await retrain.promote(ready, version, "kim", "")
    async with kafka.sending(ready.kafka) as producer:
        await producer.send_and_wait(kafka.full_name(ready.kafka, ARTICLES), article(1).encode(), key=b"1")
    child = worker("classify", STELLWERK_STREAM__BATCH="20")
    await child.start()
    async with asyncio.timeout(60):
        while not (found := await judged(ready)):
            await asyncio.sleep(0.1)
    await child.stop()
    assert [one.model for records in found.values() for one in records] == [version]
    assert (ready.folder / "classify.log").read_text().count("model in service") == 1


async def test_a_promotion_that_cannot_be_taken_changes_nothing(ready: Settings, worker: Workers) -> None:
    """A running worker keeps its model and says why; a starting one refuses to judge by another than the promoted."""
    child = worker("classify", STELLWERK_STREAM__BATCH="20")
    await child.start()
    await child.announced()
    await told(ready, "model in service")
    async with kafka.sending(ready.kafka) as producer:
        name = kafka.full_name(ready.kafka, PROMOTIONS)
        gone = Promotion(model="classifier", version="gone-1", at=NOW, author="kim")
        await producer.send_and_wait(name, b"rubbish", key=b"classifier")
        await producer.send_and_wait(name, gone.encode(), key=b"classifier")
        await producer.send_and_wait(name, gone.encode(), key=b"another model")
    await told(ready, "promotion that cannot be taken")
    await told(ready, "SHA256SUMS is missing")
    assert child.running
    await child.stop()
    other = worker("classify", STELLWERK_STREAM__BATCH="20")
    await other.start()
    assert await asyncio.wait_for(other.ended(), 60) != 0
    assert "SHA256SUMS is missing" in other.tail()


async def test_the_way_back_is_two_steps_long(ready: Settings) -> None:
    """Rolled back twice, the version that was there in the beginning is in service; then there is nothing left."""
    first = registry.load().version
    await retrain.promote(ready, candidate(ready, "small-1"), "kim", "one")
    await retrain.promote(ready, candidate(ready, "small-2"), "lou", "two")
    with pytest.raises(BadModel, match="in service already"):
        await retrain.promote(ready, "small-2", "lou", "again")
    assert (await retrain.in_service(ready))[0] == "small-2"
    assert (await retrain.roll_back(ready, "max", "why")).version == "small-1"
    back = await retrain.roll_back(ready, "max", "")
    assert (back.version, back.reason) == (first, "rolled back from small-1")
    assert (await retrain.in_service(ready))[0] == first
    with pytest.raises(BadModel, match="nothing to go back to"):
        await retrain.roll_back(ready, "max", "")
