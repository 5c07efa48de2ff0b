"""A folder that versions are kept in: on this machine or behind any URL that fsspec knows (`s3://…`, `gs://…`).

One code path for both. What is not there is the user's fault and final; what does not answer may answer later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from pipeline.errors import BadModel, Transient

_FINAL = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)


@dataclass(frozen=True, slots=True)
class Store:
    """One folder.

    Attributes:
        fs: fsspec's file system.
        path: the folder's path in it.
    """

    fs: Any
    path: str

    @classmethod
    def at(cls, place: str | Path) -> Store:
        """Return the folder at a path or URL; it need not exist yet.

        Raises:
            BadModel: no such kind of URL, or the package that speaks it is not installed (the message names it).
        """
        try:
            fs, path = fsspec.core.url_to_fs(str(place))
        except (ValueError, ImportError) as error:
            raise BadModel(f"{place} cannot be opened: {error}") from None
        return cls(fs, path.rstrip("/"))

    def __str__(self) -> str:
        """The folder, for messages."""
        return self.path if "file" in _protocols(self.fs) else str(self.fs.unstrip_protocol(self.path))

    def below(self, name: str) -> Store:
        """Return a folder in this one."""
        return Store(self.fs, f"{self.path}/{name}")

    def read(self, name: str, most: int) -> bytes:
        """Return a file's bytes.

        Raises:
            BadModel: it is not there, may not be read, or is larger than `most` bytes.
            Transient: the place does not answer.
        """
        try:
            with self.fs.open(f"{self.path}/{name}", "rb") as handle:
                # One byte more than allowed says enough; the size that the place claims need not be true.
                content: bytes = handle.read(most + 1)
        except _FINAL as error:
            raise BadModel(f"{self}/{name} is missing: {error.strerror or error}") from None
        except OSError as error:
            raise Transient(f"{self}/{name} cannot be read now: {error}") from None
        if len(content) > most:
            raise BadModel(f"{self}/{name}: more than {most} bytes, which are never read")
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file; the folder is made where it is missing.

        Raises:
            BadModel: the place may not be written.
            Transient: the place does not answer.
        """
        try:
            self.fs.makedirs(self.path, exist_ok=True)
            self.fs.pipe_file(f"{self.path}/{name}", content)
        except (*_FINAL, FileExistsError) as error:
            raise BadModel(f"{self}/{name} cannot be written: {error.strerror or error}") from None
        except OSError as error:
            raise Transient(f"{self}/{name} cannot be written now: {error}") from None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self.has(name):
            self.fs.rm_file(f"{self.path}/{name}")

    def has(self, name: str) -> bool:
        """Say whether there is a file or folder of this name."""
        return bool(self.fs.exists(f"{self.path}/{name}"))

    def names(self) -> list[str]:
        """Return the names of all that is in the folder, in order; nothing when it does not exist."""
        self.fs.invalidate_cache()
        try:
            return sorted(str(one).rstrip("/").rpartition("/")[2] for one in self.fs.ls(self.path, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise Transient(f"{self} cannot be listed now: {error}") from None


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
