"""The examples of sinks, run for real: a CRM that fails now and then, PostgreSQL through Kafka Connect, a data lake."""

from __future__ import annotations

import asyncio
import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from deploy.broker import free_port
from deploy.children import Child
from pipeline import kafka
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import ALERTS
from tests.deploy.test_consumers import IDS, REVISIONS, send

pytestmark = [pytest.mark.broker, pytest.mark.consumers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SINKS = ROOT / "deploy" / "examples" / "sinks"
CONNECT = ROOT / ".stellwerk" / "connect-4.3.0"
DEBEZIUM = "3.3.1.Final"
#: What `send` leaves in the end; alert 0 is taken off the topic.
EXPECTED = {f"alert-{number}": REVISIONS for number in range(1, IDS)}


async def prepared(settings: Settings) -> tuple[KafkaSettings, dict[str, str]]:
    """Make the topic and return settings and the environment that leads an example to them."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make((ALERTS,))
    used = settings.kafka
    return used, {"STELLWERK_KAFKA__BOOTSTRAP": used.bootstrap, "STELLWERK_KAFKA__PREFIX": used.prefix}


async def until(child: Child, there: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not there():
            assert child.running, child.tail(5000)
            await asyncio.sleep(0.1)


class Crm:
    """A CRM on loopback: keeps the highest revision of each alert, refuses one for good, and often cannot."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.asked = 0

    async def put(self, request: web.Request) -> web.Response:
        id, body = request.match_info["id"], await request.json()
        self.asked += 1
        if self.asked % 29 == 0:
            return web.Response(status=503)
        if self.asked % 43 == 0 and request.transport:
            request.transport.close()
        if id == "alert-3":
            return web.Response(status=422)
        if self.held.get(id, 0) > body["revision"]:
            return web.Response(status=409)
        self.held[id] = body["revision"]
        return web.Response(status=204)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_put("/api/alerts/{id}", self.put)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", free_port())
        await site.start()
        try:
            yield f"{site.name}/api"
        finally:
            await runner.cleanup()


async def test_a_crm_gets_every_alert(settings: Settings, tmp_path: Path) -> None:
    """Busy, closed connections, a refusal, a killed sender: in the end the CRM has each alert's latest revision."""
    used, environment = await prepared(settings)
    crm = Crm()
    async with crm.served() as url:
        command = [sys.executable, str(SINKS / "crm" / "upsert.py")]
        log = tmp_path / "crm.log"
        child = Child("crm", command, log=log, environment={**environment, "CRM_URL": url})
        await send(used, 1, 4)
        await child.start()
        try:
            await until(child, lambda: len(crm.held) > 10)
            child.kill()
            await child.ended()
            await send(used, 5, REVISIONS)
            await child.start()
            # A CRM is told nothing of alert 0 being gone: it keeps the row, and its state with it.
            expected = {**EXPECTED, "alert-0": REVISIONS}
            del expected["alert-3"]
            await until(child, lambda: crm.held == expected)
        finally:
            await child.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"refused"')]
    assert {line["status"] for line in lines} == {422}
    assert {line["refused"] for line in lines} == {"alert-3"}


async def test_a_lake_has_every_alert(settings: Settings, tmp_path: Path) -> None:
    """Killed between files and started again: whole files only, and the latest revision of every alert in them."""
    dataset = pytest.importorskip("pyarrow.dataset", reason="pyarrow is missing: the Parquet example is not run")
    used, environment = await prepared(settings)
    lake = tmp_path / "lake"
    command = [sys.executable, str(SINKS / "parquet" / "lake.py"), str(lake)]
    child = Child("lake", command, log=tmp_path / "lake.log", environment={**environment, "LAKE_SECONDS": "0.5"})

    def held() -> dict[str, int]:
        files = [str(file) for file in lake.glob("day=*/*.parquet")]
        latest: dict[str, int] = {}
        for row in dataset.dataset(files).to_table(["id", "revision"]).to_pylist() if files else ():
            latest[row["id"]] = max(row["revision"], latest.get(row["id"], 0))
        return latest

    await send(used, 1, 4)
    await child.start()
    try:
        await until(child, lambda: bool(held()))
        child.kill()
        await child.ended()
        await send(used, 5, REVISIONS)
        await child.start()
        await until(child, lambda: held() == {**EXPECTED, "alert-0": REVISIONS})
    finally:
        await child.stop()


def _maven(*arguments: str) -> None:
    if not shutil.which("mvn"):
        pytest.skip("Maven is missing: no Kafka Connect to test with")
    done = subprocess.run(["mvn", "-q", "-B", *arguments], capture_output=True, text=True, timeout=400, check=False)
    if done.returncode:
        pytest.skip(f"no Kafka Connect to be had: {done.stdout[:500]}")


def _connect() -> Path:
    """Return a folder with Kafka Connect in `lib` and the JDBC sink in `plugins`; Maven gets both once."""
    if (CONNECT / "plugins").exists():
        return CONNECT
    plugin = "org.apache.maven.plugins:maven-dependency-plugin"
    pom = str(Path(__file__).parent / "connect.xml")
    _maven("-f", pom, f"{plugin}:3.8.1:copy-dependencies", f"-DoutputDirectory={CONNECT / 'lib'}")
    name = "debezium-connector-jdbc"
    _maven(f"{plugin}:2.8:get", "-Dtransitive=false", f"-Dartifact=io.debezium:{name}:{DEBEZIUM}:tar.gz:plugin")
    kept = Path.home() / ".m2" / "repository" / "io" / "debezium" / name / DEBEZIUM
    with tarfile.open(kept / f"{name}-{DEBEZIUM}-plugin.tar.gz") as archive:
        archive.extractall(CONNECT / "draft", filter="data")
    (CONNECT / "draft").rename(CONNECT / "plugins")
    return CONNECT


class Postgres:
    """A PostgreSQL of its own, on loopback, without a password; as root it runs as the user `postgres`."""

    def __init__(self, log: Path) -> None:
        found = [
            str(Path(one).parent)
            for one in (shutil.which("initdb"), *glob.glob("/usr/lib/postgresql/*/bin/initdb"))
            if one
        ]
        if not found:
            pytest.skip("PostgreSQL is missing: its sink is not run")
        self._bin, self.port = found[-1], free_port()
        self._folder = tempfile.mkdtemp(prefix="stellwerk-pg-")
        self._as: list[str] = []
        if os.geteuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self._folder, "postgres", "postgres")
        options = [f"-p{self.port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", "-cfsync=off"]
        command = [*self._as, f"{self._bin}/postgres", "-D", f"{self._folder}/data", *options]
        self.child = Child("postgres", command, log=log)

    async def start(self) -> None:
        command = [
            *self._as,
            f"{self._bin}/initdb",
            "-D",
            f"{self._folder}/data",
            "-A",
            "trust",
            "-U",
            "stellwerk",
            "-N",
        ]
        made = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, cwd="/", check=False)
        assert made.returncode == 0, made.stderr
        await self.child.start()
        await until(self.child, lambda: self.ask("SELECT 1", "postgres") == "1")
        self.ask("CREATE DATABASE stellwerk", "postgres")

    def ask(self, query: str, base: str = "stellwerk") -> str:
        """Return what psql prints."""
        command = ["psql", "-h127.0.0.1", f"-p{self.port}", "-Ustellwerk", "-d", base, "-AtqX", "-c", query]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    async def stop(self) -> None:
        await self.child.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


