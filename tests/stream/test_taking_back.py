"""Labels, withdrawals and cool-downs on the real broker: told once, whatever is killed, and again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from pipeline import kafka
from pipeline.records import Alert, AlertState, Label, Match, Record, Withdrawal
from pipeline.settings import Settings
from pipeline.topics import ALERTS, LABELS, MATCHES, WITHDRAWALS, Topic
from tests.alert.making import match
from tests.conftest import Workers

pytestmark = [pytest.mark.broker]
NOW = datetime.now(UTC)
TITLE = "Konzern baut neues Werk in Breslau für 120 Millionen Euro"
ACCOUNTS = 24


def report(account: int, number: int = 0) -> Match:
    made = match(TITLE, id=f"k{account}-{number}", account=f"k{account}", source=f"s{number}")
    return made.model_copy(update={"article": made.article.model_copy(update={"published": NOW, "fetched": NOW})})


async def send(settings: Settings, topic: Topic, records: list[tuple[str, Record]]) -> None:
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, topic)
        await asyncio.gather(*[await producer.send(name, one.encode(), key=key.encode()) for key, one in records])


async def told(settings: Settings) -> dict[str, list[Alert]]:
    """Return every revision on the topic, by account."""
    found: dict[str, list[Alert]] = {}
    async for record in kafka.whole(settings.kafka, ALERTS):
        alert = Alert.decode(record.value)
        found.setdefault(alert.account.id, []).append(alert)
    return found


async def until(settings: Settings, revisions: int) -> dict[str, list[Alert]]:
    """Wait until every account has so many revisions."""
    async with asyncio.timeout(60):
        while True:
            found = await told(settings)
            if len(found) == ACCOUNTS and all(len(alerts) >= revisions for alerts in found.values()):
                return found
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    await send(settings, MATCHES, [(f"k{n}", report(n)) for n in range(ACCOUNTS)])
    yield settings


async def test_a_label_takes_back_once_whatever_is_killed(ready: Settings, worker: Workers) -> None:
    """Killed while labels come, started again, everything replayed: each alert has exactly revisions 1 and 2."""
    child = worker("alert", quick=True, STELLWERK_ALERT__COOLDOWN="0")
    await child.start()
    alerts = [found[0] for found in (await until(ready, 1)).values()]
    labels = [
        (alert.id, Label(article_id="x", author="kim", at=NOW, alert_id=alert.id, account_right=False))
        for alert in alerts
    ]
    await send(ready, LABELS, list(labels[: ACCOUNTS // 2]))
    async with asyncio.timeout(60):
        while not any(len(found) > 1 for found in (await told(ready)).values()):
            await asyncio.sleep(0.02)
    child.kill()
    await child.ended()
    # The other half comes while nobody listens.
    await send(ready, LABELS, list(labels[ACCOUNTS // 2 :]))
    await child.start()
    await until(ready, 2)
    await send(ready, MATCHES, [(f"k{n}", report(n, m)) for n in range(ACCOUNTS) for m in (0, 1)])
    await send(ready, LABELS, list(labels))
    child.kill()
    await child.ended()
    await child.start()
    async with asyncio.timeout(60), kafka.Broker(ready.kafka) as broker:
        while await broker.lag("alert", MATCHES):
            await asyncio.sleep(0.1)
    await child.stop()
    states = {account: [(one.revision, one.state) for one in found] for account, found in (await told(ready)).items()}
    assert states == {f"k{n}": [(1, AlertState.NEW), (2, AlertState.RETRACTED)] for n in range(ACCOUNTS)}


async def test_a_withdrawn_article_takes_its_alerts_back(ready: Settings, worker: Workers) -> None:
    """What a source takes back is retracted while the worker runs; an article that nobody has changes nothing."""
    child = worker("alert", quick=True, STELLWERK_ALERT__COOLDOWN="0")
    await child.start()
    await until(ready, 1)
    gone = [Withdrawal(article_id=f"k{n}-0", fetched=NOW + timedelta(hours=1), reason="410") for n in range(ACCOUNTS)]
    await send(
        ready,
        WITHDRAWALS,
        [(one.article_id, one) for one in gone] + [("y", gone[0].model_copy(update={"article_id": "y"}))],
    )
    found = await until(ready, 2)
    await child.stop()
    assert {alerts[-1].retracted_for for alerts in found.values()} == {"source"}


async def test_what_was_collected_is_told_after_the_cool_down(ready: Settings, worker: Workers) -> None:
    """A second publisher within the cool-down, the worker killed: told once, by time alone, with both articles."""
    child = worker("alert", quick=True, STELLWERK_ALERT__COOLDOWN="4")
    await child.start()
    await until(ready, 1)
    await send(ready, MATCHES, [(f"k{n}", report(n, 1)) for n in range(ACCOUNTS)])
    async with asyncio.timeout(60), kafka.Broker(ready.kafka) as broker:
        while await broker.lag("alert", MATCHES):
            await asyncio.sleep(0.05)
    child.kill()
    await child.ended()
    await child.start()
    found = await until(ready, 2)
    await child.stop()
    assert [[len(one.articles) for one in alerts] for alerts in found.values()] == [[1, 2]] * ACCOUNTS
