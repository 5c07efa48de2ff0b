"""Source files as rows, before anything is known of their fields: TOML, CSV and OPML in, each value with its line."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agents import opml
from pipeline.errors import BadInput

#: Fields that hold several values, in a cell separated by `;`.
LISTS: Final = frozenset(("accounts",))
_HEADER: Final = re.compile(r"\s*\[\[\s*source\s*\]\]")
_TABLE: Final = re.compile(r"\s*\[\s*source\s*\.\s*(\w+)\s*\]")
_OTHER: Final = re.compile(r"\s*\[\[?\s*[\w.\"'-]+\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)[\"']?\s*=")
#: What a spreadsheet takes for a formula; full-width forms too.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One source as written.

    Attributes:
        values: by field name.
        line: where it begins, counted from 1.
        lines: field name → line, where that differs or shows that the field was written.
        loose: whether the format has no ids of its own, so that some must be made.
    """

    values: dict[str, Any]
    line: int
    lines: dict[str, int] = field(default_factory=dict)
    loose: bool = False

    def at(self, name: str) -> int:
        """Return the line of a field; of `rules.item` that of `rules` where it has none."""
        return self.lines.get(name) or self.lines.get(name.partition(".")[0]) or self.line


def read(path: Path) -> tuple[list[Row], list[BadInput]]:
    """Return the rows of a file, and what is wrong with it as a file.

    By its ending: `.csv` and `.tsv`, `.opml` and `.xml`, else TOML.
    """
    file = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        return [], [BadInput(f"cannot be read: {error.strerror}", file=file)]
    kind = path.suffix.lower()
    if kind in (".opml", ".xml"):
        return _opml(raw, file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return [], [BadInput("not UTF-8; save the file as UTF-8", file=file, line=line)]
    return _csv(text, file) if kind in (".csv", ".tsv") else _toml(text, file)


def _toml(text: str, file: str) -> tuple[list[Row], list[BadInput]]:
    """Return the `[[source]]` tables of a TOML file; where it does not parse, of its pieces that do."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return _pieces(text, file)
    faults = [
        BadInput("only [[source]] tables are known here", file=file, field=name) for name in raw if name != "source"
    ]
    tables = raw.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        said = "only [[source]] tables are known here; write two brackets"
        return [], [*faults, BadInput(said, file=file, field="source")]
    lines = tuple(_lines(text))
    if len(lines) != len(tables):
        # A header inside a text of several lines, or tables in another spelling: no line is better than a wrong one.
        lines = tuple({"": 1} for _ in tables)
    rows = [Row(table, where[""], where) for table, where in zip(tables, lines, strict=True)]
    if not rows and not faults:
        faults.append(BadInput("no source in it; write [[source]] tables", file=file, field="source"))
    return rows, faults


def _pieces(text: str, file: str) -> tuple[list[Row], list[BadInput]]:
    """Return the rows of a file that is no TOML: each table is read by itself, so that all faults are found at once."""
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    rows: list[Row] = []
    faults: list[BadInput] = []
    for start, end in zip([0, *starts], [*starts, len(lines)], strict=True):
        piece = "".join(lines[start:end])
        try:
            tables = tomllib.loads(piece).get("source", [])
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = start + int(found[1]) if found else end
            faults.append(BadInput(f"not TOML: {error}", file=file, line=line))
            continue
        where = {name: line + start for one in _lines(piece) for name, line in one.items()}
        rows += [Row(table, start + 1, where) for table in tables if isinstance(table, dict)]
    if not faults:
        faults.append(BadInput("not TOML as a whole, though each [[source]] by itself is", file=file))
    return rows, faults


def _lines(text: str) -> Iterator[dict[str, int]]:
    """Yield, for each `[[source]]`, the line of its header (under "") and of its keys."""
    table: dict[str, int] = {}
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            if table:
                yield table
            table, inside = {"": number}, ""
        elif table and (found := _TABLE.match(line)):
            inside = f"{found[1]}."
            table.setdefault(found[1], number)
        elif table and _OTHER.match(line):
            inside = "?."
        elif table and (found := _KEY.match(line)):
            name = inside + re.sub(r"\s", "", found[1])
            table.setdefault(name, number)
            table.setdefault(name.partition(".")[0], number)
    if table:
        yield table


def _csv(text: str, file: str) -> tuple[list[Row], list[BadInput]]:
    """Return the rows of a CSV file; its delimiter is the one that its header has most of."""
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    faults: list[BadInput] = []
    before = 0
    try:
        names = [name.strip() for name in next(reader, [])]
        if "url" not in names:
            said = "the first line must name the columns, one of them url"
            return [], [BadInput(said, file=file, line=1, field="url")]
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            line = max(line, 2)
            if len(cells) > len(names):
                said = f"{len(cells)} cells under {len(names)} columns; quote cells that hold {delimiter!r}"
                faults.append(BadInput(said, file=file, line=line))
                continue
            given = {name: _bare(cell.strip()) for name, cell in zip(names, cells, strict=False) if cell.strip()}
            rows.append(Row(_typed(given), line, dict.fromkeys(given, line)))
    except csv.Error as error:
        faults.append(BadInput(f"not CSV: {error}", file=file, line=reader.line_num))
    if not rows and not faults:
        faults.append(BadInput("no source in it; each line after the first is one", file=file, line=1))
    return rows, faults


def guarded(cell: str) -> str:
    """Return a cell as it may be opened in a spreadsheet: an apostrophe before what would be taken for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    """Return a cell without the apostrophe of `guarded`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _typed(cells: dict[str, str]) -> dict[str, Any]:
    """Return cells as TOML would have them: lists, yes and no, rules in columns `rules.item`, `rules.link` …"""
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        table, _, inner = name.partition(".")
        if inner:
            values.setdefault(table, {})[inner] = cell
        elif name in LISTS:
            values[name] = tuple(part.strip() for part in cell.split(";") if part.strip())
        else:
            values[name] = _YES.get(cell.lower(), cell) if name == "pages" else cell
    return values


def _opml(raw: bytes, file: str) -> tuple[list[Row], list[BadInput]]:
    """Return the outlines of an OPML file that have a feed; a feed in two folders is one."""
    try:
        outlines = opml.read(raw)
    except ValueError as error:
        line = getattr(error, "line", None)
        return [], [BadInput(str(error), file=file, line=line)]
    rows: list[Row] = []
    seen: set[object] = set()
    for line, values in outlines:
        if values["url"] in seen:
            continue
        seen.add(values["url"])
        typed = _typed(values)
        rows.append(Row(typed, line, dict.fromkeys(typed, line), loose="id" not in typed))
    return rows, [] if rows else [BadInput("no outline with an xmlUrl in it", file=file, line=1)]
