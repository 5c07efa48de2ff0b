"""The inside of a model file, read without skops: strings, numbers, arrays, and dictionaries of them.

skops writes a zip: `schema.json`, a tree whose nodes each say of which class they are, and an `.npy` per array. Its own
reader knows every class of scikit-learn and loads all of it for that: more CPU than all else that a worker does before
its first article. Our models need three kinds of node. A node of any other kind is refused unread, so that what a
model may contain is what stands here.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import numpy as np
import orjson
from numpy.lib import format as npy
from numpy.typing import NDArray

SCHEMA: Final = "schema.json"
PROTOCOL: Final = 2
"""The form of skops' schema that is known here."""
_HEADERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def unpack(content: bytes, most: int) -> Any:
    """Return what was packed.

    Args:
        content: the file.
        most: bytes that it may unpack to.

    Raises:
        ValueError: it unpacks to more, or holds a type that is not trusted.
        KeyError, TypeError, zipfile.BadZipFile, zlib.error: it is no file of skops'.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > most:
            raise ValueError(f"unpacks to more than {most} bytes")
        schema = orjson.loads(archive.read(SCHEMA))
        if schema["protocol"] != PROTOCOL:
            raise ValueError(f"protocol {schema['protocol']!r} of skops; {PROTOCOL} is read here")
        return _value(schema, archive)


def _value(node: dict[str, Any], archive: zipfile.ZipFile) -> Any:
    kind = (node["__loader__"], node["__module__"], node["__class__"])
    match kind:
        case ("JsonNode", "builtins", "str"):
            return _plain(node["content"])
        case ("DictNode", "builtins", "dict"):
            _only_strings(node["key_types"])
            return {name: _value(inner, archive) for name, inner in node["content"].items()}
        case ("NdArrayNode", "numpy", "ndarray") if node["type"] == "numpy":
            return _array(archive.read(node["file"]))
    raise ValueError(f"holds types that are not trusted: {kind[1]}.{kind[2]}"[:200])


def _plain(content: str) -> str | int | float | bool:
    """Return a string or a number, which skops writes as JSON in a string."""
    value = orjson.loads(content)
    if not isinstance(value, str | int | float):
        raise ValueError(f"holds a {type(value).__name__} that is written as JSON")
    return value


def _only_strings(keys: dict[str, Any]) -> None:
    """Refuse keys that were no strings: JSON has made strings of them."""
    for key in keys["content"]:
        if (key["__module__"], key["__class__"]) != ("builtins", "str"):
            raise ValueError(f"holds keys that are not trusted: {key['__module__']}.{key['__class__']}"[:200])


def _array(content: bytes) -> NDArray[Any]:
    """Return an array; it is a view of the bytes that are there, so that a header cannot ask for more."""
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"an array of version {version}")
    shape, by_column, dtype = _HEADERS[version](file)
    if dtype.kind not in "fiub":
        raise ValueError(f"holds types that are not trusted: an array of {dtype}")
    flat = np.frombuffer(content, dtype, offset=file.tell())
    return flat.reshape(shape, order="F" if by_column else "C")
