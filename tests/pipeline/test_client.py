"""The client for Python consumers on a real broker: typed, each revision once, going on after whatever happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from deploy.broker import LocalBroker
from pipeline import kafka
from pipeline.client import Alerts, alerts
from pipeline.errors import NotReady, Transient, UnknownVersion
from pipeline.records import Alert
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import ALERTS, Topic, route_topic

pytestmark = pytest.mark.broker

EXAMPLE = Path(__file__).parents[2] / "docs" / "contract" / "examples" / "alerts.json"
FIRST = Alert.decode(EXAMPLE.read_bytes())


def alert(id: str, revision: int = 1) -> Alert:
    return FIRST.model_copy(update={"id": id, "revision": revision})


async def prepared(settings: Settings, *more: Topic) -> KafkaSettings:
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make((ALERTS, *more))
    return settings.kafka


async def send(settings: KafkaSettings, *values: Alert | bytes | None, topic: Topic = ALERTS) -> None:
    """Send in this order; bytes as they are, None as a tombstone of alert `a`."""
    async with kafka.sending(settings) as producer:
        for value in values:
            key, content = (value.id, value.encode()) if isinstance(value, Alert) else ("a", value)
            await producer.send_and_wait(kafka.full_name(settings, topic), content, key=key.encode(), partition=0)


async def take(found: Alerts, count: int) -> list[tuple[str, int]]:
    async with asyncio.timeout(60):
        return [(one.id, one.revision) for one in [await anext(found) for _ in range(count)]]


async def rest(settings: KafkaSettings, group: str, until: str = "end") -> list[tuple[str, int]]:
    """Return what a new member of the group is given, up to an alert that marks the end."""
    await send(settings, alert(until))
    given: list[tuple[str, int]] = []
    async with asyncio.timeout(60), alerts(group, member="m", settings=settings) as found:
        async for one in found:
            if one.id == until:
                break
            given.append((one.id, one.revision))
    return given


async def test_what_was_done_does_not_come_again_and_what_was_not_does(settings: Settings) -> None:
    """A group goes on where it left: done when the next is asked for or the block is left; not when it fails."""
    used = await prepared(settings)
    await send(used, alert("a"), alert("b"), alert("c"), alert("d"))
    async with alerts("crm", member="m", settings=used) as found:
        assert await take(found, 2) == [("a", 1), ("b", 1)]
    with pytest.raises(ZeroDivisionError):
        await _fail_on(used, "c")
    assert await rest(used, "crm") == [("c", 1), ("d", 1)]


async def _fail_on(used: KafkaSettings, id: str) -> None:
    async with alerts("crm", member="m", settings=used) as found:
        async for one in found:
            assert one.id == id
            raise ZeroDivisionError


async def test_a_revision_comes_once_and_never_after_a_newer_one(settings: Settings) -> None:
    """Copies and older revisions are counted instead, also those of what the caller has already; deletions are told."""
    used = await prepared(settings)
    await send(used, alert("a"), alert("a"), alert("a", 3), alert("a", 2), b"rubbish", b"{}", alert("b", 4), None)
    await send(used, alert("b", 5), alert("z"))
    gone: list[str] = []
    async with alerts(have={"b": 4}, gone=gone.append, settings=used) as found:
        assert await take(found, 4) == [("a", 1), ("a", 3), ("b", 5), ("z", 1)]
    assert found.counts == {"given": 4, "repeated": 2, "late": 1, "unreadable": 2, "gone": 1}
    assert gone == ["a"]


async def test_an_unknown_schema_version_stops_by_name_or_is_counted(settings: Settings) -> None:
    """A newer writer's record stops the reader, again and again, and nothing is lost; or it is passed over."""
    used = await prepared(settings)
    newer = orjson.dumps({**FIRST.model_dump(mode="json"), "schema_version": 99})
    await send(used, alert("a"), newer, alert("c"))
    for expected in ([("a", 1)], []):
        async with alerts("crm", member="m", settings=used) as found:
            assert await take(found, len(expected)) == expected
            with pytest.raises(UnknownVersion, match="schema version 99, this reader knows 1"):
                await take(found, 1)
    async with alerts("crm", member="m", unknown="skip", settings=used) as found:
        assert await take(found, 1) == [("c", 1)]
    assert found.counts == {"unknown_version": 1, "given": 1}


async def test_a_routes_alerts_and_the_newest_only(settings: Settings) -> None:
    """`route` reads the topic of a route; `latest` without a remembered place gives what comes from now on."""
    bank = route_topic("bank")
    used = await prepared(settings, bank)
    await send(used, alert("old"), topic=bank)
    async with alerts("crm", route="bank", start="latest", settings=used) as found:
        waiting = asyncio.create_task(take(found, 1))
        async with asyncio.timeout(30):
            for number in range(1, 1000):
                if waiting.done():
                    break
                await send(used, alert("new", number), topic=bank)
                await asyncio.wait([waiting], timeout=0.2)
        assert (await waiting)[0][0] == "new"


async def test_the_broker_may_restart_in_the_middle(settings: Settings, tmp_path: Path) -> None:
    """Killed and started again between two alerts: the iterator waits, goes on, and the group has its place."""
    own = LocalBroker(tmp_path / "kafka", settings.kafka)
    await own.start()
    used = settings.kafka.model_copy(update={"bootstrap": own.bootstrap})
    async with kafka.Broker(used) as broker:
        await broker.make((ALERTS,))
    await send(used, alert("a"), alert("b"))
    async with alerts("crm", member="m", settings=used) as found:
        assert await take(found, 2) == [("a", 1), ("b", 1)]
        own.child.kill()
        await own.child.ended()
        waiting = asyncio.create_task(take(found, 1))
        await own.child.start()
        await own.wait()
        await send(used, alert("c"))
        assert await waiting == [("c", 1)]
    assert await rest(used, "crm") == []
    await own.stop()


async def test_what_is_missing_is_named(settings: Settings) -> None:
    """No broker, no topic: an error of ours that says so, at once."""
    with pytest.raises(NotReady, match="alerts is not there"):
        async with alerts(settings=settings.kafka):
            pass
    with pytest.raises(Transient, match="no broker at"):
        async with alerts(settings=settings.kafka.model_copy(update={"bootstrap": "127.0.0.1:1"})):
            pass
