"""The account file: CSV, TOML or JSONL in, a checked tree out.

    account_id,name,parent_id,level,aliases,former_names,legal_name,domain,tickers,country,industry,owner,teams,regions,
    ignore_people,never,judged

The row `*` holds what counts for all accounts (`ignore_people`, `never`). Only `account_id` and `name` must be there.
Lists are separated by `;` or `|` (arrays in TOML and JSONL). CSV may be separated by comma, semicolon or tab. Columns
that begin with `x_` are the user's own and not read. Every fault is a `BadInput` that names file, line and field, and
says what to do.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from pipeline.errors import BadInput
from pipeline.route.tree import EVERYBODY, Account, Accounts, Level
from pipeline.route.verdicts import parse
from pipeline.signals import SignalType

__all__ = ["Account", "Accounts", "Level", "check_accounts", "load_accounts"]

_ONE: Final = ("id", "name", "parent_id", "level", "legal_name", "country", "industry", "owner")
_MANY: Final = ("aliases", "former_names", "domains", "tickers", "teams", "regions", "ignore_people", "never", "judged")
_SYNONYMS: Final = {"account_id": "id", "domain": "domains", "ticker": "tickers", "alias": "aliases"}
_KNOWN: Final = frozenset((*_ONE, *_MANY))
_COLUMNS: Final = (
    "account_id, name, parent_id, level, aliases, former_names, legal_name, domain, tickers, country, industry, "
    "owner, teams, regions, ignore_people, never, judged"
)
_LIST = re.compile(r"\s*[;|]\s*")
_TABLE = re.compile(r"^\s*\[\[\s*account\s*\]\]", re.MULTILINE)
_ORDER: Final = {Level.GROUP: 0, Level.UNIT: 1, Level.SITE: 2}
_LONGEST: Final = 1_000
_MOST: Final = 100
_TYPE: Final = re.compile(r"[a-z]+(?:_[a-z]+)+")
_TYPES: Final = tuple(kind.value for kind in SignalType)


class _Row(NamedTuple):
    """One account as written, and the line where it begins."""

    line: int
    cells: Mapping[str, Any]


def load_accounts(path: Path) -> Accounts:
    """Return the accounts in this file.

    Args:
        path: ends in `.csv`, `.tsv`, `.txt`, `.toml`, `.jsonl` or `.ndjson`.

    Raises:
        BadInput: the file cannot be read, or one of its rows is wrong; the first fault is reported.
    """
    accounts, faults = check_accounts(path)
    if faults:
        raise faults[0]
    return accounts


def check_accounts(path: Path) -> tuple[Accounts, list[BadInput]]:
    """Return the good accounts in this file, and its faults, in order; at most a hundred."""
    file, accounts, lines, faults = str(path), Accounts(()), dict[str, int](), list[BadInput]()
    try:
        for row in _rows(path):
            try:
                account = _account(row, file)
                if account.id in lines:
                    message = f"{account.id!r} stands in line {lines[account.id]} already; ids must be unique"
                    raise BadInput(message, file=file, line=row.line, field="account_id")
                lines[account.id] = row.line
                accounts.put(account)
            except BadInput as fault:
                faults.append(fault)
            if len(faults) >= _MOST:
                return accounts, faults
    except BadInput as fault:
        faults.append(fault)
    if not lines and not faults:
        faults.append(BadInput("no accounts in it; write at least one row", file=file))
    return accounts, faults or list(_faults_in_tree(accounts, lines, file))


def _rows(path: Path) -> Iterator[_Row]:
    readers = {".toml": _toml, ".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _csv, ".tsv": _csv, ".txt": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadInput(f"unknown kind {path.suffix!r}; use .csv, .toml or .jsonl", file=str(path))
    yield from reader(_text(path), str(path))


def _text(path: Path) -> str:
    """Return the file's text; a byte-order mark, as spreadsheets write it, is dropped."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(path)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput("not UTF-8; save it as `CSV UTF-8`", file=str(path), line=line) from None
    if not text.strip():
        raise BadInput("empty; write a header and at least one account", file=str(path))
    return text


def _csv(text: str, file: str) -> Iterator[_Row]:
    """Yield the rows of a table; rows without any value are passed over."""
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, file, line)
                continue
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                message = f"{len(cells)} cells under {len(header)} columns; quote a value that contains {delimiter!r}"
                raise BadInput(message, file=file, line=line)
            yield _Row(line, dict(zip(header, cells, strict=False)))
    except csv.Error as error:
        raise BadInput(f"not a table: {error}; check the quotes", file=file, line=reader.line_num) from None


def _header(cells: Sequence[str], file: str, line: int) -> list[str]:
    """Return the columns' names as fields of `Account`, own columns as they are."""
    header: list[str] = []
    for cell in cells:
        name = _field(cell.strip().lower(), file, line)
        if name in header and name:
            raise BadInput("this column stands twice; remove one", file=file, line=line, field=cell.strip())
        header.append(name)
    for needed, shown in (("id", "account_id"), ("name", "name")):
        if needed not in header:
            raise BadInput(
                f"no such column; the first line must name the columns ({_COLUMNS})", file=file, line=line, field=shown
            )
    return header


