"""Others who do what ingest does, beside it on the same files: news-please (Python) and Miniflux (Go).

Each gets a place of its own under `.stellwerk/peers`, with pinned versions and checked sums, and runs as a process of
its own on one core. What cannot be made here is left out, and why is said. Same work: bytes of feeds to entries with
plain texts, bytes of pages to the text of the article. Miniflux keeps its readers to itself, so `miniflux/main.go` is
built inside a copy of its module.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MINIFLUX = "miniflux.app/v2@v2.3.5"
MINIFLUX_SUM = "h1:Ani/5wcX3WMSGiAD6oLHzV0Ns8CoAXfTCMIZz3D7PrU="


class Missing(Exception):
    """A peer that cannot be made here; says why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a peer did: files read, CPU seconds for all of them, and the text of each, by file name."""

    read: int
    seconds: float
    texts: Mapping[str, str]

    @property
    def rate(self) -> float:
        """Files per CPU second."""
        return self.read / self.seconds


def newsplease(place: Path, files: Sequence[Path]) -> Ran:
    """Let news-please read pages.

    Raises:
        Missing: it cannot be installed.
    """
    venv, marker = place / "newsplease", place / "newsplease" / "installed"
    lock = HERE / "newsplease" / "requirements.txt"
    python = str(venv / "bin" / "python")
    if not marker.exists() or marker.read_bytes() != lock.read_bytes():
        _made("news-please", sys.executable, "-m", "venv", "--clear", str(venv))
        _made("news-please", python, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock))
        shutil.copy(lock, marker)
    return _ran("news-please", [python, str(HERE / "newsplease" / "main.py")], files)


def miniflux(place: Path, files: Sequence[Path], what: str) -> Ran:
    """Let Miniflux read `feeds` or `pages`.

    Raises:
        Missing: there is no Go, or the module cannot be had.
    """
    binary, source = place / "miniflux", place / "miniflux-source"
    main = HERE / "miniflux" / "main.go"
    if not binary.exists() or binary.stat().st_mtime < main.stat().st_mtime:
        if not shutil.which("go"):
            raise Missing("Miniflux is left out: there is no `go` here")
        found = json.loads(_made("Miniflux", "go", "mod", "download", "-json", MINIFLUX))
        if found["Sum"] != MINIFLUX_SUM:
            raise Missing(f"Miniflux is left out: {MINIFLUX} has another sum than ours")
        shutil.rmtree(source, ignore_errors=True)
        # The cache is read-only, and so are copies with its modes.
        shutil.copytree(found["Dir"], source, copy_function=shutil.copyfile)
        for folder, _, _ in os.walk(source):
            os.chmod(folder, 0o755)
        (source / "peer").mkdir()
        shutil.copy(main, source / "peer")
        _made("Miniflux", "go", "build", "-o", str(binary), "./peer", cwd=source)
    return _ran("Miniflux", [str(binary), what], files)


def _made(peer: str, *command: str, cwd: Path | None = None) -> str:
    """Run a step of setting a peer up; return what it prints."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split())[-300:]
        raise Missing(f"{peer} is left out: {Path(command[0]).name} {command[1]} failed: {last}")
    return done.stdout


def _ran(peer: str, command: Sequence[str], files: Sequence[Path]) -> Ran:
    """Run a peer over files, on one core."""
    environment = {**os.environ, "GOMAXPROCS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command], input="\n".join(map(str, files)), capture_output=True, text=True, env=environment, timeout=1800,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise Missing(f"{peer} is left out: it failed: {' '.join(done.stderr.split())[-300:]}")
    said: Any = json.loads(done.stdout)
    return Ran(len(files), float(said["seconds"]), said["texts"])


def unpacked(file: Path) -> bytes:
    """Return a file's bytes, those of `.gz` decompressed."""
    body = file.read_bytes()
    return gzip.decompress(body) if file.suffix == ".gz" else body
