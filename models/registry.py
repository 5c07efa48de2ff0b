"""Saving and loading versions: a folder each, checked before a byte of the model is believed.

    model.skops     the model (a zip; no pickle)
    card.md         what it learnt from, for whom, what it does not see
    metrics.json    its figures
    SHA256SUMS      of the three files above, as `sha256sum` writes them

The sums find accidents and exchanged files. Whoever can write the sums can write the model: keep the folder as safe as
the code. The list of trusted types is closed, so a strange model is refused even with right sums.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import orjson
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from models.scorer import LinearScorer
from pipeline.errors import BadModel

CHAMPION: Final = Path(__file__).parent / "champion"
MODEL: Final = "model.skops"
CARD: Final = "card.md"
METRICS: Final = "metrics.json"
SUMS: Final = "SHA256SUMS"
TRUSTED: Final[tuple[str, ...]] = ()
"""Types beyond strings, numbers, lists, dicts and NumPy arrays that a model may contain: none."""
ALLOWED: Final = frozenset(
    (
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.int",
        "builtins.float",
        "builtins.tuple",
        "numpy.ndarray",
    )
)
MOST: Final = 64_000_000
"""Bytes of a model file at most, and eight times that unpacked."""

_LINE = re.compile(r"([0-9a-f]{64}) [ *]([\w.-]+)")


def save(model: LinearScorer, folder: Path, card: str, metrics: dict[str, Any]) -> None:
    """Write a version into a folder; files of an older one there are replaced.

    Args:
        model: what was trained.
        folder: made if missing.
        card: Markdown.
        metrics: figures; must go into JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMS).unlink(missing_ok=True)
    skops.io.dump(model.state(), folder / MODEL, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    (folder / CARD).write_text(card, encoding="utf-8")
    (folder / METRICS).write_bytes(orjson.dumps(metrics, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    names = (MODEL, CARD, METRICS)
    (folder / SUMS).write_text("".join(f"{_sum((folder / name).read_bytes())}  {name}\n" for name in names))


def load(folder: Path = CHAMPION) -> LinearScorer:
    """Return the model in a folder, ready to score.

    Raises:
        BadModel: a file is missing or changed, is no skops file, holds an untrusted type, or is of another make.
    """
    content = _checked(folder)
    if not content.startswith(b"PK\x03\x04"):
        raise BadModel(f"{folder / MODEL} is no skops file; pickles are never read")
    try:
        _refuse_large(content, folder)
        strange = skops.io.get_untrusted_types(data=content)
        if set(strange) - set(TRUSTED):
            raise BadModel(f"{folder / MODEL} holds types that are not trusted: {', '.join(sorted(strange))[:200]}")
        state = skops.io.loads(content, trusted=list(TRUSTED))
    except (
        UntrustedTypesFoundException,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
        RuntimeError,
        OSError,
    ) as error:
        raise BadModel(f"{folder / MODEL} cannot be read: {error!r:.200}") from None
    return LinearScorer.restore(state)


def _refuse_large(content: bytes, folder: Path) -> None:
    """Refuse a file that unpacks to much more than a model needs."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > 8 * MOST:
            raise BadModel(f"{folder / MODEL} unpacks to more than {8 * MOST} bytes")


def _checked(folder: Path) -> bytes:
    """Return the model file's bytes, every file compared with its sum; each read once: nothing changes in between."""
    contents: dict[str, bytes] = {}
    for name in (SUMS, CARD, METRICS, MODEL):
        try:
            if (size := (folder / name).stat().st_size) > MOST:
                raise BadModel(f"{folder / name}: {size} bytes, at most {MOST} are read")
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise BadModel(f"{folder / name} is missing: {error.strerror}") from None
    listed = {name: total for total, name in _LINE.findall(contents[SUMS].decode("utf-8", "replace"))}
    for name in (CARD, METRICS, MODEL):
        if name not in listed:
            raise BadModel(f"{folder / SUMS} does not list {name}")
        if _sum(contents[name]) != listed[name]:
            raise BadModel(f"{folder / name} is not the file that was saved: its SHA-256 differs")
    return contents[MODEL]


def _sum(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