def _field(key: str, file: str, line: int) -> str:
    """Return the field that a column or key means; a misspelt one is a fault, not a silence."""
    name = _SYNONYMS.get(key, key)
    if name in _KNOWN or name.startswith("x_") or not name:
        return name
    near = get_close_matches(key, [*_KNOWN, *_SYNONYMS], 1)
    hint = f"did you mean {near[0]!r}? Otherwise " if near else ""
    raise BadInput(f"unknown column; {hint}call your own columns x_…", file=file, line=line, field=key)


def _toml(text: str, file: str) -> Iterator[_Row]:
    """Yield the `[[account]]` tables."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        raise BadInput(f"not TOML: {error}", file=file, line=int(at.group(1)) if at else None) from None
    tables = raw.get("account", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput("write each account as a table [[account]]", file=file, field="account")
    lines = [text.count("\n", 0, match.start()) + 1 for match in _TABLE.finditer(text)]
    if len(lines) != len(tables):
        lines = [0] * len(tables)
    for line, table in zip(lines, tables, strict=True):
        yield _Row(line, {_field(key, file, line): value for key, value in table.items()})


def _jsonl(text: str, file: str) -> Iterator[_Row]:
    """Yield one account a line."""
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            raw = orjson.loads(written)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"not JSON: {error}", file=file, line=line) from None
        if not isinstance(raw, dict):
            raise BadInput("not an object; write one {…} a line", file=file, line=line)
        yield _Row(line, {_field(key, file, line): value for key, value in raw.items()})


def _account(row: _Row, file: str) -> Account:
    """Return the account of one row, its values checked one by one."""
    cells = row.cells
    one = {field: _single(cells[field], field, row.line, file) for field in _ONE if field in cells}
    many = {field: _several(cells[field], field, row.line, file) for field in _MANY if field in cells}
    for needed, shown in (("id", "account_id"), ("name", "name")):
        if not one.get(needed):
            raise BadInput("missing; every account needs one", file=file, line=row.line, field=shown)
    if one["id"] != EVERYBODY and not any(character.isalnum() for character in one["name"]):
        raise BadInput(f"{one['name']!r} has neither letter nor digit", file=file, line=row.line, field="name")
    level = one.pop("level", "").lower() or ("unit" if one.get("parent_id") else "group")
    if level not in {known.value for known in Level}:
        raise BadInput(f"{level!r} is no level; use group, unit or site", file=file, line=row.line, field="level")
    for word in many.get("never", ()):
        if _TYPE.fullmatch(word) and word not in _TYPES:
            near = get_close_matches(word, _TYPES, 1)
            hint = f"did you mean {near[0]!r}?" if near else "docs/signals.md has the types"
            raise BadInput(f"no signal type is called {word!r}; {hint}", file=file, line=row.line, field="never")
    for entry in many.get("judged", ()):
        if not parse(entry):
            message = f"{entry!r} is no verdict; write `NAME: 1 of 8`, as `stellwerk accounts learn` does"
            raise BadInput(message, file=file, line=row.line, field="judged")
    return Account(level=Level(level), **one, **many)  # type: ignore[arg-type]


def _single(value: object, field: str, line: int, file: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"is {type(value).__name__}; write a text", file=file, line=line, field=field)
    if len(value) > _LONGEST:
        raise BadInput(f"{len(value)} characters; is a quote missing?", file=file, line=line, field=field)
    return " ".join(value.split())


def _several(value: object, field: str, line: int, file: str) -> tuple[str, ...]:
    if isinstance(value, list):
        parts = [_single(part, field, line, file) for part in value]
    else:
        parts = _LIST.split(value) if isinstance(value, str) else [_single(value, field, line, file)]
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def _faults_in_tree(accounts: Accounts, lines: Mapping[str, int], file: str) -> Iterator[BadInput]:
    """Yield parents that do not exist or stand lower; where there are none, circles."""
    found = False
    for account in accounts:
        fault = _fault_of_parent(account, accounts)
        if fault:
            found = True
            yield BadInput(fault, file=file, line=lines[account.id], field="parent_id")
    rooted: set[str] = set()
    for account in accounts if not found else ():
        way, current = {account.id: None}, account
        while current.parent_id and current.parent_id not in rooted:
            current = accounts[current.parent_id]
            if current.id in way:
                circle = " → ".join((*way, current.id))
                yield BadInput(
                    f"goes round in a circle: {circle}", file=file, line=lines[account.id], field="parent_id"
                )
                return
            way[current.id] = None
        rooted.update(way)


def _fault_of_parent(account: Account, accounts: Accounts) -> str:
    """Return what is wrong with an account's parent for its level; empty where nothing is."""
    above = accounts.get(account.parent_id) if account.parent_id else None
    if not account.parent_id:
        if account.level is not Level.GROUP:
            return f"missing; a {account.level} stands below another account (or set level to group)"
    elif account.parent_id == account.id:
        return "an account cannot be its own parent"
    elif above is None:
        return f"no account has the id {account.parent_id!r}; add it or correct this one"
    elif account.level is Level.GROUP:
        return "a group has no parent; set level to unit or site, or leave parent_id empty"
    elif _ORDER[above.level] > _ORDER[account.level]:
        return f"a {account.level} cannot stand below a {above.level}"
    return ""
