"""A worker's sign of life: there while it gets on, old when it does not, gone when it ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.heart import LATE, Heart, folder, silent
from pipeline.settings import Settings, StreamSettings

STUCK = StreamSettings().stuck


def heart(at: Path, now: list[float]) -> Heart:
    return Heart(Settings(folder=at, stream=StreamSettings(worker="w1")), "route", clock=lambda: now[0])


async def test_file_is_there_while_it_beats(tmp_path: Path) -> None:
    """The file appears at once, under the role's and the worker's name, and goes with a clean end."""
    one = heart(tmp_path, [0.0])
    async with one.beating():
        await asyncio.sleep(0)
        assert [file.name for file in (tmp_path / "alive").iterdir()] == ["route-w1"]
    assert not list((tmp_path / "alive").iterdir())


async def test_stuck_work_is_told(tmp_path: Path) -> None:
    """One piece of work that lasts too long is written down, also when later ones come and go; its end mends it."""
    now = [0.0]
    one = heart(tmp_path, now)
    with one.work():
        now[0] = STUCK - 1
        with one.work():
            assert not one.stuck()
        now[0] = STUCK + 1
        assert one.stuck()
        async with one.beating():
            await asyncio.sleep(0)
            told = silent(tmp_path / "alive", one.file.stat().st_mtime)
            assert told == {"route-w1": f"a piece of work has been under way for {STUCK + 1:.0f} s"}
    assert not one.stuck()


async def test_full_disk_does_not_end_the_worker(tmp_path: Path) -> None:
    """Where no file can be made, the worker goes on without one."""
    (tmp_path / "alive").write_text("in the way")
    async with heart(tmp_path, [0.0]).beating():
        await asyncio.sleep(0)


def test_silence_is_measured(tmp_path: Path) -> None:
    """A file is on time until it is late."""
    for name, age in (("a", 0.0), ("b", LATE), ("c", LATE + 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000.0 - age, 1000.0 - age))
    assert silent(tmp_path, 1000.0) == {"a": "", "b": "", "c": "silent for 31 s"}
    assert silent(tmp_path / "nowhere", 1000.0) == {}


def test_health_is_an_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`health` gives 0 when every worker of the folder is on time, 1 when one is not or there is none."""
    monkeypatch.setenv("STELLWERK_FOLDER", str(tmp_path))
    alive, runner = folder(Settings(folder=tmp_path)), CliRunner()
    assert runner.invoke(app, ["health"]).exit_code == 1
    alive.mkdir()
    (alive / "route-1").touch()
    assert runner.invoke(app, ["health"]).exit_code == 0
    (alive / "alert-1").touch()
    os.utime(alive / "alert-1", (0, 0))
    result = runner.invoke(app, ["health"])
    assert (result.exit_code, "alert-1  silent for" in result.output) == (1, True)
