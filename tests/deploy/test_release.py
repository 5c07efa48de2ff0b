"""`make release`, for real but for the image: what it makes, and that the wheel works where nothing else is."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
import zipfile

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_a_release_is_whole() -> None:
    """Wheel, sdist, list of parts and sums; the script itself runs the wheel in a fresh environment."""
    done = subprocess.run(
        [ROOT / "deploy" / "release.sh"], env={**os.environ, "IMAGE": "no"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "works in a fresh environment" in done.stderr
    dist = ROOT / "dist"
    for line in (dist / "SHA256SUMS").read_text().splitlines():
        sum_, name = line.split()
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == sum_
    (wheel,), (sdist,), (parts,) = dist.glob("*.whl"), dist.glob("*.tar.gz"), dist.glob("*.cdx.json")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "models/champion/model.skops",
        "deploy/demo/accounts.csv",
        "deploy/kafka/pom.xml",
        "pipeline/cli.py",
    } <= held
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in held)
    with tarfile.open(sdist) as files:
        assert any(name.endswith("/LICENSE") for name in files.getnames())
    named = {part["name"] for part in json.loads(parts.read_text())["components"]}
    assert {"faust-streaming", "aiokafka", "scikit-learn", "httpx2"} <= named
