"""Sources to files: TOML as people write it, CSV for spreadsheets, OPML for feed readers. Defaults are left out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from agents import opml
from agents.rows import guarded
from agents.sources import Source

Format = Literal["toml", "csv", "opml"]

_ALWAYS: Final = ("id", "kind", "url", "name")
_LENGTHS: Final = ("poll_min", "poll_max")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def export(sources: Iterable[Source], form: Format, title: str = "Sources") -> str:
    """Return sources as a file of this form; read back, it gives the same sources.

    Args:
        sources: in the order that the file shall have.
        form: toml, csv or opml.
        title: of an OPML document.
    """
    rows = [_row(source) for source in sources]
    if form == "toml":
        return "\n".join(_table(row) for row in rows)
    flat = [_flat(row) for row in rows]
    return _csv(flat) if form == "csv" else opml.write(title, flat).decode()


def _row(source: Source) -> dict[str, Any]:
    """Return what is to be written of a source: what it must have, and what is not as it would be anyway."""
    row: dict[str, Any] = {}
    for name, field in Source.model_fields.items():
        value = getattr(source, name)
        if name == "schema_version" or (name not in _ALWAYS and value == field.default):
            continue
        if name == "rules":
            value = {key: text for key, text in value.model_dump().items() if text}
        row[name] = length(value) if name in _LENGTHS else value
    return row


def length(seconds: float) -> str | float:
    """Return `15m` for 900.0, and what is no whole number of seconds as it is."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return seconds


def _table(row: dict[str, Any]) -> str:
    """Return a `[[source]]` table."""
    lines = (f"{name} = {_value(value)}\n" for name, value in row.items())
    return "[[source]]\n" + "".join(lines)


def _value(value: Any) -> str:
    """Return a value in TOML; its basic strings escape as JSON does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _flat(row: dict[str, Any]) -> dict[str, str]:
    """Return a row as cells: lists by `;`, rules as columns of their own."""
    flat: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{key}": text for key, text in value.items()})
        elif isinstance(value, tuple):
            flat[name] = ";".join(value)
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        else:
            flat[name] = str(value)
    return flat


def _csv(rows: Sequence[dict[str, str]]) -> str:
    """Return rows under the columns that any of them has."""
    order = [name for name in Source.model_fields if name != "rules"]
    used = {name for row in rows for name in row}
    columns = [*(name for name in order if name in used or name in _ALWAYS), *sorted(used - set(order))]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: guarded(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()
