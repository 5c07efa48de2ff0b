"""Where things stand in a TOML file: `tomllib` says what is in it, but not where.

Reads only what `tomllib` has accepted before, so it checks nothing: it finds the tables of one name, their keys, and
for a string the place in the file of each of its characters.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_TOKEN = re.compile(
    r"""(?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}(?!\")|'{3}.*?'{3,5}(?!')|"(?:\\.|[^"\\])*"|'[^']*')
      | (?P<comment>\#[^\n]*) | (?P<newline>\n) | (?P<open>[\[{]) | (?P<close>[\]}]) | (?P<other>[^"'\#\n\[\]{}]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_KEY = re.compile(r"[ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([\w-]+))[ \t]*=[ \t]*")
_HEADER = re.compile(r"[ \t]*\[+[ \t]*([^\]\n]*?)[ \t]*\]+")
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


def tables(text: str, name: str) -> list[Table]:
    """Return the `[[name]]` tables of a file that is valid TOML, in their order."""
    found: list[Table] = []
    current: Table | None = None
    at, depth, fresh = 0, 0, True
    while at < len(text):
        if fresh:
            fresh = False
            if header := _HEADER.match(text, at):
                current = Table(header.start(), {}) if header[1].strip("\"'") == name else None
                found += [current] if current else []
                at = header.end()
                continue
            if key := _KEY.match(text, at):
                at = key.end()
                if current:
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
