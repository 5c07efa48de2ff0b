"""`make bench`, second part: what ingest costs.

    schedule     bytes per source and time per poll of a scheduler with a million sources
    feeds, pages per CPU second ÷ plain feedparser and plain trafilatura on the same files; needs the real data
    peers        the same files read by news-please and Miniflux, where they can be made, and how right each is
    hostile      delay of good sources beside hosts that hang, and memory
    workers      polls per second of two workers ÷ one, on a real broker and slow servers

Both sides of each ratio are measured in this run; the figures in themselves say more about the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import gc
import gzip
import json
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from rich.console import Console
from rich.table import Table

from agents import control
from agents.errors import Fault
from agents.relevance import Aliases
from agents.schedule import Schedule
from agents.sources import Source
from agents.worker import working
from benchmarks import peers
from benchmarks.score import f1
from deploy.broker import LocalBroker, fetch_jars
from deploy.children import Child
from pipeline import kafka
from pipeline.records import Article, PollState
from pipeline.route.names import forms
from pipeline.route.tree import Account, Level
from pipeline.settings import FetchSettings, KafkaSettings, Settings

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("STELLWERK_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
LOOPBACK = ("127.0.0.0/8",)
_T = TypeVar("_T")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """One line of the table; `aim` is what `ours` (or `ours ÷ other`, where there is another) should reach."""

    what: str
    ours: float
    other: float | None
    unit: str
    aim: str

    @property
    def ratio(self) -> float | None:
        """Ours over the other."""
        return self.ours / self.other if self.other else None


def schedule(sources: int) -> Iterator[Row]:
    """Yield bytes per source, and microseconds per poll with so many sources and with a hundredth of them."""
    chance = random.Random(1)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    dues = [now + timedelta(seconds=chance.random() * 86_400) for _ in range(sources)]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    whole = Schedule()
    for number, due in enumerate(dues):
        whole.add(f"some-news-source-{number:07d}", due)
    used = (tracemalloc.get_traced_memory()[0] - before) / sources
    tracemalloc.stop()
    small = Schedule()
    for number in range(sources // 100):
        small.add(f"some-news-source-{number:07d}", dues[number])
    yield Row(f"bytes per source in a schedule of {sources:,}", used, None, "bytes", "< 400")
    many, few = _turn(whole, chance), _turn(small, chance)
    yield Row(f"time per poll, {sources:,} sources ÷ {sources // 100:,}", many, few, "µs", "≤ 3: O(log n)")


def _turn(schedule: Schedule, chance: random.Random, turns: int = 20_000) -> float:
    """Return microseconds to take one source out and put it back."""
    began = time.perf_counter()
    for _ in range(turns):
        due = schedule.next_due()
        assert due is not None
        (id,) = schedule.pop_due(due, 1)
        schedule.add(id, due + timedelta(seconds=900 + chance.random() * 80_000))
    return (time.perf_counter() - began) / turns * 1e6


def feeds(folder: Path) -> Row:
    """Return feeds read per CPU second, ours and plain feedparser, the better of two passes each."""
    import feedparser

    from agents.feeds import parse_feed

    bodies = [file.read_bytes() for file in sorted(folder.iterdir())]

    def ours(body: bytes) -> None:
        with contextlib.suppress(Fault):
            parse_feed(body, "https://example.com/feed")

    rates = [(_rate(bodies, ours), _rate(bodies, feedparser.parse)) for _ in range(2)]
    mine, other = (max(side) for side in zip(*rates, strict=True))
    return Row("feeds ÷ plain feedparser", mine, other, "feeds/CPU s", "≥ 10")


def beside(data: Path, mine: Row, screen: Console) -> Iterator[Row]:
    """Yield our rates and rightness over those of peers that can be made here.

    Args:
        data: the real feeds and pages.
        mine: our rate of feeds, measured before.
        screen: hears of what is left out.
    """
    from agents.extract import extract

    place = KafkaSettings().jars.parent.resolve() / "peers"
    rows = [json.loads(row) for row in (data / "html" / "gold.jsonl").read_text().splitlines()]
    gold = {Path(row["file"]).name: row["text"] for row in rows}
    files = [data / "html" / row["file"] for row in rows]
    texts: dict[str, str] = {}

    def read(file: Path) -> None:
        texts[file.name] = ""
        with contextlib.suppress(Fault):
            texts[file.name] = extract(peers.unpacked(file)).text

    read(files[0])
    rate = _rate(files, read)
    right = f1([(texts[name], text) for name, text in gold.items()])
    for name, run in (
        ("news-please", lambda: peers.newsplease(place, files)),
        ("Miniflux", lambda: peers.miniflux(place, files, "pages")),
    ):
        try:
            ran = run()
        except peers.Missing as missing:
            screen.print(str(missing))
            continue
        yield Row(f"pages ÷ {name}", rate, ran.rate, "pages/CPU s", "")
        theirs = f1([(ran.texts[name], text) for name, text in gold.items()])
        yield Row(f"articles found in them, F1 ÷ {name}", 100 * right, 100 * theirs, "%", "≥ 1")
    with contextlib.suppress(peers.Missing):
        ran = peers.miniflux(place, sorted((data / "feeds" / "real").iterdir()), "feeds")
        yield Row("feeds ÷ Miniflux (Go)", mine.ours, ran.rate, "feeds/CPU s", "")


def pages(folder: Path, companies: Path) -> Iterator[Row]:
    """Yield pages per CPU second for a mix in which one page in ten matters, and all of them, and plain trafilatura.

    Args:
        folder: of `.html.gz` files.
        companies: CSV with a column `Company`.
    """
    import trafilatura

    from agents.extract import extract

    bodies = [gzip.decompress(file.read_bytes()) for file in sorted(folder.iterdir())]
    with companies.open(newline="") as file:
        names = {row["Company"] for row in csv.DictReader(file)}
    aliases = _one_in_ten(sorted(names), bodies)
    mattering = sum(aliases.named_on(body) for body in bodies)

    def read(body: bytes) -> None:
        with contextlib.suppress(Fault):
            extract(body, about=False)

    def mentions(body: bytes) -> None:
        if aliases.named_on(body):
            read(body)

    read(bodies[0])
    plain = _rate(bodies, trafilatura.extract)
    mixed = _rate(bodies, mentions)
    looked = _rate(bodies, aliases.named_on)
    yield Row(f"pages, {mattering} of {len(bodies)} matter ÷ plain trafilatura", mixed, plain, "pages/CPU s", "≥ 5")
    yield Row("pages, all of them read ÷ plain trafilatura", _rate(bodies, read), plain, "pages/CPU s", "≥ 1")
    yield Row("pages, only looked at for names ÷ plain trafilatura", looked, plain, "pages/CPU s", "")


def _one_in_ten(companies: Sequence[str], bodies: Sequence[bytes]) -> Aliases:
    """Return the names of as many companies, in a fixed random order, as a tenth of the pages name."""
    owners = {
        form.text: company for company in companies for form in forms(Account(id="x", name=company, level=Level.GROUP))
    }
    every = Aliases(owners)
    named = [{owners[name] for name in every.names_on(body)} for body in bodies]
    order = list(companies)
    random.Random(7).shuffle(order)
    chosen: set[str] = set()
    for company in order:
        if sum(bool(found & (chosen | {company})) for found in named) <= len(bodies) / 10:
            chosen.add(company)
    return Aliases(name for name, company in owners.items() if company in chosen)


def _rate(bodies: Sequence[_T], read: Callable[[_T], object]) -> float:
    began = time.process_time()
    for body in bodies:
        read(body)
    return len(bodies) / (time.process_time() - began)


@contextlib.asynccontextmanager
async def _serving(hosts: Sequence[str], handler: Handler) -> AsyncIterator[int]:
    """Serve on one port of many loopback addresses."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await handler(reader, writer)
        tasks.discard(task)
        writer.close()

    first = await asyncio.start_server(one, hosts[0], 0, backlog=1000)
    port = first.sockets[0].getsockname()[1]
    rest = await asyncio.start_server(one, list(hosts[1:]), port, backlog=1000) if hosts[1:] else None
    yield port
    for server in (first, rest):
        if server:
            server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Return path and user agent of a request."""
    words = (await reader.readline()).decode().split(" ")
    if len(words) < 2:
        raise ConnectionResetError
    agent = ""
    while line := (await reader.readline()).strip():
        if line.lower().startswith(b"user-agent:"):
            agent = line.decode().partition(":")[2].strip()
    return words[1], agent


def _feed(writer: asyncio.StreamWriter, name: str) -> None:
    item = f"<item><title>{name} {time.time():.0f}</title><link>/{name}/{time.time():.0f}</link></item>"
    body = f'<rss version="2.0"><channel><title>F</title>{item}</channel></rss>'.encode()
    head = f"HTTP/1.1 200 X\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


@dataclass(frozen=True)
class Hostile:
    """What came of good sources beside bad ones: seconds that each poll was late, and MB that memory grew."""

    late: list[float]
    grown: float
    peak: float

    @property
    def p99(self) -> float:
        """The 99th percentile of being late."""
        return statistics.quantiles(self.late, n=100)[98]


async def hostile(seconds: float, hanging: int = 200, good: int = 50) -> Hostile:
    """Poll hosts that accept and stay silent, or send floods, beside good ones, all due all the time.

    Args:
        seconds: how long.
        hanging: hosts of which nine in ten never answer and one in ten sends without end.
        good: hosts that answer.
    """
    bad_hosts = [f"127.1.{number // 200}.{number % 200 + 1}" for number in range(hanging)]
    good_hosts = [f"127.2.0.{number + 1}" for number in range(good)]
    due: dict[str, float] = {}
    late: list[float] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path, _ = await _request(reader)
        if path.endswith("0"):
            writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + bytes(65_536) + b"\r\n")
                await writer.drain()
        await asyncio.Event().wait()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path, _ = await _request(reader)
        late.append(time.time() - due[path[1:]])
        _feed(writer, path[1:])
        await writer.drain()

    async def publish(article: Article) -> None:
        pass

    async def save(state: PollState) -> None:
        assert state.due is not None
        due[state.source_id] = state.due.timestamp()

    before = _peak()
    settings = Settings(fetch=FetchSettings(allow=LOOPBACK, interval=0.1))
    async with _serving(bad_hosts, silent) as bad_port, _serving(good_hosts, answering) as good_port:
        bounds = {"poll_min": 1.0, "poll_max": 2.0, "pages": False}
        made = [Source.model_validate({"id": f"bad{n}", "url": f"http://{host}:{bad_port}/bad{n}", **bounds})
                for n, host in enumerate(bad_hosts)]  # fmt: skip
        made += [Source.model_validate({"id": f"good{n}", "url": f"http://{host}:{good_port}/good{n}", **bounds})
                 for n, host in enumerate(good_hosts)]  # fmt: skip
        due.update({source.id: time.time() for source in made})
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        async with working(settings, publish, save) as worker:
            for source in made:
                worker.put(source)
            await worker.run(stop)
    return Hostile(late, _peak() - before, _peak())


def _peak() -> float:
    """Return the peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def workers(seconds: float, sources: int = 400, delay: float = 0.4) -> tuple[float, float]:
    """Return polls per second of two workers and of one, on servers that take their time.

    Args:
        seconds: how long each is measured.
        sources: each on a host of its own, all due all the time.
        delay: seconds that a server takes.
    """
    asked = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        path, _ = await _request(reader)
        asked += 1
        await asyncio.sleep(delay)
        _feed(writer, path[1:])
        await writer.drain()

    base = KafkaSettings()
    fetch_jars(base.jars)
    hosts = [f"127.3.{number // 200}.{number % 200 + 1}" for number in range(sources)]
    with tempfile.TemporaryDirectory() as folder:
        broker = LocalBroker(Path(folder) / "kafka", base)
        settings = base.model_copy(update={"bootstrap": broker.bootstrap})
        await broker.start()
        async with kafka.Broker(settings) as admin, _serving(hosts, slow) as port:
            await admin.make()
            bounds = {"poll_min": 0.1, "poll_max": 0.2, "pages": False}
            await control.apply(settings, [
                Source.model_validate({"id": f"s{n}", "url": f"http://{host}:{port}/s{n}", **bounds})
                for n, host in enumerate(hosts)
            ])  # fmt: skip
            running = [_worker(slot, settings, Path(folder)) for slot in ("one", "two")]
            rates = []
            for worker in running:
                await worker.start()
                await worker.announced()
                # Until the group has settled and every connection is in use.
                await asyncio.sleep(5)
                before, began = asked, time.monotonic()
                await asyncio.sleep(seconds)
                rates.append((asked - before) / (time.monotonic() - began))
            await asyncio.gather(*(worker.stop() for worker in running))
        await broker.stop()
    return rates[1], rates[0]


