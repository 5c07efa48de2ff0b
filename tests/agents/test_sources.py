"""Sources as data: what is read, and how faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.sources import load_sources
from pipeline.errors import BadInput

GOOD = """
[[source]]
name = "Süd-Kurier Wirtschaft"
url = "https://news.example/rss"
poll_min = "5s"
poll_max = 60

[[source]]
url = "http://127.0.0.1:8000/feed"
language = "de"
country = "DE"
credibility = 0.9
accounts = ["siemens"]
rights = "excerpt"
pages = false
"""


def _load(folder: Path, text: str) -> tuple[object, ...]:
    file = folder / "sources.toml"
    file.write_text(text, encoding="utf-8")
    return load_sources(file)


def test_sources_are_read(tmp_path: Path) -> None:
    """Durations, defaults and ids made of names or hosts."""
    (tmp_path / "s.toml").write_text(GOOD, encoding="utf-8")
    first, second = load_sources(tmp_path / "s.toml")
    assert (first.id, first.poll_min, first.poll_max, first.pages) == ("sued-kurier-wirtschaft", 5.0, 60.0, True)
    assert (second.id, second.name, second.poll_min) == ("127.0.0.1", "127.0.0.1", 900.0)
    assert (second.accounts, second.rights, second.pages) == (("siemens",), "excerpt", False)


@pytest.mark.parametrize(
    ("change", "line", "field"),
    [
        (('poll_min = "5s"', 'poll_min = "5 parsecs"'), 5, "poll_min"),
        (('poll_min = "5s"', 'poll_min = "2m"'), 5, "poll_min"),
        (("credibility = 0.9", "credibility = 9"), 12, "credibility"),
        (('rights = "excerpt"', 'rights = "all"'), 14, "rights"),
        (('language = "de"', 'langauge = "de"'), 10, "langauge"),
        (('url = "http://127.0.0.1:8000/feed"', ""), 8, "url"),
        (("http://127.0.0.1:8000/feed", "https://news.example/rss"), 9, "url"),
        (("http://127.0.0.1:8000/feed", "http://u:p@news.example/rss"), 9, "url"),
        (("http://127.0.0.1:8000/feed", "ftp://news.example/rss"), 9, "url"),
        (('country = "DE"', 'id = "sued-kurier-wirtschaft"'), 11, "id"),
        (('country = "DE"', "country = DE"), 11, ""),
        (('country = "DE"', 'kind = "telepathy"'), 11, "kind"),
        (("\n[[source]]\nname", "\ntop = 1\n[[source]]\nname"), None, "top"),
    ],
)
def test_faults_name_line_and_field(tmp_path: Path, change: tuple[str, str], line: int | None, field: str) -> None:
    """Whoever wrote the file finds the place without searching."""
    with pytest.raises(BadInput) as caught:
        _load(tmp_path, GOOD.replace(*change))
    assert (caught.value.line, caught.value.field) == (line, field)
    assert str(tmp_path / "sources.toml") in str(caught.value)


def test_missing_and_broken_files_are_told(tmp_path: Path) -> None:
    """No file, no UTF-8, no table: each says so."""
    with pytest.raises(BadInput, match="cannot be read"):
        load_sources(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("name = 'ü'".encode("latin-1"))
    with pytest.raises(BadInput, match="not UTF-8"):
        load_sources(tmp_path / "latin.toml")
    with pytest.raises(BadInput, match="only"):
        _load(tmp_path, "[source]\nurl = 'https://a.example/'")
