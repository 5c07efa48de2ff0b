"""`stellwerk explain`: what each step makes of one article, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.markup import escape

from agents.extract import extract
from agents.fetch import Door
from deploy.local import DEMO
from pipeline.errors import BadInput
from pipeline.process import Walked, open_path, read_article
from pipeline.records import Article
from pipeline.settings import Settings


async def explain(what: str, accounts: Path | None, settings: Settings) -> None:
    """Print the way of one article through all steps.

    Args:
        what: a URL, a page, or a file with one JSON object.
        accounts: account file; None takes the settings' or the demo's.
        settings: model, limits of fetching, ages.

    Raises:
        StellwerkError: the article cannot be fetched or read, or the accounts are wrong.
    """
    article = await _article(what, settings)
    walk = open_path(accounts or settings.route.accounts or DEMO / "accounts.csv", settings)
    (walked,) = walk.walk([article])
    for line in tell(walked):
        Console(soft_wrap=True).print(line)


async def _article(what: str, settings: Settings) -> Article:
    if what.startswith(("http://", "https://")):
        async with Door(settings.fetch) as door:
            answer = await door.get(what)
        return _from_page(answer.body, answer.url)
    file = Path(what)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=what) from None
    if data.lstrip()[:1] == b"{":
        raw = orjson.loads(data.splitlines()[0] if file.suffix == ".jsonl" else data)
        return read_article(orjson.dumps({"id": what, **raw}), 1, what)
    return _from_page(data, "")


def _from_page(html: bytes, url: str) -> Article:
    page = extract(html, url)
    now = datetime.now(UTC)
    return Article(
        id=url or "page", source_id="explain", url=url, title=page.title, text=page.text, author=page.author,
        published=page.published or now, fetched=now, language_hint=page.language,
    )  # fmt: skip


def tell(walked: Walked) -> list[str]:
    """Return the steps' decisions as lines of rich markup."""
    return [*_of_article(walked), *_of_route(walked), *_of_alerts(walked)]


def _of_article(walked: Walked) -> list[str]:
    classified = walked.classified
    article = classified.article
    lines = [
        f"[bold]article[/]   {escape(article.title)}",
        f"          {len(article.text)} characters, {article.published:%Y-%m-%d}, language {classified.language}",
        f"[bold]classify[/]  model {classified.model}: {len(classified.signals) or 'no'} signal(s)",
    ]
    for signal in classified.signals:
        by = "" if signal.by == "model" else f", by the {escape(signal.why)}"
        lines.append(f"          {signal.type} {signal.probability:.0%}, {signal.status}, {signal.direction}{by}")
        lines.append(f"          [dim]“{escape(signal.evidence[0].text)}”[/]")
    return lines


def _of_route(walked: Walked) -> list[str]:
    routed = walked.routed
    refused = f", refused: {routed.refused}" if routed.refused else ""
    lines = [f"[bold]route[/]     {len(routed.matches) or 'no'} account(s){refused}"]
    for mention in routed.mentions:
        said = f"{mention.account_id} ← “{escape(mention.text)}” at {mention.start}"
        lines.append(f"          {said}, {mention.role}: {escape(mention.why)}")
    for place in routed.places:
        dateline = " (dateline)" if place.dateline else ""
        lines.append(f"          place “{escape(place.text)}” {place.name} {place.country}{dateline}")
    for match in routed.matches:
        lines += [f"          {match.account.name}: {escape(why)}" for why in match.why]
    return lines


def _of_alerts(walked: Walked) -> list[str]:
    outcomes = ", ".join(walked.outcomes) or walked.routed.refused
    lines = [f"[bold]alert[/]     {len(walked.alerts) or 'no'} alert(s); outcome: {outcomes}"]
    for alert in walked.alerts:
        path = " › ".join(alert.account.path)
        lines.append(f"          {path}: {alert.signal.type}, {alert.state}, story {alert.story_id}")
        lines += [f"          why: {escape(why)}" for why in alert.why]
    return lines
