"""What a public post is, whichever network it is from, and how it becomes an entry.

mastodon.py  bluesky.py  reddit.py  youtube.py     bytes of one network -> posts     pure

Only what a network gives without log-in is read, and only what its authors let everybody see. What is what:

    title       the first sentence; the network's own title or warning line where there is one
    content     the author's words, then the title and teaser of a linked page, then the words of a quoted post
    url         the post where it was written; so a post that several of our sources pass on is one article
    author      who wrote it. Who passed it on stands in `reposted_by`, and the date stays that of the writing
    replies     are kept with `reply_to`; the account timelines are asked for without replies to others
    warnings    a warning line becomes the title, `warning` holds it; `sensitive` is kept as a mark: both speak of
                pictures more often than of words
    deleted     a deleted, blocked or private post is no entry; neither is one whose author asks not to be shown to
                readers without log-in, or not to be indexed. An article made before stays
    changed     a post whose words were edited is a new revision; likes and re-posts alone are none

`extra` of an entry: handle, hashtags, mentions, links, likes, reposts, replies, views, reposted_by, reply_to, warning,
sensitive, network; absent where a network does not say or the number is 0. They become `records.Post` in the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from agents.entries import MORE, NAME, TAG, TAGS, TEXT, Entry, Extra, Feed
from agents.links import clean
from agents.plain import line, plain
from pipeline.classify.sentences import sentences

#: Posts of which one poll asks who passed them on: the newest, and no more requests than this.
ASKED: Final = 5
#: Names kept of those who passed a post on.
NAMED: Final = 100
_TITLE: Final = 140
_LEAD: Final = 1000
#: Who is talked to, at the start of a post; the sentence begins behind it.
_CALLS: Final = re.compile(r"(?:[@＠][\w.-]+(?:@[\w.-]+)?[:,]?\s+)+")
_LINKS: Final = re.compile(r"https?://\S+|www\.\S+")
_HASHTAG: Final = re.compile(r"(?<![\w&/#])[#＃](\w*[^\W\d_]\w*)")
_TAGGED: Final = re.compile(r"(<[^<>]*>)")
#: Where a sentence ends and hashtags follow.
_TAIL: Final = re.compile(r"(?<=[.!?…])\s+(?=[#＃@])")
_OF: Final = "of"
_KEY: Final = "key"


@dataclass(frozen=True, slots=True)
class Post:
    """One public post.

    Attributes:
        network: "mastodon", "bluesky", "reddit", "youtube".
        id: the network's own identifier, the same wherever the post is seen.
        url: where a person can read it.
        text: plain.
        published: as written; None where it cannot be read.
        author: a name for people.
        handle: the author's address on the network.
        title: the network's own title, or a warning line; "" where the first sentence must do.
        below: what stands under the words: linked pages, quoted posts; plain, one line each.
        key: what `passed_on` knows the post by; "" where nobody is asked.
    """

    network: str
    id: str
    url: str
    text: str
    published: datetime | None
    author: str
    handle: str
    title: str = ""
    language: str = ""
    below: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    likes: int = 0
    reposts: int = 0
    replies: int = 0
    views: int = 0
    reposted_by: tuple[str, ...] = ()
    reply_to: str = ""
    warning: str = ""
    sensitive: bool = False
    key: str = ""

    def entry(self) -> Entry:
        """Return the post as an entry."""
        content = "\n".join(part for part in (self.text, *self.below) if part)[:TEXT]
        return Entry(
            id=self.id[:1000],
            url=clean(self.url),
            title=line(self.title, 500, markup=False) or first_sentence(self.text) or first_sentence(content),
            summary=self.text,
            content=content,
            published=self.published,
            author=line(self.author, NAME, markup=False) or self.handle,
            tags=self.hashtags[:TAGS],
            language=self.language[:2].lower() if self.language[:2].isalpha() else "",
            extra=self._extra(),
        )

    def _extra(self) -> Extra:
        """Return what only posts have, without what is empty."""
        made: Extra = {
            "network": self.network,
            "handle": line(self.handle, NAME, markup=False),
            "hashtags": list(self.hashtags[:TAGS]),
            "mentions": _lines(self.mentions[:TAGS]),
            "links": list(self.links[:TAGS]),
            "likes": self.likes,
            "reposts": self.reposts,
            "replies": self.replies,
            "views": self.views,
            "reposted_by": _lines(self.reposted_by[:NAMED]),
            "reply_to": line(self.reply_to, 1000, markup=False),
            "warning": line(self.warning, 500, markup=False),
            "sensitive": int(self.sensitive),
            _KEY: self.key,
        }
        return {name: value for name, value in made.items() if value}


def timeline(title: str, posts: Iterable[Post], language: str = "", more: Sequence[str] = ()) -> Feed:
    """Return posts as a feed; a post that is there twice (its author passed it on again) is one entry."""
    found: dict[str, Entry] = {}
    for post in posts:
        entry = post.entry()
        same = found.get(entry.id)
        found[entry.id] = _with_names(same, post.reposted_by) if same else entry
    entries = tuple(found.values())
    return Feed(line(title, NAME, markup=False), language, None, entries, len(entries), tuple(more[:MORE]))


def passed_on(key: str, names: Iterable[str]) -> Feed:
    """Return a feed that says of one post who passed it on; `joined` puts the names where they belong."""
    entry = Entry("", "", "", "", "", None, "", (), "", {_OF: key, "reposted_by": _lines(islice(names, NAMED))})
    return Feed("", "", None, (entry,), 1)


def joined(feeds: Sequence[Feed]) -> Feed:
    """Return the documents of one poll as one feed.

    Args:
        feeds: the first document and those it led to, in this order; at least one.
    """
    everything = [entry for feed in feeds for entry in feed.entries]
    posts = [entry for entry in everything if _OF not in entry.extra]
    names = {entry.extra[_OF]: _names(entry) for entry in everything if _OF in entry.extra}
    whole = tuple(_without_key(_with_names(post, names.get(post.extra.get(_KEY, ""), []))) for post in posts)
    title = next((feed.title for feed in feeds if feed.title), "")
    offered = sum(feed.offered for feed in feeds) - (len(everything) - len(posts))
    return replace(feeds[0], title=title, entries=whole, offered=offered, more=())


def first_sentence(text: str) -> str:
    """Return the first sentence as a title: without those it is addressed to and without links, at most 140 characters.

    Args:
        text: plain.
    """
    lead = _CALLS.sub("", text[:_LEAD], count=1) if _CALLS.match(text) else text[:_LEAD]
    for part in _TAIL.sub("\n", lead).split("\n"):
        words = " ".join(_LINKS.sub("", part).split())
        # A line of hashtags is no sentence.
        if not _HASHTAG.sub("", words).strip(" ·|,-–#"):
            continue
        found = sentences(f"\n{words}")
        said = f"\n{words}"[found[0].start : found[0].end] if found else words
        return said if len(said) <= _TITLE else said[: _TITLE - 2].rpartition(" ")[0].rstrip(",;:–- ") + " …"
    return ""


def written(text: str) -> str:
    """Return a text that was written as plain, made safe, its lines kept as lines.

    Args:
        text: without markup; tags that are in it all the same are dropped.
    """
    # Line breaks inside tags are none; between them each one is meant.
    pieces = _TAGGED.split(text)
    return plain("".join(one if _TAGGED.fullmatch(one) else one.replace("\n", "<br>") for one in pieces), markup=False)


def hashtags_in(text: str) -> tuple[str, ...]:
    """Return the hashtags in a text, without `#`, each once."""
    return once(found for found in _HASHTAG.findall(text))


def once(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as tags, each once whatever its case, in their order."""
    kept: dict[str, str] = {}
    for name in names:
        tag = line(name.lstrip("#"), TAG, markup=False)
        if tag:
            kept.setdefault(tag.casefold(), tag)
    return tuple(kept.values())


def kept_links(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the links that are kept, each once, in their order."""
    return tuple(dict.fromkeys(url for url in map(clean, urls) if url))


def _lines(names: Iterable[str]) -> list[str]:
    """Return names as they may be kept, each once."""
    return list(dict.fromkeys(made for name in names if (made := line(name, NAME, markup=False))))


def _names(entry: Entry) -> list[str]:
    """Return who passed a post on, as far as its entry knows."""
    names = entry.extra.get("reposted_by")
    return names if isinstance(names, list) else []


def _with_names(entry: Entry, names: Sequence[str]) -> Entry:
    """Return the entry with more of those who passed it on."""
    if not names:
        return entry
    known = list(dict.fromkeys((*_names(entry), *names)))[:NAMED]
    return replace(entry, extra={**entry.extra, "reposted_by": known})


def _without_key(entry: Entry) -> Entry:
    """Return the entry without what only `joined` needs."""
    return replace(entry, extra={name: value for name, value in entry.extra.items() if name != _KEY})
