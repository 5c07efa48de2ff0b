"""`stellwerk doctor`: looks at everything that work needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Whose rights are looked at; may be repeated; default: all stages."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per finding.")] = False,
) -> None:
    """Look at configuration, broker, rights, lag, sources, accounts, model, rules, clocks and disk; say what to do.

    Exit code 0 when nothing fails, 1 when something does.

    Examples:

        stellwerk doctor

        stellwerk doctor --role classify

        stellwerk doctor --json | jq -c 'select(.state != "ok")'
    """
    from deploy.doctor import ROLES, examine
    from pipeline.access import accesses

    settings = start.begin("doctor")
    if unknown := set(role or ()) - accesses().keys():
        raise typer.BadParameter(f"no role: {', '.join(sorted(unknown))}; one of {', '.join(accesses())}")
    screen, counts = Console(soft_wrap=True, highlight=False), Counter[str]()

    async def look() -> None:
        async for finding in examine(settings, role or ROLES):
            counts[finding.state] += 1
            if as_json:
                start.print_line(asdict(finding))
                continue
            do = f"\n                      → {escape(finding.do)}" if finding.do else ""
            colour = _COLOURS[finding.state]
            screen.print(f"[{colour}]{finding.state:<5}[/] {finding.what:<15} {escape(finding.said)}{do}")

    start.run(look())
    if not as_json:
        screen.print(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} failing")
    raise typer.Exit(1 if counts["fail"] else 0)
