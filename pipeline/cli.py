"""The command line. Exit codes: 0 done, 1 the work failed, 2 wrong use."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal

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
    profiles,
    push,
    routes,
    start,
    stories,
    topics,
)
from pipeline.commands import rules as rules_command
from pipeline.commands.sources import sources_app
from pipeline.errors import StellwerkError

#: CPU seconds for one file; somebody waits for it, but not for ever.
_PATIENCE: Final = 30.0
app = typer.Typer(
    help="Listens to the open web for investment signals of key accounts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(topics.app, name="topics")
app.add_typer(accounts_command.app, name="accounts")
app.add_typer(rules_command.app, name="rules")
app.add_typer(labels.app, name="labels")
app.add_typer(model.app)
app.add_typer(sources_app, name="sources")
app.command("push")(push.push)
app.command("stories")(stories.stories)
app.add_typer(profiles.app, name="profiles")
app.add_typer(routes.app, name="routes")
app.add_typer(dead.app, name="dead")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("forget")(forget.forget)
app.add_typer(contract.app, name="contract")
app.command("doctor")(doctor.doctor)

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


@app.command()
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


@app.command()
def install() -> None:
    """Get what `up` needs beside Python: the jars of Apache Kafka, by Maven.

    Example:

        stellwerk install
    """
    from deploy import local

    local.install(start.plain())


@app.command()
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


@app.command()
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
    with _lines(file) as (lines, name):
        for line, fine in steps.process(walk, lines, name):
            start.print_line(line)
            good = good and fine
    raise typer.Exit(0 if good else 1)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def settings() -> None:
    """Print every setting: its environment variable, default and meaning.

    Example:

        stellwerk settings | grep FETCH
    """
    from pipeline.settings import table

    print(table(), end="")


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


@contextmanager
def _lines(file: Path) -> Iterator[tuple[Iterable[bytes], str]]:
    from pipeline.errors import BadInput

    if str(file) == "-":
        yield sys.stdin.buffer, "-"
        return
    try:
        handle = file.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    with handle:
        yield _watched(handle, file.stat().st_size), str(file)


def _watched(handle: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Show a bar on standard error while a file is read, where someone can see it."""
    from rich.progress import Progress

    screen = Console(stderr=True)
    with Progress(console=screen, disable=not screen.is_terminal, transient=True) as progress:
        task = progress.add_task("articles", total=size)
        for line in handle:
            yield line
            progress.advance(task, len(line))


if __name__ == "__main__":
    main()
