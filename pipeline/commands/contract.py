"""`stellwerk contract`: what readers of the topics may rely on, written from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands import start

app = typer.Typer(
    help="The contract with readers: AsyncAPI, JSON Schemas, examples; written from the code.",
    invoke_without_command=True,
)
Folder = Annotated[Path, typer.Option("--folder", help="Where the contract lies.")]
_FOLDER = Path("docs/contract")


@app.callback()
def contract(
    context: typer.Context,
    folder: Folder = _FOLDER,
    check: Annotated[bool, typer.Option(help="Write nothing; exit code 1 when something differs.")] = False,
    release: Annotated[bool, typer.Option(help="Also keep these schemas as those of the last release.")] = False,
) -> None:
    """Write the contract and say what changed, also for readers of the last release.

    Examples:

        stellwerk contract

        stellwerk contract --check

        stellwerk contract register http://localhost:8081
    """
    if context.invoked_subcommand:
        return
    from pipeline.contract import files
    from pipeline.contract.changes import changes
    from pipeline.contract.schemas import schemas

    screen = Console(soft_wrap=True, highlight=False)
    said = files.differences(folder) if check else files.write(folder)
    for line in said:
        screen.print(line, markup=False)
    if release:
        files.release(folder)
    found = changes(files.released(folder), schemas())
    for change in found:
        screen.print(f"{'breaks' if change.breaks else 'told'}  {change}", markup=False)
    if (check and said) or any(change.breaks for change in found):
        raise typer.Exit(1)
    screen.print("as the code says" if check else f"written to {folder}")


@app.command()
def register(
    url: Annotated[str, typer.Argument(help="Root of the registry, e.g. http://localhost:8081.")],
    login: Annotated[Path | None, typer.Option(help="File that holds user:password.")] = None,
    compatibility: Annotated[
        str, typer.Option(help="Rule that the subjects get, e.g. NONE; without it the registry's own.")
    ] = "",
) -> None:
    """Register the schemas with a Confluent-compatible registry: subject `<topic>-value`, as JSON Schema.

    Examples:

        stellwerk contract register http://localhost:8081

        stellwerk contract register https://registry.example.org --login registry.secret --compatibility NONE
    """
    from pipeline.applied import route_topics
    from pipeline.contract.register import Registry
    from pipeline.contract.register import register as send

    settings = start.begin("contract")
    secret = start.content(login).decode().strip() if login else ""
    screen = Console(soft_wrap=True, highlight=False)
    routed = start.run(route_topics(settings)) or ()
    for subject, id in send(Registry(url, secret), settings.kafka, routed, compatibility):
        screen.print(f"{id:>6}  {subject}", markup=False)
