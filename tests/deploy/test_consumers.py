"""The examples for consumers, each in its language: killed in the middle, they end up with what was sent."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from deploy.children import Child
from pipeline import kafka
from pipeline.records import Alert
from pipeline.settings import KafkaSettings, Settings
from pipeline.topics import ALERTS

pytestmark = [pytest.mark.broker, pytest.mark.consumers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "deploy" / "examples" / "consumers"
FIRST = Alert.decode((ROOT / "docs" / "contract" / "examples" / "alerts.json").read_bytes())
IDS, REVISIONS = 40, 12


@dataclass(frozen=True)
class Example:
    """How an example is run, and how what it holds is read: id → revision."""

    command: list[str]
    held: Callable[[], dict[str, int]]


def _build(language: str, needs: Sequence[str], to: Path, *commands: str) -> Path:
    """Build an example in a copy of its folder; skips where a tool is missing."""
    for tool in needs:
        if not shutil.which(tool):
            pytest.skip(f"{tool} is missing: the {language} example is not run")
    ignored = shutil.ignore_patterns("node_modules", "dist", "target")
    made = Path(shutil.copytree(EXAMPLES / language, to / language, ignore=ignored))
    for command in commands:
        done = subprocess.run(command.split(), cwd=made, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return made


def _files(folder: Path) -> dict[str, int]:
    alerts = [Alert.decode(file.read_bytes()) for file in folder.glob("*.json")]
    assert len({alert.id for alert in alerts}) == len(alerts)
    return {alert.id: alert.revision for alert in alerts}


def _rows(file: Path) -> dict[str, int]:
    base = sqlite3.connect(file)
    try:
        rows = base.execute("SELECT id, revision, body FROM alerts").fetchall()
    except sqlite3.OperationalError:
        return {}
    finally:
        base.close()
    assert all(orjson.loads(body)["revision"] == revision for _, revision, body in rows)
    return {id: revision for id, revision, _ in rows}


def python(to: Path) -> Example:
    file = to / "alerts.db"
    return Example([sys.executable, str(EXAMPLES / "python" / "keep.py"), str(file)], lambda: _rows(file))


def node(to: Path) -> Example:
    made = _build("node", ["node", "npm"], to, "npm ci --no-audit --no-fund --prefer-offline", "npm run build")
    return Example(["node", str(made / "dist" / "keep.js"), str(to / "alerts")], lambda: _files(to / "alerts"))


def java(to: Path) -> Example:
    made = _build("java", ["javac", "mvn"], to, "mvn -q -B process-classes")
    path = f"{made}/target/classes:{made}/target/dependency/*"
    command = ["java", "-Xmx128m", "-cp", path, "stellwerk.Keep", str(to / "alerts")]
    return Example(command, lambda: _files(to / "alerts"))


def revisions(first: int, last: int) -> Iterator[Alert]:
    """Yield alerts in the order of a busy day: now and then one comes twice, now and then an old one late."""
    for revision in range(first, last + 1):
        for number in range(IDS):
            alert = FIRST.model_copy(update={"id": f"alert-{number}", "revision": revision})
            yield alert
            if number % 7 == 0:
                yield alert
            if number % 11 == 0 and revision > 2:
                yield alert.model_copy(update={"revision": revision - 2})


async def send(settings: KafkaSettings, first: int, last: int) -> None:
    name = kafka.full_name(settings, ALERTS)
    async with kafka.sending(settings) as producer:
        sent = [
            await producer.send(name, alert.encode(), key=alert.id.encode(), partition=hash(alert.id) % 4)
            for alert in revisions(first, last)
        ]
        sent.append(await producer.send(name, None, key=b"alert-0", partition=hash("alert-0") % 4))
        await asyncio.gather(*sent)


@pytest.mark.parametrize("language", [python, node, java], ids=lambda one: one.__name__)
async def test_an_example_survives_kill(
    language: Callable[[Path], Example], settings: Settings, tmp_path: Path
) -> None:
    """Killed while it writes and started again: the latest revision of each alert, none missing, none twice."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make((ALERTS,))
    example = await asyncio.to_thread(language, tmp_path)
    used = settings.kafka
    names = {"BOOTSTRAP": used.bootstrap, "PREFIX": used.prefix}
    own = {"STELLWERK_KAFKA__BOOTSTRAP": used.bootstrap, "STELLWERK_KAFKA__PREFIX": used.prefix}
    child = Child("example", example.command, log=tmp_path / "example.log", environment={**names, **own})
    half = REVISIONS // 2
    await send(used, 1, half)
    expected = {f"alert-{number}": REVISIONS for number in range(1, IDS)}
    try:
        await child.start()
        await _until(child, lambda: len(example.held()) > 0)
        child.kill()
        await child.ended()
        middle = example.held()
        await send(used, half + 1, REVISIONS)
        await child.start()
        await _until(child, lambda: example.held() == expected)
        print(f"\nkilled with {len(middle)} alerts, {sum(r == half for r in middle.values())} of them complete")
    finally:
        await child.stop()
    # What it was given is done: started again, it has nothing to do and changes nothing.
    assert example.held() == expected


async def _until(child: Child, there: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not there():
            assert child.running, child.tail()
            await asyncio.sleep(0.02)
