"""The contract with readers: written from the code, valid, and never broken without the schema version saying so."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.contract import files
from pipeline.contract.changes import changes
from pipeline.contract.examples import examples
from pipeline.contract.schemas import record_of, schemas
from pipeline.records import Alert
from pipeline.topics import TOPICS

FOLDER = Path(__file__).parents[2] / "docs" / "contract"


def test_the_contract_in_the_tree_is_what_the_code_says() -> None:
    """What lies in `docs/contract` is what `stellwerk contract` writes; when this fails, run it and commit."""
    assert files.differences(FOLDER) == []


def test_the_last_release_can_still_read_us() -> None:
    """Nothing changed that would break a reader of the last release, unless the record's schema version rose."""
    broken = [str(change) for change in changes(files.released(FOLDER), schemas()) if change.breaks]
    assert broken == [], "raise the record's SCHEMA, or take the change back (docs/consumers.md)"


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if record_of(topic)], ids=lambda topic: topic.name)
def test_every_example_is_valid_and_decodes(topic: Any) -> None:
    """Every topic with a record has one example, which its schema allows and its record reads."""
    record = record_of(topic)
    assert record
    assert topic.name in examples(), f"say in pipeline/contract/examples.py what a message on {topic.name} looks like"
    example = examples()[topic.name]
    schema = schemas()[record.__name__]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example)
    assert record.decode(orjson.dumps(example))


def test_a_schema_refuses_what_the_record_refuses() -> None:
    """A schema is no decoration: without a field, with another type or another version it says no."""
    valid = Draft202012Validator(schemas()["Alert"]).is_valid
    good = examples()["alerts"]
    assert valid(good)
    assert not valid({key: value for key, value in good.items() if key != "account"})
    assert not valid({**good, "revision": "1"})
    assert not valid({**good, "schema_version": 99})
    assert not valid({**good, "signal": {**good["signal"], "type": "weather"}})


def test_schemas_have_no_noise() -> None:
    """No titles that repeat names, no `anyOf` for "or null", one line a description."""
    text = orjson.dumps(schemas()).decode()
    assert not re.search(r'"anyOf":\[\{"type":"\w+"\},\{"type":"null"\}\]', text)
    assert text.count('"title":"') == len(schemas())
    assert "\\n" not in text


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for inner in node.values() for ref in _references(inner)]
    return [ref for inner in node for ref in _references(inner)] if isinstance(node, list) else []


def test_asyncapi_leads_somewhere() -> None:
    """Each topic is a channel with its configuration, and every reference in the document finds what it names."""
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    for topic in TOPICS:
        channel = document["channels"][topic.name]
        assert channel["address"] == "{prefix}" + topic.name
        config = channel["bindings"]["kafka"]["topicConfiguration"]
        assert ",".join(config["cleanup.policy"]) == topic.cleanup
    references = _references(document)
    assert len(references) > 3 * len(TOPICS)
    for reference in references:
        file, _, path = reference.partition("#")
        if file:
            assert (FOLDER / file).exists(), reference
            continue
        node = document
        for step in path.strip("/").split("/"):
            node = node[step]


def test_check_names_what_differs(tmp_path: Path) -> None:
    """`--check` writes nothing, says which files are stale, and ends with exit code 1; writing mends it."""
    runner = CliRunner()
    command = ["contract", "--folder", str(tmp_path)]
    assert runner.invoke(app, [*command, "--release"]).exit_code == 0
    assert runner.invoke(app, [*command, "--check"]).exit_code == 0
    (tmp_path / "schemas" / "Alert.json").write_text("{}")
    (tmp_path / "schemas" / "Old.json").write_text("{}")
    said = runner.invoke(app, [*command, "--check"])
    assert said.exit_code == 1
    assert said.output.splitlines() == ["schemas/Alert.json: differs", "schemas/Old.json: no longer made"]
    runner.invoke(app, command)
    assert files.differences(tmp_path) == []


def test_a_break_with_the_release_is_said(tmp_path: Path) -> None:
    """The command says what breaks readers of the last release, and fails."""
    runner = CliRunner()
    command = ["contract", "--folder", str(tmp_path)]
    runner.invoke(app, [*command, "--release"])
    file = tmp_path / "released" / "Alert.json"
    old = orjson.loads(file.read_bytes())
    old["properties"]["mood"] = {"type": "string"}
    file.write_bytes(orjson.dumps(old))
    said = runner.invoke(app, command)
    assert said.exit_code == 1
    assert "breaks  Alert.mood: field removed" in said.output


