"""`articles`: one article as ingest brings it, and what later stages need of it."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field

from pipeline.records.wire import Part, Record, Share, Time

#: The source of articles that were read from a file which names none.
FILE = "file"


class How(StrEnum):
    """How an article was got."""

    FEED = "feed"
    PAGE = "page"
    PUSH = "push"
    FILE = "file"


class Post(Part):
    """What an article has beside its words where it is a public post; its hashtags are the article's tags."""

    network: str = Field(description="mastodon, bluesky, reddit or youtube")
    handle: str = Field("", description="the author's address there")
    mentions: tuple[str, ...] = Field((), description="whom it addresses")
    links: tuple[str, ...] = Field((), description="where it leads; these pages are not fetched")
    likes: int = Field(0, ge=0, description="at the time of fetching, as all figures")
    reposts: int = Field(0, ge=0)
    replies: int = Field(0, ge=0)
    views: int = Field(0, ge=0)
    reposted_by: tuple[str, ...] = Field(
        (), description="who passed it on: the source itself, and for new posts others"
    )
    reply_to: str = Field("", description="the post that it answers")
    warning: str = Field("", description="the line that its author put before it")
    sensitive: bool = False


class Article(Record):
    """One article as we hold it."""

    id: str = Field(min_length=1, max_length=200, description="hash of the canonical URL, or the user's own id")
    source_id: str
    source: str = Field("", description="the publisher's name, for people")
    credibility: Share = 0.5
    url: str = Field(description="the working link, without trackers")
    title: str
    text: str = ""
    author: str = ""
    published: Time
    published_guessed: bool = Field(False, description="no usable date was given; this is the time of fetching")
    fetched: Time
    language_hint: str = Field("", description="what the source says; the text decides")
    tags: tuple[str, ...] = ()
    how: How = How.FEED
    revision: str = Field("", description="hash of title and text; changes when the publisher edits")
    accounts: tuple[str, ...] = Field((), description="accounts whose own newsroom this is")
    edited: bool = Field(False, description="the source brought this article before, with another text")
    post: Post | None = Field(None, description="what only a public post has")

    @property
    def body(self) -> str:
        """The text that all offsets count in."""
        return f"{self.title}\n{self.text}"


class ArticleRef(Part):
    """What later stages need of an article: enough to show it and to compare stories."""

    id: str
    url: str
    source: str
    title: str
    lead: str = Field("", description="the first characters of the text")
    revision: str = Field("", description="of the article when this was written")
    language: str = ""
    published: Time
    fetched: Time
    credibility: Share = 0.5

    @property
    def publisher(self) -> str:
        """Who prints it: the host of its link, else the source's name; nobody is the same as nobody else."""
        named = self.source if self.source != FILE else ""
        return (urlsplit(self.url).hostname or "").removeprefix("www.") or named or self.id
