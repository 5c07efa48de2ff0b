"""One message of every kind, made by the steps themselves out of one article of the demo.

The moment is fixed and probabilities are rounded, so that the same code and the same model write the same bytes on any
machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from agents.articles import to_article
from agents.entries import Entry
from agents.sources import Source
from deploy.demo.articles import OUTLETS, DemoArticle, load_articles
from deploy.local import DEMO
from models.promotion import MODEL
from pipeline.alert.profiles import read_profiles
from pipeline.alert.routes import read_routes
from pipeline.process import Walk, Walked, open_path
from pipeline.records import (
    AccountRecord,
    Alert,
    Article,
    Label,
    Notification,
    PollState,
    ProfileFile,
    Promotion,
    Record,
    RouteFile,
    RuleFile,
    Versions,
    Withdrawal,
    stable_id,
)
from pipeline.route.accounts import load_accounts
from pipeline.settings import Settings
from pipeline.topics import (
    ACCOUNTS,
    ALERTS,
    ARTICLES,
    CLASSIFIED,
    HELD,
    LABELS,
    MATCHES,
    NOTIFICATIONS,
    POLLS,
    PROFILES,
    PROMOTIONS,
    ROUTES,
    RULES,
    SOURCES,
    WITHDRAWALS,
    Topic,
)

_SLUG: Final = "caldermont-furnace-order"
_ANCHOR: Final = datetime(2026, 11, 2, 8, tzinfo=UTC)
_SITE: Final = "https://newsroom.example"
_PROFILES: Final = """[cranes]
reason = "rents out cranes"
types = { other = 0.0, new_site = 1.0, reason = "a new plant is built with cranes" }
status = { other = 1.0, reason = "at any time" }
direction = { other = 1.0, reason = "either way" }
"""
_ROUTES: Final = """[route]
name = "rest"
[[route.routes]]
name = "poland"
topic = "east"
match = { region = "PL" }
"""
_RULES: Final = '[[rule]]\nid = "hydrogen"\ntype = "project"\nquery = "hydrogen AND (plant OR tower)"\n'


@lru_cache(maxsize=1)
def examples() -> Mapping[str, Any]:
    """Return one message by topic name, as the JSON on the wire."""
    demo = next(one for one in load_articles(DEMO / "articles.jsonl") if one.slug == _SLUG)
    source = _source(demo)
    article = _article(demo, source)
    walk = open_path(DEMO / "accounts.csv", Settings())
    (walked,) = walk.walk([article])
    made = {**_on_the_path(walked), **_beside(source, walk, walked)}
    return {topic.name: _rounded(record.model_dump(mode="json")) for topic, record in made.items()}


def _source(demo: DemoArticle) -> Source:
    outlet = OUTLETS[demo.outlet]
    return Source(
        id=outlet.id, url=_SITE + outlet.feed_path, name=outlet.name, language=outlet.language, country=outlet.country,
        credibility=outlet.credibility,
    )  # fmt: skip


def _article(demo: DemoArticle, source: Source) -> Article:
    published = demo.published(_ANCHOR)
    url = _SITE + demo.path
    text = "\n\n".join(demo.body)
    entry = Entry(url, url, demo.title, demo.teaser, text, published, demo.author, demo.tags, demo.language)
    made = to_article(entry, source, now=published + timedelta(minutes=5))
    if not isinstance(made, Article):
        raise TypeError(f"the demo's article {demo.slug} is dropped: {made}")
    return made


def _on_the_path(walked: Walked) -> dict[Topic, Record]:
    first = walked.alerts[0]
    match = next(one for one in walked.routed.matches if one.account.id == first.account.id)
    return {
        ARTICLES: walked.classified.article,
        CLASSIFIED: walked.classified,
        MATCHES: match,
        ALERTS: first,
        HELD: first,
    }


def _beside(source: Source, walk: Walk, walked: Walked) -> dict[Topic, Record]:
    article, alert = walked.classified.article, walked.alerts[0]
    return {
        ACCOUNTS: _account(alert.account.id),
        SOURCES: source,
        POLLS: _poll(source, article),
        LABELS: _label(article, alert),
        PROMOTIONS: Promotion(
            model=MODEL, version=walk.scorer.version, at=_ANCHOR, author="data-team", reason="better"
        ),
        WITHDRAWALS: Withdrawal(article_id=article.id, fetched=_ANCHOR, reason="the server said 410"),
        NOTIFICATIONS: Notification(
            alert_id=alert.id, receiver="crm", revision=1, state="sent", batch=stable_id("crm", alert.id), at=_ANCHOR
        ),
        PROFILES: ProfileFile(
            name="profiles.toml", version=read_profiles(_PROFILES, "").version, at=_ANCHOR, text=_PROFILES
        ),
        ROUTES: RouteFile(name="routes.toml", version=read_routes(_ROUTES, "").version, at=_ANCHOR, text=_ROUTES),
        RULES: RuleFile(name="rules.toml", version=stable_id(_RULES), at=_ANCHOR, text=_RULES),
    }


def _account(id: str) -> AccountRecord:
    return next(AccountRecord(**asdict(one)) for one in load_accounts(DEMO / "accounts.csv").rows() if one.id == id)


def _poll(source: Source, article: Article) -> PollState:
    at = article.fetched
    return PollState(
        source_id=source.id, polled=at, due=at + timedelta(seconds=source.poll_min), first=at, good=at,
        newest=article.published, seen={article.id: article.revision}, polls=1, outcome="news", health="ok", entries=1,
    )  # fmt: skip


def _label(article: Article, alert: Alert) -> Label:
    return Label(
        article_id=article.id, author="kam", at=_ANCHOR, alert_id=alert.id, types=(alert.signal.type,),
        account_right=True, relevant=True, versions=Versions(model=alert.versions.model),
    )  # fmt: skip


def _rounded(value: Any) -> Any:
    """Return the value with figures to three places: the last bits differ from processor to processor."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value
