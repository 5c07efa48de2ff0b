"""A file of lines, or standard input, for commands that read it through."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from pipeline.errors import BadInput


@contextmanager
def opened(file: Path) -> Iterator[Iterable[bytes]]:
    """Open a file, or standard input for `-`; how far it has been read shows on standard error.

    Raises:
        BadInput: it cannot be read.
    """
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        handle = file.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    with handle:
        yield _watched(handle, file.stat().st_size)


def _watched(handle: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Show a bar on standard error while a file is read, where someone can see it."""
    screen = Console(stderr=True)
    with Progress(console=screen, disable=not screen.is_terminal, transient=True) as progress:
        task = progress.add_task("lines", total=size)
        for line in handle:
            yield line
            progress.advance(task, len(line))
