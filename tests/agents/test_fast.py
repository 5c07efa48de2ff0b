"""The fast way to read feeds: the same entries as the slow one finds, and more where that one errs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from agents.entries import Entry
from agents.errors import NotAFeed
from agents.fast import fast_feed
from agents.feeds import parse_feed, slow_feed

URL = "https://news.example/feed.xml"
ITEM = "<item><title>Größe</title><link>https://news.example/a</link></item>"


def rss(items: str, head: str = "", root: str = 'version="2.0"', declared: str = "") -> bytes:
    """Return an RSS document."""
    return f"{declared}<rss {root}><channel><title>T</title>{head}{items}</channel></rss>".encode()


def only(body: bytes, content_type: str = "") -> Entry:
    """Return the one entry of a feed that the fast way reads."""
    feed = fast_feed(body, URL, content_type)
    assert feed is not None
    (entry,) = feed.entries
    return entry


def test_podcasts_are_read() -> None:
    """What only iTunes' tags say counts; the sound itself is no link to an article."""
    entry = only(
        rss(
            """<item><itunes:title>Folge 7</itunes:title><itunes:summary>Ein Gespräch über neue Werke.</itunes:summary>
            <itunes:author>Eva Muster</itunes:author><itunes:keywords>Bau, Werk</itunes:keywords><itunes:duration>31:07
            </itunes:duration><enclosure url="https://news.example/7.mp3" type="audio/mpeg" length="1"/>
            <guid isPermaLink="false">folge-7</guid><pubDate>Wed, 05 Mar 2025 10:00:00 +0100</pubDate></item>""",
            root='version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"',
        )
    )
    assert (entry.title, entry.content, entry.author) == ("Folge 7", "Ein Gespräch über neue Werke.", "Eva Muster")
    assert (entry.tags, entry.url, entry.id) == (("Bau", "Werk"), "", "folge-7")
    assert entry.published == datetime(2025, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "ttl"),
    [
        ("<ttl>30</ttl>", 1800.0),
        ("<ttl>0</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 900.0),
        ("<sy:updatePeriod> daily </sy:updatePeriod>", 86400.0),
        ("", None),
    ],
)
def test_pauses_are_read(head: str, ttl: float | None) -> None:
    """By `ttl`, or by RSS 1.0's module."""
    space = 'version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    for feed in (fast_feed(rss("", head, space), URL), slow_feed(rss("", head, space), URL)):
        assert feed is not None
        assert feed.ttl == ttl


TRAPS = {
    "prefixed Atom": b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>Gr\xc3\xb6\xc3\x9fe</a:title>'
    b'<a:link href="https://news.example/a"/></a:entry></a:feed>',
    "netscape RDF": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    b' xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>T</title></channel>'
    + ITEM.encode()
    + b"</rdf:RDF>",
    "undeclared Latin-1": rss(ITEM).decode().encode("latin-1"),
    "wrongly declared": rss(ITEM, declared='<?xml version="1.0" encoding="iso-8859-1"?>'),
    "UTF-16 without BOM": rss(ITEM, declared='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16-le"),
    "encoded twice": rss(ITEM.encode().decode("latin-1")),
    "encoded twice through Windows-1252": rss(ITEM.replace("Größe", "Grã¶ãŸe".replace("ã", "Ã"))),
    "named entities": rss(ITEM.replace("ö", "&ouml;").replace("ß", "&szlig;")),
    "entities of a DTD elsewhere": rss(
        ITEM.replace("ö", "&ouml;"), declared='<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://x.example/r.dtd">'
    ),
    "stray ampersands": rss(ITEM.replace("Größe", "Größe</title><author>A & B</author><title>")),
    "undeclared prefixes": rss(ITEM.replace("<link>", "<dc:creator>Eva</dc:creator><link>")),
    "unquoted attributes": rss(ITEM, root="version=2.0"),
    "references to no character": rss(ITEM.replace("Größe", "Gr&#xD800;ö&#0;&#x110000;&#99999999;ß&#xFFFE;e")),
    "control characters": rss(ITEM.replace("Größe", "Grö\x0b\x00ße")),
    "words before and after": b"<br />Warning: mysql\n" + rss(ITEM) + b"\n<!-- cached --></html>",
    "upper case": rss("<ITEM><TITLE>Größe</TITLE><LINK>https://news.example/a</LINK></ITEM>"),
}


@pytest.mark.parametrize("body", TRAPS.values(), ids=TRAPS)
def test_traps_are_known(body: bytes) -> None:
    """What fast parsers are known to err on is read right, or left to the slow one."""
    (entry,) = parse_feed(body, URL).entries
    assert (entry.title, entry.url) == ("Größe", "https://news.example/a")


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("<author>Eliot (Eliot Jones)</author>", "Eliot (Eliot Jones)"),
        ("<author>eva@werke.example (Eva Muster)</author>", "Eva Muster"),
        ("<author>(Eva Muster)</author>", "Eva Muster"),
        ("<author><email>eva@werke.example</email><name>Eva Muster</name></author>", "Eva Muster"),
        ("<author><email>eva@werke.example</email></author>", "eva@werke.example"),
        ("<author>Eva</author><author>Ben</author><author>Eva</author>", "Eva, Ben"),
        ("<author>JÃ¼rgen</author><dc:creator>jm</dc:creator>", "Jürgen"),
    ],
)
def test_authors_are_names(written: str, author: str) -> None:
    """Names before addresses, all of them, brackets only where they are the name's."""
    assert only(rss(f"<item><title>a</title>{written}</item>")).author == author