async def test_postgresql_holds_the_latest_revision(settings: Settings, tmp_path: Path) -> None:
    """Kafka Connect with the configuration that ships: one row for each alert, columns beside, deletions followed."""
    folder = await asyncio.to_thread(_connect)
    postgres = Postgres(tmp_path / "postgres.log")
    used, _ = await prepared(settings)
    connector: dict[str, Any] = json.loads((SINKS / "postgresql" / "alerts.json").read_text())
    # Only addresses differ from what ships.
    mine = {
        "topics": f"{used.prefix}alerts",
        "consumer.override.group.id": f"{used.prefix}consumer.postgresql",
        "connection.url": f"jdbc:postgresql://127.0.0.1:{postgres.port}/stellwerk",
    }
    assert mine.keys() <= connector["config"].keys()
    connector["config"] |= mine
    (tmp_path / "alerts.json").write_text(json.dumps(connector))
    worker = {
        "bootstrap.servers": used.bootstrap,
        "plugin.path": folder / "plugins",
        "offset.storage.file.filename": tmp_path / "offsets",
        "offset.flush.interval.ms": 1000,
        "listeners": f"http://127.0.0.1:{free_port()}",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    }
    (tmp_path / "worker.properties").write_text("".join(f"{key}={value}\n" for key, value in worker.items()))
    files = [str(tmp_path / "worker.properties"), str(tmp_path / "alerts.json")]
    options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/lib/*"]
    command = ["java", *options, "org.apache.kafka.connect.cli.ConnectStandalone", *files]
    child = Child("connect", command, log=tmp_path / "connect.log")
    try:
        await asyncio.gather(postgres.start(), child.start(), send(used, 1, REVISIONS))
        postgres.ask((SINKS / "postgresql" / "schema.sql").read_text())

        def held() -> dict[str, int]:
            rows = postgres.ask("SELECT json_object_agg(id, revision) FROM alerts")
            return json.loads(rows) if rows else {}

        await until(child, lambda: held() == EXPECTED, 60)
        assert postgres.ask("SELECT DISTINCT account, type, state, body ->> 'id' = id FROM alerts").count("\n") == 0
    finally:
        await asyncio.gather(child.stop(), postgres.stop())
