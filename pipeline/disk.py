"""How much room is left: where a worker writes, and where the broker does (which says so when it is asked)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from pipeline import metrics
from pipeline.settings import Settings


class Room(NamedTuple):
    """Bytes of a disk."""

    free: int
    size: int


def here(settings: Settings) -> dict[str, Room]:
    """Return the room of a worker's own disks: `folder`, and `registry` where that is a folder."""
    places = {"folder": str(settings.folder), "registry": str(settings.model.registry or "")}
    return {name: room(Path(place)) for name, place in places.items() if place and "://" not in place}


def room(place: Path) -> Room:
    """Return the room on a folder's disk; one that is not there yet will be on its parent's."""
    there = next(one for one in (place.absolute(), *place.absolute().parents) if one.exists())
    usage = shutil.disk_usage(there)
    return Room(usage.free, usage.total)


class _Answer(Response):
    API_KEY = 35
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            CompactArray(
                ("error_code", Int16),
                ("log_dir", CompactString("utf-8")),
                (
                    "topics",
                    CompactArray(
                        ("name", CompactString("utf-8")),
                        (
                            "partitions",
                            CompactArray(
                                ("partition_index", Int32),
                                ("partition_size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("tags", TaggedFields),
                    ),
                ),
                ("total_bytes", Int64),
                ("usable_bytes", Int64),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Question(RequestStruct):
    API_KEY = 35
    API_VERSION = 4
    FLEXIBLE_VERSION: ClassVar[bool] = True
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("topics", CompactArray(("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)))),
        ("tags", TaggedFields),
    )


class LogDirs(Request[_Question]):
    """Kafka's DescribeLogDirs, which aiokafka has not: asked about no topic, it tells of the disks alone."""

    API_KEY = 35

    def build(self, request_struct_class: type[_Question]) -> _Question:
        """Return the request."""
        return request_struct_class([], {})


#: Kafka's word for not knowing.
_UNKNOWN: Final = -1


def told(answer: Any) -> Room | None:
    """Return the fullest disk of a broker; None where it does not say, or not to this login."""
    rooms = [Room(free, size) for code, _, _, size, free, *_ in answer.results if not code and size != _UNKNOWN]
    return min(rooms, key=lambda one: one.free / one.size) if rooms and not answer.error_code else None


@contextmanager
def measured(role: str, rooms: Callable[[], Mapping[str, Room]]) -> Iterator[None]:
    """Tell of disks, by name, whenever the metrics are asked for, as long as this lasts."""

    def free() -> dict[metrics.Values, float]:
        return {(role, name): float(one.free) for name, one in rooms().items()}

    def size() -> dict[metrics.Values, float]:
        return {(role, name): float(one.size) for name, one in rooms().items()}

    with metrics.DISK_FREE.read(free), metrics.DISK_SIZE.read(size):
        yield
