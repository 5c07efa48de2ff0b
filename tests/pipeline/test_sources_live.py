"""`stellwerk sources` with a broker, as a user runs it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson
import pytest

from pipeline import kafka
from pipeline.settings import Settings

pytestmark = pytest.mark.broker


async def stellwerk(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """Run a command and return its exit code, output and messages."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pipeline.cli",
        *arguments,
        env={
            "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
            "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
            "STELLWERK_FOLDER": str(settings.folder),
            "STELLWERK_FETCH__ALLOW": '["127.0.0.0/8"]',
            "STELLWERK_FETCH__CONNECT": "1",
            "COLUMNS": "200",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


def write(folder: Path, *ids: str, url: str = "http://127.0.0.1:1") -> str:
    """Write a source file."""
    file = folder / "sources.toml"
    file.write_text("".join(f'[[source]]\nid = "{id}"\nurl = "{url}/{id}"\nname = "N"\n' for id in ids))
    return str(file)


async def test_apply_list_and_health(settings: Settings, tmp_path: Path) -> None:
    """Applied, changed, listed, polled once, and told how they are."""
    code, _, errors = await stellwerk(settings, "sources", "apply", write(tmp_path, "a", "b"))
    assert (code, "topics init" in errors) == (1, True)
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    code, out, _ = await stellwerk(settings, "sources", "apply", write(tmp_path, "a", "b"))
    assert (code, out.splitlines()[-1]) == (0, "2 new, 0 changed, 0 gone, 0 as before")
    code, out, _ = await stellwerk(settings, "sources", "apply", write(tmp_path, "b", "c"))
    assert (code, out.split()) == (0, "new c gone a 1 new, 0 changed, 1 gone, 1 as before".split())
    code, out, _ = await stellwerk(settings, "sources", "list", "--json")
    assert (code, [orjson.loads(line)["id"] for line in out.splitlines()]) == (0, ["b", "c"])
    code, out, _ = await stellwerk(settings, "sources", "list", "--health", "--json")
    assert {orjson.loads(line)["health"] for line in out.splitlines()} == {"new"}
    code, _, errors = await stellwerk(settings, "worker", "ingest", "--once")
    assert code == 0, errors
    code, out, _ = await stellwerk(settings, "sources", "list", "--health")
    assert (code, out.count("unreachable")) == (0, 2)
    code, _, _ = await stellwerk(settings, "sources", "list", "--health", write(tmp_path, "b"))
    assert code == 2
