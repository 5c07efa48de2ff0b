"""Peers of the benchmark: left out with a word where they cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.score import f1


def test_a_peer_that_cannot_be_made_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Go there is no Miniflux, and the benchmark goes on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(peers.Missing, match=r"Miniflux is left out: there is no `go`"):
        peers.miniflux(tmp_path, [], "feeds")


def test_peers_are_pinned() -> None:
    """Every package by version and hash."""
    lock = (peers.HERE / "newsplease" / "requirements.txt").read_text()
    named = [line for line in lock.splitlines() if line[:1].isalpha()]
    assert named
    assert all("==" in line for line in named)
    assert lock.count("--hash=sha256:") >= len(named)


def test_f1_is_one_where_everything_is_right() -> None:
    """Half the words are less, none is nothing."""
    text = "Der Konzern baut in Leuna ein neues Werk und stellt dort Menschen ein"
    assert f1([(text, text)]) == 1.0
    assert 0.3 < f1([(text[:35], text)]) < 0.8
    assert f1([("", text)]) == 0.0
