"""The guard by itself: what it sends and counts, whatever the step and the broker do. The broker here is a list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from hypothesis import given
from hypothesis import strategies as st

from pipeline.envelope import Headers, Out
from pipeline.errors import Transient, Unprocessable
from pipeline.records import Article
from pipeline.settings import StreamSettings
from pipeline.stream.guard import BuriesTooMuch, Done, Guard
from pipeline.topics import CLASSIFIED, DEAD_LETTERS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
QUICK = StreamSettings(retry_first=0.001, retry_most=0.002, attempts=3)


@dataclass
class Incoming:
    value: bytes | None
    key: bytes | None = b"k"
    topic: str = "t.articles"
    partition: int = 0
    offset: int = 0
    headers: Headers = field(default_factory=list)
    timestamp: float = 0.0
    generation_id: int | None = None


@dataclass
class Topics:
    """Takes what is sent; `refuse` says which sends fail, and how."""

    refuse: Callable[[Out, int], Exception | None] = lambda out, attempt: None
    sent: list[tuple[Out, Headers]] = field(default_factory=list)
    attempts: int = 0

    async def send(self, out: Out, headers: Headers) -> Awaitable[object]:
        self.attempts += 1
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if error := self.refuse(out, self.attempts):
            answer.set_exception(error)
        else:
            self.sent.append((out, headers))
            answer.set_result(None)
        return answer

    def on(self, topic: object) -> list[Out]:
        return [out for out, _ in self.sent if out.topic is topic]


def article(name: str) -> Article:
    return Article(id=name, source_id="s", url="https://example.com/", title=name, published=NOW, fetched=NOW)


def message(name: str) -> Incoming:
    return Incoming(article(name).encode(), name.encode())


def echo(articles: Sequence[Article]) -> list[Done]:
    return [Done("echoed", (Out(CLASSIFIED, a.id.encode(), a.encode()),)) for a in articles]


def guard(topics: Topics, step: Callable[[Sequence[Article]], Sequence[Done]] = echo, **more: object) -> Guard[Article]:
    return Guard(stage="test", record=Article, step=step, send=topics.send, settings=QUICK, **more)  # type: ignore[arg-type]


BAD = [
    b"",
    None,
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"NaN",
    b"{}",
    b'{"schema_version": 2}',
    b'{"schema_version": 1}',
    b"[" * 9000,
]


async def test_bad_bytes_become_dead_letters_and_neighbours_pass() -> None:
    """Whatever bytes come in, each ends as one dead letter that says why, and the good ones are untouched."""
    topics = Topics()
    one = guard(topics)
    await one.handle([message("a"), *(Incoming(value) for value in BAD), message("b")])
    assert [out.key for out in topics.on(CLASSIFIED)] == [b"a", b"b"]
    assert [out.value for out in topics.on(DEAD_LETTERS)] == [value or b"" for value in BAD]
    assert one.counts == {"echoed": 2, "dead": len(BAD)}


async def test_dead_letter_explains_itself() -> None:
    """A dead letter says from where it came, at which stage, and why."""
    topics = Topics()
    await guard(topics).handle([Incoming(b"{", b"key", "t.articles", 3, 17)])
    (out, headers) = topics.sent[0]
    said = dict(headers)
    assert out.key == b"key"
    assert out.value == b"{"
    assert (said["dead_topic"], said["dead_partition"], said["dead_offset"]) == (b"t.articles", b"3", b"17")
    assert said["dead_stage"] == b"test"
    assert said["dead_error"].startswith(b"Undecodable: not JSON")


async def test_a_batch_that_fails_is_redone_one_by_one() -> None:
    """One record that breaks the step takes only itself down."""

    def step(articles: Sequence[Article]) -> list[Done]:
        if any(a.title == "bad" for a in articles):
            raise ZeroDivisionError
        return echo(articles)

    topics = Topics()
    one = guard(topics, step)
    await one.handle([message("a"), message("bad"), message("b")])
    assert [out.key for out in topics.on(CLASSIFIED)] == [b"a", b"b"]
    assert [out.key for out in topics.on(DEAD_LETTERS)] == [b"bad"]
    assert one.counts == {"echoed": 2, "dead": 1}


async def test_transient_is_tried_again_and_then_buried() -> None:
    """A step that says `try again` is tried as often as the settings allow."""
    calls = []

    def step(articles: Sequence[Article]) -> list[Done]:
        calls.append(articles[0].title)
        if articles[0].title == "later" and calls.count("later") == 3:
            return echo(articles)
        raise Transient("not yet")

    topics = Topics()
    one = guard(topics, step)
    await one.handle([message("later")])
    await one.handle([message("never")])
    assert [out.key for out in topics.on(CLASSIFIED)] == [b"later"]
    assert [out.key for out in topics.on(DEAD_LETTERS)] == [b"never"]
    assert calls.count("never") == QUICK.attempts


async def test_failed_sends_are_repeated_until_they_succeed() -> None:
    """A broker that does not answer delays, and loses nothing; what was acknowledged is not sent again."""
    topics = Topics(lambda out, attempt: KafkaTimeoutError() if attempt in (1, 4, 6) else None)
    await guard(topics).handle([message(name) for name in "abc"])
    assert sorted(out.key for out in topics.on(CLASSIFIED)) == [b"a", b"b", b"c"]


async def test_what_its_topic_refuses_for_size_is_buried() -> None:
    """A record too large for its topic becomes a dead letter of what it was made from."""
    topics = Topics(
        lambda out, attempt: MessageSizeTooLargeError() if out.topic is CLASSIFIED and out.key == b"b" else None
    )
    await guard(topics).handle([message(name) for name in "abc"])
    assert sorted(out.key for out in topics.on(CLASSIFIED)) == [b"a", b"c"]
    assert [out.value for out in topics.on(DEAD_LETTERS)] == [message("b").value]


async def test_a_dead_letter_too_large_for_its_topic_is_cut() -> None:
    """Even a dead letter that no topic takes leaves its beginning, its size and its reason."""
    topics = Topics(lambda out, attempt: MessageSizeTooLargeError() if len(out.value) > 20_000 else None)
    await guard(topics).handle([Incoming(b"x" * 50_000)])
    (out, headers) = topics.sent[0]
    assert out.value == b"x" * 10_000
    assert dict(headers)["dead_size"] == b"50000"


async def test_a_result_over_the_limit_is_buried_before_sending() -> None:
    """One large result would fail the whole batch it is sent with, so it is not sent at all; also within a batch."""

    def step(articles: Sequence[Article]) -> list[Done]:
        return [Done("x", (Out(CLASSIFIED, b"k", b"x" * (10**6 if a.title == "big" else 10)),)) for a in articles]

    topics = Topics()
    await guard(topics, step).handle([message("small"), message("big")])
    assert len(topics.on(CLASSIFIED)) == 1
    assert [out.value for out in topics.on(DEAD_LETTERS)] == [message("big").value]


async def test_burying_has_a_limit() -> None:
    """When most records break the step, the code is wrong: the worker stops rather than bury the topic."""

    def step(articles: Sequence[Article]) -> list[Done]:
        raise ZeroDivisionError

    topics = Topics()
    one = guard(topics, step)
    with pytest.raises(BuriesTooMuch, match="ZeroDivisionError"):
        await one.handle([message(str(n)) for n in range(100)])
    assert topics.sent == []


async def test_bad_data_alone_never_stops_the_worker() -> None:
    """A flood of undecodable or refused records is the data's fault, and is buried to the last one."""

    def step(articles: Sequence[Article]) -> list[Done]:
        raise Unprocessable("no")

    topics = Topics()
    one = guard(topics, step)
    await one.handle([Incoming(b"?") for _ in range(300)])
    await one.handle([message("x") for _ in range(300)])
    assert one.counts == {"dead": 600}


