"""`stellwerk topics`: make and check them, rewind a stage, say who may do what with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands import start

app = typer.Typer(help="Kafka topics: make and check.", no_args_is_help=True)


@app.command()
def init(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Applied too, what of it is there: accounts.csv (.toml, .jsonl), sources.toml (.csv, .opml), "
            "rules.toml, profiles.toml, routes.toml."
        ),
    ] = None,
) -> None:
    """Make the topics that are missing, and check all of them; with a folder, apply what stands in it.

    As often as you like: the second time nothing is made and nothing changes.

    Examples:

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk topics init

        stellwerk topics init /config
    """
    start.run(_init(folder))


@app.command()
def check() -> None:
    """Check partitions and configuration of all topics; exit code 1 when something differs.

    Example:

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk topics check
    """
    start.run(_topics(make=False))


@app.command()
def rewind(
    stage: Annotated[str, typer.Argument(help="classify, route or alert; its workers must be stopped.")],
    since: Annotated[str | None, typer.Option(help="Back by this time: 7d, 12h; without it to the beginning.")] = None,
) -> None:
    """Let a stage do its records again from an earlier time on. No alert comes twice: ids are stable.

    Example:

        stellwerk topics rewind classify --since 2d
    """
    from datetime import UTC, datetime

    from pipeline.kafka import Broker
    from pipeline.stream.stages import STAGES

    source = {one.name: one.source for one in STAGES}
    if stage not in source:
        raise typer.BadParameter(f"{stage!r} is no stage; one of {', '.join(source)}")
    settings = start.connected("topics")
    begin = datetime.now(UTC) - start.duration(since) if since else None

    async def rewind() -> int:
        async with Broker(settings.kafka) as broker:
            return await broker.rewind(stage, source[stage], begin)

    count = start.run(rewind())
    if count is None:
        raise typer.Exit(1)
    print(f"{stage} will do {count} records again when it starts")


@app.command()
def acls(
    roles: Annotated[list[str] | None, typer.Argument(help="Without any: all roles.")] = None,
    principal: Annotated[str, typer.Option(help="Who gets it; {role} stands for the role.")] = "User:{role}",
    remove: Annotated[bool, typer.Option(help="Take away instead of giving.")] = False,
) -> None:
    """Print a shell script that lets each role do its work on a broker with ACLs, and nothing else.

    Examples:

        stellwerk topics acls > acls.sh; BOOTSTRAP=kafka:9093 ADMIN=admin.properties sh acls.sh

        stellwerk topics acls classify route --principal 'User:CN=stellwerk-{role}'
    """
    from pipeline import access

    if wrong := next((role for role in roles or () if role not in access.ROLES), ""):
        raise typer.BadParameter(f"{wrong!r} is no role; one of {', '.join(access.ROLES)}")
    print(access.script(roles or access.ROLES, principal, start.plain("topics"), remove=remove), end="")


async def _init(folder: Path | None) -> None:
    await _topics(make=True)
    if not folder:
        return
    from pipeline.commands.folder import apply

    told = await apply(folder, start.connected("topics"))
    print("\n".join(told or [f"nothing in {folder} that belongs on a topic: nothing is applied"]))


async def _topics(*, make: bool) -> None:
    from pipeline.applied import route_topics
    from pipeline.kafka import Broker, Fault, patiently
    from pipeline.topics import ROUTES, TOPICS

    settings = start.connected("topics")
    screen = Console(soft_wrap=True)
    faults: list[Fault] = []

    async def look() -> None:
        async with Broker(settings.kafka) as broker:
            made = await broker.make(TOPICS) if make else []
            # A topic that is missing is a fault of its own, and knows no routes.
            routed = () if await broker.missing((ROUTES,)) else await route_topics(settings)
            made += await broker.make(routed) if make else []
            for name in made:
                screen.print(f"made     {name}")
            faults.extend(await broker.check((*TOPICS, *routed)))

    await patiently(settings.kafka, look)
    for fault in faults:
        screen.print(f"[red]differs[/]  {fault}")
    if faults:
        raise typer.Exit(1)
    screen.print("all topics are as they should be")
