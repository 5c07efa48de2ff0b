"""An entry becomes an article: chosen where it is new or edited, dated, cut to what may be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from agents.feeds import Entry
from agents.identity import article_id, canonical_url, revision, tidy
from agents.sources import Source
from pipeline.records import Article, How, Post, stable_id

__all__ = [
    "Chosen",
    "Dropped",
    "article_id",
    "canonical_url",
    "choose",
    "identify",
    "revision",
    "tidy",
    "to_article",
    "with_page",
]

#: Characters kept of a text, a title, an excerpt.
TEXT, TITLE, EXCERPT = 200_000, 500, 1000
_FUTURE: Final = timedelta(hours=24)
#: Before this no newsroom had a feed; such dates are zeros of some clock.
_FIRST: Final = datetime(1995, 1, 1, tzinfo=UTC)
_NAMED_AFTER: Final = 90


class Dropped(StrEnum):
    """Why an entry became no article; a closed list, for counting."""

    NO_TITLE = "no_title"
    DUPLICATE = "duplicate_in_feed"
    UNCHANGED = "unchanged"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry that is new or was edited.

    Attributes:
        revision: of the entry as the feed gave it: what the next poll can compare without fetching the page.
        edited: it was here before, with other words.
    """

    entry: Entry
    id: str
    url: str
    revision: str
    edited: bool = False


def identify(entry: Entry, source: Source) -> tuple[str, str]:
    """Return the article's id and link.

    An entry without link whose own id is a URL is found there. One with neither is known by its source and its own id,
    else by title and date, and linked to its source: better an article with a poor link than none.
    """
    url = tidy(entry.url) or (tidy(entry.id) if entry.id.startswith(("http://", "https://")) else "")
    if url:
        return article_id(url), url
    own = entry.id or f"{entry.title or entry.content[:TITLE]}\x1f{entry.published or ''}"
    return stable_id("article", source.id, own), tidy(source.url)


def choose(
    entries: Iterable[Entry], source: Source, seen: Mapping[str, str]
) -> tuple[tuple[Chosen, ...], Counter[Dropped], dict[str, str]]:
    """Return the entries that are new or edited, a count of the others, and id -> revision of all; in their order.

    Args:
        entries: of one feed document.
        source: where they are from.
        seen: article id -> revision, from the polls before.
    """
    chosen: list[Chosen] = []
    present: dict[str, str] = {}
    dropped: Counter[Dropped] = Counter()
    for entry in entries:
        id, url = identify(entry, source)
        made = revision(entry.title, entry.content)
        if id in present:
            dropped[Dropped.DUPLICATE] += 1
            continue
        present[id] = made
        if seen.get(id) == made:
            dropped[Dropped.UNCHANGED] += 1
        else:
            chosen.append(Chosen(entry, id, url, made, edited=id in seen))
    return tuple(chosen), dropped, present


def to_article(
    entry: Entry,
    source: Source,
    *,
    now: datetime,
    text: str | None = None,
    how: How = How.FEED,
    edited: bool = False,
) -> Article | Dropped:
    """Return the article, or why there is none.

    Args:
        entry: as the feed gave it.
        source: where it is from; its rights say how much text is kept.
        now: when it was fetched.
        text: of its page, where that was fetched; beats the feed's own.
        how: FEED or PAGE.
        edited: the source brought it before, with another text.
    """
    body = entry.content if text is None else text
    title = entry.title or _first_words(body)
    if not title:
        return Dropped.NO_TITLE
    id, url = identify(entry, source)
    published, guessed = _dated(entry.published, now)
    kept = _kept(body, source)
    return Article(
        id=id,
        source_id=source.id,
        source=source.name,
        credibility=source.credibility,
        url=url,
        title=title[:TITLE],
        text=kept,
        author=entry.author,
        published=published,
        published_guessed=guessed,
        fetched=now,
        language_hint=entry.language or source.language,
        tags=entry.tags,
        how=how,
        revision=revision(title[:TITLE], kept),
        accounts=source.accounts,
        edited=edited,
        post=Post.model_validate(entry.extra) if entry.extra else None,
    )


def with_page(entry: Entry, *, title: str, author: str, published: datetime | None, language: str) -> Entry:
    """Return the entry with what its page knows and the feed did not say: the feed goes first."""
    return replace(
        entry,
        title=entry.title or title[:TITLE],
        author=entry.author or author,
        published=entry.published or published,
        language=entry.language or language,
    )


def _dated(published: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """Return a time that can be meant, and whether it had to be guessed."""
    if published is None or published < _FIRST or published > now + _FUTURE:
        return now, True
    return published, False


def _kept(text: str, source: Source) -> str:
    """Return as much of a text as its rights allow."""
    if source.rights == "link":
        return ""
    most = EXCERPT if source.rights == "excerpt" else TEXT
    if len(text) <= most:
        return text
    cut = text[:most]
    return cut[: max(cut.rfind(" "), cut.rfind("\n"), most - 200)].rstrip()


def _first_words(text: str) -> str:
    """Return a title made of a text that has none: its first words."""
    first = text.partition("\n")[0]
    return first if len(first) <= _NAMED_AFTER else first[:_NAMED_AFTER].rpartition(" ")[0] + " …"
