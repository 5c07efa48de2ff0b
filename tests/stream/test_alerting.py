"""The alert stage's memory on the real broker: no revision twice, whatever is killed, and for however long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.broker import LocalBroker
from pipeline import kafka
from pipeline.records import (
    AccountRef,
    Alert,
    ArticleRef,
    Fact,
    FactKind,
    Match,
    MatchedSignal,
    Mention,
    Role,
    Signal,
    Span,
)
from pipeline.settings import Settings
from pipeline.signals import FAMILY, Direction, SignalType, Status
from pipeline.topics import ALERTS, HELD, MATCHES
from tests.conftest import Workers

pytestmark = [pytest.mark.broker, pytest.mark.slow]
NOW = datetime.now(UTC)
#: The first articles of each account bring a figure of their own, so each is a revision; the others are only collected.
ACCOUNTS, ARTICLES, TELLING = 12, 60, 20


def match(account: int, number: int) -> Match:
    """Return a match whose articles all tell one story."""
    figure = Fact(kind=FactKind.JOBS, text=str(number), start=0, end=2, value=number + 1)
    title = f"Konzern {account} baut neues Werk in Breslau für 120 Millionen Euro"
    evidence = (Span(text=title, start=0, end=len(title)),)
    signal = Signal(
        type=SignalType.NEW_SITE,
        family=FAMILY[SignalType.NEW_SITE],
        probability=0.9,
        status=Status.PLANNED,
        direction=Direction.GROWTH,
        evidence=evidence,
    )
    return Match(
        account=AccountRef(id=f"k{account}", name=f"Konzern {account}", path=(f"Konzern {account}",)),
        article=ArticleRef(
            id=f"k{account}-{number}",
            url="",
            source=f"s{number}",
            title=title,
            published=NOW,
            fetched=NOW + timedelta(seconds=number),
        ),
        mentions=(Mention(text="Konzern", start=0, end=7, account_id=f"k{account}"),),
        signals=(MatchedSignal(signal=signal, role=Role.ACTOR, facts=(figure,) * (number < TELLING), why="test"),),
        why=("test",),
        model="m",
        accounts_version="a",
    )


async def feed(settings: Settings) -> None:
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, MATCHES)
        sent = []
        for number in range(ARTICLES):
            for account in range(ACCOUNTS):
                one = match(account, number)
                sent.append(await producer.send(name, one.encode(), key=one.account.id.encode()))
            await asyncio.sleep(0.1)
        # What the broker did not take is the test's loss and not the stage's.
        await asyncio.gather(*sent)


@pytest.mark.parametrize("down", [0.0, 9.0], ids=["short", "longer than a session"])
async def test_no_revision_twice_when_the_broker_is_away(
    settings: Settings, tmp_path: Path, down: float, worker: Workers
) -> None:
    """Killed with the broker under load, and away longer than a session: revisions still count 1, 2, 3, …"""
    own = LocalBroker(tmp_path / "kafka", settings.kafka)
    await own.start()
    mine = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own.bootstrap})})
    async with kafka.Broker(mine.kafka) as broker:
        await broker.make()
    told = {"COOLDOWN": "0", "ARTICLES_MOST": str(ARTICLES)}
    child = worker("alert", of=mine, quick=True, **{f"STELLWERK_ALERT__{name}": value for name, value in told.items()})
    await child.start()
    await child.announced()
    feeding = asyncio.create_task(feed(mine))
    await asyncio.sleep(1.5)
    own.child.kill()
    await own.child.ended()
    await asyncio.sleep(down)
    await own.child.start()
    await own.wait()
    await asyncio.sleep(1.0)
    child.kill()
    await child.ended()
    await child.start()
    await feeding
    async with asyncio.timeout(90), kafka.Broker(mine.kafka) as broker:
        while await broker.lag("alert", MATCHES):
            await asyncio.sleep(0.3)
    revisions: dict[str, list[int]] = {}
    articles: dict[str, set[str]] = {}
    for topic in (ALERTS, HELD):
        async for record in kafka.whole(mine.kafka, topic):
            alert = Alert.decode(record.value)
            articles.setdefault(alert.account.id, set()).update(ref.id for ref in alert.articles)
            if topic is ALERTS:
                revisions.setdefault(alert.account.id, []).append(alert.revision)
    await child.stop()
    await own.stop()
    assert len(revisions) == ACCOUNTS
    assert {account: found for account, found in revisions.items() if found != list(range(1, TELLING + 1))} == {}
    assert articles == {f"k{n}": {f"k{n}-{m}" for m in range(ARTICLES)} for n in range(ACCOUNTS)}
