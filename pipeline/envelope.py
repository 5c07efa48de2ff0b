"""What goes round a record on the wire: CloudEvents headers and the trace."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.topics import DEAD_LETTERS, Topic

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Out:
    """A record on its way to a topic.

    Attributes:
        topic: where to.
        key: Kafka's key.
        value: the encoded record.
        partition: which partition; None leaves it to the key.
        headers: beside the CloudEvents ones.
    """

    topic: Topic
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


def new_trace() -> bytes:
    """Return a fresh W3C `traceparent`."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01".encode()


def headers_for(out: Out, *, source: str, trace: bytes) -> Headers:
    """Return the headers of a record in CloudEvents' binary mode, with the trace.

    Args:
        out: the record.
        source: who sends it, `/stellwerk/<stage>`.
        trace: the `traceparent` of the record that this one was made from.
    """
    kind, version = out.topic.name.partition(".")[0], out.topic.record.SCHEMA if out.topic.record else 1
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", f"stellwerk.{kind}.v{version}".encode()),
        ("ce_source", source.encode()),
        ("ce_id", _id(out)),
        *_subject(out),
        ("ce_time", datetime.now(UTC).isoformat(timespec="milliseconds").encode()),
        ("content-type", b"application/octet-stream" if out.topic is DEAD_LETTERS else b"application/json"),
        ("traceparent", trace),
        *out.headers,
    ]


def _id(out: Out) -> bytes:
    """Return what names this event: two revisions of an alert have different ones, the same one sent twice has not."""
    told = (out.key or b"", *(value for _, value in out.headers), out.value)
    return hashlib.blake2b(b"\x1f".join(told), digest_size=16).hexdigest().encode()


def _subject(out: Out) -> Headers:
    """Return the key as what the event is about; a dead letter's may be bytes that are no text."""
    try:
        return [("ce_subject", out.key)] if out.key and out.key.decode() else []
    except UnicodeDecodeError:
        return []


def header(headers: Iterable[tuple[str, bytes]] | None, name: str) -> bytes:
    """Return the first header of this name, or nothing."""
    return next((value for key, value in headers or () if key == name and value is not None), b"")
