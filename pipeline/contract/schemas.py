"""JSON Schemas (2020-12) of the records, as readers need them: no titles that repeat names, no `anyOf` for null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.sources import Source
from pipeline.records import Record
from pipeline.topics import SOURCES, TOPICS, Topic

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def record_of(topic: Topic) -> type[Record] | None:
    """Return what a topic's values decode to; None where they are kept as they came."""
    return Source if topic is SOURCES else topic.record


def schema_of(record: type[Record]) -> Schema:
    """Return the schema of a record as we write it; its `$id` names the record and its schema version."""
    made = record.model_json_schema(mode="serialization")
    parts = {name: _clean(part) for name, part in sorted(made.pop("$defs", {}).items())}
    made = _clean(made)
    made["properties"]["schema_version"] = {"const": record.SCHEMA, "description": "rises with a change that breaks"}
    made["required"] = ["schema_version", *made.get("required", [])]
    head = {"$schema": DIALECT, "$id": f"urn:stellwerk:{record.__name__}:{record.SCHEMA}", "title": record.__name__}
    return {**head, **made, **({"$defs": parts} if parts else {})}


def schemas() -> dict[str, Schema]:
    """Return the schemas of everything on the topics, by the record's name."""
    found = {record.__name__: record for topic in TOPICS if (record := record_of(topic))}
    return {name: schema_of(found[name]) for name in sorted(found)}


def _clean(schema: Mapping[str, Any]) -> Schema:
    """Return a schema without what says nothing new, all the way down."""
    made = {key: _inner(key, value) for key, value in schema.items() if key != "title"}
    # With the field's own words beside it, that the default is null says the type already.
    if made.get("default", ...) is None:
        del made["default"]
    return _nullable(made)


def _inner(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties"):
        return {name: _clean(inner) for name, inner in value.items()}
    if key in ("items", "additionalProperties", "propertyNames") and isinstance(value, dict):
        return _clean(value)
    if key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        return [_clean(inner) for inner in value]
    return " ".join(value.split()) if key == "description" else value


def _nullable(schema: Schema) -> Schema:
    """Return `{"type": ["string", "null"]}` for "a string or null", where that says the same."""
    choices = schema.get("anyOf", [])
    plain = [one for one in choices if one != {"type": "null"}]
    if len(choices) != 2 or len(plain) != 1 or not isinstance(plain[0].get("type"), str) or "enum" in plain[0]:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**plain[0], "type": [plain[0]["type"], "null"], **rest}
