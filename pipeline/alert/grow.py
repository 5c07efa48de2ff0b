"""What an alert holds, and how a match makes it grow; nothing here grows without bound.

how much is new     NONE     known word for word
                    REPORT   one more report that says nothing else
                    SOURCE   another publisher, or an edit that says it in other words
                    MOVED    the status moved on, or a figure that was not known
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from pipeline.records import (
    Alert,
    AlertEvidence,
    AlertSignal,
    AlertState,
    ArticleRef,
    Fact,
    FactKind,
    Match,
    MatchedSignal,
    Place,
    Versions,
    short,
)
from pipeline.settings import AlertSettings
from pipeline.signals import Status

#: The order in which a thing happens; a status never moves back, except into cancelled.
_ORDER: Final = {status: at for at, status in enumerate(Status)}
#: Passages, facts, places and reasons kept of one alert; ids of further articles.
MOST: Final = 20
_MORE_MOST: Final = 1000
#: Publishers up to which one more is news.
_TELLING: Final = 5
_FIGURES: Final = frozenset((FactKind.AMOUNT, FactKind.JOBS, FactKind.CAPACITY, FactKind.AREA))


class News(IntEnum):
    """How much a match tells an alert that it does not know."""

    NONE = 0
    REPORT = 1
    SOURCE = 2
    MOVED = 3


def opened(
    alert_id: str, story: str, match: Match, matched: MatchedSignal, related: tuple[str, ...], now: datetime
) -> Alert:
    """Return the first revision of an alert."""
    signal = matched.signal
    return Alert(
        id=alert_id,
        revision=1,
        state=AlertState.NEW,
        account=match.account,
        signal=AlertSignal(**signal.model_dump(exclude={"evidence", "why"})),
        evidence=_evidence(match, matched),
        places=_places((), matched.places),
        facts=_facts((), matched.facts),
        articles=(match.article,),
        story_id=story,
        related=related,
        published=match.article.published,
        first_seen=now,
        updated=now,
        why=_why(match, matched),
        versions=_versions(match),
    )


def grown(known: Alert, match: Match, matched: MatchedSignal, settings: AlertSettings) -> tuple[Alert, News]:
    """Return the alert with what a match adds, and how much that is; revision, state and time stay to be set."""
    article = match.article
    before = next((one for one in known.articles if one.id == article.id), None)
    edited = before is not None and before.revision != article.revision
    facts, signal = _facts(known.facts, matched.facts), _moved(known.signal, matched)
    # The passages of an edited article may stand elsewhere now, or nowhere.
    kept = [one for one in known.evidence if not (edited and one.article_id == article.id)]
    news = _news(known, match, matched, signal.status, edited=edited)
    changes: dict[str, Any] = {"signal": signal, "facts": facts, "places": _places(known.places, matched.places)}
    if before is None and news < News.MOVED and len(known.articles) >= settings.articles_most:
        if len(known.more) >= _MORE_MOST:
            return known, News.NONE
        return known.model_copy(update={**changes, "more": (*known.more, short(article.id))}), News.REPORT
    articles = (*(one for one in known.articles if one.id != article.id), article)
    changes |= _bounded(articles, known.more, settings.articles_most)
    changes |= {
        "evidence": _newest((*kept, *_evidence(match, matched))),
        "published": min(known.published, article.published),
        "why": _newest((*known.why, *_why(match, matched))),
        "versions": _versions(match),
    }
    return known.model_copy(update=changes), news


def absorbed(known: Alert, gone: Iterable[Alert], settings: AlertSettings) -> Alert:
    """Return the alert with all that others hold that turn out to be the same."""
    for other in gone:
        articles = {one.id: one for one in (*known.articles, *other.articles)}
        ordered = sorted(articles.values(), key=lambda one: one.fetched)
        later = _ORDER[other.signal.status] > _ORDER[known.signal.status]
        changes: dict[str, Any] = {
            **_bounded(tuple(ordered), (*known.more, *other.more), settings.articles_most),
            "signal": other.signal if later else known.signal,
            "evidence": _newest((*known.evidence, *other.evidence)),
            "places": _places(known.places, other.places),
            "facts": _facts(known.facts, other.facts),
            "why": _newest((*known.why, *other.why)),
            "related": tuple(one for one in dict.fromkeys((*known.related, *other.related)) if one != known.id)[:MOST],
            "published": min(known.published, other.published),
            "first_seen": min(known.first_seen, other.first_seen),
        }
        known = known.model_copy(update=changes)
    return known


def holds(alert: Alert, article_id: str) -> bool:
    """Say whether an article counts as told by an alert."""
    return any(one.id == article_id for one in alert.articles) or short(article_id) in alert.more


def _news(known: Alert, match: Match, matched: MatchedSignal, status: Status, *, edited: bool) -> News:
    if status is not known.signal.status or _figures(matched.facts) - _figures(known.facts):
        # When the facts are full, a further figure is no news: it would be news again with every replay.
        return News.MOVED if status is not known.signal.status or len(known.facts) < MOST else News.REPORT
    if edited:
        said = {(one.article_id, one.text) for one in known.evidence}
        return News.NONE if (match.article.id, matched.signal.evidence[0].text) in said else News.SOURCE
    sources = {one.publisher for one in known.articles}
    return News.SOURCE if match.article.publisher not in sources and len(sources) < _TELLING else News.REPORT


def _figures(facts: Iterable[Fact]) -> set[tuple[str, float | None, str | None]]:
    return {(one.kind, one.value, one.currency or one.unit) for one in facts if one.kind in _FIGURES and one.value}


def _moved(known: AlertSignal, matched: MatchedSignal) -> AlertSignal:
    """Return the alert's signal with what another passage says of it."""
    new = matched.signal
    changes: dict[str, Any] = {
        "probability": max(known.probability, new.probability),
        "by": ",".join(dict.fromkeys((*known.by.split(","), new.by))),
    }
    if _ORDER[new.status] > _ORDER[known.status]:
        changes |= {"status": new.status, "direction": new.direction}
    return known.model_copy(update=changes)


