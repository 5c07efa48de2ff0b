"""Videos of a YouTube channel or playlist, from its Atom feed.

    UC…, https://www.youtube.com/channel/UC…                the channel's newest fifteen
    PL…, https://www.youtube.com/playlist?list=PL…          the playlist's
    https://www.youtube.com/feeds/videos.xml?…              as it stands

A channel's `@name` stands in no feed; the channel's page says the id (About → Share → Copy channel ID). What is said in
a video is not heard: title and description are all there is.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from agents import atom
from agents.dates import when
from agents.entries import Feed
from agents.plain import plain
from agents.social import Post, hashtags_in, kept_links, timeline, written
from agents.sources import Source

FEED: Final = "https://www.youtube.com/feeds/videos.xml"
#: Named in YouTube's documentation and not in its feeds: https://developers.google.com/youtube/v3/guides/push_notifications
HUB: Final = "https://pubsubhubbub.appspot.com/subscribe"
YT: Final = "{http://www.youtube.com/xml/schemas/2015}"
_CHANNEL: Final = re.compile(r"UC[\w-]{10,40}")
_PLAYLIST: Final = re.compile(r"(?:PL|UU|FL|OL)[\w-]{10,60}")
_PAGE: Final = re.compile(r"/channel/(UC[\w-]{10,40})(?:/.*)?")
_VIDEO: Final = re.compile(r"[\w-]{6,20}")
_LINK: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]']")


def start_url(source: Source) -> str:
    """Return what is fetched.

    Raises:
        ValueError: the source's `url` is neither a channel's nor a playlist's id nor an address of one.
    """
    written = source.url.strip()
    if _CHANNEL.fullmatch(written):
        return f"{FEED}?channel_id={written}"
    if _PLAYLIST.fullmatch(written):
        return f"{FEED}?playlist_id={written}"
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError("write a channel id (UC…) or a playlist id (PL…); a channel's page says its id under Share")
    if (parts.hostname or "").removeprefix("www.").removeprefix("m.") != "youtube.com":
        return written
    if found := _PAGE.fullmatch(parts.path):
        return f"{FEED}?channel_id={found[1]}"
    if parts.path == "/playlist" and (lists := parse_qs(parts.query).get("list")):
        return f"{FEED}?playlist_id={lists[0]}"
    if parts.path == "/feeds/videos.xml":
        return written
    raise ValueError(
        "no feed is known of this page; write the channel id (UC…), which the channel's page says under Share"
    )


def parse(body: bytes, url: str, source: Source) -> Feed:
    """Return the videos in a feed; deleted ones (in what a WebSub hub sends) are none.

    Args:
        body: Atom.
        url: what answered.
        source: where it is from.

    Raises:
        NotAFeed: it is no Atom.
    """
    root = atom.root_of(body)
    title = plain(atom.text(root, f"{atom.ATOM}title")) or source.name
    return timeline(title, [_video(one) for one in atom.entries(root)], source.language)


def _video(entry: atom.Element) -> Post:
    """Return a video."""
    group = f"{atom.MEDIA}group"
    words = written(atom.text(entry, group, f"{atom.MEDIA}description"))
    title = plain(atom.text(entry, f"{atom.ATOM}title"), markup=False)
    video = atom.text(entry, f"{YT}videoId").strip()
    author = atom.text(entry, f"{atom.ATOM}author", f"{atom.ATOM}name").strip()
    return Post(
        network="youtube",
        id=atom.text(entry, f"{atom.ATOM}id").strip() or f"yt:video:{video}",
        # A short and a video have different pages; this one works for both, so that a copy pushed by hand is the same.
        url=f"https://www.youtube.com/watch?v={video}" if _VIDEO.fullmatch(video) else atom.link(entry),
        title=title,
        text=words,
        published=when(atom.text(entry, f"{atom.ATOM}published")),
        author=author,
        handle=atom.text(entry, f"{YT}channelId").strip(),
        hashtags=hashtags_in(f"{title}\n{words}"),
        links=kept_links(_LINK.findall(words)),
        likes=_number(entry, f"{atom.MEDIA}starRating", "count"),
        views=_number(entry, f"{atom.MEDIA}statistics", "views"),
    )


def _number(entry: atom.Element, tag: str, attribute: str) -> int:
    """Return a figure of the community's, 0 where there is none."""
    found = entry.find(f"{atom.MEDIA}group/{atom.MEDIA}community/{tag}")
    value = found.get(attribute, "") if found is not None else ""
    return int(value) if value.isdecimal() and len(value) < 16 else 0
