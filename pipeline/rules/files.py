"""Rules as a file: TOML, `[[rule]]` tables, checked; every fault names file, line and column or field.

A file with a fault is refused whole. `check` returns all faults at once, `load_rules` raises the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, ValidationError

from pipeline.errors import BadInput
from pipeline.records import Part, stable_id
from pipeline.rules.query import BadQuery, parse
from pipeline.rules.tree import Node
from pipeline.signals import Direction, SignalType, Status
from pipeline.toml import Table, inside, place, read, read_text, tables

ID: Final = r"^[a-z0-9][a-z0-9._-]{0,99}$"


class _Written(Part):
    """One `[[rule]]` as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    id: str = Field(pattern=ID, description="stands in the signals as rule:<id>")
    type: SignalType = Field(description="one of the 24 signal types")
    query: str = Field(description="in Lucene syntax, see docs/rules.md")
    status: Status = Field(Status.PLANNED, description="how far the thing has come")
    direction: Direction | None = Field(None, description="without it, what type and status usually mean")
    probability: Annotated[float, Field(gt=0, le=1)] = Field(1.0, description="what the rule's signals carry")
    name: str = Field("", max_length=200, description="for people")
    why: str = Field("", max_length=500, description="for people: stands in the alert")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, its query read."""

    id: str
    type: SignalType
    query: str
    node: Node
    status: Status = Status.PLANNED
    direction: Direction | None = None
    probability: float = 1.0
    name: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a file, in its order; `version` is a hash of the file."""

    rules: tuple[Rule, ...] = ()
    version: str = ""


def load_rules(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        BadInput: the first fault, and how many more there are.
    """
    return read_rules(read_text(path), str(path))


def read_rules(text: str, file: str) -> Rules:
    """Return the rules in a file's text; `file` is its name for errors.

    Raises:
        BadInput: the first fault, and how many more there are.
    """
    rules, faults = check(text, file)
    if not faults:
        return rules
    first = faults[0]
    if len(faults) > 1:
        more = f"{first.message} (and {len(faults) - 1} more; `stellwerk rules check` shows all)"
        first = BadInput(more, file=first.file, line=first.line, column=first.column, field=first.field)
    raise first


def check(text: str, file: str) -> tuple[Rules, list[BadInput]]:
    """Return the rules that are right, and all faults in the order of the file."""
    try:
        raw = read(text, file)
    except BadInput as error:
        return Rules(), [error]
    written = raw.pop("rule", [])
    faults = [BadInput("only [[rule]] tables are known here", file=file, field=name) for name in raw]
    if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
        return Rules(), [*faults, BadInput("must be [[rule]] tables", file=file, field="rule")]
    reader = _Reader(text, file, tables(text, "rule"), faults)
    rules = tuple(reader.rules(written))
    return Rules(rules, stable_id("rules", text)), sorted(faults, key=lambda one: (one.line or 0, one.column or 0))


@dataclass(slots=True)
class _Reader:
    """Turns tables into rules; what is wrong goes to `faults`."""

    text: str
    file: str
    places: list[Table]
    faults: list[BadInput]

    def rules(self, written: list[dict[str, Any]]) -> Iterator[Rule]:
        """Yield the rules that are right."""
        known: dict[str, Table | None] = {}
        if len(self.places) != len(written):  # inline tables: no lines, but the same checks
            self.places = []
        for number, table in enumerate(written):
            where = self.places[number] if self.places else None
            before = len(self.faults)
            rule = self._rule(table, where)
            name = table.get("id")
            if isinstance(name, str) and name in known:
                line = self._line(known[name], "id")
                self._fault(f"{name!r} was there before" + (f", in line {line}" if line else ""), where, "id")
            elif isinstance(name, str):
                known[name] = where
            if rule and len(self.faults) == before:
                yield rule

    def _rule(self, table: dict[str, Any], where: Table | None) -> Rule | None:
        node: Node | None = None
        query = table.get("query")
        if isinstance(query, str):
            try:
                node = parse(query)
            except BadQuery as error:
                self._fault(error.message, where, "query", query, error.at)
        try:
            made = _Written(**table)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = str(fault["loc"][0])
                self._fault(_told(fault, table), where, field)
            return None
        return Rule(node=node, **dict(made)) if node else None

    def _line(self, where: Table | None, field: str) -> int | None:
        return place(self.text, where.values.get(field, where.start)).line if where else None

    def _fault(self, message: str, where: Table | None, field: str, value: str = "", index: int | None = None) -> None:
        line, column = self._line(where, field), None
        if where and index is not None and field in where.values:
            line, column = place(self.text, inside(self.text, where.values[field], value, index))
        self.faults.append(BadInput(message, file=self.file, line=line, column=column, field=field))


def _told(fault: Any, table: dict[str, Any]) -> str:
    """Return what is wrong with a field in our words."""
    field, kind = str(fault["loc"][0]), fault["type"]
    if kind == "missing":
        return "missing; every rule needs one"
    if kind == "extra_forbidden":
        return f"no such field; fields are {', '.join(_Written.model_fields)}"
    if kind == "enum":
        near = get_close_matches(str(table[field]), _CHOICES[field], n=1)
        return f"{table[field]!r} is none of {', '.join(_CHOICES[field])}" + (f"; is it {near[0]}?" if near else "")
    if field == "id":
        return "must be small letters, digits, '.', '_', '-', at most 100"
    return str(fault["msg"])


_CHOICES: Final = {"type": [*SignalType], "status": [*Status], "direction": [*Direction]}
