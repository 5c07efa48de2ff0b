"""The command line. Exit codes: 0 done, 1 the work failed, 2 wrong use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import accounts as accounts_command
from pipeline.commands import (
    backup,
    contract,
    dead,
    doctor,
    forget,
    labels,
    model,
    process,
    profiles,
    push,
    read,
    routes,
    start,
    stories,
    topics,
)
from pipeline.commands import rules as rules_command
from pipeline.commands.sources import sources_app
from pipeline.errors import StellwerkError

app = typer.Typer(
    help="Listens to the open web for investment signals of key accounts. Begin with `stellwerk up`; each command's "
    "`--help` has examples.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
_RUN, _SAY, _LOOK, _KEEP = "Run", "Say what counts", "Look", "Keep in order"
ROLES: Final = ("ingest", "push", "classify", "route", "alert", "notify")


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit code 1."""
    try:
        app()
    except StellwerkError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(str(error))}")
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone (`… | head`): nothing is left to say.
        sys.stderr.close()
        sys.exit(0)


@app.command(rich_help_panel=_RUN)
def up(
    sources: Annotated[Path | None, typer.Option(help="Source file (TOML); without it the demo newsroom runs.")] = None,
    accounts: Annotated[Path | None, typer.Option(help="Account file (CSV, TOML, JSONL).")] = None,
    lasting: Annotated[str | None, typer.Option("--for", help="End by itself after this time, e.g. 60s, 10m.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything that is kept.")] = None,
    headless: Annotated[
        bool, typer.Option(help="One JSON line per alert revision on standard output, logs on standard error.")
    ] = False,
) -> None:
    """Run everything on this machine: broker, stages, ingest, alerts on the terminal.

    Examples:

        stellwerk up

        stellwerk up --sources deploy/examples/sources.toml --accounts deploy/examples/accounts.csv

        stellwerk up --for 60s --headless > alerts.jsonl
    """
    from deploy import local

    seconds = start.duration(lasting).total_seconds() if lasting else None
    if (sources is None) != (accounts is None):
        raise typer.BadParameter("--sources and --accounts go together: the demo's accounts are invented companies")
    start.run(local.up(local.Wish(sources, accounts, seconds, headless, start.plain("up", data))))


@app.command(rich_help_panel=_RUN)
def install() -> None:
    """Get what `up` needs beside Python: the jars of Apache Kafka, by Maven.

    Example:

        stellwerk install
    """
    from deploy import local

    local.install(start.plain())


@app.command(rich_help_panel=_RUN)
def worker(
    role: Annotated[str, typer.Argument(help="ingest, push, classify, route, alert or notify.")],
    sources: Annotated[
        Path | None, typer.Option(help="Ingest: poll this file's sources alone, instead of a share of those applied.")
    ] = None,
    once: Annotated[bool, typer.Option(help="Ingest: poll every source one time and end.")] = False,
    announce: Annotated[bool, typer.Option(help="Print one line of JSON when ready.", hidden=True)] = False,
) -> None:
    """Run one worker of one role, until SIGTERM.

    Examples:

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk worker classify

        stellwerk worker ingest

        stellwerk worker ingest --sources sources.toml --once

        STELLWERK_PUSH__TOKEN_FILE=/run/secrets/push stellwerk worker push
    """
    if role not in ROLES:
        raise typer.BadParameter(f"{role!r} is no role; one of {', '.join(ROLES)}")
    settings = start.connected(role)

    said: list[str] = []

    def ready() -> None:
        if announce and not said:
            said.append(role)
            start.print_line({"ready": role})

    if role == "ingest":
        from agents.ingest import ingest

        start.run(ingest(sources, settings, ready=ready, once=once))
        return
    if role == "push":
        push.serve(sources, settings, ready)
        return
    if role == "notify":
        from agents.notify import notify

        start.run(notify(settings, ready))
        return
    from pipeline.stream import app as stream
    from pipeline.stream.stages import STAGES

    stage = next(one for one in STAGES if one.name == role)
    start.run(stream.ready(stage, settings))
    stream.run(stage, settings, ready)


