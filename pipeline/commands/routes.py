"""`stellwerk routes`: check a route file, ask which way an alert would go, and take the file into force."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start
from pipeline.errors import NotReady, Undecodable

if TYPE_CHECKING:
    from pipeline.alert.routes import Route
    from pipeline.settings import Settings

app = typer.Typer(help="Routes: who gets which alerts.", no_args_is_help=True)
Routes = Annotated[Path | None, typer.Option("--routes", help="Route file (TOML); none: those in force.")]


def _tree(file: Path | None) -> Route:
    """Return the tree of a file, else the one in force, checked against the profiles in force."""
    from pipeline import applied
    from pipeline.alert.routes import load_routes

    settings = start.begin("routes")
    names = [profile.name for profile in asyncio.run(applied.profiles_in_force(settings)).all]
    if used := file or settings.alert.routes:
        return load_routes(used, names)
    tree = asyncio.run(applied.routes_in_force(settings))
    if tree is None:
        raise NotReady("no routes are applied: name a file with --routes")
    return tree


@app.command()
def check(routes: Routes = None) -> None:
    """Check a route file and draw its tree, with the topic of each route.

    Example:

        stellwerk routes check --routes routes.toml
    """
    screen = Console(soft_wrap=True, highlight=False)

    def draw(route: Route, depth: int) -> None:
        match = {name: sorted(words) for name, words in route.match.lists.items()}
        wants = [f"{name}={'|'.join(words)}" for name, words in match.items()]
        wants += [f"score≥{route.match.score:g}"] if route.match.score else []
        wants += ["continue"] if route.goes_on else []
        wants += [f"tells {', '.join(one.name for one in route.receivers)} {_when(route)}"] if route.receivers else []
        screen.print(f"{'  ' * depth}{escape(route.name)} → alerts.{route.topic}  [dim]{escape(' '.join(wants))}[/]")
        for child in route.routes:
            draw(child, depth + 1)

    draw(_tree(routes), 0)


@app.command()
def apply(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Route file (TOML).")] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take away what was applied: alerts go to `alerts` alone.")
    ] = False,
) -> None:
    """Check a route file, make its topics, and take it into force: alert and notify workers follow without a restart.

    It replaces the routes that were there; the same file again changes nothing. Topics of former routes stay, with
    what is on them. Workers whose settings name a file (STELLWERK_ALERT__ROUTES) go on with that file.

    Examples:

        stellwerk routes apply routes.toml

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk routes apply --remove
    """
    from pipeline.commands import folder
    from pipeline.topics import ROUTES

    if (file is None) != remove:
        raise typer.BadParameter("name a file, or --remove")
    made, what = folder.routes(file) if file else (None, "no routes")
    settings = start.connected("routes")
    if file:
        for name in start.run(_prepared(settings, file)) or ():
            print(f"made {name}")
    start.put(settings, ROUTES, made, what)
    if settings.alert.routes:
        start.warn(f"workers with this STELLWERK_ALERT__ROUTES go on with {settings.alert.routes}")


async def _prepared(settings: Settings, file: Path) -> list[str]:
    """Make the topics of a route file that suits the profiles in force, and return the names of the new ones."""
    from pipeline import applied, kafka
    from pipeline.alert.routes import load_routes
    from pipeline.topics import PROFILES, ROUTES

    await kafka.require(settings.kafka, (PROFILES, ROUTES))
    tree = load_routes(file, [profile.name for profile in (await applied.profiles_in_force(settings)).all])
    return await applied.make(settings.kafka, tree)


def _when(route: Route) -> str:
    from pipeline.alert.receivers import DAYS

    if route.digest is None:
        return f"after {route.wait:g} s"
    times = ", ".join(f"{one:%H:%M}" for one in route.digest.times)
    days = "daily" if len(route.digest.days) == 7 else ", ".join(DAYS[day] for day in sorted(route.digest.days))
    return f"at {times} {route.digest.zone.key} {days}"


@app.command("test")
def choice(
    file: Annotated[Path, typer.Argument(metavar="ALERT.json", help="Alerts, one JSON line each; - for input.")],
    routes: Routes = None,
) -> None:
    """Say which routes alerts would take: one JSON line each. Sends nothing.

    Example:

        stellwerk tail alerts --json | head -1 | stellwerk routes test - --routes routes.toml
    """
    from pipeline.alert.routes import choose
    from pipeline.records import Alert

    tree = _tree(routes)
    data = start.content(file)
    try:
        alerts = [Alert.decode(data)]
    except Undecodable:
        alerts = list(start.alerts(data, file))
    for alert in alerts:
        chosen = [{"route": route.name, "topic": f"alerts.{route.topic}"} for route in choose(tree, alert)]
        start.print_line({"id": alert.id, "routes": chosen})
