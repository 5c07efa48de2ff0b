"""`stellwerk accounts`: whom we listen for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from pipeline.accounts import Changes
    from pipeline.records import Alert, Label
    from pipeline.route.tree import Accounts
    from pipeline.settings import Settings

app = typer.Typer(help="Whom we listen for: check, apply, compare, convert, improve.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="Account file: .csv, .toml or .jsonl, see docs/accounts.md.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line each.")]
_SHOWN = 20


@app.command()
def check(
    file: File,
    regions: Annotated[
        Path | None, typer.Option(help="Region file (TOML): checked too, and `regions` must name its regions.")
    ] = None,
) -> None:
    """Check an account file: every fault with file, line, field and what to write. Exit code 1 when there is one.

    Examples:

        stellwerk accounts check accounts.csv

        stellwerk accounts check accounts.csv --regions regions.toml
    """
    from pipeline.route.accounts import check_accounts

    accounts, faults = check_accounts(file)
    faults += _faults_of_regions(accounts, regions, file) if regions else []
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    for fault in faults:
        errors.print(escape(str(fault)))
    if faults:
        raise typer.Exit(1)
    screen = Console(soft_wrap=True, highlight=False)
    screen.print(f"{len(accounts)} account(s), all good: {_levels(accounts)}; version {accounts.version}")


@app.command()
def apply(file: File) -> None:
    """Make the broker's accounts say what this file says; running route workers follow, in one step.

    New and changed accounts are written, those that are no longer in the file are taken away. Prints what changed.

    Examples:

        stellwerk accounts apply accounts.csv

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk accounts apply accounts.csv
    """
    from rich.progress import MofNCompleteColumn, Progress

    from pipeline import accounts as topic
    from pipeline.route.accounts import load_accounts

    wanted = load_accounts(file)
    settings = start.connected("accounts")
    screen = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("accounts", total=len(wanted))
        changes = start.run(topic.apply(settings.kafka, wanted, lambda count: progress.advance(task, count)))
    if changes is None:
        raise typer.Exit(130)
    _tell(changes)
    Console(soft_wrap=True, highlight=False).print(f"version {wanted.version}")


@app.command()
def diff(file: File, as_json: AsJson = False) -> None:
    """Show what applying this file would change: which accounts are new, changed (and in what) or gone.

    Examples:

        stellwerk accounts diff accounts.csv

        stellwerk accounts diff --json accounts.csv | jq 'select(.what == "gone")'
    """
    from pipeline import accounts as topic
    from pipeline.route.accounts import load_accounts

    wanted = load_accounts(file)
    there = _applied(start.connected("accounts"))
    _tell(topic.compare(there, wanted), as_json=as_json, most=None)


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Account file; without it those applied to the broker.")
    ] = None,
    form: Annotated[Literal["csv", "toml", "jsonl"], typer.Option("--format", help="Of what is written.")] = "csv",
) -> None:
    """Write the accounts that are in service, or those of a file, as CSV, TOML or JSONL.

    Examples:

        stellwerk accounts export > accounts.csv

        stellwerk accounts export accounts.csv --format toml > accounts.toml
    """
    from pipeline.route.accounts import load_accounts
    from pipeline.route.export import export as written

    accounts = load_accounts(file) if file else _applied(start.connected("accounts"))
    for piece in written(accounts, form):
        sys.stdout.write(piece)


@app.command()
def suggest(
    file: File,
    articles: Annotated[
        Path | None, typer.Option(help="JSON lines with id, title, text; `topic` for the articles on `classified`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what would improve an account file: names that are also words; aliases and units that articles use.

    Names that are also words count only where the context says so; beside them stands what would help.

    Examples:

        stellwerk accounts suggest accounts.csv

        stellwerk accounts suggest accounts.csv --articles articles.jsonl

        stellwerk accounts suggest accounts.csv --articles topic --json | jq 'select(.kind == "unit")'
    """
    from pipeline.route import suggest as step
    from pipeline.route.accounts import load_accounts

    accounts = load_accounts(file)
    found = [*(step.seen(accounts, _bodies(articles)) if articles else ()), *step.words(accounts)]
    if as_json:
        for one in found:
            start.print_line(one._asdict())
        return
    screen = Console(soft_wrap=True, highlight=False)
    for one in found:
        counted = f", in {one.articles} articles" if one.articles else ""
        screen.print(
            f"[bold]{one.kind:5}[/] {escape(one.account_id)}: {escape(one.name)!r}{counted}: {escape(one.why)}"
        )
    if not found:
        screen.print("nothing to suggest")


