"""The contract as files: what there should be, what differs, and the copy of the last release."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from pipeline.contract.asyncapi import document
from pipeline.contract.examples import examples
from pipeline.contract.schemas import Schema, schemas
from pipeline.errors import BadInput

#: Folder of the last released schemas, inside the contract's.
RELEASED: Final = "released"


def build() -> dict[str, bytes]:
    """Return every file of the contract by its path below the folder; the same bytes for the same code."""
    made = {f"schemas/{name}.json": _json(schema) for name, schema in schemas().items()}
    told = examples()
    made |= {f"examples/{name}.json": _json(one) for name, one in told.items()}
    return made | {"asyncapi.yaml": _yaml(document(version("stellwerk"), told))}


def differences(folder: Path) -> list[str]:
    """Return what is not as `build` makes it, one line each."""
    wanted = build()
    there = {str(file.relative_to(folder)): file.read_bytes() for file in _owned(folder)}
    said = [f"{name}: missing" for name in wanted if name not in there]
    said += [f"{name}: no longer made" for name in there if name not in wanted]
    return sorted(said + [f"{name}: differs" for name in wanted if name in there and there[name] != wanted[name]])


def write(folder: Path) -> list[str]:
    """Make the folder hold the contract; return what was changed, as `differences` says it."""
    said = differences(folder)
    wanted = build()
    for file in _owned(folder):
        if str(file.relative_to(folder)) not in wanted:
            file.unlink()
    for name, content in wanted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return said


def release(folder: Path) -> None:
    """Keep the schemas of now as those of the last release."""
    kept = folder / RELEASED
    kept.mkdir(parents=True, exist_ok=True)
    for file in kept.glob("*.json"):
        file.unlink()
    for name, schema in schemas().items():
        (kept / f"{name}.json").write_bytes(_json(schema))


def released(folder: Path) -> dict[str, Schema]:
    """Return the schemas of the last release by record.

    Raises:
        BadInput: there are none, or one is no JSON.
    """
    files = sorted((folder / RELEASED).glob("*.json"))
    if not files:
        raise BadInput("no released schemas; `stellwerk contract --release` keeps those of now", file=str(folder))
    try:
        return {file.stem: orjson.loads(file.read_bytes()) for file in files}
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", file=str(folder / RELEASED)) from None


def _owned(folder: Path) -> list[Path]:
    """Return the files that are ours to write and to remove."""
    return [file for part in ("asyncapi.yaml", "schemas/*.json", "examples/*.json") for file in folder.glob(part)]


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice: anchors confuse people and some tools."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never."""
        return True


def _yaml(value: Any) -> bytes:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120).encode()


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
