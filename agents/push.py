"""Articles that somebody brings, as JSON: one object per line, or an array of them.

    id or url    one at least. With a URL the article's id is made of that, as for fetched ones, so that a pushed and a
                 polled copy are one; an id alone is kept as it is
    title, text  one at least; plain text, tags are dropped
    published    ISO 8601; without a zone UTC; absent: the time of pushing
    language, source, author, tags    may be absent

Every field is checked, and a field that is not known is a fault: a `titel` that nobody reads would be lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

import orjson

from agents.articles import TEXT, TITLE, article_id, revision, tidy
from agents.entries import NAME, TAG, TAGS
from agents.plain import line, plain
from agents.social import first_sentence, written
from pipeline.errors import BadInput
from pipeline.records import Article, How

SOURCE: Final = "push"
FIELDS: Final = ("id", "url", "title", "text", "published", "language", "source", "author", "tags")
#: A line longer than this is not read: no article of ours can be.
LINE: Final = 2_000_000
_ID: Final = 200
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z0-9-]+)?")
_FUTURE: Final = timedelta(hours=24)
_FIRST: Final = datetime(1995, 1, 1, tzinfo=UTC)
_LENGTHS: Final = {"title": TITLE, "text": TEXT, "source": NAME, "author": NAME}

Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads articles.

    Attributes:
        file: what faults are told of.
        now: when they were brought.
        largest: bytes of an article on the topic.
    """

    file: str
    now: datetime
    largest: int = 900_000

    def read(self, number: int, line: bytes) -> Article | tuple[BadInput, ...]:
        """Return the article in a line, or everything that is wrong with it.

        Args:
            number: of the line, from 1.
            line: JSON, with or without its line break.
        """
        if len(line) > LINE:
            return (self._told(number, "", f"longer than {LINE:,} bytes"),)
        try:
            raw = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return (self._told(number, "", f"not JSON: {error.msg} at character {error.colno}"),)
        return self.made(number, raw)

    def made(self, number: int, raw: Any) -> Article | tuple[BadInput, ...]:
        """Return the article in a JSON value, or everything that is wrong with it."""
        if not isinstance(raw, dict):
            return (self._told(number, "", "not a JSON object; one object per article"),)
        given = {name: value for name, value in raw.items() if value is not None}
        faults = tuple(_faults(given, self.now))
        if faults:
            return tuple(self._told(number, field, message) for field, message in faults)
        article = _article(given, self.now)
        size = len(article.encode())
        if size > self.largest:
            return (
                self._told(number, "text", f"{size:,} bytes with everything, at most {self.largest:,}; shorten it"),
            )
        return article

    def _told(self, number: int, field: str, message: str) -> BadInput:
        return BadInput(message, file=self.file, line=number, field=field)


def _faults(given: dict[str, Any], now: datetime) -> Iterator[Fault]:
    """Yield field and message of everything that is wrong."""
    for name in given.keys() - set(FIELDS):
        near = get_close_matches(name, FIELDS, n=1)
        yield name[:100], f"no such field{f'; did you mean {near[0]}?' if near else f'; there are {_listed()}'}"
    yield from _identity(given)
    yield from _words(given)
    if "published" in given and (said := _undated(given["published"], now)):
        yield "published", said
    language = given.get("language", "")
    if language != "" and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        yield "language", "not a language; write two or three lower-case letters, e.g. de"
    tags = given.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield "tags", 'must be a list of texts, e.g. ["steel", "energy"]'
    elif len(tags) > TAGS or any(len(tag) > TAG for tag in tags):
        yield "tags", f"at most {TAGS}, of at most {TAG} characters"


def _identity(given: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with id and url."""
    id, url = given.get("id", ""), given.get("url", "")
    if isinstance(id, bool) or not isinstance(id, str | int):
        yield "id", "must be a text or a whole number"
    elif len(str(id)) > _ID and not _is_url(id):
        yield "id", f"{len(str(id))} characters, at most {_ID}"
    elif str(id) and not str(id).isprintable():
        yield "id", "has characters that cannot be seen"
    if not isinstance(url, str):
        yield "url", "must be a text"
    elif url and not tidy(url):
        yield "url", f"{url[:80]!r} is no http:// or https:// address"
    elif id == "" and url == "":
        yield "id", "missing; write an id or a url"


def _words(given: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with title, text, source and author."""
    good = True
    for name, most in _LENGTHS.items():
        value = given.get(name, "")
        if not isinstance(value, str):
            good = False
            yield name, "must be a text"
        elif len(value) > most:
            yield name, f"{len(value):,} characters, at most {most:,}; shorten it"
    if good and not any(plain(given.get(name, "")[:TEXT], markup=False) for name in ("title", "text")):
        yield "title", "title and text are both empty"


def _undated(value: object, now: datetime) -> str:
    """Return what is wrong with a date, "" for nothing."""
    time = _time(value)
    if time is None:
        return f"{str(value)[:40]!r} is no ISO 8601 time, e.g. 2026-03-05T09:30:00+01:00"
    if time > now + _FUTURE:
        return f"{str(value)[:40]} lies in the future"
    return f"{str(value)[:40]} lies before {_FIRST.year}" if time < _FIRST else ""


def _time(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC, None for anything else."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC) if time else None
    except (ValueError, OverflowError):
        return None


def _article(given: dict[str, Any], now: datetime) -> Article:
    """Return the article; everything was checked before."""
    id, url = str(given.get("id", "")), tidy(given.get("url", ""))
    if not url and _is_url(id):
        url = tidy(id)
    text = written(given.get("text", ""))
    title = line(given.get("title", ""), TITLE, markup=False) or first_sentence(text) or line(text, 80, markup=False)
    published = _time(given.get("published"))
    language = _LANGUAGE.fullmatch(given.get("language", ""))
    return Article(
        id=article_id(url) if url else id,
        source_id=SOURCE,
        source=line(given.get("source", ""), NAME, markup=False),
        url=url,
        title=title,
        text=text,
        author=line(given.get("author", ""), NAME, markup=False),
        published=published or now,
        published_guessed=published is None,
        fetched=now,
        language_hint=language[1] if language else "",
        tags=tuple(dict.fromkeys(tag for one in given.get("tags", []) if (tag := line(one, TAG, markup=False)))),
        how=How.PUSH,
        revision=revision(title, text),
    )


def _is_url(id: object) -> bool:
    """Say whether an id is a URL that we keep."""
    return isinstance(id, str) and id.startswith(("http://", "https://")) and bool(tidy(id))


def _listed() -> str:
    """Return the fields, for people."""
    return ", ".join(FIELDS)
