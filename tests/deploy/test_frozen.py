"""What `up` does with a worker that stands still as a whole: a real process, stopped by a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from deploy.children import Child
from deploy.local import _keep_alive
from pipeline.settings import Settings, StreamSettings

#: No worker of ours, but it has a heart as they have.
BEATING = """
import asyncio
from pipeline.heart import Heart
from pipeline.settings import load
asyncio.run(Heart(load(), "route").run())
"""


async def test_a_frozen_worker_is_killed_and_started_again(tmp_path: Path) -> None:
    """SIGSTOP freezes a worker: it is killed when it has been silent for too long, and another one begins."""
    settings = Settings(folder=tmp_path, stream=StreamSettings(worker="w", stuck=0.5))
    child = Child(
        "route",
        [sys.executable, "-c", BEATING],
        log=tmp_path / "log",
        environment={"STELLWERK_FOLDER": str(tmp_path), "STELLWERK_STREAM__WORKER": "w"},
    )
    await child.start()
    keeping = asyncio.create_task(_keep_alive(child, settings))
    file = tmp_path / "alive" / "route-w"
    async with asyncio.timeout(60):
        while not file.exists():
            await asyncio.sleep(0.1)
        first = child.pid
        os.kill(first, signal.SIGSTOP)
        # Half a minute of silence, made short.
        os.utime(file, (0, 0))
        while child.pid == first:
            await asyncio.sleep(0.1)
    keeping.cancel()
    await child.stop()
