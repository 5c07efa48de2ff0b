"""`stellwerk sources` as a user meets it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.sources import load_sources
from pipeline.cli import app

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "deploy" / "examples"
FEED = b"<rss version='2.0'><channel><title>Neues vom Werk</title><language>de</language>%s</channel></rss>"
ITEM = b"<item><title>Werk</title><link>/a</link><pubDate>Wed, 05 Mar 2025 10:00:00 GMT</pubDate></item>"
HOME = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/named.xml">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed"></head>
<body><a href="/rss/linked">RSS</a><a href="/broken.rss">RSS</a></body></html>"""
ROUTES = {
    "/": HOME,
    "/named.xml": FEED % (ITEM * 3),
    "/rss/linked": FEED % ITEM,
    "/broken.rss": b"<html>gone</html>",
    "/comments/feed": FEED % ITEM,
    "/bare": b"<html><body><p>nothing here</p></body></html>",
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = ROUTES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site on loopback, which the settings allow to be asked."""
    monkeypatch.setenv("STELLWERK_FETCH__ALLOW", '["127.0.0.0/8"]')
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_examples_are_good() -> None:
    """What ships passes its own check, with its accounts."""
    arguments = ["sources", "check", str(EXAMPLES / "sources.toml"), "--accounts", str(EXAMPLES / "accounts.csv")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "all good" in result.output


def test_check_tells_every_fault(tmp_path: Path) -> None:
    """One line each, file, line, field, and exit code 1."""
    file = tmp_path / "s.toml"
    file.write_text('[[source]]\nurl = "nowhere"\nrights = "all"\n')
    result = CliRunner().invoke(app, ["sources", "check", str(file)])
    assert result.exit_code == 1
    assert f"{file}:2: url:" in result.stderr
    assert f"{file}:3: rights:" in result.stderr


def test_list_as_json_has_all_fields() -> None:
    """One JSON line per source."""
    result = CliRunner().invoke(app, ["sources", "list", str(EXAMPLES / "sources.toml"), "--json"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == len(load_sources(EXAMPLES / "sources.toml"))
    assert {"id", "kind", "url", "expect", "keep", "rules"} <= rows[0].keys()
    assert CliRunner().invoke(app, ["sources", "list", str(EXAMPLES / "sources.toml")]).exit_code == 0


@pytest.mark.parametrize("form", ["toml", "csv", "opml"])
def test_export_is_read_back(tmp_path: Path, form: str) -> None:
    """The examples in any form are the same sources."""
    out = tmp_path / f"s.{form}"
    arguments = ["sources", "export", str(EXAMPLES / "sources.toml"), "--format", form, "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert load_sources(out) == load_sources(EXAMPLES / "sources.toml")


def test_discover_offers_what_it_has_read(site: str, tmp_path: Path) -> None:
    """Named and linked feeds, none of comments, nothing that cannot be read; what is printed is a source file."""
    result = CliRunner().invoke(app, ["sources", "discover", f"{site}/"])
    assert result.exit_code == 0, result.output
    file = tmp_path / "found.toml"
    file.write_text(result.stdout.replace('"neues-vom-werk"', '"a"', 1))
    assert [source.url for source in load_sources(file)] == [f"{site}/named.xml", f"{site}/rss/linked"]
    assert "# named in the page's head: 3 entries, newest 2025-03-05" in result.stdout
    assert load_sources(file)[0].language == "de"


def test_discover_of_a_feed_is_the_feed(site: str) -> None:
    """An address that is a feed needs no search."""
    result = CliRunner().invoke(app, ["sources", "discover", f"{site}/named.xml", "--json"])
    (row,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (row["kind"], row["url"], row["entries"]) == ("feed", f"{site}/named.xml", 3)


def test_discover_of_nothing_is_told(site: str) -> None:
    """Exit code 1 and a sentence."""
    result = CliRunner().invoke(app, ["sources", "discover", f"{site}/bare"])
    assert result.exit_code == 1
    assert "nothing found" in result.stderr
