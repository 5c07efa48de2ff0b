"""`stellwerk process`, `parse`, `extract`, `explain`: the forms that others build on."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local import DEMO

ACCOUNTS = DEMO / "accounts.csv"
LINES: list[dict[str, Any]] = [
    {
        "id": "de",
        "title": "Brüggenthal baut ein Werk in Breslau",
        "text": "Der Maschinenbauer Brüggenthal baut in Breslau ein neues Werk. 400 Menschen sollen dort arbeiten.",
        "published": "2026-11-01T08:00:00+01:00",
    },
    {
        "id": "none",
        "title": "Regen am Wochenende",
        "text": "Am Samstag regnet es in ganz Norddeutschland, sagt der Wetterdienst.",
    },
    {
        "id": "en",
        "title": "Caldermont wins order for two furnaces 🚂",
        "text": "Caldermont has won an order worth $240m to build two furnaces in Ohio, the company said on Monday.",
        "url": "https://example.com/en",
        "language": "en",
    },
]


def stellwerk(*arguments: str, stdin: str = "") -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "pipeline.cli", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.fixture(scope="module")
def judged() -> list[dict[str, Any]]:
    text = "\n".join(json.dumps(line) for line in LINES)
    code, out, error = stellwerk("process", "--accounts", str(ACCOUNTS), "-", stdin=text)
    assert code == 0, error
    return out


def test_one_line_out_for_each_in_the_same_order(judged: list[dict[str, Any]]) -> None:
    """Every input line has its output line, in order, with the documented fields."""
    assert [line["id"] for line in judged] == ["de", "none", "en"]
    assert all(set(line) == {"id", "language", "signals", "mentions", "places", "facts", "alerts"} for line in judged)


def test_signals_become_alerts(judged: list[dict[str, Any]]) -> None:
    """A plant is found in German and an order in English, with account, place and alert; the weather gives nothing."""
    german, weather, english = judged
    assert (german["language"], english["language"]) == ("de", "en")
    assert "new_site" in [signal["type"] for signal in german["signals"]]
    assert "contract_win" in [signal["type"] for signal in english["signals"]]
    assert weather["signals"] == weather["mentions"] == weather["alerts"] == []
    assert {mention["account_id"] for mention in german["mentions"]} == {"brueggenthal"}
    assert ("Breslau", "PL") in [(place["text"], place["country"]) for place in german["places"]]
    assert any(a["account"]["id"] == "caldermont" and a["signal"]["type"] == "contract_win" for a in english["alerts"])


def test_articles_without_signals_tell_their_names_too() -> None:
    """No signal, no alert; who and where are told all the same."""
    line = {"id": "1", "title": "Zu Besuch bei Brüggenthal in Breslau", "text": ""}
    code, (out,), error = stellwerk("process", "--accounts", str(ACCOUNTS), "-", stdin=json.dumps(line))
    assert (code, out["signals"], out["alerts"]) == (0, [], []), error
    assert [one["text"] for one in out["mentions"]] == ["Brüggenthal"]
    assert [one["country"] for one in out["places"]] == ["PL"]


def test_offsets_cut_out_the_text(judged: list[dict[str, Any]]) -> None:
    """All offsets count characters of title, line feed, text, also behind a character outside the first plane."""
    for source, line in zip(LINES, judged, strict=True):
        body = f"{source['title']}\n{source['text']}"
        spans = [signal["evidence"] for signal in line["signals"]] + line["mentions"] + line["places"] + line["facts"]
        for span in spans:
            assert body[span["start"] : span["end"]] == span["text"]


def test_facts_carry_figures(judged: list[dict[str, Any]]) -> None:
    """Jobs and amounts come with the documented keys, and reach the alert of their signal."""
    german, _, english = judged
    (jobs,) = german["facts"]
    assert set(jobs) == set("kind text start end value currency unit date_from date_to vague signal".split())
    assert (jobs["kind"], jobs["text"], jobs["value"]) == ("jobs", "400 Menschen", 400)
    (amount, *_) = english["facts"]
    assert (amount["text"], amount["value"], amount["currency"], amount["vague"]) == ("$240m", 240e6, "USD", False)
    assert amount["signal"] in [signal["type"] for signal in english["signals"]]
    assert any(fact["value"] == 240e6 for alert in english["alerts"] for fact in alert["facts"])


def test_a_bad_line_is_named_and_the_others_pass(tmp_path: Path) -> None:
    """A bad line gives an error with its place; the others are processed; exit code 1 at the end."""
    file = tmp_path / "in.jsonl"
    bad = [
        "{",
        "[]",
        '{"title": "x"}',
        '{"id": "a"}',
        '{"id": "b", "title": 7}',
        '{"id": "c", "title": "x", "published": "soon"}',
    ]
    file.write_text("\n".join([json.dumps(LINES[0]), *bad, "", json.dumps(LINES[1])]))
    code, out, _ = stellwerk("process", "--accounts", str(ACCOUNTS), str(file))
    assert code == 1
    assert [line["id"] for line in out] == ["de", None, None, None, "a", "b", "c", "none"]
    errors = [line["error"] for line in out if "error" in line]
    assert len(errors) == len(bad)
    assert errors[0].startswith(f"{file}:2: not JSON")
    assert errors[2] == f"{file}:4: id: missing; every line needs one"
    assert errors[5] == f"{file}:7: published: 'soon' is no ISO 8601 time"


def test_missing_files_are_named() -> None:
    """A missing account file or input file is one line and exit code 1."""
    code, out, error = stellwerk("process", "--accounts", "nowhere.csv", "-")
    assert (code, out) == (1, [])
    assert "nowhere.csv" in error
    code, out, error = stellwerk("process", "--accounts", str(ACCOUNTS), "nowhere.jsonl")
    assert (code, out) == (1, [])
    assert "nowhere.jsonl" in error


def test_parse_reads_feeds_and_refuses_what_is_none(tmp_path: Path) -> None:
    """One line per file: entries with the documented fields, or an error."""
    feed = tmp_path / "feed.xml"
    feed.write_text(
        '<rss version="2.0"><channel><title>T</title><item><title>Werk</title><link>https://example.com/a</link>'
        "<description>Ein Werk</description><pubDate>Mon, 02 Nov 2026 08:00:00 +0100</pubDate></item></channel></rss>"
    )
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><html><body>Bitte einloggen</body></html>")
    code, out, _ = stellwerk("parse", str(feed), str(page), str(tmp_path / "missing.xml"))
    assert code == 1
    assert [line["file"] for line in out] == [str(feed), str(page), str(tmp_path / "missing.xml")]
    (entry,) = out[0]["entries"]
    assert set(entry) == {"id", "url", "title", "summary", "published", "author"}
    assert (entry["title"], entry["url"], entry["published"]) == (
        "Werk",
        "https://example.com/a",
        "2026-11-02T07:00:00Z",
    )
    assert out[1]["error"]
    assert out[2]["error"]


def test_extract_reads_pages_also_packed(tmp_path: Path) -> None:
    """One line per page: its text, or an error."""
    paragraph = (
        "Der Maschinenbauer Brüggenthal baut in Breslau ein neues Werk, teilte das Unternehmen am Montag mit. " * 4
    )
    article = f"<article><h1>Werk</h1><p>{paragraph}</p><p>{paragraph}</p></article>"
    html = f"<html lang=de><head><title>Werk</title></head><body>{article}</body></html>"
    page = tmp_path / "page.html.gz"
    page.write_bytes(gzip.compress(html.encode()))
    empty = tmp_path / "empty.html"
    empty.write_text("")
    code, out, _ = stellwerk("extract", "--url", "https://example.com/a", str(page), str(empty))
    assert code == 1
    assert set(out[0]) == {"file", "title", "text", "author", "published", "language"}
    assert "in Breslau ein neues Werk" in out[0]["text"]
    assert out[1]["error"]


def test_explain_says_why(tmp_path: Path) -> None:
    """`explain` names what each step decided, for an article that alerts and for one that does not."""
    for line, expected in ((LINES[0], "new_site"), (LINES[1], "no_signal")):
        file = tmp_path / f"{line['id']}.json"
        file.write_text(json.dumps(line))
        command = [sys.executable, "-m", "pipeline.cli", "explain", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        assert [word for word in ("article", "classify", "route", "alert") if f"\n{word} " in "\n" + done.stdout] == [
            "article",
            "classify",
            "route",
            "alert",
        ]
        assert expected in done.stdout
