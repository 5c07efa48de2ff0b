"""Public posts of Bluesky, from the public AppView, which wants no log-in.

    bsky:handle, bsky:did:plc:…, https://bsky.app/profile/handle     an account's posts and re-posts
    bsky:#tag, https://bsky.app/hashtag/tag                          posts with a hashtag
    https://…/xrpc/…                                                 as it stands

The search is often closed to readers without log-in (403; https://github.com/bluesky-social/atproto/issues/3423): such
a source then counts as blocked, and nothing is done to get round it. Shapes: the lexicons `app.bsky.feed.*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from agents.dates import when
from agents.entries import Feed
from agents.errors import NotAFeed
from agents.members import Object, inner, loaded, number, objects, text, texts
from agents.social import ASKED, Post, hashtags_in, kept_links, once, passed_on, timeline, written
from agents.sources import Source

APPVIEW: Final = "https://public.api.bsky.app"
_ACTOR: Final = re.compile(r"(?:bsky:)?@?(did:[a-z]+:[\w.:%-]+|[\w-]+(?:\.[\w-]+)+)")
_TAG: Final = re.compile(r"(?:bsky:)?#([^\s#/]+)")
_PAGE: Final = re.compile(r"/(profile|hashtag)/([^/]+)/?")
_MOST: Final = 100
#: What a moderation service or the author says of a post that it is not to be shown at all.
_HIDDEN: Final = frozenset(("!hide", "!takedown", "!suspend"))
#: The author asks that readers without log-in are not shown this; we are one.
_MEMBERS_ONLY: Final = "!no-unauthenticated"
_SENSITIVE: Final = frozenset(("!warn", "porn", "sexual", "nudity", "graphic-media", "gore", "sensitive"))


def start_url(source: Source) -> str:
    """Return what is fetched.

    Raises:
        ValueError: the source's `url` is neither an account nor a hashtag nor an address.
    """
    written = source.url.strip()
    if found := _TAG.fullmatch(written):
        return _search_url(found[1])
    if found := _ACTOR.fullmatch(written):
        return _author_url(found[1])
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError("write bsky:handle, bsky:#tag or an address of the API")
    if parts.hostname in ("bsky.app", "www.bsky.app") and (found := _PAGE.fullmatch(parts.path)):
        return _author_url(found[2]) if found[1] == "profile" else _search_url(unquote(found[2]))
    return written


def parse(body: bytes, url: str, source: Source) -> Feed:
    """Return the posts in an answer of `getAuthorFeed`, `searchPosts` or `getRepostedBy`.

    Args:
        body: JSON.
        url: what answered.
        source: where it is from.

    Raises:
        NotAFeed: the AppView says no, or it is no such JSON.
    """
    raw = loaded(body)
    if not isinstance(raw, dict):
        raise NotAFeed("JSON, but no answer of Bluesky's")
    if said := text(raw, "error"):
        raise NotAFeed(f"the AppView says: {said:.40} {text(raw, 'message'):.100}".rstrip())
    if isinstance(raw.get("repostedBy"), list):
        return passed_on(text(raw, "uri"), (_handle(one) for one in objects(raw, "repostedBy") if _open(one)))
    if isinstance(raw.get("feed"), list):
        posts = [post for item in objects(raw, "feed") if (post := _item(item))]
        return timeline(source.name, posts, source.language, _asked(posts, url))
    if isinstance(raw.get("posts"), list):
        posts = [post for view in objects(raw, "posts") if (post := _post(view))]
        return timeline(source.name, posts, source.language)
    raise NotAFeed("JSON, but no posts of Bluesky's")


def _item(item: Object) -> Post | None:
    """Return the post of one line of an author's feed; the line may be a re-post of somebody else's."""
    by = inner(inner(item, "reason"), "by")
    return _post(inner(item, "post"), (_handle(by),) if by else ())


def _post(view: Object, reposted_by: tuple[str, ...] = ()) -> Post | None:
    """Return a post; None where it is deleted, blocked or not for us."""
    author, record = inner(view, "author"), inner(view, "record")
    labels = {text(label, "val") for label in objects(view, "labels")}
    uri = text(view, "uri")
    if not (uri and record and _open(author)) or labels & _HIDDEN:
        return None
    said = text(record, "text")
    words = written(said)
    facets = list(_facets(record, said))
    tags = [value for kind, value in facets if kind == "tag"] or list(hashtags_in(words))
    embed = inner(view, "embed")
    return Post(
        network="bluesky",
        id=uri,
        url=_page_of(uri, author),
        text=words,
        published=_written(record, view),
        author=text(author, "displayName"),
        handle=_handle(author),
        language=(texts(record, "langs") or [""])[0],
        below=tuple(line for line in (written(one) for one in _below(embed)) if line),
        hashtags=once([*tags, *texts(record, "tags")]),
        mentions=tuple(dict.fromkeys(value for kind, value in facets if kind == "mention")),
        links=kept_links([*(value for kind, value in facets if kind == "link"), *_embedded(embed)]),
        likes=number(view, "likeCount"),
        reposts=number(view, "repostCount"),
        replies=number(view, "replyCount"),
        reposted_by=reposted_by,
        reply_to=_reply_to(record, uri),
        warning=", ".join(sorted(labels & _SENSITIVE)),
        sensitive=bool(labels & _SENSITIVE),
        key=uri,
    )


def _facets(record: Object, said: str) -> Iterator[tuple[str, str]]:
    """Yield (tag, name), (mention, @handle) and (link, URL); facets count bytes of the text as it was written."""
    raw = said.encode(errors="replace")
    for facet in objects(record, "facets"):
        index = inner(facet, "index")
        shown = raw[number(index, "byteStart") : number(index, "byteEnd")].decode(errors="ignore").strip()
        for feature in objects(facet, "features"):
            kind = text(feature, "$type").rpartition("#")[2]
            # A mention carries an identifier that nobody knows by heart; the text says the handle.
            value = {"tag": text(feature, "tag"), "mention": shown, "link": text(feature, "uri")}.get(kind)
            if value:
                yield kind, value


def _below(embed: Object) -> Iterator[str]:
    """Yield title and teaser of a linked page and the words of a quoted post, from a view of either."""
    for one in (embed, inner(embed, "media")):
        yield text(inner(one, "external"), "title")
        yield text(inner(one, "external"), "description")
    quoted = inner(embed, "record")
    quoted = inner(quoted, "record") or quoted
    # Of a deleted, blocked or detached post nothing but its name is left.
    if text(quoted, "$type").endswith("#viewRecord") and _open(inner(quoted, "author")):
        yield text(inner(quoted, "value"), "text")


def _embedded(embed: Object) -> list[str]:
    """Return the addresses of linked pages."""
    return [text(inner(one, "external"), "uri") for one in (embed, inner(embed, "media"))]


def _written(record: Object, view: Object) -> datetime | None:
    """Return when a post was written: what its author says, but no later than it was first seen."""
    times = [when(text(record, "createdAt")), when(text(view, "indexedAt"))]
    return min((time for time in times if time), default=None)


def _reply_to(record: Object, uri: str) -> str:
    """Return what a post replies to; "" where it is none, or goes on with a thread of its author's own."""
    parent = text(inner(inner(record, "reply"), "parent"), "uri")
    return "" if parent.split("/")[:3] == uri.split("/")[:3] else parent


