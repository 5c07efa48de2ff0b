"""`stellwerk parse` and `extract`: what ingest would make of a feed or a page that lies here."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pipeline.commands import start
from pipeline.errors import StellwerkError

#: CPU seconds for one file; somebody waits for it, but not for ever.
_PATIENCE: Final = 30.0


def parse(
    files: Annotated[list[Path], typer.Argument(help="Feed files: RSS, Atom, RDF, JSON Feed.")],
    url: Annotated[str, typer.Option(help="Where the feed was fetched; relative links are resolved against it.")] = "",
) -> None:
    """Read feed files: one JSON line each with its entries, or why it is no feed.

    Example:

        stellwerk parse feed.xml other.json
    """
    from agents.feeds import parse_feed
    from agents.sandbox import Sandbox

    async def one(sandbox: Sandbox, body: bytes) -> dict[str, Any]:
        feed = await sandbox.run(parse_feed, body, url)
        fields = ("id", "url", "title", "summary", "published", "author")
        return {"entries": [{name: getattr(entry, name) for name in fields} for entry in feed.entries]}

    _each(files, one)


def extract(
    files: Annotated[list[Path], typer.Argument(help="Pages: .html or .html.gz.")],
    url: Annotated[str, typer.Option(help="Where the page was fetched.")] = "",
) -> None:
    """Read pages: one JSON line each with the article's text, or why there is none.

    Example:

        stellwerk extract --url https://example.org/news/1 page.html.gz
    """
    from agents.extract import extract as read
    from agents.sandbox import Sandbox

    async def one(sandbox: Sandbox, body: bytes) -> dict[str, Any]:
        page = await sandbox.run(read, body, url)
        return {name: getattr(page, name) for name in ("title", "text", "author", "published", "language")}

    _each(files, one)


def _each(files: Iterable[Path], read: Callable[[Any, bytes], Awaitable[dict[str, Any]]]) -> None:
    """Print one line per file; a file that cannot be read gives its error and exit code 1 at the end.

    Strangers' bytes are read where ingest reads them: in a process that may hang or fall without taking the rest along.
    """
    raise typer.Exit(0 if start.run(_read(files, read)) else 1)


async def _read(files: Iterable[Path], read: Callable[[Any, bytes], Awaitable[dict[str, Any]]]) -> bool:
    from agents.sandbox import Sandbox

    good = True
    async with Sandbox(1, _PATIENCE) as sandbox:
        for file in files:
            try:
                line = await read(sandbox, _bytes(file))
            except (StellwerkError, OSError, EOFError, zlib.error) as error:
                line, good = {"error": str(error) or type(error).__name__}, False
            start.print_line({"file": str(file), **line})
    return good


def _bytes(file: Path) -> bytes:
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data
