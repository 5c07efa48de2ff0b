"""`stellwerk labels`: people's verdicts out of Kafka and in again, and what to label next."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console

from pipeline.commands import start

if TYPE_CHECKING:
    from models.labels import Text
    from models.suggest import Suggestion
    from pipeline.records import Label
    from pipeline.settings import Settings

app = typer.Typer(help="People's verdicts: export, import, and what to label next.", no_args_is_help=True)


class Form(StrEnum):
    """How labels stand in a file."""

    JSONL = "jsonl"
    LABEL_STUDIO = "label-studio"


Chosen = Annotated[Form, typer.Option("--form", help="JSON lines, or tasks of Label Studio.")]


@app.command("export")
def export(
    form: Chosen = Form.JSONL,
    everything: Annotated[
        bool, typer.Option("--all", help="Every verdict, not only the last per person and article.")
    ] = False,
) -> None:
    """Write the labels of the topic with their texts to standard output; who disagrees, to standard error.

    Articles leave Kafka after a week, labels do not: export in time, and keep the files.

    Examples:

        stellwerk labels export > labels.jsonl

        stellwerk labels export --form label-studio > tasks.json
    """
    settings = start.begin("labels")
    start.need_broker(settings)
    labels, texts = asyncio.run(_from_topics(settings))
    from models.exchange import lines, tasks
    from models.labels import last

    kept = labels if everything else last(labels)
    if form is Form.LABEL_STUDIO:
        start.print_line(tasks(kept, texts))
    else:
        for line in lines(kept, texts):
            start.print_line(line)
    _tell(labels, texts)


@app.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="JSON lines or Label Studio's JSON; - for standard input.")],
    dry: Annotated[bool, typer.Option("--dry-run", help="Check the file and send nothing.")] = False,
) -> None:
    """Put the labels of a file onto the topic: all of them, or none when one is wrong.

    Importing a file twice changes nothing: the last verdict per person and article counts.

    Examples:

        stellwerk labels import labels.jsonl

        stellwerk labels import --dry-run label-studio-export.json
    """
    from models.exchange import read

    settings = start.begin("labels")
    entries = read(start.content(file), str(file))
    labels = [entry.label for entry in entries]
    if not dry:
        from pipeline.retrain import send_labels

        start.need_broker(settings)
        asyncio.run(send_labels(settings, labels))
    _tell(labels, {entry.label.article_id: entry.text for entry in entries if entry.text})
    Console(stderr=True).print("fine, nothing sent" if dry else f"sent {len(labels)} labels")


@app.command()
def suggest(
    source: Annotated[
        str, typer.Argument(metavar="topic|FILE", help="Classified articles of the broker, or JSON lines of articles.")
    ] = start.TOPIC,
    count: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 50,
    form: Chosen = Form.JSONL,
    labels: Annotated[
        list[Path] | None, typer.Option(help="Label files; what is labelled there is not suggested.")
    ] = None,
) -> None:
    """Pick the articles most worth labelling: uncertain, unlike each other, in words that are new to the model.

    Examples:

        stellwerk labels suggest -n 50 --form label-studio > tasks.json

        stellwerk labels suggest articles.jsonl -n 20 | jq -r '[.value, .why, .title] | @tsv'
    """
    from models import registry
    from models.exchange import read
    from models.suggest import suggest as pick

    settings = start.begin("labels")
    done = {entry.label.article_id for file in labels or () for entry in read(start.content(file), str(file))}
    texts, labelled, place = asyncio.run(_candidates(settings, source))
    scorer = registry.load(place)
    known = [
        (name, text) for name, text in texts.items() if name not in done | labelled and text.language in ("de", "en")
    ]
    found = pick(scorer, known, count)
    _print_suggestions(found, form, scorer.version)
    Console(stderr=True).print(f"{len(found)} of {len(known)} articles that nobody has labelled")


async def _candidates(settings: Settings, source: str) -> tuple[dict[str, Text], set[str], Any]:
    """Return articles, ids of labelled ones, and where the model in service is kept."""
    from models.labels import Text as Known
    from pipeline.retrain import in_service, read_labels, read_texts

    if source == start.TOPIC:
        start.need_broker(settings)
        texts = await read_texts(settings)
    else:
        texts = {article.id: Known.of(article) for article in start.articles(Path(source))}
    labelled = await read_labels(settings) if settings.kafka.bootstrap else []
    _, place = await in_service(settings)
    return texts, {label.article_id for label in labelled}, place


async def _from_topics(settings: Settings) -> tuple[list[Label], dict[str, Text]]:
    from pipeline.retrain import read_labels, read_texts

    labels = await read_labels(settings)
    return labels, await read_texts(settings, {label.article_id for label in labels})


def _print_suggestions(found: list[Suggestion], form: Form, version: str) -> None:
    from models.exchange import choices, task_of
    from pipeline.records import Versions

    if form is Form.JSONL:
        for one in found:
            start.print_line(one.line())
        return
    made = []
    for one in found:
        guess = [kind for kind, chance in one.types.items() if chance >= 0.5]
        result = [choices("types", guess)] if guess else []
        task = task_of(one.id, one.text, Versions(model=version))
        made.append({**task, "predictions": [{"model_version": version, "score": one.value, "result": result}]})
    sys.stdout.buffer.write(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")


def _tell(labels: list[Label], texts: dict[str, Text]) -> None:
    """Say on standard error who judged how much, where people disagree, and what has no text."""
    from models.labels import tell

    screen = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    for line in tell(labels):
        screen.print(line)
    missing = {label.article_id for label in labels} - set(texts)
    if missing:
        screen.print(f"{len(missing)} articles without text: they left Kafka; nothing can be learnt from their labels")
