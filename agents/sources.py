"""What to poll: sources as data, checked where they are read.

A file (TOML, CSV or OPML, see `rows.py`) becomes sources here; every fault names file, line and field, all of them are
found at once, and a file with a fault is refused whole. `docs/sources.md` explains each field to those who write them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from agents.links import clean, host_of
from agents.rows import Row, read
from agents.rules import Rules
from pipeline.errors import BadInput
from pipeline.records import Record, Share

__all__ = ["KINDS", "Kind", "Rules", "Source", "check_sources", "load_sources", "slug"]

Kind = Literal["feed", "page", "sitemap", "mastodon", "bluesky", "reddit", "youtube", "push"]
KINDS: Final[tuple[Kind, ...]] = ("feed", "page", "sitemap", "mastodon", "bluesky", "reddit", "youtube", "push")

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EXPECT: Final = re.compile(r"(\d{1,6})\s*/\s*(hour|day|week|month)")
_SPANS: Final = {"hour": 3600.0, "day": 86400.0, "week": 604800.0, "month": 2592000.0}
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ID: Final = r"^[a-z0-9][a-z0-9._-]{0,99}$"
#: What may stand in `url` instead of an address, by kind.
_NAMES: Final = {
    "mastodon": re.compile(r"[@#]?[^\s@#/]+@[\w.-]+(:\d+)?"),
    "bluesky": re.compile(r"(bsky:)?([@#]?[^\s/:#]+|did:[a-z]+:[\w.:%-]+)"),
    "reddit": re.compile(r"/?(r|u|user)/[\w-]+/?"),
    "youtube": re.compile(r"(UC|PL|UU|FL|OL)[\w-]{10,60}"),
    "push": re.compile(r""),
}
_EXAMPLES: Final = {
    "mastodon": "@name@instance, #tag@instance",
    "bluesky": "bsky:handle, bsky:#tag",
    "reddit": "r/name",
    "youtube": "a channel id such as UC…",
    "push": "nothing",
}
#: What to write, by field; said behind what is wrong.
_WRITE: Final = {
    "id": "lower-case letters, digits, `.`, `_`, `-`; at most 100",
    "kind": "one of " + ", ".join(KINDS),
    "url": "the address, e.g. https://news.example/rss",
    "name": "the publisher's name, at most 200 characters",
    "language": "two or three lower-case letters, e.g. de",
    "country": "two upper-case letters, e.g. DE",
    "credibility": "a share from 0 to 1, e.g. 0.8",
    "poll_min": '"15m", "24h", "5s" or a number of seconds, at most 31 days',
    "poll_max": '"15m", "24h", "5s" or a number of seconds, at most 31 days',
    "accounts": 'a list of account ids, e.g. ["siemens"]',
    "rights": "text, excerpt or link",
    "pages": "true or false",
    "rules": 'CSS selectors, e.g. rules = { item = "li.news", link = "a", date = "time" }',
    "expect": 'a number and a span, e.g. "3/week"; spans are hour, day, week, month',
    "keep": "all or mentions",
}


def _seconds(value: object) -> object:
    """Let `15m`, `24h`, `5s`, `1d` and `900` stand for seconds."""
    if isinstance(value, str):
        number, unit = (value[:-1], _UNITS[value[-1]]) if value[-1:] in _UNITS else (value, 1)
        try:
            return float(number) * unit
        except ValueError:
            raise ValueError(f"{value!r:.40} is no duration") from None
    return value


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=31 * 86400, allow_inf_nan=False)]


class Source(Record):
    """One place that we poll (or are sent to), and what we know of its publisher; stands on the topic `sources`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(pattern=_ID, description="never changes: article ids and memory hang on it")
    kind: Kind = "feed"
    url: str = Field("", validate_default=True, description="what is fetched, or the name that the kind knows it by")
    name: str = Field("", max_length=200, description="the publisher, for people")
    language: str = Field("", pattern=r"^([a-z]{2,3})?$", description="ISO 639-1; a hint, the text decides")
    country: str = Field("", pattern=r"^([A-Z]{2})?$", description="ISO 3166-1 alpha-2")
    credibility: Share = 0.5
    poll_min: Duration = Field(900.0, description="seconds between polls at least")
    poll_max: Duration = Field(86400.0, description="seconds between polls at most")
    accounts: tuple[str, ...] = Field((), description="accounts whose own newsroom this is")
    rights: Literal["text", "excerpt", "link"] = Field("text", description="what may be kept of an article")
    pages: bool = Field(True, description="fetch the page behind a teaser")
    rules: Rules | None = Field(None, description="where the links of a page stand; only for kind page")
    expect: str = Field("", description="articles at least, e.g. 3/week; fewer and the source counts as silent")
    keep: Literal["all", "mentions"] = Field("all", description="mentions: only pages that name an account are read")

    @field_validator("url")
    @classmethod
    def _fetchable(cls, value: str, info: Any) -> str:
        """Refuse what the door would refuse, here with a line number."""
        kind = info.data.get("kind", "")
        named = _NAMES.get(kind)
        if named and named.fullmatch(value):
            return value
        if not value:
            raise ValueError("missing")
        if "@" in value.partition("://")[2].partition("/")[0]:
            raise ValueError("user names and passwords do not belong into a source's URL")
        if not clean(value):
            names = f", nor what kind {kind} takes ({_EXAMPLES[kind]})" if named else ""
            raise ValueError(f"{value!r:.80} is no http:// or https:// address{names}")
        return value

    @field_validator("expect")
    @classmethod
    def _assertion(cls, value: str) -> str:
        """Refuse an assertion that says nothing."""
        if value and not _EXPECT.fullmatch(value.strip()):
            raise ValueError(f"{value!r:.40} is no assertion")
        return value.replace(" ", "")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """Refuse bounds that leave no room, and rules that nobody would use."""
        if self.poll_min > self.poll_max:
            raise ValueError("poll_min: is longer than poll_max")
        if self.rules and self.kind != "page":
            raise ValueError(f'rules: mean nothing for kind {self.kind}; leave them out or write kind = "page"')
        return self

    @property
    def expected(self) -> tuple[int, float] | None:
        """How many articles are asserted, and in how many seconds; None where nothing is."""
        found = _EXPECT.fullmatch(self.expect)
        return (int(found[1]), _SPANS[found[2]]) if found else None


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources of a file, in its order.

    Raises:
        BadInput: the file cannot be read, or a source in it is wrong or there twice.
    """
    sources, faults = check_sources(path)
    if not faults:
        return sources
    first, more = faults[0], len(faults) - 1
    said = f"{first.message} (and {more} more; `stellwerk sources check` lists all)" if more else first.message
    raise BadInput(said, file=first.file, line=first.line, field=first.field)


def check_sources(
    path: Path, accounts: Collection[str] | None = None
) -> tuple[tuple[Source, ...], tuple[BadInput, ...]]:
    """Return the good sources of a file and every fault in it, both in its order.

    Args:
        path: by its ending TOML, CSV, OPML; anything else is read as TOML.
        accounts: ids of the accounts that there are; None where that is not to be checked.
    """
    rows, faults = read(path)
    sources: list[Source] = []
    seen: dict[tuple[str, str], int] = {}
    for row in _named(rows):
        source = _source(row, str(path), faults)
        again = list(_again(row, str(path), seen))
        faults += again
        if source is None:
            continue
        unknown = [id for id in source.accounts if accounts is not None and id not in accounts]
        if unknown:
            said = f"no such account: {', '.join(unknown)}; write ids of the account file"
            faults.append(BadInput(said, file=str(path), line=row.at("accounts"), field="accounts"))
        elif not again:
            sources.append(source)
    return tuple(sources), tuple(sorted(faults, key=lambda fault: fault.line or 0))


def _named(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows with an id and a name each, made of what they have."""
    made = [slug(str(row.values.get("name", "")) or host_of(str(row.values.get("url", "")))) for row in rows]
    often = Counter(made)
    for row, short in zip(rows, made, strict=True):
        url = str(row.values.get("url", ""))
        name = host_of(url) or url
        # In OPML nobody gives ids, and two feeds of one publisher often have one name.
        shared = row.loose and (often[short] > 1 or not short)
        id = f"{short[:90]}-{sha256(url.encode()).hexdigest()[:8]}".strip("-") if shared else short
        yield Row({"id": id, "name": name[:200], **row.values}, row.line, row.lines, row.loose)


