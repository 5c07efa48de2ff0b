"""`make bench`: how much the stream costs over the pure steps, and how long an article takes through it.

    throughput   articles per second through broker and all stages ÷ the same steps in a bare loop in one process
    latency      from `articles` to `alerts`, one article at a time ÷ a produce-consume round trip on the same broker
    capacity     articles per CPU second of each stage and of the broker, while all of them go through: `docs/scale.md`

Both sides of each ratio are measured in this run; the figures in themselves say more about the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console
from rich.table import Table

from benchmarks.text import accounts, articles
from deploy.broker import LocalBroker, fetch_jars
from deploy.children import Child
from deploy.local import STAGES
from pipeline import kafka
from pipeline.process import open_path
from pipeline.records import Article
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import ALERTS, ARTICLES, LABELS, MATCHES

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One line of the table; `aim` is what the ratio should reach."""

    what: str
    ours: float
    other: float
    unit: str
    aim: str

    @property
    def ratio(self) -> float:
        """Ours over the other."""
        return self.ours / self.other


def bare(items: Sequence[Article], settings: Settings, companies: Path) -> float:
    """Return articles per second through the pure steps, in batches as the stages take them, without Kafka."""
    walk = open_path(companies, settings)
    walk.walk(items[:50])
    walk = open_path(companies, settings)
    began = time.perf_counter()
    for at in range(0, len(items), settings.stream.batch):
        walk.walk(items[at : at + settings.stream.batch])
    return len(items) / (time.perf_counter() - began)


