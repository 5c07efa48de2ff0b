"""`stellwerk rules`: check, test and apply keyword combinations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands import start
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from pipeline.records import Article
    from pipeline.rules.match import Book, Hit

app = typer.Typer(help="Keyword combinations: check, test and apply a rule file.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Rule file (TOML), see docs/rules.md.")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Rule files (TOML), see docs/rules.md.")],
) -> None:
    """Check rule files and print every fault with file, line and column; exit code 1 when there is one.

    Example:

        stellwerk rules check rules.toml
    """
    from pipeline.rules.files import check as faults_of
    from pipeline.toml import read_text

    screen, good = Console(soft_wrap=True, highlight=False), True
    for file in files:
        try:
            rules, faults = faults_of(read_text(file), str(file))
        except BadInput as error:
            rules, faults = None, [error]
        for fault in faults:
            screen.print(f"[red]wrong[/]  {escape(str(fault))}")
        good = good and not faults
        if rules and not faults:
            screen.print(f"fine   {escape(str(file))}: {len(rules.rules)} rules, version {rules.version}")
    raise typer.Exit(0 if good else 1)


@app.command("test")
def try_out(
    file: File,
    articles: Annotated[Path, typer.Argument(metavar="ARTICLES.jsonl", help="JSON lines with id, title, text.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per hit.")] = False,
) -> None:
    """Show which rule hits which article, and where; on standard error, how often each rule hits.

    Examples:

        stellwerk rules test rules.toml articles.jsonl

        stellwerk rules test --json rules.toml articles.jsonl | jq .rule
    """
    from pipeline.rules.files import load_rules
    from pipeline.rules.match import Book

    book = Book(load_rules(file))
    counts, read, screen = Counter[str](), 0, Console(soft_wrap=True, highlight=False)
    for article in start.articles(articles):
        read += 1
        for hit in _hits(book, article):
            counts[hit.rule.id] += 1
            if as_json:
                start.print_line(_line(article, hit))
            else:
                _show(screen, article, hit)
    _tell(book, counts, read)


@app.command()
def apply(file: File) -> None:
    """Check a rule file and take it into service: all classify workers switch to it, in one step each.

    It replaces the rules that were there; an empty file takes them all away. The same file again changes nothing.

    Example:

        STELLWERK_KAFKA__BOOTSTRAP=kafka:9092 stellwerk rules apply rules.toml
    """
    from pipeline.commands import folder
    from pipeline.topics import RULES

    made, what = folder.rules(file)
    start.put(start.connected("rules"), RULES, made, what)


def _hits(book: Book, article: Article) -> list[Hit]:
    from pipeline.classify.step import prepare

    (item,) = prepare([article])
    return book.hits(article, item.language, item.body, item.sentences)


def _line(article: Article, hit: Hit) -> dict[str, Any]:
    return {
        "id": article.id,
        "rule": hit.rule.id,
        "type": hit.rule.type,
        "terms": [term._asdict() for term in hit.terms],
        "evidence": [span.model_dump() for span in hit.evidence],
    }


def _show(screen: Console, article: Article, hit: Hit) -> None:
    """Print a hit for people: the article, the rule, and its sentences with the words in bold."""
    screen.print(f"[bold]{escape(article.id)}[/]  {escape(hit.rule.id)} ({hit.rule.type})")
    for span in hit.evidence:
        made, at = "", span.start
        for term in hit.terms:
            if span.start <= term.start and term.end <= span.end:
                made += escape(article.body[at : term.start]) + f"[bold yellow]{escape(term.text)}[/]"
                at = term.end
        screen.print(f"    {span.start:>6}  {made}{escape(article.body[at : span.end])}")


def _tell(book: Book, counts: Counter[str], read: int) -> None:
    """Say on standard error how often each rule hits; the ones that never do by name too."""
    screen = Console(stderr=True, soft_wrap=True, highlight=False)
    silent = [rule.id for rule in book.rules.rules if not counts[rule.id]]
    screen.print(f"{read} articles, {counts.total()} hits of {len(counts)} rules")
    for name, count in counts.most_common(20):
        screen.print(f"{count:>8}  {count / read:6.1%}  {escape(name)}")
    if silent:
        more = f" and {len(silent) - 20} more" if len(silent) > 20 else ""
        screen.print(f"without a hit: {escape(', '.join(silent[:20]))}{more}")