def _bounded(articles: tuple[ArticleRef, ...], more: Iterable[str], most: int) -> dict[str, Any]:
    """Return `articles` and `more`: the first article stays, as what the alert began with, and the newest."""
    gone = articles[1 : 1 + max(0, len(articles) - most)]
    kept = (*articles[:1], *articles[1 + len(gone) :])
    ids = dict.fromkeys((*more, *(short(one.id) for one in gone)))
    return {"articles": kept, "more": tuple(ids)[:_MORE_MOST]}


def _evidence(match: Match, matched: MatchedSignal) -> tuple[AlertEvidence, ...]:
    article: ArticleRef = match.article
    return tuple(
        AlertEvidence(
            text=span.text,
            start=span.start,
            end=span.end,
            article_id=article.id,
            url=article.url,
            source=article.source,
            title=article.title,
            role=matched.role,
        )
        for span in matched.signal.evidence
    )


def _newest(found: Iterable[Any]) -> tuple[Any, ...]:
    """Return things once, at most `MOST`: the first, and the newest of the others."""
    once = tuple({_key(one): one for one in found}.values())
    return once if len(once) <= MOST else (once[0], *once[1 - MOST :])


def _key(one: Any) -> Any:
    return (one.article_id, one.start, one.end, one.text) if isinstance(one, AlertEvidence) else one


def _places(known: tuple[Place, ...], new: Iterable[Place]) -> tuple[Place, ...]:
    by_name = {(place.name or place.text, place.country): place for place in (*new, *known)}
    return tuple(by_name.values())[:MOST]


def _facts(known: tuple[Fact, ...], new: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts of all articles, the same figure or date once."""
    said: dict[object, Fact] = {}
    for fact in (*known, *new):
        figure = (fact.value, fact.currency, fact.unit, fact.date_from, fact.date_to)
        said.setdefault((fact.kind, figure if any(one is not None for one in figure) else fact.text.casefold()), fact)
    return tuple(said.values())[:MOST]


def _why(match: Match, matched: MatchedSignal) -> tuple[str, ...]:
    found = (why for why in dict.fromkeys((matched.why, matched.signal.why, *match.why)) if why)
    return tuple(found)[:MOST]


def _versions(match: Match) -> Versions:
    return Versions(model=match.model, accounts=match.accounts_version, rules=match.rules)
