"""The wiring, all on one page: a stage of `stages.py`, the guard round its step, Faust under it.

    topic ──> drain ──> guard(step) ──> topics
                └── acknowledges what the broker has

How Faust may be used without losing messages was measured; `docs/decisions.md` says what and why.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
import structlog
from faust import Stream
from faust.tables import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT
from yarl import URL

from pipeline import kafka, metrics, traces
from pipeline.applied import route_topics
from pipeline.envelope import Headers, Out
from pipeline.heart import Heart
from pipeline.probe import Probe
from pipeline.settings import KafkaSettings, Settings
from pipeline.stream.drain import drain
from pipeline.stream.guard import Clock, Guard, Message
from pipeline.stream.lag import told
from pipeline.stream.stages import Built, Stage
from pipeline.topics import DEAD_LETTERS, ROUTES
from pipeline.watch import Pulse

log = structlog.get_logger()


class _Producer(driver.Producer):
    """Faust's producer with idempotence, which it switches on only for its `exactly_once`, which does not hold."""

    logger = logging.getLogger("faust.producer")

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class _Consumer(driver.Consumer):
    """Faust's consumer, which would count a message from before a rebalance as done when it only skips it."""

    logger = logging.getLogger("faust.consumer")

    def ack(self, message: Any) -> bool:
        """Mark a message as done, unless it will be read again anyway."""
        if message.generation_id == self.app.consumer_generation_id:
            return bool(super().ack(message))
        self._unacked_messages.discard(message)
        return False


class _Tables(TableManager):
    """Faust's tables, of which we have none: it waits a second for them before a worker joins its group."""

    logger = logging.getLogger("faust.tables")

    async def on_start(self) -> None:
        """Go on at once."""
        await self._update_channels()
        await self.recovery.start()


class _Transport(driver.Transport):
    Consumer = _Consumer
    Producer = _Producer


def build_app(stage: Stage, built: Built, settings: Settings, ready: Callable[[], None] = lambda: None) -> faust.App:
    """Return the Faust app of one stage; nothing runs yet. `ready` is called whenever partitions are assigned."""
    app = _bare_app(stage, settings)
    guard = Guard(
        stage=stage.name,
        record=stage.record,
        step=built.step,
        send=_sender(app, settings.kafka),
        settings=settings.stream,
        batched=built.batched,
        spans=traces.start(settings.trace, stage.name, settings.stream.worker),
    )
    _attach(app, stage, built, guard, settings, ready)
    return app


def _bare_app(stage: Stage, settings: Settings) -> faust.App:
    kafka_settings, stream = settings.kafka, settings.stream
    urls = [URL(f"kafka://{server.strip()}") for server in kafka_settings.bootstrap.split(",")]
    folder = settings.folder / "faust" / f"{stage.name}-{stream.worker}"
    folder.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        f"{kafka_settings.prefix}{stage.name}",
        broker=urls,
        broker_credentials=_credentials(kafka_settings),
        datadir=str(folder),
        consumer_group_instance_id=f"{stage.name}-{stream.worker}",
        broker_session_timeout=kafka_settings.session,
        broker_heartbeat_interval=min(3.0, kafka_settings.session / 5),
        broker_rebalance_timeout=30.0,
        broker_request_timeout=max(kafka_settings.request, kafka_settings.session),
        broker_max_poll_interval=300.0,
        broker_max_poll_records=500,
        broker_commit_interval=stream.commit,
        broker_commit_every=500,
        stream_buffer_maxsize=stream.buffer,
        stream_wait_empty=True,
        producer_acks=-1,
        producer_linger=0.0,
        # Room for a dead letter, which wraps the largest record that any topic takes; `record_most` bounds all others.
        producer_max_request_size=DEAD_LETTERS.largest,
        producer_request_timeout=60.0,
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
        TableManager=_Tables,
    )
    app.transport = _Transport(urls, app)
    return app


def _credentials(settings: KafkaSettings) -> Any:
    """Return Faust's credentials, which do not show the password when printed, or nothing."""
    shared = kafka.client(settings)
    ssl_context = shared.get("ssl_context")
    if tokens := shared.get("sasl_oauth_token_provider"):
        return faust.OAuthCredentials(oauth_cb=tokens, ssl_context=ssl_context)
    if settings.security.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings.mechanism,
            username=settings.username,
            password=settings.password.get_secret_value(),
            ssl_context=ssl_context,
        )
    return faust.SSLCredentials(context=ssl_context) if ssl_context else None


