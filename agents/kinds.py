"""The kinds of sources: where each begins, and who reads its bytes. Every one is read into the same feed of entries.

`push` is not here: such a source is sent to us and never polled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, Final

from agents import bluesky, feeds, mastodon, pages, reddit, sitemaps, social, youtube
from agents.entries import Feed
from agents.errors import Refused
from agents.sources import Source
from pipeline.records import stable_id


def _own(source: Source) -> str:
    """Return the URL of a source that is written as one."""
    return source.url


def strung(parts: Sequence[Feed]) -> Feed:
    """Return the documents of one poll, each standing for itself, as one feed."""
    return replace(
        parts[0],
        title=next((feed.title for feed in parts if feed.title), ""),
        language=next((feed.language for feed in parts if feed.language), ""),
        ttl=next((feed.ttl for feed in parts if feed.ttl), None),
        entries=tuple(entry for feed in parts for entry in feed.entries),
        offered=sum(feed.offered for feed in parts),
        more=(),
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        parse: (body, url, source) -> feed; runs in the sandbox. May take `content_type` and `most` too.
        start: source -> the URL to ask first.
        join: makes one feed of the documents of a poll.
        apart: each document stands for itself, so that one which has not changed need not be read again.
        page: it is made for people: robots.txt is asked.
    """

    parse: Callable[..., Feed]
    start: Callable[[Source], str] = _own
    join: Callable[[Sequence[Feed]], Feed] = strung
    apart: bool = True
    page: bool = False

    def place(self, source: Source) -> str:
        """Return what changes when the source is to be found elsewhere or read differently."""
        return stable_id("place", source.kind, source.url, source.rules.model_dump_json() if source.rules else "")

    def url(self, source: Source) -> str:
        """Return the URL to ask first.

        Raises:
            Refused: the source does not say one.
        """
        try:
            return self.start(source)
        except ValueError as error:
            raise Refused(f"{source.url:.100}: {error}") from None

    def hints(self, **known: Any) -> dict[str, Any]:
        """Return those of the arguments that `parse` takes."""
        taken = signature(self.parse).parameters
        return {name: value for name, value in known.items() if name in taken}


KINDS: Final[Mapping[str, Kind]] = {
    "feed": Kind(feeds.parse),
    "page": Kind(pages.parse, page=True),
    "sitemap": Kind(sitemaps.parse),
    "mastodon": Kind(mastodon.parse, mastodon.start_url, social.joined, apart=False),
    "bluesky": Kind(bluesky.parse, bluesky.start_url, social.joined, apart=False),
    "reddit": Kind(reddit.parse, reddit.start_url),
    "youtube": Kind(youtube.parse, youtube.start_url),
}
