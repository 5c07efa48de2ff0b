"""What operators do with a deployment's topics: dead letters again, a backup there and back, a stage rewound."""

from __future__ import annotations

import asyncio
import gzip
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.broker import LocalBroker
from pipeline import kafka
from pipeline.backup import KEPT, restore, save
from pipeline.cli import app
from pipeline.dead import Wanted, again, letters
from pipeline.envelope import Out
from pipeline.errors import BadInput, NotReady
from pipeline.records import Article, Label
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import ALERTS, ARTICLES, CLASSIFIED, DEAD_LETTERS, LABELS, SOURCES, TOPICS, Topic
from tests.stream.test_worker import echo_worker

pytestmark = pytest.mark.broker
NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def made(settings: KafkaSettings) -> KafkaSettings:
    async with kafka.Broker(settings) as broker:
        await broker.make()
    return settings


async def send(settings: KafkaSettings, *outs: Out) -> None:
    async with kafka.sending(settings) as producer:
        for out in outs:
            name = kafka.full_name(settings, out.topic)
            await producer.send_and_wait(
                name, out.value, key=out.key, partition=out.partition, headers=list(out.headers)
            )


async def whole(
    settings: KafkaSettings, topic: Topic
) -> list[tuple[int, int, bytes, bytes, tuple[tuple[str, bytes], ...]]]:
    return [
        (record.partition, record.timestamp, record.key, record.value, tuple(record.headers))
        async for record in kafka.whole(settings, topic)
    ]


def letter(prefix: str, *, topic: str = "articles", error: str = "Undecodable: not JSON", **more: str) -> Out:
    about = {
        "dead_topic": prefix + topic,
        "dead_partition": "1",
        "dead_offset": "7",
        "dead_stage": "classify",
        "dead_error": error,
        "dead_attempt": "1",
        **more,
    }
    headers = (("traceparent", b"00-1"), *((name, value.encode()) for name, value in about.items()))
    return Out(DEAD_LETTERS, b"key", b"{", headers=headers)


def environment(settings: Settings) -> dict[str, str]:
    return {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
        "STELLWERK_FOLDER": str(settings.folder),
    }


async def test_dead_letters_go_where_they_came_from(settings: Settings) -> None:
    """Key, bytes, partition and trace are as they were; in place of the death stands the letter's number."""
    await send(await made(settings.kafka), letter(settings.kafka.prefix))
    (found,) = [one async for one in letters(settings.kafka, Wanted(stage="classify", error="not json"))]
    assert (found.topic, found.place, found.error) == (
        settings.kafka.prefix + "articles",
        "1:7",
        "Undecodable: not JSON",
    )
    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["dead", "replay", "--stage", "classify", "--yes"], env=environment(settings)
    )
    assert result.exit_code == 0, result.output
    (record,) = await whole(settings.kafka, ARTICLES)
    assert (record[0], record[2], record[3]) == (1, b"key", b"{")
    told = dict(record[4])
    assert {name for name in told if not name.startswith("ce_")} == {"content-type", "traceparent", "replayed_from"}
    assert (told["ce_type"], told["traceparent"], told["replayed_from"]) == (b"stellwerk.articles.v1", b"00-1", b"0")


async def test_a_dead_letter_that_cannot_go_back_is_left_and_told(settings: Settings) -> None:
    """Half a record, or one of somebody else's topic, stays; the exit code says that something was left."""
    prefix = settings.kafka.prefix
    await send(await made(settings.kafka), letter(prefix, dead_size="5000000"), letter("other."), letter(prefix))
    found = [one async for one in letters(settings.kafka, Wanted())]
    for one, reason in zip(found[:2], ("beginning of 5000000", "other.articles"), strict=True):
        with pytest.raises(BadInput, match=reason):
            again(one, prefix)
    result = await asyncio.to_thread(CliRunner().invoke, app, ["dead", "replay", "--yes"], env=environment(settings))
    assert (result.exit_code, len(await whole(settings.kafka, ARTICLES))) == (1, 1)
    listed = await asyncio.to_thread(CliRunner().invoke, app, ["dead", "list"], env=environment(settings))
    assert "3 dead letters" in listed.output


