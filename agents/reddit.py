"""Public posts of Reddit: a community's or an author's feed.

    r/name, https://www.reddit.com/r/name/        new posts of a community
    u/name, https://www.reddit.com/user/name/     what an author posted
    an address that ends in .rss or .json         as it stands

The feed (Atom) is asked for; the JSON of the same address knows scores, and is often refused without log-in. Reddit
wants few requests and an honest user agent, and has terms for commercial use (Public Content Policy) that are yours to
keep.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from agents import atom
from agents.dates import when
from agents.entries import Feed
from agents.errors import NotAFeed
from agents.members import Object, flag, inner, loaded, number, objects, text
from agents.plain import plain
from agents.social import Post, hashtags_in, kept_links, once, timeline, written
from agents.sources import Source

_NAME: Final = re.compile(r"/?(r|u|user)/([\w-]+)/?")
_HOSTS: Final = frozenset(("reddit.com", "www.reddit.com", "old.reddit.com", "new.reddit.com"))
_MOST: Final = 100
#: What stands where an author or a moderator took something away.
_EMPTY: Final = frozenset(
    ("[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]", "[removed by reddit]")
)


def start_url(source: Source) -> str:
    """Return what is fetched.

    Raises:
        ValueError: the source's `url` is neither a community nor an author nor an address.
    """
    written = source.url.strip()
    parts = urlsplit(written)
    path = parts.path if parts.hostname in _HOSTS else "" if parts.scheme else written
    if found := _NAME.fullmatch(path):
        place = f"r/{found[2]}/new" if found[1] == "r" else f"user/{found[2]}/submitted"
        return f"https://www.reddit.com/{place}/.rss?limit={_MOST}"
    if parts.scheme not in ("http", "https"):
        raise ValueError("write r/name, u/name or an address that ends in .rss")
    return written


def parse(body: bytes, url: str, source: Source) -> Feed:
    """Return the posts in a feed or listing.

    Args:
        body: Atom or JSON.
        url: what answered.
        source: where it is from.

    Raises:
        NotAFeed: it is neither, or Reddit says no.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _listing(loaded(body), source)
    root = atom.root_of(body)
    posts = [post for one in atom.entries(root) if (post := _of_entry(one))]
    return timeline(atom.text(root, f"{atom.ATOM}title") or source.name, posts, source.language)


def _of_entry(entry: atom.Element) -> Post | None:
    """Return the post of a feed's entry; None for comments and for what was taken away."""
    id = atom.text(entry, f"{atom.ATOM}id")
    title = plain(atom.text(entry, f"{atom.ATOM}title"))
    if not id.startswith("t3_") or title.lower() in _EMPTY:
        return None
    name = atom.text(entry, f"{atom.ATOM}author", f"{atom.ATOM}name").strip().removeprefix("/")
    words, links = _content(atom.text(entry, f"{atom.ATOM}content"))
    page = atom.link(entry)
    category = entry.find(f"{atom.ATOM}category")
    return Post(
        network="reddit",
        id=id,
        url=page,
        title=title,
        text=words,
        published=when(atom.text(entry, f"{atom.ATOM}published")) or when(atom.text(entry, f"{atom.ATOM}updated")),
        author=name,
        handle=name,
        language="",
        hashtags=once([category.get("term", "")] if category is not None else []) + hashtags_in(words),
        links=kept_links(one for one in links if one != page),
    )


def _content(markup: str) -> tuple[str, list[str]]:
    """Return the author's words and where they link to, without the line that says who submitted it."""
    if not markup.strip():
        return "", []
    root: Any = etree.fromstring(f"<div>{markup}</div>".encode(), etree.HTMLParser(encoding="utf-8"))
    written = root.xpath('//div[contains(concat(" ", @class, " "), " md ")]') if root is not None else []
    words = "\n".join(plain(etree.tostring(one, encoding="unicode", with_tail=False)) for one in written)
    anchors = [a for one in written for a in one.iter("a")]
    if root is not None:
        anchors += [a for a in root.iter("a") if (a.text or "").strip() == "[link]"]
    return _kept(words), [a.get("href", "") for a in anchors]


def _listing(raw: Any, source: Source) -> Feed:
    """Return the posts of a JSON listing; of a post's own page (a pair of listings) the first one."""
    if isinstance(raw, list) and raw:
        raw = raw[0]
    if not isinstance(raw, dict):
        raise NotAFeed("JSON, but no listing of Reddit's")
    if "error" in raw:
        raise NotAFeed(f"Reddit says: {raw.get('error')} {text(raw, 'message'):.100}".rstrip())
    data = inner(raw, "data")
    if text(raw, "kind") != "Listing" or not isinstance(data.get("children"), list):
        raise NotAFeed("JSON, but no listing of Reddit's")
    links = [inner(child, "data") for child in objects(data, "children") if text(child, "kind") == "t3"]
    return timeline(source.name, [post for one in links if (post := _of_link(one))], source.language)


def _of_link(link: Object) -> Post | None:
    """Return the post of a listing's member; None for what was taken away."""
    title = plain(text(link, "title"))
    if title.lower() in _EMPTY or text(link, "removed_by_category"):
        return None
    author = text(link, "author")
    handle = f"u/{author}" if author.lower() not in _EMPTY else ""
    outside = [] if flag(link, "is_self") else [text(link, "url")]
    markup = text(link, "selftext_html")
    words, links = _content(markup) if markup else (_kept(written(text(link, "selftext"))), [])
    return Post(
        network="reddit",
        id=text(link, "name") or f"t3_{text(link, 'id')}",
        url=f"https://www.reddit.com{text(link, 'permalink')}",
        title=title,
        text=words,
        published=_time(link.get("created_utc")),
        author=handle,
        handle=handle,
        hashtags=once([text(link, "subreddit"), text(link, "link_flair_text")]) + hashtags_in(words),
        links=kept_links([*outside, *links]),
        likes=number(link, "ups") or number(link, "score"),
        replies=number(link, "num_comments"),
        reposts=number(link, "num_crossposts"),
        sensitive=flag(link, "over_18"),
        warning="NSFW" if flag(link, "over_18") else "",
    )


def _kept(words: str) -> str:
    """Return the words, "" where they were taken away."""
    return "" if words.strip().lower() in _EMPTY else words


def _time(value: object) -> datetime | None:
    """Return a time given in seconds since 1970."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 4e9:
        return None
    return datetime.fromtimestamp(value, UTC)
