"""Articles and memory on their way to the broker, outside of the polling worker: they count when it has them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.push import Reader
from pipeline import kafka, metrics, traces
from pipeline.envelope import Out, headers_for, new_trace
from pipeline.errors import BadInput, Transient
from pipeline.heart import Heart
from pipeline.records import Article, PollState, Withdrawal
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS, WITHDRAWALS

#: Articles sent and not acknowledged yet, at most.
_UNDER_WAY: Final = 1000


class Outbox:
    """Sends; every method returns when the broker has what was sent.

    Args:
        producer: open.
        settings: where the topics are.
        sender: who sends, for the records' headers.
        heart: sees how long sending takes; None where nobody looks.
    """

    def __init__(self, producer: AIOKafkaProducer, settings: Settings, sender: str, heart: Heart | None = None) -> None:
        self._producer, self._settings, self._sender, self._heart = producer, settings, sender, heart
        self._role = sender.rpartition("/")[2]
        self._spans = traces.start(settings.trace, self._role, settings.stream.worker)

    async def publish(self, article: Article) -> None:
        """Send an article.

        Raises:
            Transient: the broker did not take it.
        """
        await self.publish_all((article,))

    async def publish_all(self, articles: Sequence[Article]) -> None:
        """Send articles, all at once.

        Raises:
            Transient: the broker did not take all of them; some may have arrived.
        """
        with self._watched():
            sent = [await self.begin(article) for article in articles]
            for result in await asyncio.gather(*sent, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise _lost(result)
        for article in articles:
            _aged(self._role, article)

    async def save(self, state: PollState) -> None:
        """Send what must be remembered of a source."""
        with self._watched():
            await self.arrived(await self._begin(Out(POLLS, state.source_id.encode(), state.encode())))

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Send that an article was taken back."""
        await self.arrived(await self._begin(Out(WITHDRAWALS, withdrawal.article_id.encode(), withdrawal.encode())))

    def _watched(self) -> AbstractContextManager[None]:
        return self._heart.work() if self._heart else nullcontext()

    async def begin(self, article: Article) -> asyncio.Future[Any]:
        """Put an article on its way; what is returned ends when the broker has it."""
        span = self._spans.open(self._role, b"")
        sent = await self._begin(Out(ARTICLES, article.id.encode(), article.encode()), span.trace)
        sent.add_done_callback(lambda sent: span.end("lost" if sent.exception() else "article", article.id))
        return sent

    async def arrived(self, sent: asyncio.Future[Any]) -> None:
        """Wait for what was begun."""
        try:
            await sent
        except KafkaError as error:
            raise _lost(error) from None

    async def _begin(self, out: Out, trace: bytes = b"") -> asyncio.Future[Any]:
        headers = headers_for(out, source=self._sender, trace=trace or new_trace())
        name = kafka.full_name(self._settings.kafka, out.topic)
        try:
            sent: asyncio.Future[Any] = await self._producer.send(name, out.value, key=out.key, headers=headers)
        except KafkaError as error:
            raise _lost(error) from None
        return sent


@dataclass(slots=True)
class Pushed:
    """What became of lines: `lines == articles + refused + empty`.

    Attributes:
        lines: read.
        articles: acknowledged by the broker, or good where nothing was sent.
        refused: with a fault.
        empty: without anything on them.
    """

    lines: int = 0
    articles: int = 0
    refused: int = 0
    empty: int = 0

    def line(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


async def push(
    pieces: AsyncIterator[Sequence[bytes]], reader: Reader, outbox: Outbox | None, tell: Callable[[BadInput], None]
) -> Pushed:
    """Read lines and send the good ones; return when the broker has all of them.

    Args:
        pieces: some lines each, as they come.
        reader: checks.
        outbox: None only checks.
        tell: called for every fault, in the order of the lines.

    Raises:
        Transient: the broker is away; what was acknowledged until then stays.
    """
    counts = Pushed()
    under_way: deque[asyncio.Future[Any]] = deque()
    async for lines in pieces:
        for line in lines:
            counts.lines += 1
            if not line.strip():
                counts.empty += 1
                continue
            read = reader.read(counts.lines, line)
            if not isinstance(read, Article):
                counts.refused += 1
                for fault in read:
                    tell(fault)
            elif outbox is None:
                counts.articles += 1
            else:
                under_way.append(await outbox.begin(read))
            while outbox and len(under_way) > _UNDER_WAY:
                await outbox.arrived(under_way.popleft())
                counts.articles += 1
    while outbox and under_way:
        await outbox.arrived(under_way.popleft())
        counts.articles += 1
    return counts


def _aged(role: str, article: Article) -> None:
    """Take in how old an article is now that the broker has it."""
    metrics.aged(role, fetched=article.fetched.timestamp())
    if not article.published_guessed:
        metrics.aged(role, published=article.published.timestamp())


def _lost(error: BaseException) -> BaseException:
    """Return what a failed sending means."""
    if isinstance(error, KafkaError):
        return Transient(f"the broker did not take it: {error}")
    return error
