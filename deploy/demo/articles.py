"""What the demo newsroom prints: four outlets, and the articles that a file holds for them.

The file has one JSON object a line. Its times are hours before an *anchor*, the moment the demo was first
started; a negative number lies after the anchor, so that a watcher sees the article arrive.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

FeedForm = Literal["rss", "atom", "json"]
FEED_FILES = {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}
FEED_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher of the demo: who it is, and how its feed behaves."""

    id: str
    name: str
    tagline: str
    language: str  # ISO 639-1
    country: str  # ISO 3166-1 alpha-2
    credibility: float  # 0..1, as sources.toml has it
    colour: str  # CSS
    form: FeedForm
    full_text: bool  # the feed holds the whole article; else its teaser, and the page must be fetched
    tracker: str = ""  # query string on the links in the feed

    @property
    def feed_path(self) -> str:
        """Path of the feed on the site, such as ``/industriebote/rss.xml``."""
        return f"/{self.id}/{FEED_FILES[self.form]}"

    @property
    def feed_type(self) -> str:
        """Media type of the feed, without a charset."""
        return FEED_TYPES[self.form]


OUTLETS = {
    outlet.id: outlet
    for outlet in (
        Outlet("industriebote", "Industriebote", "Zeitung für Werk, Lager und Netz",
               "de", "DE", 0.7, "#8c2f1b", "rss", full_text=False, tracker="utm_source=rss&utm_medium=feed"),
        Outlet("meldewerk", "Meldewerk", "Mitteilungen aus Unternehmen und Vereinen",
               "de", "DE", 0.5, "#1d5c63", "rss", full_text=True),
        Outlet("plant-and-freight", "Plant & Freight Review", "For people who make and move things",
               "en", "GB", 0.7, "#2f4f2f", "atom", full_text=False),
        Outlet("halyard-wire", "Halyard Wire", "Business news, plainly",
               "en", "US", 0.8, "#1f3a68", "json", full_text=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoSignal:
    """What a careful reader finds in an article: one signal of one account, named by its group."""

    account_id: str
    type: str  # one of the 24 signal types
    status: str  # rumoured, planned, under_way, completed or cancelled


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """One invented article; ``body`` holds its paragraphs as plain text."""

    slug: str
    outlet: str  # a key of OUTLETS
    language: str
    hours_ago: float  # before the anchor; negative: after it
    title: str
    teaser: str
    body: tuple[str, ...]
    author: str
    tags: tuple[str, ...]
    story: str  # the same in articles that tell of one thing
    signals: tuple[DemoSignal, ...]

    @property
    def path(self) -> str:
        """Path of the article's page on the site."""
        return f"/{self.outlet}/{self.slug}"

    def published(self, anchor: datetime) -> datetime:
        """When the article appears: whole seconds, in the anchor's time zone."""
        return (anchor - timedelta(hours=self.hours_ago)).replace(microsecond=0)


def load_articles(path: Path) -> tuple[DemoArticle, ...]:
    """Read the articles of the demo, in the order of the file.

    Args:
        path: a UTF-8 file with one JSON object a line; blank lines are passed over.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is no article, or repeats a slug; the message names file and line.
    """
    articles: dict[str, DemoArticle] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            article = _article(json.loads(line))
            if article.slug in articles:
                raise ValueError(f"slug {article.slug!r} is taken")
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}:{number}: {type(error).__name__}: {error}") from error
        articles[article.slug] = article
    return tuple(articles.values())


def visible(articles: Iterable[DemoArticle], anchor: datetime, now: datetime) -> tuple[DemoArticle, ...]:
    """The articles that have appeared by ``now``, newest first."""
    out = [article for article in articles if article.published(anchor) <= now]
    return tuple(sorted(out, key=lambda article: article.hours_ago))


def _article(row: dict[str, Any]) -> DemoArticle:
    lists = {"body": tuple(row["body"]), "tags": tuple(row["tags"])}
    signals = tuple(DemoSignal(**signal) for signal in row["signals"])
    article = DemoArticle(**{**row, **lists, "signals": signals})
    if article.language != OUTLETS[article.outlet].language:
        raise ValueError(f"{article.outlet} does not print in {article.language!r}")
    return article