@pytest.mark.parametrize(
    ("url", "head", "link", "made"),
    [
        (URL, "", '<link href="/a"/>', "https://news.example/a"),
        ("", '<link rel="self" href="https://werke.example/f/atom"/>', '<link href="a"/>', "https://werke.example/f/a"),
        ("", '<link href="https://werke.example/"/>', '<link href="/a"/>', "https://werke.example/a"),
        ("", "", '<link href="/a"/>', ""),
        (URL, "", '<link xml:base="https://werke.example/b/" href="a"/>', "https://werke.example/b/a"),
        (URL, "", '<link xml:base="http://[kaputt" href="/a"/>', "https://news.example/a"),
    ],
)
def test_relative_links_have_a_base(url: str, head: str, link: str, made: str) -> None:
    """Where the feed was fetched, else where it says that it is; a link's own `xml:base` counts."""
    body = f'<feed xmlns="http://www.w3.org/2005/Atom">{head}<entry><title>a</title>{link}</entry></feed>'
    feed = fast_feed(body.encode(), url)
    assert feed is not None
    assert feed.entries[0].url == made


def test_bases_nest() -> None:
    """The entry's base is resolved against the feed's."""
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://werke.example/presse/">
        <entry xml:base="2025/"><title>a</title><link href="a"/></entry></feed>"""
    assert only(body.encode()).url == "https://werke.example/presse/2025/a"


def test_what_breaks_off_is_left_to_the_slow_way() -> None:
    """Truncated XML is no XML; its entries are found all the same."""
    body = rss(ITEM + ITEM.replace("/a<", "/b<"))[:-20]
    assert fast_feed(body, URL) is None
    assert [entry.url for entry in parse_feed(body, URL).entries] == [
        "https://news.example/a",
        "https://news.example/b",
    ]


def test_references_to_no_character_break_no_parser() -> None:
    """The slow way would fall over them, and the whole feed with it."""
    (entry,) = slow_feed(rss("<item><description>Gr&#xD800;ö&#xdfff;ße<b>fett</description></item>"), URL).entries
    assert entry.content == "Größefett"


def test_nothing_is_guessed_into_a_feed() -> None:
    """What libxml2 recovers of broken XML counts only where no entry is missing."""
    assert fast_feed(b"<rss version='2.0'><channel><title>T</title><<<", URL, guess=True) is None
    guessed = fast_feed(rss(ITEM + "<item></item></broken>" + ITEM), URL, guess=True)
    assert guessed is not None
    assert len(guessed.entries) == 3


def test_the_author_that_costs_seconds_costs_nothing() -> None:
    """The string that holds feedparser up for seconds is a name like any other here."""
    author = "a." * 8000 + "@" + "a." * 8000
    began = time.process_time()
    entry = only(rss(f"<item><title>Werk</title><author>{author}</author></item>"))
    assert time.process_time() - began < 1.0
    assert (entry.title, len(entry.author)) == ("Werk", 200)


@pytest.fixture(scope="module")
def real(data: Path) -> list[tuple[str, bytes]]:
    """All real feeds, by name."""
    rows = [json.loads(row) for row in (data / "feeds" / "manifest.jsonl").read_text().splitlines()]
    return [(row["file"], (data / "feeds" / row["file"]).read_bytes()) for row in rows]


@pytest.mark.slow
def test_entries_are_the_union_of_what_both_parsers_find(real: list[tuple[str, bytes]]) -> None:
    """At least 99 % of what feedparser or fastfeedparser finds in the real feeds."""
    other = pytest.importorskip("fastfeedparser", reason="fastfeedparser is not installed: run make test")
    found = union = 0
    for name, body in real:
        counts = [_count(lambda body=body: feedparser.parse(body).entries)]
        counts.append(_count(lambda body=body: other.parse(body)["entries"]))
        ours = _count(lambda body=body: parse_feed(body, URL).entries)
        if ours < max(counts):
            print(name, counts, ours)
        found, union = found + min(ours, max(counts)), union + max(counts)
    print({"feeds": len(real), "union": union, "found": found, "share": round(found / union, 4)})
    assert found >= 0.99 * union


def _count(read: Callable[[], object]) -> int:
    """Return the number of entries; none where a parser raises."""
    try:
        return len(read())  # type: ignore[arg-type]
    except Exception:
        # Parsers raise what they like; this is about what they find.
        return 0


@pytest.mark.slow
def test_both_ways_agree(real: list[tuple[str, bytes]]) -> None:
    """A feed that is well-formed today and not tomorrow does not bring its articles again as edited."""
    fields = ("url", "title", "content", "published")
    same = dict.fromkeys(fields, 0)
    entries = 0
    for _, body in real:
        fast = fast_feed(body, URL) if body.lstrip()[:1] == b"<" else None
        if fast is None:
            continue
        try:
            slow = slow_feed(body, URL)
        except NotAFeed:
            continue
        assert len(fast.entries) >= len(slow.entries)
        if len(fast.entries) != len(slow.entries):
            continue
        entries += len(fast.entries)
        for one, other in zip(fast.entries, slow.entries, strict=True):
            for field in fields:
                same[field] += getattr(one, field) == getattr(other, field)
    print({field: round(number / entries, 4) for field, number in same.items()}, entries)
    assert all(number >= 0.99 * entries for number in same.values())


@pytest.mark.slow
def test_fast_is_fast(real: list[tuple[str, bytes]]) -> None:
    """Feeds per CPU second ÷ plain feedparser's, on the same files; ours make plain texts of them as well."""

    def seconds(read: Callable[[bytes], object]) -> float:
        began = time.process_time()
        for _, body in real:
            _count(lambda body=body: [read(body)])
        return time.process_time() - began

    ours = min(seconds(lambda body: parse_feed(body, URL)) for _ in range(3))
    plain = seconds(feedparser.parse)
    print({"ours": round(len(real) / ours), "feedparser": round(len(real) / plain), "ratio": round(plain / ours, 1)})
    assert plain > 5 * ours
