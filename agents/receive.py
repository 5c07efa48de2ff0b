"""The push worker: the server of `http.py`, the subscriptions of `websub.py`, and the broker behind both.

    POST /articles ─ check ───────────────────────────────┐
    hub ─ signature ─ the poller's own way of a document ─┴─ articles topic, acknowledged

What hubs send goes through a poller as if it had been fetched: parsed in the sandbox, compared with what was seen,
pages fetched for teasers, published, and only then remembered. Its memory stands on `polls` beside that of the polling
worker, under a key of its own, so that neither writes over the other.
"""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlencode

import httpcore2
import httpx2
import structlog
from aiokafka import TopicPartition

from agents import control
from agents.errors import Soft
from agents.fetch import Answer, Door
from agents.figures import telling
from agents.http import SHORTEST, Intake, listening, site
from agents.kinds import KINDS
from agents.outbox import Outbox
from agents.poller import Poller
from agents.sandbox import Sandbox
from agents.sources import Source
from agents.websub import Subscriber
from pipeline import kafka, metrics
from pipeline.errors import NotReady, Undecodable
from pipeline.heart import Heart
from pipeline.probe import Probe
from pipeline.records import PollState
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, POLLS, SOURCES

log = structlog.get_logger()

#: Before a source's id where the memory of what its hub sent stands; no id of a source holds a colon.
_BESIDE: Final = "websub:"
_SENT: ContextVar[list[Answer]] = ContextVar("sent")
_FORM: ContextVar[bytes] = ContextVar("form")


class Hubs(Door):
    """The door for asking hubs: the same checks and limits, and a form to send."""

    async def ask(self, hub: str, form: Mapping[str, str]) -> None:
        """Send a form; return when the hub has accepted it.

        Raises:
            Fault: it has not.
        """
        _FORM.set(urlencode(form).encode())
        try:
            await self.get(hub, accept="*/*")
        except Soft as fault:
            # "Yes, and nothing to add"; a page could not be empty, an answer to a form can.
            if fault.status != 204:
                raise

    @asynccontextmanager
    async def _asked(self, target: httpx2.URL, headers: list[tuple[bytes, bytes]]) -> AsyncIterator[httpcore2.Response]:
        url = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        typed = [*headers, (b"Content-Type", b"application/x-www-form-urlencoded")]
        sending = self._pool.stream("POST", url, headers=typed, content=_FORM.get(), extensions=self._timeouts)
        async with sending as response:
            yield response


class Sent(Door):
    """The door that hands out what a hub has sent before it fetches anything."""

    async def get(self, url: str, *args: Any, **kwargs: Any) -> Answer:
        """Return what was sent, once; then fetch."""
        sent = _SENT.get([])
        return sent.pop() if sent else await super().get(url, *args, **kwargs)


class Deliveries:
    """Takes documents as if they had been fetched, one at a time for each source.

    Args:
        poller: whose door is `Sent`.
    """

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def deliver(self, source: Source, answer: Answer) -> None:
        """Publish what is new in a document.

        Raises:
            Transient: the broker did not take it.
        """
        async with self._turns[source.id]:
            # What YouTube's hub sends lacks the description: it says that there is something new, and no more.
            _SENT.set([] if source.kind == "youtube" else [answer])
            await self._poller.poll(source)


