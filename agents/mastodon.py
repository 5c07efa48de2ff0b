"""Public posts of Mastodon, and of servers that speak its API.

    @name@instance, name@instance, https://instance/@name     an account: look-up, then its timeline
    #tag@instance, https://instance/tags/tag                  a hashtag, as far as the instance knows it
    https://instance/api/v1/…                                 as it stands

One poll of an account takes `/accounts/lookup`, `/accounts/:id/statuses` and, of the newest posts that were boosted,
`/statuses/:id/reblogged_by`. Shapes: https://docs.joinmastodon.org/methods/ and /entities/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from lxml import etree

from agents.dates import when
from agents.entries import Feed
from agents.errors import NotAFeed
from agents.links import clean
from agents.members import Object, flag, inner, loaded, number, objects, of_objects, text
from agents.plain import plain
from agents.social import ASKED, NAMED, Post, kept_links, once, passed_on, timeline
from agents.sources import Source

_ACCOUNT: Final = re.compile(r"@?([\w.-]+)@([\w.-]+(?::\d+)?)")
_TAG: Final = re.compile(r"#([^\s@#/]+)@([\w.-]+(?::\d+)?)")
_PROFILE: Final = re.compile(r"/(?:users/|web/)?@?([\w.-]+(?:@[\w.-]+)?)/?")
_TAGGED: Final = re.compile(r"/tags/([^/]+)/?")
_BOOSTED: Final = re.compile(r"/api/v1/statuses/([^/]+)/reblogged_by$")
#: The API's own upper bounds.
_STATUSES, _NAMES = 40, 80
_SHOWN: Final = frozenset(("public", "unlisted"))


def start_url(source: Source) -> str:
    """Return what is fetched first.

    Raises:
        ValueError: the source's `url` is neither an account nor a hashtag nor an address.
    """
    written = source.url.strip()
    if found := _TAG.fullmatch(written):
        return _tag_url(f"https://{found[2]}", found[1])
    if found := _ACCOUNT.fullmatch(written):
        return _account_url(f"https://{found[2]}", found[1])
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError("write @name@instance, #tag@instance or an address of the instance's API")
    base = f"{parts.scheme}://{parts.netloc}"
    if found := _TAGGED.fullmatch(parts.path):
        return _tag_url(base, unquote(found[1]))
    if not parts.path.startswith("/api/") and (found := _PROFILE.fullmatch(parts.path)):
        return _account_url(base, found[1])
    return written


def parse(body: bytes, url: str, source: Source) -> Feed:
    """Return the posts in an answer of the API, or where to go on.

    Args:
        body: JSON.
        url: what answered; says of which post the boosters are.
        source: where it is from.

    Raises:
        NotAFeed: the instance says no, the account is suspended or not to be indexed, or it is no such JSON.
    """
    raw = loaded(body)
    if isinstance(raw, dict):
        return _looked_up(raw, url)
    if not isinstance(raw, list):
        raise NotAFeed("JSON, but no answer of Mastodon's")
    items = of_objects(raw)
    if found := _BOOSTED.search(urlsplit(url).path):
        return passed_on(found[1], (_handle(one, url) for one in items if _indexed(one)))
    if items and not any("account" in one for one in items):
        raise NotAFeed("JSON, but no posts of Mastodon's")
    posts = [post for one in items if (post := _post(one, url))]
    return timeline(source.name, posts, source.language, _asked(posts, url))


def _looked_up(account: Object, url: str) -> Feed:
    """Return a feed that leads from an account to its timeline."""
    if said := text(account, "error"):
        raise NotAFeed(f"the instance says: {said:.100}")
    id = text(account, "id")
    if not id or "acct" not in account:
        raise NotAFeed("JSON, but no account of Mastodon's")
    if flag(account, "suspended"):
        raise NotAFeed("the account is suspended")
    if not _indexed(account):
        raise NotAFeed("the account asks not to be indexed")
    # Replies to others say little without what they reply to; a thread of one's own comes with this all the same.
    more = f"{_base(url)}/api/v1/accounts/{quote(id, safe='')}/statuses?limit={_STATUSES}&exclude_replies=true"
    return timeline(text(account, "display_name") or _handle(account, url), (), "", (more,))


def _post(outer: Object, url: str) -> Post | None:
    """Return a status, or the status that it boosts; None where it is not for us."""
    status = inner(outer, "reblog") or outer
    account = inner(status, "account")
    shown = text(status, "visibility") in _SHOWN and text(outer, "visibility") in _SHOWN
    if not shown or not _indexed(account) or not _indexed(inner(outer, "account")):
        return None
    markup = _without_emoji(text(status, "content"), status)
    return Post(
        network="mastodon",
        id=text(status, "uri") or text(status, "url"),
        url=text(status, "url") or text(status, "uri"),
        text=plain(markup),
        published=when(text(status, "created_at")),
        author=_without_emoji(text(account, "display_name"), account) or text(account, "username"),
        handle=_handle(account, url),
        title=plain(_without_emoji(text(status, "spoiler_text"), status), markup=False),
        language=text(status, "language"),
        below=tuple(_below(status)),
        hashtags=once(text(tag, "name") for tag in objects(status, "tags")),
        mentions=tuple(_handle(one, url) for one in objects(status, "mentions")),
        links=kept_links([*_links(markup), text(inner(status, "card"), "url")]),
        likes=number(status, "favourites_count"),
        reposts=number(status, "reblogs_count"),
        replies=number(status, "replies_count"),
        reposted_by=(_handle(inner(outer, "account"), url),) if status is not outer else (),
        reply_to=_reply_to(status, account),
        warning=text(status, "spoiler_text"),
        sensitive=flag(status, "sensitive"),
        # Only a post of this instance's own timeline has an id that it can be asked about.
        key=text(status, "id"),
    )


def _below(status: Object) -> Iterable[str]:
    """Yield the linked page's title and teaser, and the words of a quoted post."""
    card = inner(status, "card")
    for name in ("title", "description"):
        if words := plain(text(card, name), markup=False):
            yield words
    quoted = inner(inner(status, "quote"), "quoted_status")
    if text(quoted, "visibility") in _SHOWN and (words := plain(text(quoted, "content"))):
        yield words


