"""A whole deployment for tests: the four roles as processes on a real broker, and a web server with feeds."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import re
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiokafka import ConsumerRecord

from deploy.children import Child
from pipeline import kafka
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, CLASSIFIED, MATCHES, Topic

STAGES = {"classify": ARTICLES, "route": CLASSIFIED, "alert": MATCHES}
_COUNT = re.compile(r"(\w+)=(\d+)")


class World:
    """The workers of one deployment.

    Args:
        settings: broker, prefix and folder.
        accounts: the account file.
        environment: more settings for all workers.
    """

    def __init__(self, settings: Settings, accounts: Path, **environment: str) -> None:
        self.settings = settings
        self._environment = {
            "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
            "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
            "STELLWERK_FOLDER": str(settings.folder),
            "STELLWERK_ROUTE__ACCOUNTS": str(accounts),
            # The articles of the tests are years old.
            "STELLWERK_ALERT__AGE_MOST": "1e10",
            # And nothing is an old story told again: what each match became stays countable whatever the order.
            "STELLWERK_ALERT__WINDOW": "1e10",
            "STELLWERK_ALERT__COOLDOWN": "0",
            "STELLWERK_FETCH__ALLOW": '["127.0.0.0/8"]',
            "STELLWERK_FETCH__INTERVAL": "0",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        self.workers = {name: self.child(name) for name in STAGES}

    def child(self, role: str, *arguments: str) -> Child:
        """Return a worker process of a role, not started."""
        command = [sys.executable, "-m", "pipeline.cli", "worker", role, "--announce", *arguments]
        log = self.settings.folder / f"{role}.log"
        return Child(role, command, log=log, environment=self._environment, announces=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make the topics and run one worker of each stage."""
        async with kafka.Broker(self.settings.kafka) as broker:
            await broker.make()
        try:
            for worker in self.workers.values():
                await worker.start()
            for worker in self.workers.values():
                await worker.announced()
            yield
        finally:
            await asyncio.gather(*(worker.stop() for worker in self.workers.values()))

    async def ingest(self, sources: Path) -> dict[str, int]:
        """Poll every source once and return the counts."""
        worker = self.child("ingest", "--sources", str(sources), "--once")
        await worker.start()
        assert await worker.ended() == 0, worker.tail()
        return self.counts("ingest")

    async def quiet(self, seconds: float = 240.0) -> None:
        """Wait until every stage has committed all that came in, from the first stage to the last."""
        async with asyncio.timeout(seconds):
            for stage, topic in STAGES.items():
                while await self._lag(stage, topic):
                    await asyncio.sleep(0.5)

    async def _lag(self, stage: str, topic: Topic) -> int:
        async with kafka.Broker(self.settings.kafka) as broker:
            return await broker.lag(stage, topic)

    def counts(self, role: str) -> Counter[str]:
        """Return the counts that a role wrote when it stopped."""
        lines = [
            line for line in (self.settings.folder / f"{role}.log").read_text().splitlines() if " stopped " in line
        ]
        return Counter({name: int(value) for name, value in _COUNT.findall(lines[-1])})

    async def records(self, topic: Topic) -> list[ConsumerRecord[bytes, bytes]]:
        """Return all that stands on a topic."""
        return [record async for record in kafka.whole(self.settings.kafka, topic)]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on loopback; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (folder / self.path.lstrip("/")).read_bytes()
            self.send_response(200)
            kind = "application/json" if body.lstrip()[:1] == b"{" else "application/xml"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def feed_sources(folder: Path, address: str, to: Path) -> Path:
    """Write a source file for every feed of a folder; their pages are not fetched, they lie on the open web."""
    tables = [
        f'[[source]]\nid = "f{n}"\nurl = "{address}/{file.name}"\nname = "{file.name}"\npages = false\n'
        for n, file in enumerate(sorted(folder.iterdir()))
    ]
    to.write_text("\n".join(tables))
    return to


def stock_accounts(data: Path, to: Path) -> Path:
    """Write the listed companies of `stocks.yaml` with their other names as an account file."""
    names: dict[str, list[str]] = {}
    name, section = "", ""
    text = (data / "accounts" / "stocks.yaml").read_text()
    for line in text[text.index("companies:") :].splitlines():
        if found := re.match(r"- name: (.+)", line):
            name = found[1].strip("'\"")
            names.setdefault(name, [])
        elif found := re.match(r"  (\w+):", line):
            section = found[1]
        elif section == "akas" and (found := re.match(r"  - (.+)", line)):
            names[name].append(found[1].strip("'\""))
    with to.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["account_id", "name", "aliases"])
        rows.writerows([f"c{n}", name, ";".join(akas)] for n, (name, akas) in enumerate(names.items()))
    return to
