"""`stellwerk backup` and `stellwerk restore`: what Kafka alone remembers, into a folder and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from pipeline.commands import start


def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Also what comes again by itself: articles, matches …")
    ] = False,
) -> None:
    """Save the topics that cannot be made anew: sources, accounts, rules, labels, promotions, alerts, memory.

    Examples:

        stellwerk backup /srv/backup/$(date +%F)

        stellwerk backup --all /srv/backup/whole
    """
    from pipeline.backup import KEPT, save
    from pipeline.topics import TOPICS

    settings = start.connected("backup")
    with bars() as step:
        about = start.run(save(settings.kafka, folder, TOPICS if everything else KEPT, step))
    if about is None:
        raise typer.Exit(1)
    _tell({name: told["records"] for name, told in about["topics"].items()}, "saved")


def restore(folder: Annotated[Path, typer.Argument(help="A folder that `stellwerk backup` made.")]) -> None:
    """Bring a backup back, into topics that are there and empty; workers should not run yet.

    Example:

        stellwerk topics init; stellwerk restore /srv/backup/2026-11-28
    """
    from pipeline.backup import restore as bring

    settings = start.connected("restore")
    with bars() as step:
        counts = start.run(bring(settings.kafka, folder, step))
    if counts is None:
        raise typer.Exit(1)
    _tell(counts, "restored")


@contextmanager
def bars() -> Iterator[Callable[[str, int], None]]:
    """Show how far each topic is on standard error, where someone can see it."""
    screen = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        TextColumn("{task.completed} records"),
        console=screen,
        disable=not screen.is_terminal,
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def step(name: str, count: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None)
            progress.update(tasks[name], completed=count)

        yield step


def _tell(counts: dict[str, int], what: str) -> None:
    screen = Console(soft_wrap=True, highlight=False)
    for name, count in counts.items():
        screen.print(f"{count:>8}  {name}")
    screen.print(f"{what} {sum(counts.values())} records of {len(counts)} topics")
