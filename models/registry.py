"""Saving and loading versions: a folder each, here or behind a URL, checked before a byte of the model is believed.

    model.skops     the model (a zip; no pickle)
    card.md         what it learnt from, for whom, what it does not see
    metrics.json    its figures
    SHA256SUMS      of the three files above, as `sha256sum` writes them

The sums find accidents and exchanged files. Whoever can write the sums can write the model: keep the folder as safe as
the code. What a model may contain is a closed list (`packed`), so a strange one is refused even with right sums.

A registry is a folder of such folders, each named like its version.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import orjson

from models.packed import unpack
from models.scorer import LinearScorer
from models.store import Store
from pipeline.errors import BadModel
from pipeline.settings import Settings

CHAMPION: Final = Path(__file__).parent / "champion"
MODEL: Final = "model.skops"
CARD: Final = "card.md"
METRICS: Final = "metrics.json"
SUMS: Final = "SHA256SUMS"
MOST: Final = 64_000_000
"""Bytes of a model file at most, and eight times that unpacked."""

Place = str | Path
"""A path, or a URL that fsspec knows."""

_LINE = re.compile(r"([0-9a-f]{64}) [ *]([\w.-]+)")
_VERSION = re.compile(r"\w[\w.-]{0,99}")


def root(settings: Settings) -> str:
    """Return where this deployment's versions are kept."""
    return settings.model.registry or str(settings.folder / "registry")


def place(registry: Place, version: str) -> str:
    """Return where a version is kept in a registry.

    Raises:
        BadModel: no name of a version; one from a topic must not lead out of the registry.
    """
    if not _VERSION.fullmatch(version):
        raise BadModel(f"{version[:100]!r} is no name of a version")
    return f"{str(registry).rstrip('/')}/{version}"


def versions(registry: Place) -> list[str]:
    """Return the names of the versions in a registry, in order."""
    store = Store.at(registry)
    return [name for name in store.names() if _VERSION.fullmatch(name) and store.below(name).has(SUMS)]


def open_version(registry: Place, version: str) -> LinearScorer:
    """Return a version of a registry, ready to score.

    Raises:
        BadModel: it is not there, may not be loaded (see `load`), or is another version than its folder says.
        Transient: the registry does not answer.
    """
    scorer = load(place(registry, version))
    if scorer.version != version:
        raise BadModel(f"{place(registry, version)} holds {scorer.version}, not {version}")
    return scorer


def copy(source: Place, target: Place) -> None:
    """Copy a version, checked on the way.

    Raises:
        BadModel: as `load`.
    """
    contents, store = _checked(Store.at(source)), Store.at(target)
    for name in (MODEL, CARD, METRICS, SUMS):
        store.write(name, contents[name])


def metrics(folder: Place) -> dict[str, Any]:
    """Return a version's figures.

    Raises:
        BadModel: a file is missing or changed, or the figures are no JSON object.
    """
    try:
        found = orjson.loads(_checked(Store.at(folder))[METRICS])
    except orjson.JSONDecodeError as error:
        raise BadModel(f"{folder}/{METRICS} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadModel(f"{folder}/{METRICS} is no JSON object")
    return found


def save(model: LinearScorer, folder: Place, card: str, metrics: dict[str, Any]) -> None:
    """Write a version into a folder; files of an older one there are replaced.

    Args:
        model: what was trained.
        folder: path or URL; made if missing.
        card: Markdown.
        metrics: figures; must go into JSON.
    """
    # Only whoever trains has a second of CPU for it: it loads all of scikit-learn.
    import skops.io

    store = Store.at(folder)
    # Without sums it is no version: whoever looks in between, or after a crash, sees none.
    store.remove(SUMS)
    packed = skops.io.dumps(model.state(), compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    figures = orjson.dumps(metrics, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    contents = {MODEL: packed, CARD: card.encode(), METRICS: figures}
    for name, content in contents.items():
        store.write(name, content)
    store.write(SUMS, "".join(f"{_sum(content)}  {name}\n" for name, content in contents.items()).encode())


def load(folder: Place = CHAMPION) -> LinearScorer:
    """Return the model in a folder, ready to score.

    Raises:
        BadModel: a file is missing or changed, is no skops file, holds an untrusted type, or is of another make.
        Transient: the folder is behind a URL that does not answer.
    """
    store = Store.at(folder)
    content = _checked(store)[MODEL]
    if not content.startswith(b"PK\x03\x04"):
        raise BadModel(f"{store}/{MODEL} is no skops file; pickles are never read")
    try:
        state = unpack(content, 8 * MOST)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise BadModel(f"{store}/{MODEL} cannot be read: {error!r:.200}") from None
    return LinearScorer.restore(state)


def _checked(store: Store) -> dict[str, bytes]:
    """Return the files' bytes, each compared with its sum; each read once: nothing changes in between."""
    contents = {name: store.read(name, MOST) for name in (SUMS, CARD, METRICS, MODEL)}
    listed = {name: total for total, name in _LINE.findall(contents[SUMS].decode("utf-8", "replace"))}
    for name in (CARD, METRICS, MODEL):
        if name not in listed:
            raise BadModel(f"{store}/{SUMS} does not list {name}")
        if _sum(contents[name]) != listed[name]:
            raise BadModel(f"{store}/{name} is not the file that was saved: its SHA-256 differs")
    return contents


def _sum(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