def _sender(app: AppT, settings: KafkaSettings) -> Any:
    async def send(out: Out, headers: Headers) -> Awaitable[object]:
        name = kafka.full_name(settings, out.topic)
        return await app.producer.send(name, out.key, out.value, out.partition, None, headers)

    return send


def _attach(
    app: faust.App, stage: Stage, built: Built, guard: Guard[Any], settings: Settings, ready: Callable[[], None]
) -> None:
    topic = app.topic(
        kafka.full_name(settings.kafka, stage.source),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )
    clock, some = Clock(), asyncio.Event()
    if built.wake:
        built.wake(some.set)
    heart = Heart(settings, stage.name)
    mine: set[int] = set()
    lost: set[int] = set()
    pulse = Pulse()

    async def handle(messages: Sequence[Message]) -> None:
        with heart.work(), pulse.work(last=len(messages) < settings.stream.batch):
            if built.start:
                # Faust lets records pass before it says that partitions are assigned.
                await built.start()
            # Only here, between two batches: what one on its way will have written is not on the topic yet.
            if built.forget:
                built.forget(lost)
                lost.clear()
            if built.prepare:
                await built.prepare(mine | {message.partition for message in messages})
            if built.aside:
                await guard.beside(built.aside())
            if messages:
                with metrics.BATCH_TIME.time(stage.name):
                    await guard.handle(messages)
        if messages:
            metrics.BATCH.see(len(messages), stage.name)
        if clock.due(guard.counts):
            log.info("counts", stage=stage.name, **guard.counts)

    def current(message: Message) -> bool:
        return message.generation_id == app.consumer_generation_id

    def failed(error: BaseException) -> None:
        log.critical("stage stops", stage=stage.name, error=repr(error))
        app.loop.create_task(app.crash(error))

    @app.agent(topic, name=stage.name, concurrency=1)  # type: ignore[arg-type]
    async def run(stream: Stream[bytes]) -> None:
        await drain(stream, handle, most=settings.stream.batch, current=current, failed=failed, some=some)

    if built.beside:
        app.task(built.beside)

    @app.task
    async def beat() -> None:
        await heart.run()

    probe = Probe(stage.name, "broker", "topics", "loaded", "partitions")

    @app.task
    async def tell() -> None:
        await told(stage, built, settings, probe, pulse, mine)

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]
    async def revoked(sender: Any, partitions: set[TP], **_: Any) -> None:
        probe.say("partitions", "not assigned")
        gone = {tp.partition for tp in partitions}
        mine.difference_update(gone)
        lost.update(gone)

    @app.on_partitions_assigned.connect  # type: ignore[arg-type]
    async def assigned(sender: Any, partitions: set[TP], **_: Any) -> None:
        mine.update(tp.partition for tp in partitions)
        # What was mine all the time is read again too: somebody else may have had it in between.
        lost.update(mine)
        log.info("assigned", stage=stage.name, partitions=sorted(mine))
        if built.start:
            await built.start()
        probe.say("loaded")
        probe.say("partitions")
        if built.aside:
            # What has become due meanwhile goes out although no record comes.
            some.set()
        ready()

    @app.on_before_shutdown.connect  # type: ignore[arg-type]
    async def stopping(sender: Any, **_: Any) -> None:
        log.info("stopped", stage=stage.name, **guard.counts)


async def ready(stage: Stage, settings: Settings) -> None:
    """Refuse to start a stage whose topics are not there (see `kafka.require`)."""
    await kafka.require(settings.kafka, (stage.source, *stage.sinks, *stage.reads))
    if ROUTES in stage.reads:
        await kafka.require(settings.kafka, await route_topics(settings))


def run(stage: Stage, settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Run one worker of a stage until SIGTERM or SIGINT; leaves through SystemExit.

    Exit code 0 after a signal, 1 after a crash. `ready` is called whenever partitions are assigned. Nothing is joined
    and nothing served before what the stage needs is loaded: a signal until then ends the process at once.
    """
    # What loads now stays: it is not searched for garbage, neither while it grows (a quarter of the time) nor later.
    gc.disable()
    built = stage.build(settings)
    if built.start:
        # Before the group is joined: 100,000 accounts take longer than a session lasts, and whoever is silent for so
        # long has to join again.
        _loaded(built.start)
    app = build_app(stage, built, settings, ready)
    gc.freeze()
    gc.enable()
    worker = faust.Worker(
        app,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
        loglevel=settings.log.level,
    )
    worker.spinner = None
    worker.execute_from_commandline()


def _loaded(start: Callable[[], Awaitable[None]]) -> None:
    async def load() -> None:
        await start()

    try:
        asyncio.run(load())
    except KeyboardInterrupt:
        sys.exit(0)
