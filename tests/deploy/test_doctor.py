"""`stellwerk doctor` on the real broker: nothing to say where all is well, and each fault with what to do."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents import control
from agents.sources import Source
from deploy import clock
from deploy.doctor import Finding, examine
from pipeline import kafka
from pipeline.settings import FetchSettings, RouteSettings, Settings
from pipeline.topics import ARTICLES, TOPICS
from tests.stream.test_worker import article, feed

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parents[2]


def configured(settings: Settings) -> Settings:
    accounts = ROOT / "deploy" / "examples" / "accounts.csv"
    fetch = FetchSettings(agent="Test/1 (+https://example.com)")
    return settings.model_copy(update={"route": RouteSettings(accounts=accounts), "fetch": fetch})


async def found(settings: Settings) -> dict[str, list[Finding]]:
    by: dict[str, list[Finding]] = {}
    async for finding in examine(settings):
        by.setdefault(finding.what, []).append(finding)
    return by


async def test_all_is_well(settings: Settings) -> None:
    """A deployment that is set up: every check is made, and none fails; the doctor leaves nothing on any topic."""
    settings = configured(settings)
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    await control.apply(settings.kafka, [Source(id="a", url="https://example.com/feed")])
    seen = await found(settings)
    expected = {"configuration", "disk", "model", "accounts", "broker", "clock", "topics", "rights", "lag"}
    assert set(seen) == expected | {"dead letters", "rules", "profiles", "routes", "sources"}
    assert [one for several in seen.values() for one in several if one.state == "fail"] == []
    assert "differ by 0." in seen["clock"][0].said
    assert all(one.do for several in seen.values() for one in several if one.state != "ok")
    for topic in TOPICS:
        if topic.name != "sources":
            assert not [record async for record in kafka.whole(settings.kafka, topic)], topic.name


async def test_faults_are_named_with_what_to_do(settings: Settings) -> None:
    """Topics missing, lag, a wrong account file: each is its own finding."""
    settings = configured(settings)
    seen = await found(settings)
    assert {one.do for one in seen["topics"]} == {"`stellwerk topics init`"}
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    await feed(settings, [(b"%d" % n, article(str(n))) for n in range(1500)])
    (settings.folder / "accounts.csv").write_text("id,name\n,Ohne Kennung\n")
    wrong = RouteSettings(accounts=settings.folder / "accounts.csv")
    seen = await found(settings.model_copy(update={"route": wrong}))
    assert seen["lag"][0].said == "classify: 1,500 records wait"
    assert seen["lag"][0].state == "warn"
    assert "accounts.csv:2" in seen["accounts"][0].said
    assert [record async for record in kafka.whole(settings.kafka, ARTICLES)][-1].key is not None


async def test_clocks_are_compared(settings: Settings) -> None:
    """A clock that is an hour off is seen; ours is read wrong here, because the broker's is the machine's."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    for prefix in ("", "a.", "b.", "c."):
        # Where Kafka keeps a group's commits depends on its name: some names, lest one be right by chance.
        said = await clock._ahead(settings.kafka, f"{prefix}doctor", lambda: time.time() - 3600)
        assert said is not None
        assert abs(said - 3600) < 5


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STELLWERK_")}
    command = [sys.executable, "-m", "pipeline.cli", "doctor", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**clean, **environment}, timeout=120, check=False
    )


async def test_exit_code_says_whether_something_fails(settings: Settings) -> None:
    """1 where something fails (no broker), 2 for a role that is none; `--json` gives one finding a line."""
    gone = {"STELLWERK_KAFKA__BOOTSTRAP": "127.0.0.1:9", "STELLWERK_FOLDER": str(settings.folder)}
    failed = await asyncio.to_thread(run, "--json", **gone)
    lines = [json.loads(line) for line in failed.stdout.splitlines()]
    assert (failed.returncode, lines[-1]["what"], lines[-1]["state"]) == (1, "broker", "fail")
    assert (await asyncio.to_thread(run, "--role", "nobody", **gone)).returncode == 2
    people = await asyncio.to_thread(run, **gone)
    assert "fail  broker" in people.stdout
    assert "→ " in people.stdout
