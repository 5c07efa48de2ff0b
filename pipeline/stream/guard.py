"""The guard round a step: nothing that comes in is lost, whatever the step or the broker does.

For each batch, in this order:

    decode      inside the guard, because Faust acknowledges what it cannot decode (docs/decisions.md)
    step        a batch that fails is redone one by one; Transient is tried again, all else is buried
    send        every record that comes out, and the broker's answer awaited: two awaits
    count       one outcome per record
    (the caller acknowledges)

A dead letter carries the original bytes, where they came from and why they could not be processed. When most of the
recent records fail for reasons that are not their own, the worker stops: then the code is wrong, not the data.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

import structlog
from aiokafka.errors import MessageSizeTooLargeError, RecordTooLargeError
from structlog.contextvars import bound_contextvars

from pipeline import metrics
from pipeline.envelope import Headers, Out, header, headers_for, new_trace
from pipeline.errors import Permanent, StellwerkError, Transient, Undecodable
from pipeline.records import Record
from pipeline.settings import StreamSettings
from pipeline.stream import meter
from pipeline.topics import DEAD_LETTERS
from pipeline.traces import NONE, Span, Spans

log = structlog.get_logger()
R = TypeVar("R", bound=Record)

#: Records looked back on when deciding that the code is wrong, and how many there must be before judging.
WINDOW, ENOUGH = 200, 50
_ERROR_CHARACTERS, _KEY_CHARACTERS = 300, 200
_STUB_BYTES = 10_000
_TOO_LARGE = (MessageSizeTooLargeError, RecordTooLargeError)


class Message(Protocol):
    """What the guard needs of a consumed message; Faust's and aiokafka's both have it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: float
    generation_id: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a step made of one record.

    Attributes:
        outcome: what it is counted as.
        outs: what goes out, in this order.
        last: what goes out when all of `outs` is on the broker: what a step remembers by, so that a crash between
            the two repeats rather than loses.
    """

    outcome: str
    outs: tuple[Out, ...] = ()
    last: tuple[Out, ...] = ()


@dataclass(frozen=True, slots=True)
class _Nobody:
    """Stands for the message where none has caused what goes out."""

    topic: str = ""
    partition: int = 0
    offset: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = field(default_factory=list)
    timestamp: float = 0.0
    generation_id: int | None = None


_NOBODY: Message = _Nobody()  # type: ignore[assignment]

Step = Callable[[Sequence[R]], Sequence[Done]]
Send = Callable[[Out, Headers], Awaitable[Awaitable[object]]]


class BuriesTooMuch(StellwerkError):
    """Most records fail although they are well formed: stop, so that a mended version can do them again."""


@dataclass(slots=True)
class Guard(Generic[R]):
    """Takes batches of messages through one step.

    Attributes:
        stage: the stage's name, for headers, logs and dead letters.
        record: what the messages must decode to.
        step: from records to what goes out, one `Done` per record in the same order.
        send: hands a record to the producer; awaiting its result waits for the broker.
        settings: attempts, pauses and limits.
        batched: False gives the step one record at a time, for a step that remembers.
        spans: opens a span for each record.
    """

    stage: str
    record: type[R]
    step: Step[R]
    send: Send
    settings: StreamSettings
    batched: bool = True
    spans: Spans = NONE
    counts: Counter[str] = field(default_factory=Counter)
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    async def handle(self, messages: Sequence[Message]) -> None:
        """Process a batch; when this returns, everything that came of it is on the broker.

        Raises:
            BuriesTooMuch: the step fails on most of what it gets.
        """
        done: list[Done | None] = [None] * len(messages)
        records: dict[int, R] = {}
        spans = [self._open(message, len(messages)) for message in messages]
        traces = [span.trace for span in spans]
        for at, message in enumerate(messages):
            try:
                records[at] = self.record.decode(message.value)
            except Undecodable as error:
                done[at] = self._bury(message, error)
        await self._work(messages, records, done)
        sent = [one for one in done if one is not None]
        await self._deliver(messages, traces, [one.outs for one in sent])
        await self._deliver(messages, traces, [one.last for one in sent])
        self._count(messages, records, Counter(one.outcome for one in sent))
        for at, (span, one) in enumerate(zip(spans, sent, strict=True)):
            span.end(one.outcome, **meter.names(records.get(at)))

    def _open(self, message: Message, size: int) -> Span:
        return self.spans.open(
            self.stage,
            header(message.headers, "traceparent"),
            messaging__system="kafka",
            messaging__destination__name=message.topic,
            messaging__destination__partition__id=str(message.partition),
            messaging__kafka__offset=message.offset,
            messaging__batch__message_count=size,
        )

    def _count(self, messages: Sequence[Message], records: dict[int, R], outcomes: Counter[str]) -> None:
        self.counts.update(outcomes)
        for outcome, number in outcomes.items():
            metrics.RECORDS.add(number, self.stage, outcome)
        for at, message in enumerate(messages):
            meter.finished(self.stage, message.timestamp, records.get(at))

    async def beside(self, done: Sequence[Done]) -> None:
        """Send and count what no message has caused."""
        nobody, traces = [_NOBODY] * len(done), [new_trace() for _ in done]
        await self._deliver(nobody, traces, [one.outs for one in done])
        await self._deliver(nobody, traces, [one.last for one in done])
        self._count([], {}, Counter(one.outcome for one in done))

    async def _work(self, messages: Sequence[Message], records: dict[int, R], done: list[Done | None]) -> None:
        """Fill the places that decoding left open."""
        if self.batched and len(records) > 1:
            try:
                results = self.step(list(records.values()))
                for (at, record), one in zip(records.items(), results, strict=True):
                    with bound_contextvars(**meter.names(record)):
                        done[at] = self._fitting(messages[at], one)
                self._recent.extend([False] * len(records))
                return
            except Exception as error:
                log.warning(
                    "batch failed, redoing it one by one", stage=self.stage, size=len(records), error=repr(error)[:300]
                )
        for at, record in records.items():
            with bound_contextvars(**meter.names(record)):
                done[at] = await self._one(messages[at], record)

    async def _one(self, message: Message, record: R) -> Done:
        """Process one record, trying again where that may help."""
        for attempt in range(1, self.settings.attempts + 1):
            try:
                (one,) = self.step([record])
            except Transient as error:
                if attempt == self.settings.attempts:
                    return self._bury(message, error, attempt)
                await asyncio.sleep(self._pause(attempt))
            except Permanent as error:
                return self._bury(message, error, attempt)
            except Exception as error:
                self._recent.append(True)
                self._stop_if_all_fails(error)
                return self._bury(message, error, attempt)
            else:
                self._recent.append(False)
                return self._fitting(message, one)
        raise AssertionError("unreachable: the last attempt returns")

    def _stop_if_all_fails(self, error: Exception) -> None:
        failed = sum(self._recent)
        if len(self._recent) >= ENOUGH and failed > self.settings.bury_most * len(self._recent):
            raise BuriesTooMuch(f"{self.stage}: {failed} of the last {len(self._recent)} records failed: {error!r}")

    def _fitting(self, message: Message, one: Done) -> Done:
        """Bury the input when something made of it is larger than a topic takes."""
        largest = max((len(out.value) for out in (*one.outs, *one.last)), default=0)
        if largest <= self.settings.record_most:
            return one
        most = self.settings.record_most
        return self._bury(message, Permanent(f"made a record of {largest} bytes, at most {most} are sent"))

    def _bury(self, message: Message, error: Exception, attempt: int = 1) -> Done:
        """Return the dead letter for a message."""
        metrics.DEAD.add(1, self.stage, type(error).__name__)
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_ERROR_CHARACTERS]
        log.warning(
            "buried",
            stage=self.stage,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            key=(message.key or b"").decode(errors="replace")[:_KEY_CHARACTERS],
            error=reason,
        )
        about = {
            "dead_topic": message.topic,
            "dead_partition": str(message.partition),
            "dead_offset": str(message.offset),
            "dead_stage": self.stage,
            "dead_error": reason,
            "dead_attempt": str(attempt),
        }
        headers = tuple((name, value.encode(errors="replace")) for name, value in about.items())
        return Done("dead", (Out(DEAD_LETTERS, message.key, message.value or b"", headers=headers),))

    async def _deliver(
        self, messages: Sequence[Message], traces: Sequence[bytes], made: Sequence[tuple[Out, ...]]
    ) -> None:
        """Send everything and wait for the broker; go on trying until it has answered.

        The producer is idempotent and never gives up on an outage by itself, so what fails here is rare (a refused
        login, a record larger than its topic takes) and the order within a partition is kept by the producer.
        """
        waiting = [
            (message, out, headers_for(out, source=f"/stellwerk/{self.stage}", trace=trace))
            for message, trace, outs in zip(messages, traces, made, strict=True)
            for out in outs
        ]
        attempt = 0
        while waiting:
            answers = await self._send_all([(out, headers) for _, out, headers in waiting])
            failed = [(*item, error) for item, error in zip(waiting, answers, strict=True) if error]
            waiting = [self._again(*item) for item in failed]
            if waiting:
                attempt += 1
                metrics.RESENT.add(len(waiting), self.stage)
                log.warning(
                    "sending again",
                    stage=self.stage,
                    records=len(waiting),
                    attempt=attempt,
                    error=repr(failed[0][-1])[:300],
                )
                await asyncio.sleep(self._pause(attempt))

    async def _send_all(self, outs: Sequence[tuple[Out, Headers]]) -> list[Exception | None]:
        """Hand everything over in order, then wait for all answers; one error or None for each."""
        handed: list[Awaitable[object] | Exception] = []
        for out, headers in outs:
            try:
                handed.append(await self.send(out, headers))
            except Exception as error:
                handed.append(error)
        return [one if isinstance(one, Exception) else await self._answer(one) for one in handed]

    async def _answer(self, handed: Awaitable[object]) -> Exception | None:
        try:
            await handed
        except Exception as error:
            return error
        return None

    def _again(self, message: Message, out: Out, headers: Headers, error: Exception) -> tuple[Message, Out, Headers]:
        """Return what to send now that this was refused: the same, or what explains why it cannot be sent."""
        if not _too_large(error):
            return message, out, headers
        out = self._stub(out) if out.topic is DEAD_LETTERS else self._bury(message, error).outs[0]
        trace = header(headers, "traceparent")
        return message, out, headers_for(out, source=f"/stellwerk/{self.stage}", trace=trace)

    def _stub(self, letter: Out) -> Out:
        """Return a dead letter that is too large itself with only the beginning of its value."""
        said = ("dead_size", str(len(letter.value)).encode())
        return replace(letter, value=letter.value[:_STUB_BYTES], headers=(*letter.headers, said))

    def _pause(self, attempt: int) -> float:
        return float(min(self.settings.retry_most, self.settings.retry_first * 2 ** min(attempt - 1, 20)))


def _too_large(error: Exception) -> bool:
    """Say whether a record was refused for its size; Faust wraps what aiokafka says."""
    return isinstance(error, _TOO_LARGE) or isinstance(error.__cause__, _TOO_LARGE)


class Clock:
    """Tells when to write the counts to the log: at most once in a while, and only when they changed."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds, self._last, self._seen = seconds, time.monotonic(), 0

    def due(self, counts: Counter[str]) -> bool:
        """Say whether the counts should be written now."""
        total = counts.total()
        if total == self._seen or time.monotonic() - self._last < self._seconds:
            return False
        self._last, self._seen = time.monotonic(), total
        return True
