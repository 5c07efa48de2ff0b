"""Feeds as they really are, and answers that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from agents.articles import choose
from agents.errors import NotAFeed, Walled
from agents.feeds import Feed, parse_feed
from agents.sources import Source

URL = "https://news.example/feed.xml"


def rss(items: str, head: str = "") -> bytes:
    """Return an RSS document with these items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{head}{items}</channel></rss>'.encode()


def atom(entries: str) -> bytes:
    """Return an Atom document with these entries."""
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>T</title>{entries}</feed>'.encode()


def test_rss_entry_is_read() -> None:
    """Title, link, texts, date, author, tags, the feed's language and pause."""
    body = rss(
        """<item><title>Neues &lt;b&gt;Werk&lt;/b&gt; in Köln</title><link>/a?b=1&amp;c=2</link><guid>x-1</guid>
        <description>&lt;p&gt;Kurz&amp;nbsp;gesagt&lt;/p&gt;</description><author>a@b.example (Eva Muster)</author>
        <content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>Lang</p><p>und länger
        als der Teaser.</p>]]></content:encoded><category>Wirtschaft</category><category>Wirtschaft</category>
        <pubDate>Mi, 05 Mär 2025 10:00:00 +0100</pubDate></item>""",
        "<language>de-AT</language><ttl>30</ttl>",
    )
    feed = parse_feed(body, URL)
    (entry,) = feed.entries
    assert (feed.title, feed.language, feed.ttl, feed.offered) == ("T", "de", 1800.0, 1)
    assert (entry.id, entry.url, entry.title) == ("x-1", "https://news.example/a?b=1&c=2", "Neues Werk in Köln")
    assert (entry.summary, entry.content) == ("Kurz gesagt", "Lang\nund länger als der Teaser.")
    assert (entry.author, entry.tags) == ("Eva Muster", ("Wirtschaft",))
    assert entry.published == datetime(2025, 3, 5, 9, tzinfo=UTC)


def test_atom_texts_are_plain_whatever_they_are_declared() -> None:
    """Markup in a text that is declared as plain is dropped all the same, its entities are not decoded twice."""
    feed = parse_feed(
        atom("""<entry><id>tag:x,1</id>
        <title type="text">AT&amp;amp;T &lt;script&gt;alert(1)&lt;/script&gt;wächst</title>
        <link rel="alternate" href="a"/><link rel="self" href="b"/><updated>2025-03-05T10:00:00Z</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Ein <b>Satz</b>.</p></div></content>
        <author><name>Eva</name></author></entry>"""),
        URL,
    )
    (entry,) = feed.entries
    assert (entry.title, entry.url, entry.content) == ("AT&amp;T wächst", "https://news.example/a", "Ein Satz.")
    assert entry.published == datetime(2025, 3, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize("version", ["1", "1.1"])
def test_json_feed_is_read(version: str) -> None:
    """JSON Feed 1.0 and 1.1; members of a wrong type count as missing."""
    item = {
        "id": 7,
        "url": "/a",
        "title": "Titel &amp; Text",
        "content_html": "<p>Lang</p><p>Text</p>",
        "content_text": 5,
        "summary": "Kurz",
        "date_published": "2025-03-05T10:00:00+01:00",
        "authors" if version == "1.1" else "author": [{"name": "Eva"}] if version == "1.1" else {"name": "Eva"},
        "tags": ["a", None, "a", 3],
    }
    raw = {"version": f"https://jsonfeed.org/version/{version}", "title": "T", "language": "en", "items": [item, 3, {}]}
    feed = parse_feed(b"\xef\xbb\xbf" + orjson.dumps(raw), URL)
    entry = feed.entries[0]
    assert (entry.id, entry.url, entry.title, entry.content) == (
        "7",
        "https://news.example/a",
        "Titel & Text",
        "Lang\nText",
    )
    assert (entry.summary, entry.author, entry.tags) == ("Kurz", "Eva", ("a", "3"))
    assert entry.published == datetime(2025, 3, 5, 9, tzinfo=UTC)
    assert (feed.language, feed.offered, len(feed.entries)) == ("en", 2, 2)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "x" * 10_000])
