"""TOML files of users, and where things stand in them: `tomllib` says what is in a file, but not where.

What looks for places reads only what `tomllib` has accepted before, so it checks nothing: it finds tables, their keys,
and for a string the place in the file of each of its characters.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.errors import BadInput

_TOKEN = re.compile(
    r"""(?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}(?!\")|'{3}.*?'{3,5}(?!')|"(?:\\.|[^"\\])*"|'[^']*')
      | (?P<comment>\#[^\n]*) | (?P<newline>\n) | (?P<open>[\[{]) | (?P<close>[\]}]) | (?P<other>[^"'\#\n\[\]{}]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_KEY = re.compile(r"[ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([\w-]+))[ \t]*=[ \t]*")
_HEADER = re.compile(r"[ \t]*(\[+)[ \t]*([^\]\n]*?)[ \t]*\]+")
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_NEWLINE = re.compile(r"\\[ \t]*\n\s*")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_QUOTES: Final = ('"""', "'''", '"', "'")


class Place(NamedTuple):
    """Line and column, both counted from 1."""

    line: int
    column: int


class Table(NamedTuple):
    """One table: where its header is, and where the value of each of its keys begins."""

    start: int
    values: dict[str, int]


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        BadInput: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start + 1}", file=str(path)) from None


def read(text: str, file: str) -> dict[str, Any]:
    """Return what a file's text says; `file` is its name for errors.

    Raises:
        BadInput: not TOML, with line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _WHERE.search(str(error))
        told = _WHERE.sub("", str(error))
        line, column = (int(found[1]), int(found[2])) if found and found[1] else (text.count("\n") + 1, None)
        raise BadInput(f"not TOML: {told}", file=file, line=line, column=column) from None


def placed(error: BadInput, text: str) -> BadInput:
    """Return an error about a field with the line in which the field stands, or the table that lacks it."""
    return BadInput(error.message, file=error.file, line=line_of(text, error.field), field=error.field)


def line_of(text: str, field: str) -> int | None:
    """Return the line of a field such as `bank.types.award` or `route.routes[2].match.score` of a valid file.

    Where the field itself has none, that of the nearest value or table above it; None where there is none of those.
    """
    best, line = -1, None
    for name, table in _named(text):
        if not (field == name or field.startswith(f"{name}.") or not name) or len(name) <= best:
            continue
        key = field.removeprefix(name).removeprefix(".").partition(".")[0].partition("[")[0]
        if name or key in table.values:
            best, line = len(name), place(text, table.values.get(key, table.start)).line
    return line


def _named(text: str) -> Iterator[tuple[str, Table]]:
    """Yield each table with its name, in which tables of an array are counted from 1: `route.routes[2]`."""
    counts: dict[str, int] = {}
    for brackets, header, table in _all(text):
        name = ""
        steps = [step.strip(" \t\"'") for step in header.split(".")] if header else []
        for at, step in enumerate(steps, 1):
            name = f"{name}.{step}" if name else step
            if at == len(steps) and len(brackets) == 2:
                counts[name] = counts.get(name, 0) + 1
            name += f"[{counts[name]}]" if name in counts else ""
        yield name, table


def tables(text: str, name: str) -> list[Table]:
    """Return the `[[name]]` tables of a file that is valid TOML, in their order."""
    return [table for _, header, table in _all(text) if header.strip("\"'") == name]


def _all(text: str) -> list[tuple[str, str, Table]]:
    """Return each table with its brackets and header; first what stands before all of them."""
    current = Table(0, {})
    found = [("", "", current)]
    at, depth, fresh = 0, 0, True
    while at < len(text):
        if fresh:
            fresh = False
            if header := _HEADER.match(text, at):
                current = Table(header.start(1), {})
                found.append((header[1], header[2], current))
                at = header.end()
                continue
            if key := _KEY.match(text, at):
                at = key.end()
                current.values[key[1] or key[2] or key[3]] = at
                continue
        token = _TOKEN.match(text, at)
        if not token:
            break
        at = token.end()
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        fresh = token.lastgroup == "newline" and depth == 0
    return found


def place(text: str, at: int) -> Place:
    """Return the line and the column of a character of the file."""
    return Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def inside(text: str, at: int, value: str, index: int) -> int:
    """Return where in the file the character `index` of a string stands.

    Args:
        text: the file.
        at: where the string's quotes begin.
        value: the string as `tomllib` has read it.
        index: counted from 0; its length means the closing quote.
    """
    quotes = next(one for one in _QUOTES if text.startswith(one, at))
    at += len(quotes)
    at += len(quotes) == 3 and text.startswith("\n", at)
    for _ in range(min(index, len(value))):
        at = _passed(text, at, quotes)
        escape = _ESCAPE.match(text, at) if quotes[0] == '"' else None
        at = escape.end() if escape else at + 1
    return _passed(text, at, quotes)


def _passed(text: str, at: int, quotes: str) -> int:
    """Return the place behind a line break that is written away."""
    while quotes == '"""' and (found := _NEWLINE.match(text, at)):
        at = found.end()
    return at