def _again(row: Row, file: str, seen: dict[tuple[str, str], int]) -> Iterator[BadInput]:
    """Yield a fault for an id or URL that was there before."""
    for field in ("id", "url"):
        value = str(row.values.get(field, ""))
        line = row.at(field)
        if value and (field, value) in seen:
            said = f"{value!r:.100} was there before, in line {seen[field, value]}; each source has its own"
            yield BadInput(said, file=file, line=line, field=field)
        elif value:
            seen[field, value] = line


def _source(row: Row, file: str, faults: list[BadInput]) -> Source | None:
    """Return a row as a source; None where it has faults, which go to the list."""
    found: list[tuple[str, str]] = []
    for name in row.values.keys() - Source.model_fields.keys() | (row.values.keys() & {"schema_version"}):
        near = get_close_matches(name, _WRITE, n=1, cutoff=0.6)
        found.append((name, f"no such field{f'; did you mean {near[0]}?' if near else ''}"))
    made: Source | None = None
    try:
        made = Source.model_validate({key: value for key, value in row.values.items() if key in _WRITE})
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        # An id that we made ourselves is wrong only because something else is.
        found += [_told(one) for one in wrong if one["loc"] != ("id",) or "id" in row.lines or len(wrong) == 1]
    faults += [BadInput(said, file=file, line=row.at(field), field=field) for field, said in found]
    return None if found else made


def _told(error: Any) -> tuple[str, str]:
    """Return field and message of one of pydantic's errors: what is wrong and what to write."""
    said = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        field, _, said = said.partition(": ")
        return field, said
    field = ".".join(str(step) for step in error["loc"] if isinstance(step, str))
    if error["type"] == "extra_forbidden":
        return field, "no such rule; there are " + ", ".join(Rules.model_fields)
    if error["type"] == "missing":
        said = "missing"
    elif error["type"] != "value_error":
        said = f"{error['input']!r:.60} does not fit"
    return field, f"{said}; write {_WRITE[str(error['loc'][0])]}"


def slug(name: str) -> str:
    """Return an id made of a name."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower().translate(_UMLAUTS)).strip("-.")[:100].rstrip("-.")