def test_bad_links_cost_only_themselves(link: str) -> None:
    """An entry with a link that we do not keep is kept without it."""
    (entry,) = parse_feed(rss(f"<item><title>Titel</title><link>{link}</link></item>"), URL).entries
    assert (entry.title, entry.url) == ("Titel", "")


@pytest.mark.parametrize("written", ["0000-00-00", "Tue, 30 Feb 2024 10:00:00 GMT", "bald", "2024-02-30T10:00:00Z"])
def test_dates_that_are_none_are_none(written: str) -> None:
    """Nothing is rolled over into a date that was not meant."""
    (entry,) = parse_feed(rss(f"<item><title>a</title><pubDate>{written}</pubDate></item>"), URL).entries
    assert entry.published is None


@pytest.mark.parametrize("coding", ["utf-8", "iso-8859-1", "utf-16"])
def test_declared_encodings_are_read(coding: str) -> None:
    """The XML declaration counts."""
    inner = "<channel><item><title>Größe</title></item></channel>"
    text = f'<?xml version="1.0" encoding="{coding}"?><rss version="2.0">{inner}</rss>'
    assert parse_feed(text.encode(coding), URL).entries[0].title == "Größe"


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="iso-8859-1"?>', '<?xml version="1.0"?>'])
@pytest.mark.parametrize("header", ["", "text/html", "application/octet-stream", "text/xml", "x; charset=latin-1"])
def test_utf8_proves_itself(declared: str, header: str) -> None:
    """Servers and declarations that say otherwise are wrong about valid UTF-8."""
    body = f"{declared}<rss version='2.0'><channel><item><title>Größe</title></item></channel></rss>".encode()
    assert parse_feed(body, URL, header).entries[0].title == "Größe"


@pytest.mark.parametrize("header", ["application/rss+xml; charset=windows-1252", 'text/xml;Charset="ISO-8859-1"'])
def test_charset_of_the_header_counts(header: str) -> None:
    """Where the document says nothing, the header does."""
    body = "<rss version='2.0'><channel><item><title>Größe</title></item></channel></rss>".encode("latin-1")
    assert parse_feed(body, URL, header).entries[0].title == "Größe"


def test_wrong_bytes_lose_no_entry() -> None:
    """Latin-1 that calls itself UTF-8, NULs and a bidi override still make a readable entry."""
    body = rss("<item><title>Gr\u00f6\u00dfe \u202etest</title><link>https://a.example/1</link></item>").decode()
    feed = parse_feed(body.replace("\u202e", "").encode("latin-1").replace(b"test", b"te\0st"), URL)
    assert [entry.url for entry in feed.entries] == ["https://a.example/1"]
    json.dumps(feed.entries[0].title).encode()


def test_only_so_many_entries_are_taken() -> None:
    """Thirty thousand entries cost no more than two thousand; the rest is known by number."""
    body = rss("".join(f"<item><title>t{n}</title><guid>{n}</guid></item>" for n in range(30_000)))
    feed = parse_feed(body, URL, most=50)
    assert (len(feed.entries), feed.offered, feed.entries[-1].id) == (50, 30_000, "49")


