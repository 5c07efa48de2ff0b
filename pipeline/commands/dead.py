"""`stellwerk dead`: dead letters listed, and sent again once their cause is mended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start

if TYPE_CHECKING:
    from pipeline.dead import Wanted

app = typer.Typer(help="Dead letters: list them, send them again.", no_args_is_help=True)

Since = Annotated[str | None, typer.Option(help="Only what died in this time: 7d, 12h, 30m.")]
OfStage = Annotated[str, typer.Option("--stage", help="Only this stage's: classify, route or alert.")]
Reason = Annotated[str, typer.Option("--error", help="Only those whose reason holds this text.")]


@app.command("list")
def list_letters(
    since: Since = None,
    stage: OfStage = "",
    error: Reason = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per letter.")] = False,
) -> None:
    """Show dead letters, oldest first, and how many died of what.

    Examples:

        stellwerk dead list --since 1d

        stellwerk dead list --stage classify --json | jq -r .error | sort | uniq -c
    """
    from pipeline.dead import letters

    settings, screen = start.connected("dead"), Console(soft_wrap=True, highlight=False)
    reasons: Counter[tuple[str, str]] = Counter()

    async def show() -> None:
        async for letter in letters(settings.kafka, _wanted(since, stage, error)):
            reasons[letter.stage, letter.error.partition(":")[0]] += 1
            if as_json:
                start.print_line(letter.line())
            else:
                where = f"{letter.topic} {letter.place}"
                screen.print(
                    f"[bold]{letter.offset}[/]  {letter.at:%Y-%m-%d %H:%M:%S}  {letter.stage}  {escape(where)}"
                )
                screen.print(f"    {escape(letter.error)}")

    start.run(show())
    if not as_json:
        for (name, reason), count in reasons.most_common():
            screen.print(f"{count:>8}  {name}  {escape(reason)}")
        screen.print(f"{reasons.total()} dead letters")


@app.command()
def replay(
    offsets: Annotated[
        list[int] | None, typer.Argument(help="Numbers from `dead list`; without any, all that fit.")
    ] = None,
    since: Since = None,
    stage: OfStage = "",
    error: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send the records of dead letters to where they came from. What is still wrong dies again.

    Examples:

        stellwerk dead replay 17 18

        stellwerk dead replay --stage route --since 2h --yes
    """
    from pipeline import kafka
    from pipeline.dead import again, letters
    from pipeline.errors import BadInput

    settings, screen = start.connected("dead"), Console(stderr=True, soft_wrap=True, highlight=False)
    wanted = _wanted(since, stage, error, offsets)

    async def send() -> tuple[int, int]:
        found = [letter async for letter in letters(settings.kafka, wanted)]
        if not found or not (yes or typer.confirm(f"send {len(found)} records again?", err=True)):
            return 0, 0
        sent = 0
        async with kafka.sending(settings.kafka) as producer:
            for letter in found:
                try:
                    await producer.send_and_wait(**again(letter, settings.kafka.prefix))
                    sent += 1
                except BadInput as fault:
                    screen.print(f"[red]left[/]  {escape(str(fault))}")
        return sent, len(found) - sent

    sent, left = start.run(send()) or (0, 0)
    screen.print(f"sent {sent} records again, left {left}")
    raise typer.Exit(1 if left else 0)


def _wanted(since: str | None, stage: str, error: str, offsets: list[int] | None = None) -> Wanted:
    from pipeline.dead import Wanted

    begin = datetime.now(UTC) - start.duration(since) if since else None
    return Wanted(begin, stage, error, frozenset(offsets or ()))
