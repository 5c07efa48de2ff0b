"""Accounts as a file: CSV, TOML or JSONL; read again, they are the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final, Literal

import orjson

from pipeline.route.tree import Account, Accounts, Level

Format = Literal["csv", "toml", "jsonl"]
_FIELDS: Final = tuple(field.name for field in fields(Account))
_SHOWN: Final = {"id": "account_id", "domains": "domain"}


def export(accounts: Accounts, form: Format) -> Iterator[str]:
    """Yield the file piece by piece; columns and keys that no account uses are left out."""
    rows = [_row(account) for account in accounts.rows()]
    if form == "jsonl":
        yield from (orjson.dumps(row).decode() + "\n" for row in rows)
    elif form == "toml":
        for row in rows:
            lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in row.items())
            yield "\n".join(("[[account]]", *lines, "\n"))
    else:
        columns = [_SHOWN.get(name, name) for name in _FIELDS]
        columns = [column for column in columns if any(column in row for row in rows)]
        yield _line(columns)
        for row in rows:
            yield _line([_cell(row.get(column, "")) for column in columns])


def _row(account: Account) -> dict[str, Any]:
    """Return what is not as it would be without being said."""
    row: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(account, name)
        if name == "level" and value is (Level.UNIT if account.parent_id else Level.GROUP):
            continue
        if value:
            row[_SHOWN.get(name, name)] = list(value) if isinstance(value, tuple) else str(value)
    return row


def _cell(value: list[str] | str) -> str:
    return ";".join(value) if isinstance(value, list) else value


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