OLD: dict[str, Any] = {
    "properties": {
        "schema_version": {"const": 1},
        "id": {"type": "string", "minLength": 1},
        "count": {"type": "integer", "minimum": 0},
        "note": {"type": ["string", "null"]},
        "kind": {"$ref": "#/$defs/Kind"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "scores": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "required": ["schema_version", "id", "kind"],
    "type": "object",
    "$defs": {
        "Kind": {"type": "string", "enum": ["a", "b"]},
        "Part": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}, "required": ["at"]},
    },
}


def _set(path: str, value: Any) -> Any:
    """Return a function that sets something in a schema; None takes it away."""

    def change(schema: dict[str, Any]) -> None:
        *way, last = path.split("/")
        node: Any = schema
        for step in way:
            node = node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "said", "breaks"),
    [
        ("properties/count", None, "R.count: field removed", True),
        ("properties/count/type", "number", "R.count: type integer became number", True),
        ("properties/count/type", "string", "R.count: type integer became string", True),
        ("properties/count/type", ["integer", "null"], "R.count: type integer became integer or null", True),
        ("properties/note/type", "string", "R.note: type null or string became string", True),
        ("properties/count/minimum", 1, "R.count: minimum 0 became 1", True),
        ("properties/count/minimum", None, "R.count: minimum 0 became None", True),
        ("properties/id/maxLength", 9, "R.id: maxLength None became 9", True),
        ("required", ["schema_version", "id"], "R.kind: no longer always there", True),
        ("required", ["schema_version", "id", "kind", "note"], "R.note: became required: older records lack it", True),
        ("$defs/Kind/enum", ["a"], "R.kind: value 'b' removed", True),
        ("$defs/Kind/enum", ["a", "b", "c"], "R.kind: value 'c' added", False),
        ("$defs/Kind/enum", None, "R.kind: is no closed list any more", True),
        ("properties/id/enum", ["x"], "R.id: became a closed list", True),
        ("$defs/Part/properties/at/format", "date", "R.parts[].at: format date-time became date", True),
        ("$defs/Part/properties/at", None, "R.parts[].at: field removed", True),
        ("properties/parts/items", {"type": "string"}, "R.parts[]: type object became string", True),
        ("properties/scores/additionalProperties/type", "string", "R.scores{}: type number became string", True),
        ("properties/new", {"type": "string"}, "R.new: new field", False),
        ("$defs/Part/properties/more", {"type": "string"}, "R.parts[].more: new field", False),
    ],
)
def test_each_kind_of_change_is_told_and_judged(path: str, value: Any, said: str, breaks: bool) -> None:
    """One change, one line that names field and difference, and the right verdict."""
    new = copy.deepcopy(OLD)
    _set(path, value)(new)
    (found,) = changes({"R": OLD}, {"R": new})
    assert (str(found), found.breaks) == (said, breaks)


def test_what_says_the_same_is_no_change() -> None:
    """Words, defaults, the order of fields, and whether a part stands in place or by name mean nothing to a reader."""
    new = copy.deepcopy(OLD)
    new["description"] = "other words"
    new["properties"]["count"]["default"] = 3
    new["properties"] = dict(reversed(new["properties"].items()))
    new["properties"]["kind"] = new["$defs"].pop("Kind")
    new["properties"]["note"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert [str(one) for one in changes({"R": OLD}, {"R": new}) if "choices" not in one.what] == []


def test_a_new_required_field_breaks_and_a_risen_version_allows_everything() -> None:
    """Old records lack what is newly required; with a new schema version, readers refuse by name instead of failing."""
    new = copy.deepcopy(OLD)
    new["properties"]["must"] = {"type": "string"}
    new["required"] = [*new["required"], "must"]
    assert [str(one) for one in changes({"R": OLD}, {"R": new})] == ["R.must: new and required"]
    new["properties"]["schema_version"] = {"const": 2}
    assert changes({"R": OLD}, {"R": new}) == []
    assert [str(one) for one in changes({"R": OLD}, {})] == ["R: record removed"]


def test_changes_of_a_real_record_are_seen() -> None:
    """The comparison works on what pydantic makes, too: maps, lists of parts, closed lists."""
    old, new = schemas()["Alert"], copy.deepcopy(schemas()["Alert"])
    assert changes({"Alert": old}, {"Alert": new}) == []
    del new["$defs"]["Score"]["properties"]["parts"]
    new["$defs"]["SignalType"]["enum"].remove("tender")
    found = {str(one) for one in changes({"Alert": old}, {"Alert": new})}
    assert {"Alert.scores{}.parts: field removed", "Alert.signal.type: value 'tender' removed"} <= found
    assert old["properties"]["schema_version"]["const"] == Alert.SCHEMA
