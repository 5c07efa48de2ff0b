"""Retraining: `stellwerk train`, `evaluate`, `promote`, `rollback`, `shadow`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.console import Console

from pipeline.commands import start
from pipeline.errors import BadInput, BadModel, NotReady

if TYPE_CHECKING:
    from models.corpus import Item
    from models.labels import Text
    from models.scorer import LinearScorer
    from pipeline.records import Label
    from pipeline.settings import Settings
    from pipeline.shadow import Shadow

PANEL: Final = "Teach the classifier"
app = typer.Typer()
_LEAST: Final = 50
"""Items below which nothing is trained: thresholds from fewer are noise."""
_NEWEST: Final = 1000
"""Labelled articles, the newest first, that a candidate is compared on beside the test set."""

Candidate = Annotated[str, typer.Argument(metavar="VERSION", help="A version in the registry.")]
Test = Annotated[
    Path | None, typer.Option("--test", help="Frozen test set: labelled items (JSON lines) nobody trains on.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", metavar="topic|FILE", help="Labels: the broker's, or an export. May be repeated."),
]
Author = Annotated[str, typer.Option(help="Who decides; default: the user of this machine.")]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A comparison on the test set and on the newest labels, and why the candidate should not go into service."""

    parts: dict[str, dict[str, Any]]
    refused: tuple[str, ...]
    left_out: int


@app.command(rich_help_panel=PANEL)
def train(
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled items, JSON lines (models/corpus.py).")] = None,
    labels: Labels = None,
    frozen: Annotated[
        list[Path] | None, typer.Option("--frozen", help="Test sets: items of their stories are left out.")
    ] = None,
    seeds: Annotated[bool, typer.Option(help="Learn from models/seed too.")] = True,
    texts: Annotated[
        Path | None, typer.Option(help="Texts that models/seed/read.tsv labels, JSON lines; learnt from too.")
    ] = None,
) -> None:
    """Train a candidate, with card, figures and lineage, into the registry. Same input, same version.

    Examples:

        stellwerk train gold.jsonl --labels labels.jsonl --frozen test.jsonl

        stellwerk train gold.jsonl --labels topic --frozen test.jsonl

        stellwerk train ../shared/data/gold/dev.jsonl --texts ../shared/data/news/unlabelled.jsonl
    """
    from models import registry
    from models.corpus import READ, SEED, read
    from models.corpus import seeds as invented
    from models.corpus import texts as judged
    from models.evaluate import table
    from models.train import apart, card
    from models.train import train as learn

    settings = start.begin("train")
    items = [item for file in files or () for item in read(file)]
    found, totals = asyncio.run(_labelled(settings, labels or ()))
    tested = [item for file in frozen or () for item in read(file)]
    items = apart(_newer(items, found), tested)
    if len(items) < _LEAST:
        raise BadInput(f"{len(items)} items to learn from, beside seeds and frozen stories; at least {_LEAST}")
    extra = (invented() if seeds else []) + (apart(judged(texts), tested) if texts else [])
    inputs = {str(file): _sum(start.content(file)) for file in files or ()} | totals
    inputs |= {f"models/seed/{file.name}": _sum(file.read_bytes()) for file in sorted(SEED.glob("*.jsonl")) if seeds}
    inputs |= {str(file): _sum(file.read_bytes()) for file in (texts, READ) if texts and file}
    inputs |= {f"left out: {file}": _sum(start.content(file)) for file in frozen or ()}
    with _Bar(7) as step:
        scorer, metrics = learn(items, extra, step, inputs=inputs)
    place = registry.place(registry.root(settings), scorer.version)
    registry.save(scorer, place, card(scorer, items, extra, metrics), metrics)
    screen = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    screen.print(table(metrics["cross_validation"]))
    screen.print(f"{len(items)} items, {len(extra)} that only train; kept in {place}")
    print(scorer.version)