async def receive(
    settings: Settings,
    sources: Iterable[Source] | None = None,
    *,
    ready: Callable[[int], None] = lambda port: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Take what is brought and sent until SIGTERM or SIGINT.

    Args:
        settings: where to listen, what token to ask for, our public address.
        sources: whose hubs are asked, where there is a public address; None follows the topic `sources`.
        ready: called with the port when it listens.
        stop: ends it, too.

    Raises:
        NotReady: neither token nor public address, topics are missing, or the port is taken.
        Transient: no broker answers.
    """
    _check(settings)
    await kafka.require(settings.kafka, (ARTICLES, POLLS, SOURCES))
    stop = stop or asyncio.Event()
    heart = Heart(settings, "push")
    async with _ended_by_signals(stop), kafka.sending(settings.kafka) as producer, heart.beating():
        outbox = Outbox(producer, settings, "/stellwerk/push", heart)
        has_token = bool(settings.push.token.get_secret_value())
        intake = Intake(settings.push, outbox.publish_all, settings.stream.record_most) if has_token else None
        async with _subscribing(settings, sources, outbox) as subscriber:
            made = site(intake, subscriber.routes() if subscriber else ())
            async with listening(made, settings.push) as port:
                log.info("listening", host=settings.push.host, port=port, articles=bool(intake), hubs=bool(subscriber))
                ready(port)
                probe = Probe("push", "broker", "topics")
                async with telling(settings, probe, heart=heart):
                    await (subscriber.run(stop) if subscriber else stop.wait())
    log.info("stopped", **(subscriber.counts if subscriber else {}))


@asynccontextmanager
async def _ended_by_signals(stop: asyncio.Event) -> AsyncIterator[None]:
    """Let SIGTERM and SIGINT stop the work instead of the process."""
    loop, names = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for name in names:
        loop.add_signal_handler(name, stop.set)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)


@asynccontextmanager
async def _subscribing(
    settings: Settings, sources: Iterable[Source] | None, outbox: Outbox
) -> AsyncIterator[Subscriber | None]:
    """Make what subscriptions need, where there is a public address."""
    if not settings.websub.callback:
        yield None
        return
    fetch = settings.fetch
    since = await _ends(settings) if sources is None else {}
    chosen = tuple((await control.listed(settings.kafka)).values() if sources is None else sources)

    async def save(state: PollState) -> None:
        await outbox.save(state.model_copy(update={"source_id": _BESIDE + state.source_id}))

    async with (
        Sent(fetch) as door,
        Hubs(fetch) as hubs,
        Sandbox(fetch.parsers, fetch.parse_cpu) as sandbox,
        AsyncExitStack() as ends,
    ):
        poller = Poller(fetch, door, sandbox, outbox.publish, save, await _states(settings, chosen))
        subscriber = Subscriber(
            settings.websub,
            lambda source: door.get(KINDS[source.kind].url(source)),
            hubs.ask,
            Deliveries(poller).deliver,
            fetch.body_most,
        )
        for source in chosen:
            subscriber.add(source)
        ends.enter_context(metrics.HUBS.read(subscriber.figures))
        ends.enter_context(metrics.SUBSCRIPTIONS.read(subscriber.states))
        following = asyncio.create_task(_follow(settings, since, subscriber))
        following.add_done_callback(_told)
        try:
            yield subscriber
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await poller.aclose()


async def _ends(settings: Settings) -> dict[TopicPartition, int]:
    """Return where the topic `sources` ends now."""
    async with kafka.reading(settings.kafka) as consumer:
        name = kafka.full_name(settings.kafka, SOURCES)
        parts = [TopicPartition(name, number) for number in kafka.all_partitions(settings.kafka, SOURCES)]
        ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
        return ends


async def _follow(settings: Settings, since: Mapping[TopicPartition, int], subscriber: Subscriber) -> None:
    """Take in what changes on the topic `sources` from there on, for ever."""
    if not since:
        return
    async with kafka.reading(settings.kafka) as consumer:
        consumer.assign(list(since))
        for part, offset in since.items():
            consumer.seek(part, offset)
        async for record in consumer:
            if record.value is None:
                subscriber.drop((record.key or b"").decode(errors="replace"))
                continue
            try:
                subscriber.add(Source.decode(record.value))
            except Undecodable as error:
                log.warning("source that cannot be read", offset=record.offset, error=str(error)[:200])


def _told(following: asyncio.Task[None]) -> None:
    """Say so where the topic is not followed any more; what is known of the sources until then stays."""
    if not following.cancelled() and (error := following.exception()):
        log.error("sources are not followed any more", error=str(error)[:200], exc_info=error)


async def _states(settings: Settings, sources: Iterable[Source]) -> dict[str, PollState]:
    """Return what has been seen of these sources, by whichever way it came."""
    ids = [source.id for source in sources]
    found = await control.remembered(settings.kafka, (*ids, *(_BESIDE + id for id in ids)))
    states: dict[str, PollState] = {}
    for name, state in found.items():
        id = name.removeprefix(_BESIDE)
        before = states.get(id)
        # Seen is all that counts here: an etag or a hash belongs to the way that it came.
        states[id] = PollState(
            source_id=id, polled=state.polled, seen={**before.seen, **state.seen} if before else state.seen
        )
    return states


def _check(settings: Settings) -> None:
    """Refuse to listen for nobody, or with a secret that can be guessed."""
    token, secret = settings.push.token.get_secret_value(), settings.websub.secret.get_secret_value()
    if not token and not settings.websub.callback:
        raise NotReady("nothing to listen for: set STELLWERK_PUSH__TOKEN (or …_FILE) or STELLWERK_WEBSUB__CALLBACK")
    if token and len(token) < SHORTEST:
        raise NotReady(f"STELLWERK_PUSH__TOKEN is shorter than {SHORTEST} characters; e.g. `openssl rand -hex 32`")
    if settings.websub.callback and len(secret) < SHORTEST:
        raise NotReady(f"STELLWERK_WEBSUB__SECRET is shorter than {SHORTEST} characters; e.g. `openssl rand -hex 32`")
