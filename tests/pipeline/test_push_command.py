"""`stellwerk push` and `stellwerk worker push` as processes, as a user runs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from pipeline import kafka
from pipeline.cli import app
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, TOPICS

TOKEN = "kein-echtes-token-0123456789"
GOOD = b'{"url": "https://werke.example/m/1", "title": "Neues Werk"}\n'


async def started(settings: Settings, *command: str, **more: str) -> Process:
    """Run a command against the broker of the test, with its topics made."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make(TOPICS)
    told = {"BOOTSTRAP": settings.kafka.bootstrap, "PREFIX": settings.kafka.prefix}
    environment = {**os.environ, **{f"STELLWERK_KAFKA__{key}": value for key, value in told.items()}, **more}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline.cli", *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
    )


async def articles_of(settings: Settings) -> list[str]:
    return [Article.decode(record.value).title async for record in kafka.whole(settings.kafka, ARTICLES)]


def test_a_check_names_every_fault(tmp_path: Path) -> None:
    """File, line and field on standard error, counts on standard output, and an exit code."""
    file = tmp_path / "in.jsonl"
    file.write_bytes(GOOD + b'{"id": 1, "titel": "x", "title": "T"}\n\n{"id": "2", "title": "T", "published": "bald"}')
    result = CliRunner().invoke(app, ["push", "--check", str(file)])
    assert result.exit_code == 1
    assert orjson.loads(result.stdout) == {"lines": 4, "articles": 1, "refused": 2, "empty": 1}
    assert f"{file}:2: titel: no such field; did you mean title?" in result.stderr
    assert f"{file}:4: published: 'bald' is no ISO 8601 time" in result.stderr
    file.write_bytes(GOOD)
    assert CliRunner().invoke(app, ["push", "--check", str(file)]).exit_code == 0


def test_a_line_without_end_is_one_fault(tmp_path: Path) -> None:
    """A file of another kind does not fill the memory; what follows is read."""
    file = tmp_path / "in.bin"
    file.write_bytes(b"x" * 10_000_000 + b"\n" + GOOD)
    result = CliRunner().invoke(app, ["push", "--check", str(file)])
    assert orjson.loads(result.stdout) == {"lines": 2, "articles": 1, "refused": 1, "empty": 0}
    assert "longer than 2,000,000 bytes" in result.stderr


def test_wrong_use_is_two() -> None:
    """Without a file, or with an option that there is not."""
    assert CliRunner().invoke(app, ["push"]).exit_code == 2
    assert CliRunner().invoke(app, ["push", "--no-such-option", "x"]).exit_code == 2


@pytest.mark.broker
async def test_a_file_is_pushed(settings: Settings, tmp_path: Path) -> None:
    """Good lines arrive, wrong ones are named, and both are counted."""
    file = tmp_path / "in.jsonl"
    file.write_bytes(GOOD + b"{\n")
    process = await started(settings, "push", str(file))
    out, err = await process.communicate()
    assert process.returncode == 1, err.decode()
    assert orjson.loads(out)["articles"] == 1
    assert f"{file}:2: not JSON" in err.decode()
    assert await articles_of(settings) == ["Neues Werk"]


@pytest.mark.broker
async def test_a_slow_writer_holds_nothing_back(settings: Settings) -> None:
    """A line is on the topic while standard input is still open, and Ctrl-C ends what waits for more."""
    process = await started(settings, "push", "-")
    assert process.stdin is not None
    process.stdin.write(GOOD)
    await process.stdin.drain()
    async with asyncio.timeout(20):
        while not await articles_of(settings):
            await asyncio.sleep(0.1)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        await process.communicate()
    assert process.returncode == 130


@pytest.mark.broker
async def test_the_worker_takes_articles_and_ends(settings: Settings, tmp_path: Path) -> None:
    """Started with a token from a file; 202 means on the topic; SIGTERM ends it with 0."""
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    more = {"STELLWERK_PUSH__TOKEN_FILE": str(secret), "STELLWERK_PUSH__PORT": "18650", "STELLWERK_LOG__FORM": "json"}
    process = await started(settings, "worker", "push", "--announce", **more)
    assert process.stdout is not None
    assert orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20)) == {"ready": "push"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    place = "http://127.0.0.1:18650/articles"
    async with ClientSession(headers=headers) as session, session.post(place, data=GOOD) as got:
        assert got.status == 202
    assert await articles_of(settings) == ["Neues Werk"]
    process.terminate()
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert TOKEN not in err.decode()


@pytest.mark.broker
async def test_the_worker_without_a_token_says_so(settings: Settings) -> None:
    """Nothing listens; the setting is named."""
    process = await started(settings, "worker", "push")
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert "STELLWERK_PUSH__TOKEN" in err.decode()
