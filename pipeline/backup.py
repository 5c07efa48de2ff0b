"""What Kafka alone remembers, saved into a folder and brought back.

    FOLDER/backup.json           form, when, prefix, and per topic: records, partitions, SHA-256
    FOLDER/<topic>.jsonl.gz      one record a line: partition, timestamp, key, value, headers (base64)

Saved by default is what cannot be made anew: topics that are compacted or kept for ever. Articles and what the stages
make of them come again from the sources, or are too old to matter.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer, ConsumerRecord

from pipeline import kafka
from pipeline.errors import BadInput, NotReady
from pipeline.settings import KafkaSettings
from pipeline.topics import LARGEST, TOPICS, Topic

FORM: Final = 1
KEPT: Final = tuple(topic for topic in TOPICS if "compact" in topic.cleanup or topic.retention is None)
_WAITING: Final = 500

Step = Callable[[str, int], None]


async def save(settings: KafkaSettings, folder: Path, topics: tuple[Topic, ...], step: Step) -> dict[str, Any]:
    """Write topics into a folder and return what `backup.json` says.

    Args:
        settings: which broker.
        folder: a new or empty one.
        topics: which topics.
        step: called with a topic's name and the number of its records so far.

    Raises:
        BadInput: the folder holds something.
        NotReady: a topic is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadInput("is not empty: an older backup is not overwritten", file=str(folder))
    await kafka.require(settings, topics)
    told: dict[str, Any] = {}
    for topic in topics:
        file, count = _file(folder, topic.name), 0
        with gzip.open(file, "wb") as out:
            async for record in kafka.whole(settings, topic):
                out.write(_line(record))
                count += 1
                step(topic.name, count)
        partitions = len(kafka.all_partitions(settings, topic))
        told[topic.name] = {"records": count, "partitions": partitions, "sha256": _sum(file)}
    about = {"form": FORM, "at": datetime.now(UTC), "prefix": settings.prefix, "topics": told}
    # Last: a folder without it is a backup that was not finished.
    (folder / "backup.json").write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))
    return about


async def restore(settings: KafkaSettings, folder: Path, step: Step) -> dict[str, int]:
    """Send a backup to empty topics and return the number of records of each.

    Args:
        settings: which broker; the prefix may be another one.
        folder: as `save` left it.
        step: called with a topic's name and the number of its records so far.

    Raises:
        BadInput: no finished backup, a changed file, or another number of partitions.
        NotReady: a topic is missing or holds records.
    """
    about = read_about(folder)
    topics = {topic.name: topic for topic in TOPICS if topic.name in about["topics"]}
    for name, told in about["topics"].items():
        if name not in topics:
            raise BadInput(f"holds topic {name!r}, which this version does not know", file=str(folder))
        if _sum(_file(folder, name)) != told["sha256"]:
            raise BadInput("is not what was saved: its sum differs", file=str(_file(folder, name)))
        if told["partitions"] != len(kafka.all_partitions(settings, topics[name])):
            raise BadInput(f"{name} had {told['partitions']} partitions; set KAFKA__PARTITIONS so", file=str(folder))
    await kafka.require(settings, topics.values())
    for topic in topics.values():
        async for _ in kafka.whole(settings, topic):
            raise NotReady(f"topic {kafka.full_name(settings, topic)} holds records: restore into empty topics")
    async with kafka.sending(settings, max_request_size=2 * LARGEST) as producer:
        return {
            name: await _send(producer, kafka.full_name(settings, topic), _lines(_file(folder, name)), name, step)
            for name, topic in topics.items()
        }


def each(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield topic and value of every record of a backup.

    Raises:
        BadInput: no finished backup, or a changed file.
    """
    for name, told in read_about(folder)["topics"].items():
        for line in _checked(folder, name, told):
            yield name, _bytes(line["value"])


def rewrite(folder: Path, change: Callable[[str, bytes], bytes]) -> int:
    """Change values of a backup; return how many have changed.

    A new folder is written beside it and takes its place in the end: a crash leaves the old one, or both.

    Args:
        folder: as `save` left it.
        change: gets topic and value, returns the value.

    Raises:
        BadInput: no finished backup, a changed file, or what an attempt before has left stands beside it.
    """
    about, new, old = read_about(folder), folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    if left := next((one for one in (new, old) if one.exists()), None):
        raise BadInput("is left of an attempt that did not end: look at both, and delete one", file=str(left))
    new.mkdir()
    changed = 0
    for name, told in about["topics"].items():
        with gzip.open(_file(new, name), "wb") as out:
            for line in _checked(folder, name, told):
                value = _bytes(line["value"])
                made = change(name, value) if value else value
                changed += made != value
                out.write(orjson.dumps(line | {"value": _text(made)}, option=orjson.OPT_APPEND_NEWLINE))
        told["sha256"] = _sum(_file(new, name))
    (new / "backup.json").write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)
    return changed


def _checked(folder: Path, name: str, told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if _sum(_file(folder, name)) != told["sha256"]:
        raise BadInput("is not what was saved: its sum differs", file=str(_file(folder, name)))
    yield from _lines(_file(folder, name))


def read_about(folder: Path) -> dict[str, Any]:
    """Return what `backup.json` says.

    Raises:
        BadInput: there is none, or it is of another form.
    """
    file = folder / "backup.json"
    try:
        about: dict[str, Any] = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise BadInput("no backup.json: not a backup, or one that was not finished", file=str(folder)) from None
    if about.get("form") != FORM:
        raise BadInput(f"form {about.get('form')!r}, this version knows {FORM}", file=str(file))
    return about


async def _send(producer: AIOKafkaProducer, topic: str, lines: Iterator[dict[str, Any]], name: str, step: Step) -> int:
    count, waiting = 0, []
    for line in lines:
        waiting.append(
            await producer.send(
                topic,
                _bytes(line["value"]),
                key=_bytes(line["key"]),
                partition=line["partition"],
                timestamp_ms=line["timestamp"],
                headers=[(header, _bytes(value) or b"") for header, value in line["headers"]],
            )
        )
        count += 1
        if len(waiting) >= _WAITING:
            await _answered(waiting)
            step(name, count)
    await _answered(waiting)
    step(name, count)
    return count


async def _answered(waiting: list[Any]) -> None:
    for answer in waiting:
        await answer
    waiting.clear()


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl.gz"


def _line(record: ConsumerRecord) -> bytes:
    return orjson.dumps(
        {
            "partition": record.partition,
            "timestamp": record.timestamp,
            "key": _text(record.key),
            "value": _text(record.value),
            "headers": [(name, _text(value)) for name, value in record.headers],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _text(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else b64decode(value)


def _sum(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
