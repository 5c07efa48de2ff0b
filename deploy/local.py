"""`stellwerk up`: everything on one machine, in the order in which it needs each other.

broker → topics → accounts → stages (classify, route, alert) → newsroom (the demo) → ingest → alerts on the terminal
and back in the opposite order when it ends
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from agents.control import apply
from agents.sources import load_sources
from deploy.broker import DOWNLOADS, LocalBroker, check_java, fetch_jars, has_jars
from deploy.children import Child
from deploy.demo import newsroom
from deploy.tail import show
from pipeline import heart
from pipeline.accounts import apply as apply_accounts
from pipeline.alert.routes import load_routes
from pipeline.applied import route_topics
from pipeline.client import alerts
from pipeline.errors import NotReady
from pipeline.kafka import Broker
from pipeline.route.accounts import load_accounts
from pipeline.settings import Settings

log = structlog.get_logger()

DEMO: Final = Path(__file__).parent / "demo"
STAGES: Final = ("alert", "route", "classify")
#: Where other commands find the broker of a running `up`.
ADDRESS: Final = "bootstrap"
_BACK_OFF_MOST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    Attributes:
        sources: source file; None runs the demo newsroom.
        accounts: account file; None takes the demo's.
        seconds: how long to run once everything listens; None until Ctrl-C.
        headless: JSON lines on standard output, logs on standard error.
        settings: everything else.
    """

    sources: Path | None
    accounts: Path | None
    seconds: float | None
    headless: bool
    settings: Settings


async def up(wish: Wish) -> None:
    """Run everything until the time is over, a signal comes, or something fails for good.

    Raises:
        NotReady: Java or Maven is missing, or something cannot start.
        BadInput: the source or the account file is wrong.
    """
    # Read here as well as in the workers: a wrong file should be one line at once, not a worker's log a minute later.
    if wish.sources:
        load_sources(wish.sources)
    if wish.accounts:
        load_accounts(wish.accounts)
    screen = Console(stderr=True)
    wish.settings.folder.mkdir(parents=True, exist_ok=True)
    with _alone(wish.settings.folder), _foreground():
        stop = _stop_on_signals()
        async with contextlib.AsyncExitStack() as ends:
            await _until(stop, _start_and_show(wish, screen, ends))


async def _start_and_show(wish: Wish, screen: Console, ends: contextlib.AsyncExitStack) -> None:
    with _progress(screen) as steps:
        settings = await _broker(wish, steps, ends)
        with steps("topics"):
            async with Broker(settings.kafka) as broker:
                await broker.make()
                await broker.make(await route_topics(settings))
        with steps("accounts"):
            await apply_accounts(settings.kafka, load_accounts(_accounts(wish)))
        with steps("stages"):
            stages = [_worker(stage, wish, settings) for stage in STAGES]
            ends.push_async_callback(_stop_all, stages)
            for child in stages:
                await child.start()
            for child in stages:
                await child.announced()
        with steps("sources"):
            await apply(settings.kafka, load_sources(wish.sources or await _newsroom(wish, settings, ends)))
            ingest = _worker("ingest", wish, settings)
            await ingest.start()
            ends.push_async_callback(ingest.stop)
            await ingest.announced()
        others = [ingest, *await _notify(wish, settings, ends)]
    if not wish.headless:
        screen.print(f"Listening. Broker {settings.kafka.bootstrap}, data and logs in {settings.folder}. Ctrl-C ends.")
    watched = [asyncio.create_task(_keep_alive(child, settings)) for child in (*stages, *others)]
    ends.callback(lambda: [task.cancel() for task in watched])
    if not wish.headless:
        ends.callback(screen.print, "[dim]ending…[/]")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wish.seconds):
            await _tail(wish, settings)


async def _notify(wish: Wish, settings: Settings, ends: contextlib.AsyncExitStack) -> list[Child]:
    """Start the worker that tells receivers, unless a file of routes says that there never will be any."""
    if settings.alert.routes and not load_routes(settings.alert.routes).told():
        return []
    child = _worker("notify", wish, settings)
    await child.start()
    ends.push_async_callback(child.stop)
    await child.announced()
    return [child]


async def _broker(wish: Wish, steps: Steps, ends: contextlib.AsyncExitStack) -> Settings:
    """Start the broker unless one was named, and return settings that lead to it."""
    settings = wish.settings
    if settings.kafka.bootstrap:
        return settings
    check_java()
    if not has_jars(settings.kafka.jars):
        with steps("jars", total=DOWNLOADS) as advance:
            await asyncio.to_thread(fetch_jars, settings.kafka.jars, advance)
    with steps("broker"):
        broker = LocalBroker(settings.folder / "kafka", settings.kafka)
        ends.push_async_callback(broker.stop)
        await broker.start()
    address = settings.folder / ADDRESS
    address.write_text(broker.bootstrap)
    ends.callback(address.unlink, missing_ok=True)
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": broker.bootstrap})})


def _worker(role: str, wish: Wish, settings: Settings, *arguments: str) -> Child:
    """Return the process of one role; settings go through the environment, as everywhere."""
    environment = {
        "STELLWERK_FOLDER": str(settings.folder),
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_METRICS__PORT": str(_port(role, settings)),
        # Routing follows the topic, where the file has been applied; ingest asks the file whose names a page has.
        "STELLWERK_ROUTE__ACCOUNTS": "" if role == "route" else str(_accounts(wish)),
        # One thread for linear algebra: the workers share the machine's cores among themselves.
        "OMP_NUM_THREADS": "1",
    }
    if not wish.sources:
        # The demo's newsroom is ours and stands on this machine.
        environment["STELLWERK_FETCH__ALLOW"] = '["127.0.0.0/8"]'
        environment["STELLWERK_FETCH__INTERVAL"] = "0"
    return Child(
        role,
        [sys.executable, "-m", "pipeline.cli", "worker", role, "--announce", *arguments],
        log=None if wish.headless else settings.folder / "logs" / f"{role}.log",
        environment=environment,
        announces=True,
    )


