"""`stellwerk up` as a user runs it: the demo, twice, ended by time and by Ctrl-C, and without Java."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import kafka
from pipeline.settings import Settings
from pipeline.signals import SignalType
from pipeline.topics import ALERTS
from tests.conftest import JARS, jar_settings

pytestmark = [pytest.mark.broker, pytest.mark.slow]
COMMAND = [sys.executable, "-m", "pipeline.cli", "up"]


def environment(**more: str) -> dict[str, str]:
    jar_settings()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STELLWERK_")}
    return {**clean, "STELLWERK_KAFKA__JARS": str(JARS), **more}


def alerts(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def left_over(folder: Path) -> list[str]:
    """Return the command lines of processes that still know the folder."""
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if str(folder) in line]


def test_the_demo_raises_alerts_and_a_second_run_raises_none_twice(tmp_path: Path) -> None:
    """The demo's news become alerts with evidence; started again on the same folder, no revision comes twice."""
    command = [*COMMAND, "--headless", "--data", str(tmp_path), "--for"]
    first = subprocess.run(
        [*command, "30s"], capture_output=True, text=True, env=environment(), timeout=150, check=False
    )
    assert first.returncode == 0, first.stderr[-3000:]
    began = time.monotonic()
    second = subprocess.run(
        [*command, "8s"], capture_output=True, text=True, env=environment(), timeout=120, check=False
    )
    took = time.monotonic() - began
    assert second.returncode == 0, second.stderr[-3000:]
    made, again = alerts(first.stdout), alerts(second.stdout)
    print(f"\n{len(made)} revisions, then {len(again)}; second run of 8 s took {took:.0f} s")
    assert len({alert["id"] for alert in made}) >= 30
    assert {alert["signal"]["type"] for alert in made} <= {str(kind) for kind in SignalType}
    assert all(alert["evidence"][0]["text"] and alert["why"] for alert in made)
    assert any(len({article["language"] for article in alert["articles"]}) == 2 for alert in made)
    told = [(alert["id"], alert["revision"]) for alert in made + again]
    assert len(told) == len(set(told))
    assert not left_over(tmp_path)


async def test_an_existing_cluster_is_used(settings: Settings, tmp_path: Path) -> None:
    """With STELLWERK_KAFKA__BOOTSTRAP no broker is started; the topics are made on the cluster that is named."""
    named = environment(
        STELLWERK_KAFKA__BOOTSTRAP=settings.kafka.bootstrap, STELLWERK_KAFKA__PREFIX=settings.kafka.prefix
    )
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("--headless", "--data", str(tmp_path), "--for", "12s"),
        env=named,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors[-3000:]
    assert alerts(output.decode())
    assert not (tmp_path / "kafka").exists()
    assert [record async for record in kafka.whole(settings.kafka, ALERTS)]


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the start ends with exit code 0 and leaves no process."""
    with subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    ) as process:
        while not (tmp_path / "bootstrap").exists():
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert not left_over(tmp_path)


def test_two_on_one_folder_are_refused(tmp_path: Path) -> None:
    """A second `up` on the same folder is refused in one line, before it touches anything."""
    with subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    ) as process:
        while not (tmp_path / "lock").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        other = subprocess.run(
            [*COMMAND, "--data", str(tmp_path)],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert other.returncode == 1
    assert other.stderr.count("\n") == 1
    assert "another `stellwerk up` runs on" in other.stderr


@pytest.mark.parametrize("missing", ["Java", "Maven"])
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, missing: str) -> None:
    """Without Java or without Maven: one clear line, exit code 1."""
    tools = tmp_path / "bin"
    tools.mkdir()
    if missing == "Maven":
        (tools / "java").write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\"' >&2\n")
        (tools / "java").chmod(0o755)
    bare = environment(STELLWERK_KAFKA__JARS=str(tmp_path / "none"), PATH=str(tools))
    result = subprocess.run(
        [*COMMAND, "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        env=bare,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {missing} is missing")
    assert result.stderr.count("\n") == 1


def test_a_wrong_account_file_is_named(tmp_path: Path) -> None:
    """A file that does not exist, or is wrong, is named with what to do, and nothing is left running."""
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,name\na,\n")
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nid = "a"\nurl = "https://example.com/feed"\n')
    command = [*COMMAND, "--data", str(tmp_path / "data"), "--sources", str(sources), "--accounts"]
    missing = subprocess.run(
        [*command, str(tmp_path / "no.csv")], capture_output=True, text=True, env=environment(), timeout=60, check=False
    )
    wrong = subprocess.run(
        [*command, str(file)], capture_output=True, text=True, env=environment(), timeout=60, check=False
    )
    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert "no.csv" in missing.stderr
    assert "accounts.csv:2: name" in wrong.stderr
    assert not left_over(tmp_path)