@app.command(rich_help_panel=PANEL)
def evaluate(
    candidate: Candidate,
    test: Annotated[Path, typer.Option("--test", help="Frozen test set: labelled items (JSON lines).")],
    labels: Labels = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots to this file too.")] = None,
    drift: Annotated[
        str | None, typer.Option(metavar="topic|FILE", help="Compare the test set with these recent articles.")
    ] = None,
) -> None:
    """Compare a candidate with the champion, per type and language, with bootstrap intervals.

    Exit code 0 when it may go into service, 1 when it is worse somewhere.

    Examples:

        stellwerk evaluate stellwerk-0.1-1a2b3c4d --test test.jsonl --labels topic --html report.html

        stellwerk evaluate stellwerk-0.1-1a2b3c4d --test test.jsonl --drift topic --json
    """
    from models import page
    from models.drift import tell

    settings = start.begin("evaluate")
    verdict = asyncio.run(_judge(settings, candidate, test, labels or ()))
    moved = asyncio.run(_drift(settings, candidate, test, drift)) if drift else None
    if html:
        html.write_text(page.page(verdict.parts, verdict.refused, tell(moved) if moved else ""), encoding="utf-8")
    if as_json:
        start.print_line({**verdict.parts, "refused": verdict.refused, "left_out": verdict.left_out, "drift": moved})
    else:
        print(page.text(verdict.parts, verdict.refused))
        if verdict.left_out:
            print(f"  {verdict.left_out} items left out: one of the two has learnt from them")
        if moved:
            print(f"\n{tell(moved)}")
    raise typer.Exit(1 if verdict.refused else 0)


@app.command(rich_help_panel=PANEL)
def promote(
    candidate: Candidate,
    test: Test = None,
    labels: Labels = None,
    force: Annotated[bool, typer.Option("--force", help="In spite of a refusal; needs --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Kept with the promotion.")] = "",
    author: Author = "",
) -> None:
    """Put a candidate into service; refused when it is worse than the champion beyond the interval.

    Running classify workers change between two batches.

    Examples:

        stellwerk promote stellwerk-0.1-1a2b3c4d --test test.jsonl

        stellwerk promote stellwerk-0.1-1a2b3c4d --force --reason "the test set lacks the new type"
    """
    from pipeline.retrain import promote as serve

    if force and not reason.strip():
        raise typer.BadParameter("--force needs --reason: somebody will ask why")
    settings = start.begin("promote")
    start.need_broker(settings)
    refused: tuple[str, ...] = ("no frozen test set given (--test FILE)",)
    if test is not None:
        refused = asyncio.run(_judge(settings, candidate, test, labels or ())).refused
    if refused and not force:
        raise BadModel("\n  ".join((f"{candidate} is not promoted:", *refused)))
    said = reason if not refused else f"forced: {reason} (in spite of: {'; '.join(refused)})"
    if test is not None:
        said = f"{said} [test {test.name} sha256:{_sum(test.read_bytes())[:12]}]".strip()
    made = asyncio.run(serve(settings, candidate, author or start.user(), said))
    print(f"in service: {made.version}")


@app.command(rich_help_panel=PANEL)
def rollback(reason: Annotated[str, typer.Option(help="Kept with it.")] = "", author: Author = "") -> None:
    """Put the version that was in service before into service again.

    Example:

        stellwerk rollback --reason "alerts on weather reports"
    """
    from pipeline.retrain import roll_back

    settings = start.begin("rollback")
    start.need_broker(settings)
    made = asyncio.run(roll_back(settings, author or start.user(), reason))
    print(f"in service: {made.version}")


@app.command(rich_help_panel=PANEL)
def shadow(
    candidate: Candidate,
    since: Annotated[str, typer.Option(help="How far back: 7d, 12h, 30m.")] = "7d",
    accounts: Annotated[Path | None, typer.Option(help="Account file; default: STELLWERK_ROUTE__ACCOUNTS.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per alert that comes or goes.")] = False,
) -> None:
    """Show which alerts would come and go with a candidate, on the articles of the last days. Sends nothing.

    Example:

        stellwerk shadow stellwerk-0.1-1a2b3c4d --since 7d --accounts accounts.csv
    """
    span = start.duration(since)
    settings = start.begin("shadow")
    start.need_broker(settings)
    file = accounts or settings.route.accounts
    if file is None:
        raise NotReady("no accounts; give --accounts or set STELLWERK_ROUTE__ACCOUNTS")
    found = asyncio.run(_shadow(settings, candidate, file, datetime.now(UTC) - span))
    for change in found.changes:
        line = change.line()
        if as_json:
            start.print_line(line)
        else:
            print(f"{line['change']}  {line['account']}  {line['type']} {line['probability']:.2f}  {line['title']}")
    _count(found)


def _count(found: Shadow) -> None:
    comes = sum(change.what == "comes" for change in found.changes)
    goes = len(found.changes) - comes
    Console(stderr=True).print(f"{found.articles} articles: {found.stay} alerts stay, {comes} come, {goes} go")