def _worker(slot: str, settings: KafkaSettings, folder: Path) -> Child:
    environment = {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.bootstrap,
        "STELLWERK_STREAM__WORKER": slot,
        "STELLWERK_FETCH__ALLOW": '["127.0.0.0/8"]',
        "STELLWERK_FETCH__INTERVAL": "0",
        # Few requests at once: the servers are what limits, not this machine's cores.
        "STELLWERK_FETCH__AT_ONCE": "8",
        "STELLWERK_LOG__LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "pipeline.cli", "worker", "ingest", "--announce"]
    return Child(f"ingest-{slot}", command, log=folder / f"{slot}.log", environment=environment, announces=True)


def measure(seconds: float, screen: Console) -> Iterator[Row]:
    """Yield all rows."""
    # First, because peak memory is of the whole process and only grows.
    screen.print("200 hosts that hang beside 50 good ones…")
    found = asyncio.run(hostile(seconds))
    yield Row("good sources late beside 200 hostile hosts, 99th percentile", found.p99, None, "s", "< 10")
    yield Row("memory grown meanwhile", found.grown, None, "MB", "< 300")
    screen.print("schedule…")
    yield from schedule(1_000_000)
    if DATA.exists():
        screen.print("feeds and pages…")
        mine = feeds(DATA / "feeds" / "real")
        yield mine
        yield from pages(DATA / "html" / "pages", DATA / "accounts" / "forbes2000_2025.csv")
        screen.print("peers…")
        yield from beside(DATA, mine, screen)
    else:
        screen.print(f"feeds and pages are left out: real data is not here ({DATA}; set STELLWERK_DATA)")
    screen.print("one worker, two workers…")
    two, one = asyncio.run(workers(seconds))
    yield Row("two workers ÷ one, slow servers", two, one, "polls/s", "≥ 1.7")


def report(rows: Sequence[Row], screen: Console) -> None:
    """Print the table and write it to `results/ingest.md` and `.json`."""
    table = Table("what", "ours", "other", "unit", "ratio", "aim")
    lines = ["| what | ours | other | unit | ratio | aim |", "|---|---|---|---|---|---|"]
    for row in rows:
        other = "" if row.other is None else f"{row.other:.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells = (row.what, f"{row.ours:.1f}", other, row.unit, ratio, row.aim)
        table.add_row(*cells)
        lines.append(f"| {' | '.join(cells)} |")
    screen.print(table)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ingest.md").write_text(f"# Ingest\n\n`make bench`, {day}, {machine}.\n\n" + "\n".join(lines) + "\n")
    figures = [{**asdict(row), "ratio": row.ratio and round(row.ratio, 3)} for row in rows]
    (RESULTS / "ingest.json").write_text(json.dumps({"day": day, "machine": machine, "rows": figures}, indent=1) + "\n")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement with servers")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    screen = Console()
    report(list(measure(wanted.seconds, screen)), screen)


if __name__ == "__main__":
    main()
