"""Reddit. The answers are our own small texts in the shapes that its feeds and listings have; none is a real post."""

from __future__ import annotations

from html import escape
from typing import Any

import orjson
import pytest

from agents import reddit
from agents.entries import Feed
from agents.errors import NotAFeed
from agents.fetch import Door
from agents.sources import Source
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

NEW = "https://www.reddit.com/r/beispiel/new/.rss?limit=100"


def source(url: str = "r/beispiel") -> Source:
    return Source(id="beispiel", kind="reddit", url=url, name="r/beispiel")


def markup(words: str, link: str = "https://werke.example/m/1") -> str:
    page = "https://www.reddit.com/r/beispiel/comments/abc/neues_werk/"
    return (
        f'<!-- SC_OFF --><div class="md"><p>{words}</p></div><!-- SC_ON --> &#32; submitted by &#32; '
        f'<a href="https://www.reddit.com/user/muster"> /u/muster </a> <br/> <span><a href="{link}">[link]</a></span> '
        f'&#32; <span><a href="{page}">[comments]</a></span>'
    )


def atom(*entries: tuple[str, str, str]) -> bytes:
    inner = "".join(
        f"<entry><author><name>/u/muster</name><uri>https://www.reddit.com/user/muster</uri></author>"
        f'<category term="beispiel" label="r/beispiel"/><content type="html">{escape(content)}</content><id>{id}</id>'
        f'<link href="https://www.reddit.com/r/beispiel/comments/abc/neues_werk/"/>'
        f"<updated>2026-03-05T10:00:00+00:00</updated><published>2026-03-05T09:30:00+00:00</published>"
        f"<title>{escape(title)}</title></entry>"
        for id, title, content in entries
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>beispiel</title>'
    return f"{head}{inner}</feed>".encode()


def listing(*links: dict[str, Any]) -> bytes:
    children = [{"kind": one.pop("kind", "t3"), "data": one} for one in links]
    return orjson.dumps({"kind": "Listing", "data": {"children": children, "after": None}})


def link(**more: Any) -> dict[str, Any]:
    made = {
        "id": "abc",
        "name": "t3_abc",
        "title": "Neues Werk in Leuna &amp; anderswo",
        "selftext": "Baubeginn im **Mai**.",
        "selftext_html": '<!-- SC_OFF --><div class="md"><p>Baubeginn im <strong>Mai</strong>.</p></div><!-- SC_ON -->',
        "author": "muster",
        "subreddit": "beispiel",
        "permalink": "/r/beispiel/comments/abc/neues_werk/",
        "url": "https://werke.example/m/1",
        "is_self": False,
        "created_utc": 1772703000.0,
        "ups": 12,
        "num_comments": 3,
        "over_18": False,
        "link_flair_text": "Wirtschaft",
        "removed_by_category": None,
    }
    return {**made, **more}


def read(body: bytes) -> Feed:
    return reddit.parse(body, NEW, source())


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("r/beispiel", NEW),
        ("https://www.reddit.com/r/beispiel/", NEW),
        ("https://old.reddit.com/r/beispiel", NEW),
        ("u/muster", "https://www.reddit.com/user/muster/submitted/.rss?limit=100"),
        ("https://www.reddit.com/r/beispiel/top/.json?t=week", "https://www.reddit.com/r/beispiel/top/.json?t=week"),
    ],
)
def test_sources_are_written_as_people_write_them(written: str, start: str) -> None:
    """Community, author, page or address: each leads to where polling begins."""
    assert reddit.start_url(source(written)) == start


def test_a_feed_entry_becomes_an_entry() -> None:
    """The author's words and links, without the line that says who submitted it."""
    (entry,) = read(atom(("t3_abc", "Neues Werk", markup("Baubeginn im Mai. #Leuna")))).entries
    assert (entry.title, entry.content) == ("Neues Werk", "Baubeginn im Mai. #Leuna")
    assert entry.url == "https://www.reddit.com/r/beispiel/comments/abc/neues_werk/"
    assert (entry.author, entry.tags) == ("u/muster", ("beispiel", "Leuna"))
    assert entry.published is not None
    assert entry.published.isoformat() == "2026-03-05T09:30:00+00:00"
    assert entry.extra["links"] == ["https://werke.example/m/1"]


def test_a_link_alone_is_its_title() -> None:
    """A post that only links has no words of its own."""
    content = markup("x").replace('<div class="md"><p>x</p></div>', "")
    (entry,) = read(atom(("t3_abc", "Neues Werk", content))).entries
    assert (entry.title, entry.content) == ("Neues Werk", "")


def test_a_listing_becomes_the_same_with_figures() -> None:
    """The JSON of the same post has the same address and words, and its score."""
    (entry,) = read(listing(link())).entries
    assert (entry.title, entry.content) == ("Neues Werk in Leuna & anderswo", "Baubeginn im Mai.")
    assert entry.url == "https://www.reddit.com/r/beispiel/comments/abc/neues_werk/"
    assert entry.published is not None
    assert entry.published.isoformat() == "2026-03-05T09:30:00+00:00"
    assert (entry.extra["likes"], entry.extra["replies"], entry.tags) == (12, 3, ("beispiel", "Wirtschaft"))


def test_what_was_taken_away_is_no_entry() -> None:
    """Deleted and removed posts and comments are none; a removed text leaves its title."""
    assert read(atom(("t3_1", "[deleted by user]", markup("x")), ("t1_2", "/u/a on b", markup("x")))).offered == 0
    gone = [link(removed_by_category="moderator"), link(title="[deleted]"), link(kind="t1")]
    assert read(listing(*gone)).offered == 0
    bare = link(author="[deleted]", selftext="[removed]", selftext_html='<div class="md"><p>[removed]</p></div>')
    (entry,) = read(listing(bare)).entries
    assert (entry.author, entry.content) == ("", "")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"message": "Forbidden", "error": 403}', "403 Forbidden"),
        (b'{"kind": "t5", "data": {}}', "no listing"),
        (b"<!doctype html><html><body>blocked</body></html>", "HTML"),
        (b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>", "no Atom"),
        (b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>', "document type"),
        (b"", "no XML|empty"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_reason(body: bytes, why: str) -> None:
    """A refusal is no empty community."""
    with pytest.raises(NotAFeed, match=why):
        read(body)


async def test_a_feed_from_a_server(web: Web, fetch_settings: FetchSettings) -> None:
    """Fetched through the door like any other."""
    web.put("/r/beispiel/new/.rss", atom(("t3_abc", "Neues Werk", markup("Mai."))), kind="application/atom+xml")
    one = source(web.url("/r/beispiel/new/.rss"))
    async with Door(fetch_settings) as door:
        answer = await door.get(reddit.start_url(one))
    assert reddit.parse(answer.body, answer.url, one).offered == 1