async def test_cancelling_passes_through() -> None:
    """Stopping a worker is not an error to be retried."""

    async def send(out: Out, headers: Headers) -> Awaitable[object]:
        return asyncio.get_running_loop().create_future()

    task = asyncio.create_task(Guard("test", Article, echo, send, QUICK).handle([message("a")]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@given(kinds=st.lists(st.sampled_from(["good", "bytes", "refused", "crash"]), max_size=40), batched=st.booleans())
def test_every_record_has_one_outcome(kinds: list[str], batched: bool) -> None:
    """In equals out plus dead letters, for any mixture, in batches or one by one."""

    def step(articles: Sequence[Article]) -> list[Done]:
        for a in articles:
            if a.title == "refused":
                raise Unprocessable("no")
            if a.title == "crash" and kinds.count("crash") < 10:
                raise ZeroDivisionError
        return echo(articles)

    topics = Topics()
    one = guard(topics, step, batched=batched)
    messages = [Incoming(b"?") if kind == "bytes" else message(kind) for kind in kinds]
    asyncio.run(one.handle(messages))
    assert one.counts.total() == len(kinds) == len(topics.sent)
    dead = sum(kind in ("bytes", "refused") or (kind == "crash" and kinds.count("crash") < 10) for kind in kinds)
    assert one.counts["dead"] == dead == len(topics.on(DEAD_LETTERS))


async def test_what_is_remembered_goes_out_last() -> None:
    """A crash may come between any two answers of the broker: `last` is sent only when all of `outs` is answered."""
    topics = Topics(refuse=lambda out, attempt: KafkaTimeoutError() if attempt <= 2 else None)

    def step(articles: Sequence[Article]) -> list[Done]:
        first, last = Out(CLASSIFIED, b"first", b"1"), Out(CLASSIFIED, b"last", b"2")
        return [Done("done", (first,), (last,)) for _ in articles]

    await guard(topics, step).handle([message("a"), message("b")])
    assert [out.key for out, _ in topics.sent] == [b"first", b"first", b"last", b"last"]
