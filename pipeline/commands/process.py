"""`stellwerk process`: all steps without Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import lines, start


def process(
    accounts: Annotated[Path, typer.Option(help="Account file (CSV, TOML, JSONL).")],
    file: Annotated[Path, typer.Argument(help="JSON lines with id, title, text; - for standard input.")] = Path("-"),
    rules: Annotated[Path | None, typer.Option(help="Rule file (TOML): keyword combinations.")] = None,
) -> None:
    """Take articles through all steps without Kafka: one JSON line in, one out, same order.

    Examples:

        stellwerk process --accounts accounts.csv articles.jsonl > judged.jsonl

        stellwerk process --accounts accounts.csv --rules rules.toml articles.jsonl > judged.jsonl

        cat articles.jsonl | stellwerk process --accounts accounts.csv | jq .alerts
    """
    from pipeline import process as steps

    settings = start.plain("process")
    walk = steps.open_path(accounts, settings, rules)
    good = True
    with lines.opened(file) as found:
        for line, fine in steps.process(walk, found, str(file)):
            start.print_line(line)
            good = good and fine
    raise typer.Exit(0 if good else 1)
