"""`stellwerk sources`: what to poll, as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.commands import start

sources_app = typer.Typer(help="What to poll: check, apply, list, find, convert.", no_args_is_help=True)

_WIDEST = 4000

File = Annotated[Path, typer.Argument(help="Source file: .toml, .csv or .opml.")]


@sources_app.command("check")
def check(
    file: File,
    accounts: Annotated[Path | None, typer.Option(help="Account file: `accounts` must name ids of it.")] = None,
) -> None:
    """Check a source file: every fault with file, line, field and what to write. Exit code 1 when there is one.

    Examples:

        stellwerk sources check sources.toml

        stellwerk sources check feeds.opml --accounts accounts.csv
    """
    from agents.sources import check_sources
    from pipeline.route.accounts import load_accounts

    known = {account.id for account in load_accounts(accounts)} if accounts else None
    good, faults = check_sources(file, known)
    errors = Console(stderr=True, soft_wrap=True)
    for fault in faults:
        errors.print(escape(str(fault)), highlight=False)
    if faults:
        errors.print(f"[bold red]{len(faults)} fault(s)[/], {len(good)} good source(s)")
        raise typer.Exit(1)
    kinds = ", ".join(f"{sum(one.kind == kind for one in good)} {kind}" for kind in sorted({one.kind for one in good}))
    Console(soft_wrap=True).print(f"{len(good)} source(s), all good: {kinds}")


@sources_app.command("apply")
def apply(file: File) -> None:
    """Make the broker's list of sources say what this file says; running workers follow at once.

    New and changed sources are written, those that are no longer in the file are taken away. Prints what changed.

    Examples:

        stellwerk sources apply sources.toml

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk sources apply sources.toml
    """
    from agents import control
    from agents.sources import load_sources

    sources = load_sources(file)
    settings = start.connected("sources")
    changes = start.run(control.apply(settings.kafka, sources))
    if changes is None:
        raise typer.Exit(130)
    screen = Console(soft_wrap=True)
    for word, ids in (("new", changes.new), ("changed", changes.changed), ("gone", changes.gone)):
        for id in ids:
            screen.print(f"{word:8} {escape(id)}", highlight=False)
    told = f"{len(changes.new)} new, {len(changes.changed)} changed, {len(changes.gone)} gone, {changes.same} as before"
    screen.print(told, highlight=False)


@sources_app.command("list")
def show(
    file: Annotated[
        Path | None, typer.Argument(help="Source file: .toml, .csv or .opml; without it those applied to the broker.")
    ] = None,
    health: Annotated[bool, typer.Option("--health", help="How each applied source is, the bad ones first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per source.")] = False,
) -> None:
    """List the sources of a file, or those applied to the broker and how they are.

    Examples:

        stellwerk sources list sources.toml

        stellwerk sources list --health

        stellwerk sources list --health --json | jq -r 'select(.health == "gone") | .id'
    """
    from agents import control
    from agents.export import length
    from agents.sources import load_sources

    if health and file:
        raise typer.BadParameter("--health is known of applied sources only; leave FILE out")
    if health:
        _show_health(as_json)
        return
    if file:
        sources = load_sources(file)
    else:
        settings = start.connected("sources")
        sources = tuple((start.run(control.listed(settings.kafka)) or {}).values())
    if as_json:
        for source in sources:
            start.print_line(source.model_dump(mode="json"))
        return
    table = Table("id", "kind", "language", "credibility", "polls", "rights", "accounts", "url", box=None)
    for source in sources:
        polls = f"{length(source.poll_min)}–{length(source.poll_max)}"
        cells = (source.id, source.kind, source.language, f"{source.credibility:g}", polls, source.rights)
        table.add_row(*map(escape, (*cells, " ".join(source.accounts), source.url)))
    _print(table)


@sources_app.command("discover")
def discover(
    url: Annotated[str, typer.Argument(help="A home page, a newsroom, or anything of the site.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per finding.")] = False,
) -> None:
    """Find what can be polled of a site: feeds, lists, sitemaps; prints `[[source]]` tables for your file.

    Asks the site at most 25 times. What is printed has been fetched and read. Exit code 1 when nothing is found.

    Examples:

        stellwerk sources discover https://www.example.org/newsroom

        stellwerk sources discover https://www.example.org >> sources.toml
    """

    settings = start.begin("sources")
    found = start.run(_discover(url, settings))
    ids: set[str] = set()
    for one in found or ():
        if as_json:
            start.print_line(one)
        else:
            sys.stdout.write(_suggested(one, ids))
    if not found:
        Console(stderr=True, soft_wrap=True).print(f"nothing found at {escape(url)} that can be polled")
        raise typer.Exit(1)


@sources_app.command("export")
def export(
    file: File,
    form: Annotated[Literal["toml", "csv", "opml"], typer.Option("--format", help="Of what is written.")] = "toml",
    out: Annotated[Path | None, typer.Option(help="File to write; without it standard output.")] = None,
) -> None:
    """Convert a source file; what is left out is as it is by default.

    Examples:

        stellwerk sources export feeds.opml --format toml > sources.toml

        stellwerk sources export sources.toml --format opml --out feeds.opml
    """
    from agents.export import export as write
    from agents.sources import load_sources
    from pipeline.errors import BadInput

    text = write(load_sources(file), form, title=file.stem)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", file=str(out)) from None


async def _discover(url: str, settings: object) -> list[dict[str, object]]:
    """Return what a site has, as plain values."""
    from dataclasses import asdict

    from agents.discover import discover as look
    from agents.fetch import Door
    from pipeline.settings import Settings

    assert isinstance(settings, Settings)
    async with Door(settings.fetch) as door:
        return [asdict(one) for one in await look(url, door.get)]


def _suggested(found: dict[str, object], ids: set[str]) -> str:
    """Return a finding as a table for a source file, with a comment on what was seen; its id is not among `ids`."""
    from urllib.parse import urlsplit

    from agents.export import export as write
    from agents.sources import Source, slug

    host = urlsplit(str(found["url"])).hostname or "source"
    name = str(found["title"] or host)[:200]
    id = slug(f"{host.removeprefix('www.')}-{found['kind']}") if found["kind"] != "feed" else slug(name) or slug(host)
    while id in ids:
        id = f"{id.rstrip('0123456789-')}-{len(ids) + 1}"
    ids.add(id)
    source = Source(
        id=id,
        kind=found["kind"],
        url=str(found["url"]),
        name=name,
        language=str(found["language"]),
    )
    newest = f", newest {found['newest']:%Y-%m-%d}" if found["newest"] else ""
    seen = f"{found['entries']} {'sitemaps or pages' if found['kind'] == 'sitemap' else 'entries'}{newest}"
    return f"# {found['how']}: {seen}\n{write([source], 'toml')}\n"


def _show_health(as_json: bool) -> None:
    """Print how the applied sources are."""
    from datetime import UTC, datetime

    from agents import control
    from agents.health import proposal

    settings = start.connected("sources")
    table = Table("id", "health", "last good", "next", "articles", "failures", "what", box=None)
    for row in start.run(control.rows(settings.kafka, datetime.now(UTC))) or ():
        state = row.state
        what = state.reason if state else ""
        moved = proposal(state) if state else ""
        counted = sum(state.days.values()) if state else 0
        failures = state.failures if state else 0
        good, due = (state.good, state.due) if state else (None, None)
        if as_json:
            times = {"good": good, "due": due}
            told = {"articles": counted, "failures": failures, "reason": what, "moved": moved}
            start.print_line({"id": row.source.id, "health": row.health.value, **times, **told})
            continue
        said = f"{what} moved for good to {moved}".strip() if moved else what
        shown = [f"{time:%Y-%m-%d %H:%M}" if time else "" for time in (good, due)]
        table.add_row(*map(escape, (row.source.id, row.health.value, *shown, str(counted), str(failures), said)))
    if not as_json:
        _print(table)


def _print(table: Table) -> None:
    """Print a table as wide as it is: a terminal wraps its lines, and a file holds whole addresses."""
    Console(soft_wrap=True, width=_WIDEST).print(table)