class Deployment:
    """A broker and one worker of each stage, in a folder of their own."""

    def __init__(self, folder: Path, companies: Path) -> None:
        base = KafkaSettings()
        fetch_jars(base.jars)
        self._broker = LocalBroker(folder / "kafka", base)
        self.settings = Settings(folder=folder, kafka=base.model_copy(update={"bootstrap": self._broker.bootstrap}))
        environment = {
            "STELLWERK_KAFKA__BOOTSTRAP": self._broker.bootstrap,
            "STELLWERK_ROUTE__ACCOUNTS": str(companies),
            "STELLWERK_FOLDER": str(folder),
            "STELLWERK_STREAM__COMMIT": "0.2",
            "OMP_NUM_THREADS": "1",
        }
        self.workers = [
            Child(
                stage,
                [sys.executable, "-m", "pipeline.cli", "worker", stage, "--announce"],
                log=folder / f"{stage}.log",
                environment=environment,
                announces=True,
            )
            for stage in STAGES
        ]

    async def __aenter__(self) -> Deployment:
        """Start everything and wait until it listens."""
        await self._broker.start()
        async with kafka.Broker(self.settings.kafka) as broker:
            await broker.make()
        for worker in self.workers:
            await worker.start()
        for worker in self.workers:
            await worker.announced()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        await self._broker.stop()

    async def through(self, items: Sequence[Article]) -> float:
        """Return articles per second from the first send until the last stage has committed."""
        name = kafka.full_name(self.settings.kafka, ARTICLES)
        encoded = [(item.id.encode(), item.encode()) for item in items]
        async with kafka.sending(self.settings.kafka) as producer, kafka.Broker(self.settings.kafka) as broker:
            began = time.perf_counter()
            await asyncio.gather(*[await producer.send(name, value, key=key) for key, value in encoded])
            for stage, topic in (("classify", ARTICLES), ("route", kafka_topic("classified")), ("alert", MATCHES)):
                while await broker.lag(stage, topic):
                    await asyncio.sleep(0.05)
            return len(items) / (time.perf_counter() - began)

    async def latency(self, items: Sequence[Article]) -> list[float]:
        """Return milliseconds from handing an article to the producer until an alert with it is read."""
        name = kafka.full_name(self.settings.kafka, ARTICLES)
        async with kafka.sending(self.settings.kafka) as producer, self._following(ALERTS) as consumer:
            return [await _trip(producer, name, item.encode(), item.id.encode(), consumer) for item in items]

    async def round_trip(self, items: Sequence[Article]) -> list[float]:
        """Return milliseconds from handing a record to the producer until it is read from the same topic."""
        name = kafka.full_name(self.settings.kafka, LABELS)
        async with kafka.sending(self.settings.kafka) as producer, self._following(LABELS) as consumer:
            return [await _trip(producer, name, item.encode(), item.id.encode(), consumer) for item in items]

    def _following(self, topic: kafka.Topic) -> _Following:
        return _Following(self.settings.kafka, topic)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each worker and of the broker so far; empty where the system does not tell."""
        spent = {}
        for child in (*self.workers, self._broker.child):
            stat = Path(f"/proc/{child.pid}/stat")
            if stat.exists():
                # After the name in brackets; utime and stime are the fields 14 and 15 of the whole line.
                fields = stat.read_text().rpartition(")")[2].split()
                spent[child.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return spent

    def memory(self) -> dict[str, float]:
        """Return the peak memory of each worker and of the broker, MB; empty where the system does not tell."""
        peaks = {}
        for worker in (*self.workers, self._broker.child):
            status = Path(f"/proc/{worker.pid}/status")
            if status.exists():
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peaks[worker.name] = int(line.split()[1]) / 1000
        return peaks


class _Following:
    """A consumer at the end of a topic."""

    def __init__(self, settings: KafkaSettings, topic: kafka.Topic) -> None:
        self._opened = kafka.reading(settings, fetch_max_wait_ms=500)
        self._wanted = [
            TopicPartition(kafka.full_name(settings, topic), n) for n in kafka.all_partitions(settings, topic)
        ]

    async def __aenter__(self) -> AIOKafkaConsumer:
        consumer = await self._opened.__aenter__()
        consumer.assign(self._wanted)
        for tp, end in (await consumer.end_offsets(self._wanted)).items():
            consumer.seek(tp, end)
        return consumer

    async def __aexit__(self, *_: object) -> None:
        await self._opened.__aexit__(None, None, None)


async def _trip(producer: AIOKafkaProducer, name: str, value: bytes, key: bytes, consumer: AIOKafkaConsumer) -> float:
    began = time.perf_counter()
    await (await producer.send(name, value, key=key))
    async with asyncio.timeout(20):
        while key not in (await consumer.getone()).value:
            pass
    took = (time.perf_counter() - began) * 1000
    # A pause, as between real articles: back to back, the next one would find everything awake.
    await asyncio.sleep(0.02)
    return took


def kafka_topic(name: str) -> kafka.Topic:
    """Return the topic of this name."""
    return next(topic for topic in kafka.TOPICS if topic.name == name)


def alerting(items: Sequence[Article], settings: Settings, companies: Path, most: int) -> list[Article]:
    """Return those articles that make an alert, at most so many."""
    walk = open_path(companies, settings)
    return [walked.classified.article for walked in walk.walk(items) if walked.alerts][:most]


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


@dataclass(frozen=True)
class Use:
    """What one process used while all articles went through: articles per CPU second, and its peak memory in MB."""

    who: str
    rate: float
    peak: float


async def measure(count: int, trips: int, screen: Console) -> tuple[list[Row], list[Use]]:
    """Measure everything and return the table's rows and what each process used."""
    settings = Settings()
    items = articles(count, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        companies = accounts(Path(folder) / "accounts.csv")
        screen.print(f"bare loop over {count} articles…")
        alone = bare(items, settings, companies)
        single = alerting(articles(trips * 3, seed=2), settings, companies, trips)
        async with Deployment(Path(folder), companies) as deployment:
            screen.print(f"latency of {len(single)} articles, one at a time…")
            there = await deployment.round_trip(single)
            times = await deployment.latency(single)
            screen.print(f"{count} articles through all stages…")
            before = deployment.cpu()
            through = await deployment.through(items)
            after, memory = deployment.cpu(), deployment.memory()
    uses = [Use(who, count / (after[who] - before[who]), memory.get(who, 0.0)) for who in after]
    rows = [
        Row("articles through all stages ÷ bare loop", through, alone, "articles/s", "≥ 0.6"),
        Row("latency, median ÷ bare round trip", statistics.median(times), statistics.median(there), "ms", "≤ 10"),
        Row("latency, 99th percentile ÷ bare round trip", _p99(times), _p99(there), "ms", "≤ 10"),
    ]
    return rows, uses


def report(rows: Sequence[Row], uses: Sequence[Use], count: int, screen: Console) -> None:
    """Print the table and write it to `results/path.md` and `.json`."""
    table = Table("what", "ours", "other", "unit", "ratio", "aim")
    lines = ["| what | ours | other | unit | ratio | aim |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (row.what, f"{row.ours:.1f}", f"{row.other:.1f}", row.unit, f"{row.ratio:.2f}", row.aim)
        table.add_row(*cells)
        lines.append(f"| {' | '.join(cells)} |")
    screen.print(table)
    used = [f"{use.who}: {use.rate:.0f} articles per CPU second, {use.peak:.0f} MB" for use in uses]
    screen.print("\n".join(used))
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    head = f"# The path\n\n`make bench`, {day}, {machine}, {count} articles of the demo's length.\n\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "path.md").write_text(head + "\n".join((*lines, "", *(f"* {line}" for line in used))) + "\n")
    figures = [{**asdict(row), "ratio": round(row.ratio, 3)} for row in rows]
    told = {"day": day, "machine": machine, "rows": figures, "uses": [asdict(use) for use in uses]}
    (RESULTS / "path.json").write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=10_000, help="through the whole path")
    parser.add_argument("--trips", type=int, default=300, help="articles for latency")
    wanted = parser.parse_args()
    screen = Console()
    rows, uses = asyncio.run(measure(wanted.articles, wanted.trips, screen))
    report(rows, uses, wanted.articles, screen)


if __name__ == "__main__":
    main()