def _open(author: Object) -> bool:
    """Say whether an author lets everybody read."""
    labels = {text(label, "val") for label in objects(author, "labels")}
    return _MEMBERS_ONLY not in labels and not labels & _HIDDEN


def _handle(author: Object) -> str:
    """Return `@handle`, or the identifier of an account that has none at the moment."""
    name = text(author, "handle")
    return f"@{name}" if name and name != "handle.invalid" else text(author, "did")


def _page_of(uri: str, author: Object) -> str:
    """Return the page of a post `at://did/app.bsky.feed.post/key`."""
    name = _handle(author).removeprefix("@") or uri.removeprefix("at://").partition("/")[0]
    return f"https://bsky.app/profile/{quote(name, safe=':.')}/post/{quote(uri.rpartition('/')[2], safe='')}"


def _asked(posts: Iterable[Post], url: str) -> list[str]:
    """Return where to ask who passed on: of the account's own newest posts that somebody did."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}/xrpc/app.bsky.feed.getRepostedBy"
    passed = [post for post in posts if post.reposts and not post.reposted_by][:ASKED]
    return [f"{base}?uri={quote(post.key, safe='')}&limit={_MOST}" for post in passed]


def _author_url(actor: str) -> str:
    """Return an author's feed; replies to others are left out there."""
    name = quote(unquote(actor).removeprefix("@"), safe=":")
    return f"{APPVIEW}/xrpc/app.bsky.feed.getAuthorFeed?actor={name}&limit={_MOST}&filter=posts_and_author_threads"


def _search_url(tag: str) -> str:
    """Return the search for a hashtag, newest first."""
    return f"{APPVIEW}/xrpc/app.bsky.feed.searchPosts?q=%23{quote(tag, safe='')}&sort=latest&limit={_MOST}"