@app.command()
def learn(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Account file; without it those applied to the broker.")
    ] = None,
    form: Annotated[Literal["csv", "toml", "jsonl"], typer.Option("--format", help="Of what is written.")] = "csv",
) -> None:
    """Write the accounts with what the broker's labels say of their names (`judged`); apply it to put it into service.

    A label with `account_right` and `alert_id` counts where its passages show one name of the account. Three verdicts
    and more move how probable the name is.

    Examples:

        stellwerk accounts learn > learnt.csv && stellwerk accounts diff learnt.csv

        stellwerk accounts learn accounts.toml --format toml > learnt.toml
    """
    from pipeline.route import learn as step
    from pipeline.route.accounts import load_accounts
    from pipeline.route.export import export as written

    settings = start.connected("accounts")
    accounts = load_accounts(file) if file else _applied(settings)
    read = start.run(_judged(settings))
    if read is None:
        raise typer.Exit(130)
    learnt = step.learn(*read, accounts)
    for piece in written(step.taught(accounts, learnt), form):
        sys.stdout.write(piece)
    screen = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    for account_id, verdicts in learnt.names.items():
        for one in verdicts:
            screen.print(f"{account_id}: {one}, {one.weight:+.1f}" + ("" if one.weight else " (too few, or even)"))
    screen.print(f"{learnt.verdicts} verdicts counted, {learnt.unclear} could not be put to one name")


async def _judged(settings: Settings) -> tuple[list[Label], dict[str, Alert]]:
    """Return the labels that judge an alert's account, and these alerts."""
    from pipeline.retrain import read_alerts, read_labels

    labels = [one for one in await read_labels(settings) if one.account_right is not None]
    return labels, await read_alerts(settings, {label.alert_id for label in labels})


def _applied(settings: Settings) -> Accounts:
    """Return the accounts on the topic."""
    from pipeline import accounts as topic
    from pipeline import kafka
    from pipeline.topics import ACCOUNTS

    async def read() -> Accounts:
        await kafka.require(settings.kafka, (ACCOUNTS,))
        return (await topic.read(settings.kafka))[0]

    found = start.run(read())
    if found is None:
        raise typer.Exit(130)
    return found


def _bodies(articles: Path) -> Iterator[str]:
    if str(articles) != start.TOPIC:
        yield from (article.body for article in start.articles(articles))
        return
    from pipeline import kafka
    from pipeline.errors import Undecodable
    from pipeline.records import Classified
    from pipeline.topics import CLASSIFIED

    settings = start.connected("accounts")

    async def read() -> list[str]:
        await kafka.require(settings.kafka, (CLASSIFIED,))
        bodies = []
        async for record in kafka.whole(settings.kafka, CLASSIFIED):
            try:
                bodies.append(Classified.decode(record.value).article.body)
            except Undecodable:
                continue
        return bodies

    yield from start.run(read()) or ()


def _faults_of_regions(accounts: Accounts, regions: Path, file: Path) -> list[BadInput]:
    from pipeline.route.regions import Regions

    try:
        known = Regions.load(regions).names
    except BadInput as fault:
        return [fault]
    return [
        BadInput(f"{region!r} is no region of {regions}; it has {', '.join(known)}", file=str(file), field=account.id)
        for account in accounts
        for region in account.regions
        if region not in known
    ]


def _levels(accounts: Accounts) -> str:
    levels = [account.level for account in accounts]
    return ", ".join(f"{levels.count(level)} {level}" for level in dict.fromkeys(sorted(levels)))


def _tell(changes: Changes, *, as_json: bool = False, most: int | None = _SHOWN) -> None:
    """Print what changes, at most so many of each kind, and a line with the counts."""
    kinds: dict[str, dict[str, tuple[str, ...]]] = {
        "new": dict.fromkeys(changes.new, ()),
        "changed": changes.changed,
        "gone": dict.fromkeys(changes.gone, ()),
    }
    screen = Console(soft_wrap=True, highlight=False)
    for what, ids in kinds.items():
        for id_, fields in list(ids.items())[:most]:
            if as_json:
                start.print_line({"what": what, "id": id_, "fields": list(fields)})
            else:
                screen.print(f"{what:8} {escape(id_)}{': ' if fields else ''}{', '.join(fields)}")
        if most is not None and len(ids) > most:
            screen.print(f"{what:8} … and {len(ids) - most} more")
    if not as_json:
        counts = ", ".join(f"{len(ids)} {what}" for what, ids in kinds.items())
        screen.print(f"{counts}, {changes.same} as before")