def _reply_to(status: Object, account: Object) -> str:
    """Return what a post replies to; "" where it is none, or goes on with a thread of its author's own."""
    own = text(status, "in_reply_to_account_id") == text(account, "id")
    return "" if own else text(status, "in_reply_to_id")


def _asked(posts: list[Post], url: str) -> list[str]:
    """Return where to ask who boosted: of the account's own newest posts that somebody did."""
    boosted = [post for post in posts if post.reposts and post.key and not post.reposted_by][:ASKED]
    if "/api/v1/accounts/" not in url:
        return []
    return [f"{_base(url)}/api/v1/statuses/{quote(post.key, safe='')}/reblogged_by?limit={_NAMES}" for post in boosted]


def _handle(account: Object, url: str) -> str:
    """Return `@name@instance`; accounts of the instance itself come without it."""
    acct = text(account, "acct") or text(account, "username")
    return f"@{acct}" if "@" in acct or not acct else f"@{acct}@{urlsplit(url).netloc}"


def _indexed(account: Object) -> bool:
    """Say whether an account lets its posts be indexed."""
    return not flag(account, "noindex")


def _without_emoji(words: str, holder: Object) -> str:
    """Return a text without `:shortcodes:` of the instance's own pictures."""
    for emoji in objects(holder, "emojis")[:NAMED]:
        if code := text(emoji, "shortcode"):
            words = words.replace(f":{code}:", "")
    return words


def _links(markup: str) -> list[str]:
    """Return where a post links to, without hashtags and mentions."""
    if "<a" not in markup:
        return []
    root: Any = etree.fromstring(f"<div>{markup}</div>".encode(), etree.HTMLParser(encoding="utf-8"))
    anchors = root.iter("a") if root is not None else ()
    return [a.get("href", "") for a in anchors if not {"mention", "hashtag"} & set(a.get("class", "").split())]


def _account_url(base: str, name: str) -> str:
    """Return where an account is looked up."""
    return f"{base}/api/v1/accounts/lookup?acct={quote(name, safe='@')}"


def _tag_url(base: str, tag: str) -> str:
    """Return a hashtag's timeline."""
    return f"{base}/api/v1/timelines/tag/{quote(tag, safe='')}?limit={_STATUSES}"


def _base(url: str) -> str:
    """Return scheme and host of what answered."""
    parts = urlsplit(clean(url))
    return f"{parts.scheme}://{parts.netloc}"