@app.command(rich_help_panel=_LOOK)
def explain(
    what: Annotated[
        str, typer.Argument(metavar="URL|FILE", help="An article: a URL, a page (.html), or JSON with title and text.")
    ],
    accounts: Annotated[Path | None, typer.Option(help="Account file; without it the demo's.")] = None,
) -> None:
    """Show what each step makes of one article, and why it does or does not become an alert. Sends nothing.

    Examples:

        stellwerk explain https://example.org/news/1 --accounts accounts.csv

        stellwerk explain article.json
    """
    from deploy.explain import explain as tell

    settings = start.plain("explain")
    start.run(tell(what, accounts, settings))


@app.command(rich_help_panel=_LOOK)
def tail(
    what: Annotated[Literal["alerts"], typer.Argument(help="alerts.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per revision.")] = False,
    since: Annotated[Literal["earliest", "latest"], typer.Option(help="Where to begin.")] = "latest",
) -> None:
    """Follow alerts as they come, until Ctrl-C.

    Example:

        stellwerk tail alerts --json | jq -c '[.account.name, .signal.type]'
    """
    from deploy.tail import show
    from pipeline.client import alerts

    settings = start.connected("tail")
    screen = Console()

    async def print_all() -> None:
        async with alerts(start=since, unknown="skip", settings=settings.kafka) as found:
            async for alert in found:
                if as_json:
                    start.print_line(alert.model_dump(mode="json"))
                else:
                    show(screen, alert)

    start.run(print_all())


@app.command(rich_help_panel=_RUN)
def health() -> None:
    """Say whether the workers of this folder get on with their work: exit code 1 when one does not, or there is none.

    Example:

        STELLWERK_FOLDER=.stellwerk stellwerk health
    """
    from time import time

    from pipeline.heart import folder, silent

    alive = folder(start.plain("health"))
    found = silent(alive, time())
    if not found:
        print(f"no worker (looked at {alive})")
    for name, fault in found.items():
        print(f"{name}  {fault or 'alive'}")
    raise typer.Exit(0 if found and not any(found.values()) else 1)


@app.command(rich_help_panel=_RUN)
def settings() -> None:
    """Print every setting: its environment variable, default and meaning.

    Example:

        stellwerk settings | grep FETCH
    """
    from pipeline.settings import table

    print(table(), end="")


app.command("doctor", rich_help_panel=_RUN)(doctor.doctor)
app.add_typer(accounts_command.app, name="accounts", rich_help_panel=_SAY)
app.add_typer(sources_app, name="sources", rich_help_panel=_SAY)
app.add_typer(rules_command.app, name="rules", rich_help_panel=_SAY)
app.add_typer(profiles.app, name="profiles", rich_help_panel=_SAY)
app.add_typer(routes.app, name="routes", rich_help_panel=_SAY)
app.command("push", rich_help_panel=_SAY)(push.push)
app.command("process", rich_help_panel=_LOOK)(process.process)
app.command("parse", rich_help_panel=_LOOK)(read.parse)
app.command("extract", rich_help_panel=_LOOK)(read.extract)
app.command("stories", rich_help_panel=_LOOK)(stories.stories)
app.add_typer(labels.app, name="labels", rich_help_panel=model.PANEL)
app.add_typer(model.app)
app.add_typer(topics.app, name="topics", rich_help_panel=_KEEP)
app.add_typer(dead.app, name="dead", rich_help_panel=_KEEP)
app.command("backup", rich_help_panel=_KEEP)(backup.backup)
app.command("restore", rich_help_panel=_KEEP)(backup.restore)
app.command("forget", rich_help_panel=_KEEP)(forget.forget)
app.add_typer(contract.app, name="contract", rich_help_panel=_KEEP)

if __name__ == "__main__":
    main()