async def _shadow(settings: Settings, candidate: str, accounts: Path, since: datetime) -> Shadow:
    from models import registry
    from pipeline import shadow as steps
    from pipeline.retrain import champion, in_service
    from pipeline.route.accounts import load_accounts
    from pipeline.route.step import Router

    one, other = champion(*await in_service(settings)), registry.open_version(registry.root(settings), candidate)
    router = Router(load_accounts(accounts))
    rules = await steps.rules_in_service(settings)
    return steps.shadow(one, other, router, settings.alert, await steps.recent(settings, since), rules)


async def _judge(settings: Settings, candidate: str, test: Path, labels: Sequence[str]) -> Verdict:
    """Compare with the champion on the test set, and on the newest labels where there are any."""
    from models import registry
    from models.compare import compare, refusals
    from models.corpus import read
    from models.train import unseen
    from pipeline.retrain import champion, in_service

    version, kept = await in_service(settings)
    place = registry.place(registry.root(settings), candidate)
    old, new = champion(version, kept), registry.open_version(registry.root(settings), candidate)
    known = (registry.metrics(kept), registry.metrics(place))
    items, (labelled, _) = read(test), await _labelled(settings, labels)
    fresh, newest = unseen(items, *known), unseen(labelled, *known)[:_NEWEST]
    parts = {"test": compare(old, new, fresh)}
    refused = [f"test: {reason}" for reason in refusals(parts["test"])]
    if newest:
        parts["labels"] = compare(old, new, newest)
        refused += [f"labels: {reason}" for reason in refusals(parts["labels"], least=0)]
    return Verdict(parts, tuple(refused), len(items) - len(fresh) + len(labelled) - len(unseen(labelled, *known)))


async def _labelled(settings: Settings, sources: Sequence[str]) -> tuple[list[Item], dict[str, str]]:
    """Return what can be learnt from labels, the newest first, and the hash of each source."""
    from models.exchange import lines, read
    from models.labels import items, settle
    from pipeline.retrain import champion, in_service, read_labels, read_texts

    given: list[Label] = []
    texts: dict[str, Text] = {}
    totals = {}
    for source in sources:
        if source == start.TOPIC:
            start.need_broker(settings)
            some = await read_labels(settings)
            mine = await read_texts(settings, {label.article_id for label in some})
            totals[source] = _sum(b"\n".join(orjson.dumps(line) for line in lines(some, mine)))
        else:
            content = start.content(Path(source))
            entries = read(content, source)
            some = [entry.label for entry in entries]
            mine = {entry.label.article_id: entry.text for entry in entries if entry.text}
            totals[source] = _sum(content)
        given += some
        texts |= mine
    if not given:
        return [], totals
    scorer: LinearScorer = champion(*await in_service(settings))
    return items(settle(given), texts, scorer), totals


def _newer(items: Sequence[Item], labelled: Sequence[Item]) -> list[Item]:
    """Return all items once; a verdict on an article replaces what a file said of it."""
    ids = {item.id for item in labelled}
    return [*(item for item in items if item.id not in ids), *labelled]


async def _drift(settings: Settings, candidate: str, test: Path, source: str) -> dict[str, Any]:
    """Compare the test set with recent articles, in the candidate's eyes."""
    from models import registry
    from models.corpus import read
    from models.drift import drift, profile
    from models.labels import Text as Known
    from pipeline.retrain import read_texts

    scorer = registry.open_version(registry.root(settings), candidate)
    if source == start.TOPIC:
        start.need_broker(settings)
        recent = list((await read_texts(settings)).values())
    else:
        recent = [Known.of(article) for article in start.articles(Path(source))]
    tested = [Known(item.title, item.text, item.language) for item in read(test)]
    return drift(profile(scorer, tested), profile(scorer, recent))


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class _Bar:
    """A progress bar of so many steps on standard error, where someone can see it; lines where not.

    Args:
        steps: how many there will be.
    """

    def __init__(self, steps: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._screen = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=self._screen, disable=not self._screen.is_terminal, transient=True)
        self._task = self._bar.add_task("reading", total=steps)

    def __enter__(self) -> Callable[[str], None]:
        """Show it; returns what to call with each step's description."""
        self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self._bar.stop()

    def _step(self, said: str) -> None:
        self._bar.update(self._task, advance=1, description=said)
        if not self._screen.is_terminal:
            self._screen.print(said, highlight=False, markup=False, soft_wrap=True)
