"""`stellwerk profiles`: check a profile file, see what it would change, and take it into force."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start
from pipeline.errors import NotReady, StellwerkError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from pipeline.alert.profiles import Profiles
    from pipeline.records import Alert

app = typer.Typer(help="Profiles: what each kind of supplier wants to hear of.", no_args_is_help=True)


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="TOML; none: what is in use.")] = None,
) -> None:
    """Check profile files and say which profiles they hold; exit code 1 when one is wrong.

    Example:

        stellwerk profiles check profiles.toml
    """
    from pipeline.alert.profiles import load_profiles

    screen, good = Console(soft_wrap=True, highlight=False), True
    named: list[Path | None] = [*(files or [])] or [None]
    for file in named:
        try:
            found, name = (load_profiles(file), str(file)) if file else _in_force()
        except StellwerkError as error:
            screen.print(f"[red]wrong[/]  {escape(str(error))}")
            good = False
            continue
        screen.print(f"fine   {escape(name)}, version {found.version}")
        for profile in found.all:
            screen.print(f"       {escape(profile.name)}: {escape(profile.reason)}")
    raise typer.Exit(0 if good else 1)


def _in_force() -> tuple[Profiles, str]:
    """Return the profiles that are in force here, and where they come from."""
    from pipeline.alert.profiles import load_profiles
    from pipeline.applied import profiles_in_force

    settings = start.begin("profiles")
    if settings.alert.profiles or not settings.kafka.bootstrap:
        return load_profiles(settings.alert.profiles), str(settings.alert.profiles or "the profiles that ship")
    found = asyncio.run(profiles_in_force(settings))
    return found, "the profiles that ship" if found == load_profiles() else "the profiles that were applied"


@app.command()
def apply(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Profile file (TOML).")] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take away what was applied: those that ship count again.")
    ] = False,
) -> None:
    """Check a profile file and take it into force: all alert workers switch to it without a restart.

    It replaces the profiles that were there; the same file again changes nothing. Workers whose settings name a file
    (STELLWERK_ALERT__PROFILES) go on with that file. Alerts that are out keep their scores until their next revision.

    Examples:

        stellwerk profiles apply profiles.toml

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk profiles apply --remove
    """
    from pipeline.alert.profiles import load_profiles
    from pipeline.commands import folder
    from pipeline.topics import PROFILES

    if (file is None) != remove:
        raise typer.BadParameter("name a file, or --remove")
    made, what = folder.profiles(file) if file else (None, "the profiles that ship")
    settings = start.connected("profiles")
    start.run(_suits(settings, load_profiles(file), str(file or "")))
    start.put(settings, PROFILES, made, what)
    if settings.alert.profiles:
        start.warn(f"workers with this STELLWERK_ALERT__PROFILES go on with {settings.alert.profiles}")


async def _suits(settings: Settings, found: Profiles, file: str) -> None:
    """Refuse profiles that lack one which the routes in force ask for."""
    from pipeline import applied, kafka
    from pipeline.topics import PROFILES, ROUTES

    await kafka.require(settings.kafka, (PROFILES, ROUTES))
    applied.known(await applied.routes_in_force(settings), found, file)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="The profile file to try (TOML).")],
    alerts: Annotated[
        Path | None, typer.Option(help="JSON lines of alerts, as `tail alerts --json` prints; none: the topic.")
    ] = None,
    since: Annotated[str, typer.Option(help="Only alerts that changed in this time: 12h, 7d.")] = "30d",
    least: Annotated[float, typer.Option(help="From which score somebody would be told.", min=0, max=100)] = 30.0,
) -> None:
    """Score past alerts by other profiles: one JSON line for each whose scores change. Wakes nobody, sends nothing.

    `now` is what the alert would have scored; `told` says who would be told then: yes, no, gained or lost.

    Examples:

        stellwerk profiles replay new.toml --since 7d | jq -c 'select(.told == "gained")'

        stellwerk profiles replay new.toml --alerts alerts.jsonl
    """
    from pipeline.alert.profiles import load_profiles

    profiles, settings = load_profiles(file), load()
    oldest = datetime.now(UTC) - start.duration(since)
    past = start.alerts(start.content(alerts), alerts) if alerts else asyncio.run(_from_topic(settings))
    newest = {alert.id: alert for alert in past if alert.updated >= oldest}
    changed = 0
    for line in changes(newest.values(), profiles, least):
        changed += 1
        start.print_line(line)
    Console(stderr=True, highlight=False).print(f"{changed} of {len(newest)} alerts would score differently")


def changes(alerts: Iterable[Alert], profiles: Profiles, least: float) -> Iterator[dict[str, Any]]:
    """Yield what changes for each alert and profile under other profiles; an alert keeps its age of then."""
    from pipeline.alert.profiles import scores

    for alert in alerts:
        after = {name: one.value for name, one in scores(profiles, alert, alert.updated).items()}
        before = {name: one.value for name, one in alert.scores.items()}
        if after == before:
            continue
        told = {name: _told(before.get(name, 0.0), after.get(name, 0.0), least) for name in before.keys() | after}
        yield {
            "id": alert.id,
            "account": alert.account.name,
            "type": alert.signal.type,
            "title": alert.articles[-1].title,
            "before": before,
            "now": after,
            "told": dict(sorted(told.items())),
        }


def _told(before: float, after: float, least: float) -> str:
    if (before >= least) == (after >= least):
        return "yes" if after >= least else "no"
    return "gained" if after >= least else "lost"


async def _from_topic(settings: Settings) -> list[Alert]:
    from deploy.local import ADDRESS
    from pipeline import kafka
    from pipeline.records import Alert
    from pipeline.topics import ALERTS

    address = settings.folder / ADDRESS
    bootstrap = settings.kafka.bootstrap or (address.read_text().strip() if address.exists() else "")
    if not bootstrap:
        raise NotReady("no broker: set STELLWERK_KAFKA__BOOTSTRAP, or name a file with --alerts")
    found = []
    async for record in kafka.whole(settings.kafka.model_copy(update={"bootstrap": bootstrap}), ALERTS):
        if record.value is not None:
            found.append(Alert.decode(record.value))
    return found
