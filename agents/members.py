"""Members of JSON from strangers, read without trusting their types: what is of another kind counts as missing."""

from __future__ import annotations

from typing import Any

import orjson

from agents.errors import NotAFeed

Object = dict[str, Any]


def loaded(body: bytes) -> Any:
    """Return the JSON in these bytes.

    Raises:
        NotAFeed: it is none; the message says what it looks like instead.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        return orjson.loads(start)
    except orjson.JSONDecodeError:
        what = "empty" if not start else "an HTML or XML page, no JSON" if start[:1] == b"<" else "no JSON"
        raise NotAFeed(what) from None


def text(item: Object, key: str) -> str:
    """Return a member that is text, "" for anything else."""
    value = item.get(key)
    return value if isinstance(value, str) else ""


def number(item: Object, key: str) -> int:
    """Return a member that is a whole number of zero or more, 0 for anything else."""
    value = item.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def flag(item: Object, key: str) -> bool:
    """Say whether a member is `true` and nothing else."""
    return item.get(key) is True


def inner(item: Object, key: str) -> Object:
    """Return a member that is an object, an empty one for anything else."""
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def objects(item: Object, key: str) -> list[Object]:
    """Return the objects in a member that is an array."""
    return of_objects(item.get(key))


def of_objects(value: object) -> list[Object]:
    """Return the objects in an array, none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(item: Object, key: str) -> list[str]:
    """Return the texts in a member that is an array."""
    value = item.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