async def test_a_backup_comes_back_as_it_was(settings: Settings, tmp_path: Path) -> None:
    """Partition, time, key, bytes, tombstones and headers: all are the same under another prefix."""
    await send(
        await made(settings.kafka),
        Out(LABELS, b"1", Label(article_id="1", author="a", at=NOW).encode()),
        Out(SOURCES, b"s1", b'{"id": "s1"}', headers=(("ce_id", b"s1"),)),
        Out(ALERTS, b"a1", b"\x00\xff", partition=3),
    )
    async with kafka.sending(settings.kafka) as producer:
        await producer.send_and_wait(kafka.full_name(settings.kafka, SOURCES), None, key=b"s2")
    about = await save(settings.kafka, tmp_path / "b", KEPT, lambda *_: None)
    assert {name: told["records"] for name, told in about["topics"].items() if told["records"]} == {
        "labels": 1,
        "sources": 2,
        "alerts": 1,
    }
    other = settings.kafka.model_copy(update={"prefix": "r" + settings.kafka.prefix})
    assert await restore(await made(other), tmp_path / "b", lambda *_: None) == {
        topic.name: about["topics"][topic.name]["records"] for topic in KEPT
    }
    for topic in KEPT:
        assert await whole(other, topic) == await whole(settings.kafka, topic)
    with pytest.raises(NotReady, match="restore into empty topics"):
        await restore(other, tmp_path / "b", lambda *_: None)


async def test_a_backup_that_is_not_whole_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Not finished, changed on the disk, or made with other partitions: nothing is sent, and it is said why."""
    await save(await made(settings.kafka), tmp_path / "b", (LABELS, SOURCES), lambda *_: None)
    with pytest.raises(BadInput, match="not empty"):
        await save(settings.kafka, tmp_path / "b", (LABELS,), lambda *_: None)
    wider = settings.kafka.model_copy(update={"partitions": 5, "prefix": "w" + settings.kafka.prefix})
    with pytest.raises(BadInput, match="had 4 partitions"):
        await restore(wider, tmp_path / "b", lambda *_: None)
    (tmp_path / "b" / "labels.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(BadInput, match=r"labels\.jsonl\.gz: is not what was saved"):
        await restore(settings.kafka, tmp_path / "b", lambda *_: None)
    (tmp_path / "b" / "backup.json").unlink()
    with pytest.raises(BadInput, match="not finished"):
        await restore(settings.kafka, tmp_path / "b", lambda *_: None)


def test_what_cannot_be_made_anew_is_saved() -> None:
    """Every topic is either saved by default or forgets by itself."""
    assert {topic.name for topic in TOPICS if topic not in KEPT} == {
        topic.name for topic in TOPICS if topic.cleanup == "delete" and topic.retention is not None
    }


async def test_a_stage_does_its_records_again(settings: Settings) -> None:
    """After a rewind the worker reads from there on; while it is a member nobody may move it."""
    short = settings.kafka.model_copy(update={"session": 6.0})
    settings = settings.model_copy(update={"kafka": await made(short)})
    article = Article(id="1", source_id="s", url="", title="t", published=NOW, fetched=NOW)
    worker = echo_worker(settings)
    await worker.start()
    await worker.announced()
    await send(settings.kafka, Out(ARTICLES, b"1", article.encode()))
    await _echoes(settings, 1)
    async with kafka.Broker(settings.kafka) as broker:
        with pytest.raises(NotReady, match="stop its workers"):
            await broker.rewind("echo", ARTICLES, None)
        await worker.stop()
        async with asyncio.timeout(60):
            while True:
                try:
                    assert await broker.rewind("echo", ARTICLES, datetime.now(UTC) + timedelta(days=1)) == 0
                    break
                except NotReady:
                    await asyncio.sleep(0.5)
        assert await broker.rewind("echo", ARTICLES, None) == 1
    worker = echo_worker(settings)
    await worker.start()
    try:
        await _echoes(settings, 2)
    finally:
        await worker.stop()


async def _echoes(settings: Settings, count: int) -> None:
    async with asyncio.timeout(60):
        while Counter(one[2] for one in await whole(settings.kafka, CLASSIFIED))[b"1"] < count:
            await asyncio.sleep(0.2)


async def test_the_broker_says_how_full_its_disk_is(settings: Settings, broker: LocalBroker) -> None:
    """Kafka's own figures are those of the disk that its log stands on."""
    async with kafka.Broker(settings.kafka) as admin:
        room = await admin.room()
    assert room
    usage = shutil.disk_usage(broker.folder)
    assert room.size == usage.total
    assert abs(room.free - usage.free) < usage.total / 20
