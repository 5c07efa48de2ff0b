"""Sitemaps: of pages, of news, of sitemaps; packed, huge and broken."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from agents.errors import NotAFeed, TooBig, Walled
from agents.sitemaps import parse
from agents.sources import Source

URL = "https://news.example/sitemap.xml"
SOURCE = Source(id="map", kind="sitemap", url=URL)
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)
IMAGE = '<image:image xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><image:loc>https://x.example/p.jpg</image:loc></image:image>'


def urlset(inner: str) -> bytes:
    """Return a sitemap."""
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SPACES}>{inner}</urlset>'.encode()


def test_news_sitemap_has_titles_and_dates() -> None:
    """Google's extension says what a feed would."""
    body = urlset(f"""<url><loc>https://news.example/a?x=1&amp;y=2</loc>{IMAGE}<lastmod>2026-03-05T10:00:00Z</lastmod>
    <news:news><news:publication><news:name>News</news:name><news:language>de</news:language></news:publication>
    <news:publication_date>2026-03-04T08:00:00+01:00</news:publication_date>
    <news:title>Werk &amp; Halle in Köln</news:title>
    <news:keywords>Bau, Industrie</news:keywords></news:news></url>""")
    (entry,) = parse(body, URL, SOURCE).entries
    assert (entry.url, entry.title, entry.language) == ("https://news.example/a?x=1&y=2", "Werk & Halle in Köln", "de")
    assert (entry.published, entry.tags) == (datetime(2026, 3, 4, 7, tzinfo=UTC), ("Bau", "Industrie"))


def test_huge_ones_are_cut_by_date() -> None:
    """Of fifty thousand pages the newest count, newest first; what was touched long ago does not."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    inner = "".join(
        f"<url><loc>/{n}</loc><lastmod>{start + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        for n in range(50_000)
    )
    feed = parse(gzip.compress(urlset(inner)), URL, SOURCE, most=100)
    assert [entry.url for entry in feed.entries[:2]] == ["https://news.example/49999", "https://news.example/49998"]
    assert (len(feed.entries), feed.offered) == (100, 30 * 24 + 1)
    assert feed.entries[0].published is None


def test_index_leads_to_the_likely_sitemaps() -> None:
    """At most ten: such of news, then those touched last; pictures, tags and products never."""
    rows = [("image-sitemap-1.xml", "2026-03-09"), ("tags.xml", "2026-03-09"), ("news-sitemap.xml", "2026-03-01")]
    rows += [(f"post-sitemap-{n}.xml", f"2026-02-{n:02}") for n in range(1, 20)]
    inner = "".join(f"<sitemap><loc>/{name}</loc><lastmod>{day}</lastmod></sitemap>" for name, day in rows)
    feed = parse(f"<sitemapindex {SPACES}>{inner}</sitemapindex>".encode(), URL, SOURCE)
    assert feed.entries == ()
    assert len(feed.more) == 10
    assert feed.more[0] == "https://news.example/news-sitemap.xml"
    assert feed.more[1] == "https://news.example/post-sitemap-19.xml"
    assert not any("image" in url or "tags" in url for url in feed.more)


def test_without_dates_only_so_many() -> None:
    """A page without date must be fetched to be known."""
    inner = "".join(f"<url><loc>https://news.example/{n}</loc></url>" for n in range(3000))
    assert len(parse(urlset(inner), URL, SOURCE).entries) == 500


def test_text_is_a_sitemap_too() -> None:
    """One URL a line."""
    feed = parse(b"https://news.example/a\nhttps://news.example/b\n", URL, SOURCE)
    assert [entry.url for entry in feed.entries] == ["https://news.example/a", "https://news.example/b"]


def test_what_breaks_off_has_a_beginning() -> None:
    """A truncated sitemap gives what was whole."""
    body = urlset("<url><loc>https://news.example/a</loc></url><url><loc>https://news.exa")[:-20]
    assert parse(body, URL, SOURCE).entries[0].url == "https://news.example/a"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<rss version='2.0'/>", "<rss>"),
        (b"not found", "no XML"),
        (b"\x1f\x8bnonsense", "gzip"),
        (b"<!doctype html><html><body>404</body></html>", "<html>"),
    ],
)
def test_what_is_no_sitemap_is_told(body: bytes, reason: str) -> None:
    """Refused with what it is instead."""
    with pytest.raises(NotAFeed, match=reason):
        parse(body, URL, SOURCE)


def test_walls_and_bombs_are_told() -> None:
    """A consent wall is one here too, and a packed gigabyte is not unpacked."""
    with pytest.raises(Walled):
        parse(b"<html><body>Mit Werbung und Cookies weiterlesen oder Pur-Abo.</body></html>", URL, SOURCE)
    with pytest.raises(TooBig):
        parse(gzip.compress(b" " * 100_000_000), URL, SOURCE)


def test_entities_are_not_expanded() -> None:
    """A document type with entities costs nothing and reads no file."""
    body = b"<!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + urlset("<url><loc>&x;</loc></url>")[38:]
    assert parse(body, URL, SOURCE).entries == ()
