"""`stellwerk stories`: are two articles one story?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer


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
    from pipeline.errors import BadInput

    try:
        handle = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    good = True
    with handle:
        for line, fine in judge(handle, str(file)):
            sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            good = good and fine
    sys.stdout.buffer.flush()
    raise typer.Exit(0 if good else 1)
