"""`stellwerk push` and the push worker."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pipeline.commands import start
from pipeline.errors import BadInput
from pipeline.settings import Settings

_PIECE: Final = 1 << 16
#: Pieces read ahead of the broker.
_AHEAD: Final = 4


def push(
    file: Annotated[Path, typer.Argument(help="JSON lines, one article each; - for standard input.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only check every line; send nothing, need no broker.")
    ] = False,
) -> None:
    """Put articles of your own onto the path: one JSON object per line, checked line by line.

    Fields: `id` or `url` (one at least), `title`, `text` (one at least), and where known `published` (ISO 8601),
    `language`, `source`, `author`, `tags`. With a `url` an article is the same as its polled copy.

    Prints the counts as one JSON line. A line with a fault is named on standard error and left out, the others are
    sent; exit code 1 then. Counted is what the broker has acknowledged.

    Examples:

        stellwerk push articles.jsonl

        stellwerk push --check articles.jsonl

        export-from-somewhere | stellwerk push -
    """

    settings = start.begin("push")
    if not check:
        start.need_broker(settings)
    counts = start.run(_push(file, settings, check))
    if counts is None:
        raise typer.Exit(130)
    start.print_line(counts)
    raise typer.Exit(1 if counts["refused"] else 0)


def serve(sources: Path | None, settings: Settings, ready: Callable[[], None]) -> None:
    """Run the push worker until SIGTERM.

    Args:
        sources: whose hubs are asked; None for those on the topic `sources`.
        settings: where to listen.
        ready: called when it listens.
    """
    from agents.receive import receive
    from agents.sources import load_sources

    told = load_sources(sources) if sources else None
    start.run(receive(settings, told, ready=lambda port: ready()))


async def _push(file: Path, settings: Settings, check: bool) -> dict[str, int]:
    """Read the file and send what is good; return the counts."""
    from agents.outbox import Outbox
    from agents.outbox import push as push_lines
    from agents.push import Reader
    from pipeline import kafka
    from pipeline.topics import ARTICLES

    name = str(file)
    with _opened(file) as (handle, size), _bar(size) as (moved, tell):
        reader = Reader(name, datetime.now(UTC), settings.stream.record_most)
        pieces = _pieces(handle, moved)
        if check:
            return (await push_lines(pieces, reader, None, tell)).line()
        await kafka.require(settings.kafka, (ARTICLES,))
        async with kafka.sending(settings.kafka) as producer:
            outbox = Outbox(producer, settings, "/stellwerk/push")
            return (await push_lines(pieces, reader, outbox, tell)).line()


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Any, int | None]]:
    """Open the file, or standard input; with its size where it has one.

    Without a buffer: its lock, held by a thread that waits for input, would abort the interpreter at its end.
    """
    if str(file) == "-":
        yield getattr(sys.stdin.buffer, "raw", sys.stdin.buffer), None
        return
    try:
        handle = file.open("rb", buffering=0)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    with handle:
        yield handle, file.stat().st_size


@contextmanager
def _bar(size: int | None) -> Iterator[tuple[Callable[[int], None], Callable[[BadInput], None]]]:
    """Show a bar on standard error where someone can see it; faults are printed above it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    screen = Console(stderr=True, soft_wrap=True)
    with Progress(console=screen, disable=not screen.is_terminal, transient=True) as progress:
        task = progress.add_task("articles", total=size)

        def tell(fault: BadInput) -> None:
            screen.print(f"[bold red]refused:[/] {escape(str(fault))}", highlight=False)

        yield lambda length: progress.advance(task, length), tell


async def _pieces(handle: Any, moved: Callable[[int], None]) -> AsyncIterator[Sequence[bytes]]:
    """Yield lines as they come, some at a time.

    A thread reads: whoever sends a line each minute must not keep those before it from the broker, and a read that
    never ends must not keep Ctrl-C from ending us.
    """
    from agents.push import LINE

    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | OSError] = asyncio.Queue(_AHEAD)

    def read() -> None:
        try:
            while piece := handle.read(_PIECE):
                asyncio.run_coroutine_threadsafe(queue.put(piece), loop).result()
            asyncio.run_coroutine_threadsafe(queue.put(b""), loop).result()
        except OSError as error:
            asyncio.run_coroutine_threadsafe(queue.put(error), loop).result()
        except RuntimeError:
            # The loop is gone: nobody waits for what was read.
            return

    threading.Thread(target=read, daemon=True, name="reader").start()
    rest = b""
    while piece := await queue.get():
        if isinstance(piece, OSError):
            raise BadInput(f"cannot be read: {piece.strerror}", file=str(getattr(handle, "name", "-")))
        moved(len(piece))
        *lines, rest = (rest + piece).split(b"\n")
        # Of a line without end no more is kept than shows that it is too long.
        rest = rest[: LINE + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]