def _port(role: str, settings: Settings) -> int:
    """Return where a worker serves its figures: one port for each, from the one that is set."""
    first = settings.metrics.port
    return first and first + ("ingest", *reversed(STAGES), "notify").index(role)


def _accounts(wish: Wish) -> Path:
    return wish.accounts or wish.settings.route.accounts or DEMO / "accounts.csv"


async def _newsroom(wish: Wish, settings: Settings, ends: contextlib.AsyncExitStack) -> Path:
    """Start the demo's web site and return a source file that leads to it."""
    anchor_file = settings.folder / "demo-anchor"
    if not anchor_file.exists():
        anchor_file.write_text(datetime.now(UTC).isoformat(timespec="seconds"))
    port_file = settings.folder / "demo-port"
    port = port_file.read_text().strip() if port_file.exists() else "0"
    site = Child(
        "newsroom",
        [sys.executable, "-m", "deploy.demo.newsroom", "--port", port, "--anchor", anchor_file.read_text().strip()],
        log=settings.folder / "logs" / "newsroom.log",
        announces=True,
    )
    await site.start()
    ends.push_async_callback(site.stop)
    url = (await site.announced())["url"]
    # The same address next time: it is part of the articles' identity.
    port_file.write_text(url.rpartition(":")[2])
    file = settings.folder / "demo-sources.toml"
    file.write_text(newsroom.sources(url))
    return file


async def _tail(wish: Wish, settings: Settings) -> None:
    screen = Console()
    # One `up` per folder: after a kill it takes its own place again, instead of waiting for the session's end.
    async with alerts("up", member="up", unknown="skip", settings=settings.kafka) as found:
        async for alert in found:
            if wish.headless:
                sys.stdout.write(alert.model_dump_json() + "\n")
                sys.stdout.flush()
            else:
                show(screen, alert)


async def _stop_all(children: list[Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))


async def _keep_alive(child: Child, settings: Settings) -> None:
    """Start a worker again whenever it ends, with growing pauses while it ends at once."""
    pause, clock = 0.5, asyncio.get_running_loop()
    while True:
        began = clock.time()
        freezing = asyncio.create_task(_kill_frozen(child, settings))
        try:
            code = await child.ended()
        finally:
            freezing.cancel()
        pause = 0.5 if clock.time() - began > 60 else min(pause * 2, _BACK_OFF_MOST)
        log.warning(
            "worker ended, starting it again", worker=child.name, code=code, seconds=pause, log=str(child.log or "")
        )
        await asyncio.sleep(pause)
        await child.start()


async def _kill_frozen(child: Child, settings: Settings) -> None:
    """Kill a worker whose process stands still as a whole: then nothing inside it can end it."""
    name = f"{child.name}-{settings.stream.worker}"
    while True:
        await asyncio.sleep(heart.EVERY)
        age = heart.age(heart.folder(settings) / name, time.time())
        # Later than it would have ended itself.
        if age > settings.stream.stuck + heart.LATE:
            log.warning("frozen, killing it", worker=child.name, seconds=round(age))
            child.kill()


async def _until(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Run until the work ends or a signal comes; what the work raises is raised here."""
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Refuse to run twice on one folder: two brokers on the same data would ruin it."""
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotReady(
                f"another `stellwerk up` runs on {data}; end it, or choose another folder with --data"
            ) from None
        yield


@contextlib.contextmanager
def _foreground() -> Iterator[None]:
    """Take the terminal when `make` started us, so that Ctrl-C reaches us alone and `make` sees our exit code 0."""
    if not sys.stdin.isatty() or os.getpgrp() == os.getpid() or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    before = os.getpgrp()
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # Stopped, we could not be continued: the shell knows only `make`.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(0, before)


class Steps:
    """The steps of a start, each shown while it lasts."""

    NAMES: Final = {
        "jars": "Apache Kafka (Maven, once)",
        "broker": "broker",
        "topics": "topics",
        "accounts": "accounts",
        "stages": "stages: classify, route, alert",
        "sources": "sources",
    }

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextlib.contextmanager
    def __call__(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show one step; gives a function that moves its bar on."""
        task = self._progress.add_task(self.NAMES[name], total=total)
        yield Advance(self._progress, task)
        self._progress.update(task, total=1, completed=1)


@dataclass(frozen=True, slots=True)
class Advance:
    """Moves one bar on."""

    progress: Progress
    task: TaskID

    def __call__(self, steps: int) -> None:
        """Move on by so many steps."""
        self.progress.advance(self.task, steps)


@contextlib.contextmanager
def _progress(screen: Console) -> Iterator[Steps]:
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        yield Steps(progress)


def install(settings: Settings) -> None:
    """Do the part of the set-up that needs time: get the broker's jars.

    Raises:
        NotReady: Java or Maven is missing.
    """
    check_java()
    if not has_jars(settings.kafka.jars):
        with _progress(Console(stderr=True)) as steps, steps("jars", total=DOWNLOADS) as advance:
            fetch_jars(settings.kafka.jars, advance)
