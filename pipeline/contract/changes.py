"""What a change of schemas does to those who read.

Two readers must go on: a consumer with yesterday's schema who gets today's record, and ourselves, who find yesterday's
records on a topic that keeps them for months. So almost nothing about a field may change, in either direction:

    field removed · no longer always there · new and required       breaks
    type, format, bounds, pattern changed                           breaks
    value of a closed list removed (old records hold it)            breaks
    value of a closed list added                                    is told: readers must take values unknown to them
    new optional field · words · default                            is fine
    anything, while the record's schema version rose                is fine: readers refuse the new ones by name

A record that is gone breaks in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.contract.schemas import Schema

#: Say something about a value, beside its type; any change of them is a change of what readers may meet.
_LIMITS: Final = (
    "format pattern minimum maximum exclusiveMinimum exclusiveMaximum"
    " minLength maxLength minItems maxItems uniqueItems multipleOf"
).split()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        where: record and path of fields, `Alert.signal.type`; `[]` stands for every item, `{}` for every value.
        what: the difference, for people.
        breaks: whether a reader may fail on it.
    """

    where: str
    what: str
    breaks: bool = True

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.where}: {self.what}"


def changes(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Change]:
    """Return what differs for readers, in the order of the old schemas.

    Args:
        old: schema by record, as released.
        new: schema by record, as they are now.
    """
    found: list[Change] = []
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            found.append(Change(name, "record removed"))
        elif _version(after) <= _version(before):
            found += _compare(name, _Node(before, before), _Node(after, after))
    return found


def _version(schema: Schema) -> int:
    return int(schema["properties"]["schema_version"]["const"])


@dataclass(frozen=True, slots=True)
class _Node:
    """A schema and the document that its references lead into; references are followed when it is looked at."""

    schema: Any
    root: Schema

    def at(self, schema: Any) -> _Node:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return _Node(schema, self.root)


def _compare(where: str, old: _Node, new: _Node) -> Iterator[Change]:
    before, after = old.schema, new.schema
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before != after:
            yield Change(where, f"{before!r} became {after!r}")
        return
    if _kinds(old) != _kinds(new):
        yield Change(where, f"type {_said(old)} became {_said(new)}")
        return
    for limit in _LIMITS:
        if before.get(limit) != after.get(limit):
            yield Change(where, f"{limit} {before.get(limit)} became {after.get(limit)}")
    yield from _values(where, before, after)
    yield from _fields(where, old, new)
    yield from _inside(where, old, new)


def _kinds(node: _Node) -> frozenset[str]:
    """Return the types that a value may have, whatever way the schema says so."""
    schema = node.schema
    if "anyOf" in schema:
        return frozenset().union(*(_kinds(node.at(choice)) for choice in schema["anyOf"]))
    said = schema.get("type", "anything")
    return frozenset([said] if isinstance(said, str) else said)


def _said(node: _Node) -> str:
    return " or ".join(sorted(_kinds(node)))


def _values(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    """Compare closed lists; a constant is a list of one."""
    old, new = _listed(before), _listed(after)
    if old is None and new is None:
        return
    if old is None or new is None:
        yield Change(where, "became a closed list" if old is None else "is no closed list any more")
        return
    for value in old:
        if value not in new:
            yield Change(where, f"value {value!r} removed")
    for value in new:
        if value not in old:
            yield Change(where, f"value {value!r} added", breaks=False)


def _listed(schema: Schema) -> list[Any] | None:
    found: list[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return found


def _fields(where: str, old: _Node, new: _Node) -> Iterator[Change]:
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    needed, needs = old.schema.get("required", []), new.schema.get("required", [])
    for name, schema in before.items():
        path = f"{where}.{name}"
        if name not in after:
            yield Change(path, "field removed")
            continue
        if name in needed and name not in needs:
            yield Change(path, "no longer always there")
        if name in needs and name not in needed:
            yield Change(path, "became required: older records lack it")
        yield from _compare(path, old.at(schema), new.at(after[name]))
    for name in after:
        if name not in before:
            required = name in needs
            yield Change(f"{where}.{name}", "new and required" if required else "new field", breaks=required)


def _inside(where: str, old: _Node, new: _Node) -> Iterator[Change]:
    """Compare what lists, maps and choices hold."""
    before, after = old.schema, new.schema
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if key in before or key in after:
            yield from _compare(where + mark, old.at(before.get(key, True)), new.at(after.get(key, True)))
    choices, now = before.get("anyOf", []), after.get("anyOf", [])
    if len(choices) != len(now):
        yield Change(where, f"{len(choices)} choices became {len(now)}")
    for one, other in zip(choices, now, strict=False):
        yield from _compare(where, old.at(one), new.at(other))