def test_empty_feed_is_a_feed() -> None:
    """Nothing new is no fault."""
    assert parse_feed(rss(""), URL) == Feed("T", "", None, (), 0)
    assert parse_feed(atom(""), URL).offered == 0


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "declared",
    [
        f'<!DOCTYPE rss [<!ENTITY a0 "ha">{LAUGHS}]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!doctype rss SYSTEM "http://127.0.0.1/x.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]>',
        "<?x y?><!-- <rss> --><!DOCTYPE rss\n[\n]>",
    ],
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_declared_entities_are_refused(declared: str, coding: str) -> None:
    """Bombs and files in a document type are not even looked at."""
    body = f"{declared}<rss version='2.0'><channel><item><title>&a8;&x;</title></item></channel></rss>"
    with pytest.raises(NotAFeed, match="entities"):
        parse_feed(body.encode(coding), URL)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n\0", "empty"),
        (b"<!DOCTYPE html><html><body>Login</body></html>", "an HTML page"),
        (b"<div>kaputt</div>", "an HTML page"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b'{"version": "1"}', "JSON, but no JSON Feed"),
        (b"[1, 2]", "JSON, but no JSON Feed"),
        (b"[" * 10_000, "begins like JSON"),
        (b"{nope", "begins like JSON"),
        (b"<sitemapindex><sitemap/></sitemapindex>", "another kind: <sitemapindex>"),
        (b"<rss version='2.0'><channel><<<", "broken XML"),
        (b"Not found", "no XML, no JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no XML, no JSON"),
    ],
)
def test_what_is_no_feed_is_told(body: bytes, reason: str) -> None:
    """Every answer that is no feed is refused with what it is."""
    with pytest.raises(NotAFeed, match=reason):
        parse_feed(body, URL)


@pytest.mark.slow
def test_real_feeds_are_read(data: Path, record_property: pytest.RecordProperty) -> None:
    """Every real feed has entries where its list says so, but for one whose XML is broken from the first line."""
    listed = [json.loads(row) for row in (data / "feeds" / "manifest.jsonl").read_text().splitlines()]
    totals = {"feeds": 0, "entries": 0, "dated": 0, "linked": 0, "titled": 0}
    broken = []
    for row in listed:
        try:
            feed = parse_feed((data / "feeds" / row["file"]).read_bytes(), f"https://{row['host'] or 'x.example'}/feed")
        except NotAFeed as error:
            broken.append(f"{row['file']}: {error}")
            continue
        assert feed.entries or not row["items"], row["file"]
        totals["feeds"] += 1
        totals["entries"] += len(feed.entries)
        totals["dated"] += sum(entry.published is not None for entry in feed.entries)
        totals["linked"] += sum(bool(entry.url) for entry in feed.entries)
        totals["titled"] += sum(bool(entry.title) for entry in feed.entries)
    print(totals)
    record_property("totals", totals)
    assert len(broken) <= 1, broken
    assert totals["entries"] > 0.99 * sum(row["items"] for row in listed)
    assert totals["dated"] > 0.94 * totals["entries"]


def test_real_polls_bring_each_article_once(data: Path) -> None:
    """Over months of one feed, an article is chosen when it is new or edited, and at no other poll."""
    source = Source(id="polls", url=URL)
    files = sorted((data / "feeds" / "polls" / "feed_google_ai").glob("*.xml"))
    seen: dict[str, str] = {}
    revisions: set[tuple[str, str]] = set()
    offered = 0
    for file in files:
        feed = parse_feed(file.read_bytes(), URL)
        chosen, dropped, present = choose(feed.entries, source, seen)
        assert feed.offered == len(chosen) + dropped.total()
        seen |= present
        offered += feed.offered
        for one in chosen:
            assert (one.id, one.revision) not in revisions, one.entry.title
            revisions.add((one.id, one.revision))
    print({"polls": len(files), "offered": offered, "chosen": len(revisions), "articles": len(seen)})
    assert 0 < len(seen) <= len(revisions) < 1.2 * len(seen)


def test_real_answers_that_are_no_feeds_are_refused(data: Path) -> None:
    """Pages, errors and fragments at feed URLs never look like a feed without news."""
    files = [file for file in sorted((data / "feeds" / "notfeeds").iterdir()) if file.name != "manifest.json"]
    assert files
    for file in files:
        with pytest.raises((NotAFeed, Walled)) as caught:
            parse_feed(file.read_bytes(), URL)
        assert str(caught.value)
