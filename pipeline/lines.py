"""JSON lines in files of users: one object a line, and an error that says in which line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from pipeline.errors import BadInput


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, each with its number, from 1."""
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def read_object(line: bytes, number: int, file: str) -> dict[str, Any]:
    """Return the object in a line.

    Args:
        line: with or without its line break.
        number: of the line, from 1.
        file: its name as the user gave it.

    Raises:
        BadInput: not JSON, or not an object.
    """
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", file=file, line=number) from None
    if not isinstance(found, dict):
        raise BadInput("not a JSON object", file=file, line=number)
    return found
