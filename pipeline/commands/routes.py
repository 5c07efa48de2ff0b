"""`stellwerk routes`: check a route file, and ask which way an alert would go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from pipeline.errors import BadInput, NotReady, Undecodable
from pipeline.settings import load

if TYPE_CHECKING:
    from pipeline.alert.routes import Route

app = typer.Typer(help="Routes: who gets which alerts.", no_args_is_help=True)
Routes = Annotated[Path | None, typer.Option("--routes", help="Route file (TOML); none: STELLWERK_ALERT__ROUTES.")]


def _tree(file: Path | None) -> Route:
    from pipeline.alert.profiles import load_profiles
    from pipeline.alert.routes import load_routes

    settings = load().alert
    used = file or settings.routes
    if used is None:
        raise NotReady("no route file: name one with --routes, or set STELLWERK_ALERT__ROUTES")
    return load_routes(used, [profile.name for profile in load_profiles(settings.profiles).all])


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
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=str(file)) from None
    try:
        alerts = [Alert.decode(data)]
    except Undecodable:
        alerts = []
        for number, line in enumerate(data.splitlines(), 1):
            try:
                alerts.append(Alert.decode(line))
            except Undecodable as error:
                raise BadInput(str(error), file=str(file), line=number) from None
    for alert in alerts:
        chosen = [{"route": route.name, "topic": f"alerts.{route.topic}"} for route in choose(tree, alert)]
        sys.stdout.buffer.write(orjson.dumps({"id": alert.id, "routes": chosen}, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
