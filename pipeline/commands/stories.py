"""`stellwerk stories`: are two articles one story?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import lines, start


def stories(
    file: Annotated[
        Path,
        typer.Argument(help="JSON lines with a and b, each with id, title, text, date, lang; - for standard input."),
    ] = Path("-"),
) -> None:
    """Say of pairs of articles whether both tell one story: one JSON line in, one out, same order.

    Example:

        stellwerk stories pairs.jsonl | jq -c '[.same, .score, .why]'
    """
    from pipeline.alert.pairs import judge

    good = True
    with lines.opened(file) as found:
        for line, fine in judge(found, str(file)):
            start.print_line(line)
            good = good and fine
    raise typer.Exit(0 if good else 1)
