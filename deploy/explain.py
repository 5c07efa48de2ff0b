"""`stellwerk explain`: what each step makes of one article, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console
from rich.markup import escape

from agents.extract import extract
from agents.fetch import Door
from deploy.local import DEMO
from pipeline.alert.routes import Route, choose
from pipeline.alert.story import near
from pipeline.applied import routes_in_force
from pipeline.errors import BadInput
from pipeline.process import Walked, open_path, read_article
from pipeline.records import Article
from pipeline.settings import Settings

#: Why nothing, or nothing more, came of an article, for people; every refusal of route and alert has a name and is
#: counted under it.
REASONS: Final = {
    "no_signal": "the classifier and the rules find no signal",
    "no_account": "no account is named, and it is nobody's own newsroom",
    "too_many_accounts": "it names many companies (an index, a ranking) and none of them acts in its title",
    "doubtful": "a passage names the account, but its signal is hardly the account's own, or hardly of this type",
    "not_bound": "no account is named in, or meant by, a passage that carries a signal",
    "watch": "the account file says that this is never to be alerted on",
    "alerted": "it makes a new alert, or a revision of one",
    "withdrawn": "an edit takes away what an alert stood on",
    "collected": "small news for an alert that is there; it comes with the next revision",
    "duplicate": "an alert knows this article, or a newer text of it",
    "crowded": "its alert has more reports than are counted",
    "repeated": "it tells again, in nearly the same words, what is no longer open",
    "old": "published longer ago than alerts are opened for, and no story is open",
    "retracted": "a person has taken this alert back",
    "mentioned": "the account is only mentioned beside the signal, which is somebody else's",
    "denied": "a person has said that the article does not carry its signals",
}


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
    for line in (
        *tell(walked),
        *_of_age(article, settings, datetime.now(UTC)),
        *_of_routes(walked, await routes_in_force(settings)),
    ):
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
    lines = [f"[bold]alert[/]     {len(walked.alerts) or 'no'} alert(s)"]
    if walked.routed.refused:
        lines.append(f"          nothing came so far: {REASONS[walked.routed.refused]}")
    for match, outcome in zip(walked.routed.matches, walked.outcomes, strict=True):
        lines.append(f"          {escape(match.account.name)}: {outcome}, {REASONS[outcome]}")
        lines += [
            f"          {escape(match.account.name)}, {one.signal.type}: as {one.role}, {escape(one.why)}"
            for one in match.signals
            if outcome != "alerted"
        ]
    for alert in walked.alerts:
        path = " › ".join(alert.account.path)
        lines.append(f"          {escape(path)}: {alert.signal.type}, {alert.state}, story {alert.story_id}")
        lines += [f"          why: {escape(why)}" for why in alert.why]
        for name, score in alert.scores.items():
            parts = " × ".join(f"{part} {value:g}" for part, value in score.parts.items())
            lines.append(f"          {escape(name)} {score.value:g} = 100 × {parts}")
    return lines


def _of_age(article: Article, settings: Settings, now: datetime) -> list[str]:
    """Say that a worker would refuse what is explained as if it were the day of the article."""
    if not near(now, article.published, settings.alert.age_most):
        return [f"          in service now: old, {REASONS['old']}"]
    return []


def _of_routes(walked: Walked, routes: Route | None) -> list[str]:
    lines = []
    for alert in walked.alerts if routes else ():
        assert routes is not None
        for route in choose(routes, alert):
            told = f", tells {', '.join(one.name for one in route.receivers)}" if route.receivers else ""
            lines.append(f"[bold]routes[/]    {alert.signal.type} → {escape(route.name)}: alerts.{route.topic}{told}")
    return lines
