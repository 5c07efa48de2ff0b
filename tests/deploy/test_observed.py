"""The profile `observability` of docker-compose.yml, as it is: Prometheus sees every role, rules and panels have data.

Where the images of Prometheus and of the exporter cannot be pulled, images of the same names are made of the same
programs on PATH (`prometheus`, `kafka_exporter`), on the base of our own: another build, the same file and arguments.
Grafana is not started: its files are checked as files (`test_observability.py`).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from deploy.broker import free_port
from tests.deploy import stack as stacks
from tests.deploy.stack import ENGINE, IMAGE, ROOT, Stack, run, stack
from tests.deploy.test_observability import BOARDS, QUIET, ask, queries, rules

pytestmark = [
    pytest.mark.compose,
    pytest.mark.slow,
    pytest.mark.skipif(bool(stacks.missing()), reason=stacks.missing()),
]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
#: Service -> its program, as its image names it, and where that image keeps what it writes.
PROGRAMS = {"prometheus": "prometheus", "kafka-exporter": "kafka_exporter"}
WORKERS = {"ingest", "classify", "route", "alert", "notify"}


async def provide(folder: Path, service: str) -> None:
    """Make sure that a service's image is there: as it is, or made of the program on PATH."""
    image, program = SERVICES[service]["image"], PROGRAMS[service]
    try:
        await run(ENGINE, "image", "inspect", image)
        return
    except AssertionError:
        if not (found := shutil.which(program)):
            pytest.skip(f"{image} is not here, and neither is {program} on PATH")
    shutil.copy(found, folder / program)
    base = (ROOT / "deploy" / "Dockerfile").read_text().partition("FROM ")[2].split()[0]
    lines = (
        f"FROM {base}",
        f"COPY {program} /bin/{program}",
        "RUN mkdir /prometheus && chown nobody /prometheus",
        "WORKDIR /prometheus",
        "VOLUME /prometheus" if service == "prometheus" else "",
        "USER nobody",
        f'ENTRYPOINT ["/bin/{program}"]',
    )
    (folder / program).chmod(0o755)
    (folder / f"{program}.Dockerfile").write_text("\n".join(lines))
    await run(ENGINE, "build", "-f", str(folder / f"{program}.Dockerfile"), "-t", image, str(folder), seconds=300)
    print(f"{image}: made of {found}")


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[Stack, aiohttp.ClientSession]]:
    """Run the demo beside the profile's services; yields the project and Prometheus."""
    for service in PROGRAMS:
        await provide(folder, service)
    port = free_port()
    async with stack(STELLWERK_PROMETHEUS_PORT=str(port)) as project:
        services = ("kafka", "init", *sorted(WORKERS), "newsroom", *PROGRAMS)
        await project.compose("up", "-d", "--no-build", *services, profiles=("demo", "observability"), seconds=300)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield project, session


async def values(session: aiohttp.ClientSession, query: str) -> list[dict[str, Any]]:
    """Return what Prometheus says now; nothing while it does not answer."""
    try:
        async with session.get("/api/v1/query", params={"query": query}) as answer:
            found: list[dict[str, Any]] = (await answer.json())["data"]["result"]
            return found
    except aiohttp.ClientError:
        return []


async def labels(session: aiohttp.ClientSession, query: str, label: str) -> set[str]:
    return {one["metric"].get(label, "") for one in await values(session, query)}


async def test_prometheus_sees_all_of_it(tmp_path: Path) -> None:
    """Every role is scraped and the exporter's lag is there; all rules evaluate, none fires; panels have data."""
    await stacks.build(IMAGE, ROOT)
    began = time.monotonic()
    async with watched(tmp_path) as (_, prometheus):
        async with asyncio.timeout(300):
            while await labels(prometheus, 'stellwerk_ready{need="broker"} == 1', "role") < WORKERS - {"notify"}:
                await asyncio.sleep(1)
            while not await values(prometheus, "sum(stellwerk_alerts_total) > 0"):
                await asyncio.sleep(1)
            groups = {f"stellwerk.{stage}" for stage in ("classify", "route", "alert")}
            while not groups <= await labels(prometheus, "kafka_consumergroup_lag", "consumergroup"):
                await asyncio.sleep(1)
        print(f"every role, an alert and every group's lag seen after {time.monotonic() - began:.0f} s")
        # So that what grows has grown between two scrapes, and rules that wait a minute or two have had it.
        await asyncio.sleep(150)
        assert await labels(prometheus, "up == 1", "job") == {"stellwerk", "kafka", "prometheus"}
        assert await values(prometheus, "up == 0") == []
        assert len(await values(prometheus, 'up{job="stellwerk"}')) == len(WORKERS)
        empty = [
            (board.stem, title, query)
            for board in BOARDS
            for title, query in queries(board)
            if not await ask(prometheus, query, rate="1m", within="5m:15s")
        ]
        async with prometheus.get("/api/v1/rules") as answer:
            loaded = [rule for group in (await answer.json())["data"]["groups"] for rule in group["rules"]]
        total = sum(len(list(queries(board))) for board in BOARDS)
        print(f"{total - len(empty)} of {total} panels have data, not: {[title for _, title, _ in empty]}")
        print(f"{len(loaded)} rules loaded")
        assert len(loaded) == len(rules())
        assert not [one for one in empty if not any(word in one[2] for word in QUIET)]
        assert [rule["name"] for rule in loaded if rule["health"] not in ("ok", "unknown")] == []
        assert [rule["name"] for rule in loaded if rule.get("state") == "firing"] == []
