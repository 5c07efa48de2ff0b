"""What to poll: sources as data, checked where they are read.

A file holds `[[source]]` tables; every fault names file, line and field, and a file with a fault is refused whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from agents.links import clean, host_of
from pipeline.errors import BadInput
from pipeline.records import Part, Share

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HEADER: Final = re.compile(r"\s*\[\[\s*source\s*\]\]")
_KEY: Final = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _seconds(value: object) -> object:
    """Let `15m`, `24h`, `5s`, `1d` stand for seconds."""
    if isinstance(value, str) and value[-1:] in _UNITS:
        try:
            return float(value[:-1]) * _UNITS[value[-1]]
        except ValueError:
            pass
    if isinstance(value, str):
        raise ValueError('not a duration; write "15m", "24h", "5s" or a number of seconds')
    return value


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=31 * 86400)]


class Source(Part):
    """One URL that we poll, and what we know of its publisher; a key that we do not know is a fault in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$", description="never changes: article ids and memory hang on it"
    )
    kind: Literal["feed"] = "feed"
    url: str
    name: str = Field("", max_length=200, description="the publisher, for people")
    language: str = Field("", pattern=r"^([a-z]{2,3})?$", description="ISO 639-1; a hint, the text decides")
    country: str = Field("", pattern=r"^([A-Z]{2})?$", description="ISO 3166-1 alpha-2")
    credibility: Share = 0.5
    poll_min: Duration = Field(900.0, description="seconds between polls at least")
    poll_max: Duration = Field(86400.0, description="seconds between polls at most")
    accounts: tuple[str, ...] = Field((), description="accounts whose own newsroom this is")
    rights: Literal["text", "excerpt", "link"] = Field("text", description="what may be kept of an article")
    pages: bool = Field(True, description="fetch the page behind a teaser")

    @field_validator("url")
    @classmethod
    def _fetchable(cls, value: str) -> str:
        """Refuse what the door would refuse, here with a line number."""
        if "@" in value.partition("://")[2].partition("/")[0]:
            raise ValueError("user names and passwords do not belong into a source's URL")
        if not clean(value):
            raise ValueError("not an http:// or https:// URL")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """Refuse bounds that leave no room."""
        if self.poll_min > self.poll_max:
            raise ValueError("poll_min is longer than poll_max")
        return self


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources of a TOML file, in its order.

    Raises:
        BadInput: the file cannot be read, is no TOML, or a source in it is wrong or there twice.
    """
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=file) from None
    except UnicodeDecodeError:
        raise BadInput("not UTF-8", file=file) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadInput(f"not TOML: {error}", file=file, line=int(found[1]) if found else None) from None
    tables = raw.get("source")
    strange = sorted(set(raw) - {"source"})
    if strange or not isinstance(tables, list):
        raise BadInput("only [[source]] tables are known here", file=file, field=strange[0] if strange else "source")
    lines = tuple(_lines(text))
    return tuple(_checked(tables, lines, file))


def _checked(tables: list[Any], lines: tuple[dict[str, int], ...], file: str) -> Iterator[Source]:
    """Yield the tables as sources; refuse ids and URLs that were there before."""
    ids: dict[str, int] = {}
    urls: dict[str, int] = {}
    for index, table in enumerate(tables):
        where = lines[index] if len(lines) == len(tables) else {"": 1}
        source = _source(table, where, file)
        for field, value, known in (("id", source.id, ids), ("url", source.url, urls)):
            line = where.get(field, where[""])
            if value in known:
                raise BadInput(f"{value!r} was there before, in line {known[value]}", file=file, line=line, field=field)
            known[value] = line
        yield source


def _source(table: Any, where: dict[str, int], file: str) -> Source:
    """Return one table as a source."""
    if not isinstance(table, dict):
        raise BadInput("not a table", file=file, line=where[""], field="source")
    host = host_of(str(table.get("url", "")))
    try:
        return Source(**{"id": _slug(str(table.get("name", "")) or host), "name": host, **table})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        # An id that we made ourselves is wrong only because something else is.
        first = min(faults, key=lambda fault: fault["loc"] == ("id",) and "id" not in table)
        field = str(first["loc"][0]) if first["loc"] else "poll_min"
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(said, file=file, line=where.get(field, where[""]), field=field) from None


def _slug(name: str) -> str:
    """Return an id made of a name."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower().translate(_UMLAUTS)).strip("-.")[:100]


def _lines(text: str) -> Iterator[dict[str, int]]:
    """Yield, for each `[[source]]`, the line of its header (under "") and of its keys."""
    table: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            if table:
                yield table
            table = {"": number}
        elif table and (found := _KEY.match(line)):
            table.setdefault(found[1], number)
    if table:
        yield table
