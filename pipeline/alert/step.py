"""One match and the alerts so far in, new revisions of alerts out.

known article            nothing new to say                    -> duplicate
only mentioned           the signal is somebody else's         -> mentioned
a story that is open     the alert of this type grows          -> updated
                         published long ago, got before it     -> old
a story told before      nearly the same words, long ago       -> repeated
a new story              published long ago                    -> old
                         otherwise                             -> new
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.alert.memory import Memory, Told, countries_of, reading_of
from pipeline.alert.profiles import Profiles, load_profiles, scores
from pipeline.alert.story import SAME, near, probability, repeats
from pipeline.records import (
    Alert,
    AlertEvidence,
    AlertSignal,
    AlertState,
    ArticleRef,
    Fact,
    Match,
    MatchedSignal,
    Place,
    Role,
    Versions,
    stable_id,
)
from pipeline.settings import AlertSettings
from pipeline.signals import Status

#: The order in which a thing happens; a status never moves back, except into cancelled.
_ORDER = {status: at for at, status in enumerate(Status)}
_EVIDENCE_MOST = 20
#: Probability from which an article joins a story without a signal of its types; and one in other countries.
_SAME_OTHER_TYPE, _SAME_ELSEWHERE = 0.8, 0.97


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one match.

    Attributes:
        outcome: `alerted`, or why not: the reason of the signal that came furthest.
        alerts: new revisions, at most one of each alert.
    """

    outcome: str
    alerts: tuple[Alert, ...] = ()


def decide(
    memory: Memory, match: Match, *, now: datetime, settings: AlertSettings, profiles: Profiles | None = None
) -> Decided:
    """Return what this match changes; `memory` is read, not written.

    Args:
        memory: every alert of the match's account so far.
        match: one article × one account.
        now: the time of deciding, UTC.
        settings: ages and limits.
        profiles: by which new revisions are scored; None takes those that ship.
    """
    alerts: dict[str, Alert] = {}
    outcomes: list[str] = []
    story = _story(memory, match, settings)
    for matched in match.signals:
        outcome, alert = _decide_one(memory, match, matched, story, now, settings, alerts)
        outcomes.append(outcome)
        if alert:
            alerts[alert.id] = alert
    if alerts:
        wanted = profiles or load_profiles()
        return Decided("alerted", tuple(_scored(alert, wanted, now) for alert in alerts.values()))
    for reason in ("duplicate", "repeated", "old", "mentioned"):
        if reason in outcomes:
            return Decided(reason)
    return Decided("no_signal")


def _scored(alert: Alert, profiles: Profiles, now: datetime) -> Alert:
    versions = alert.versions.model_copy(update={"profiles": profiles.version})
    return alert.model_copy(update={"scores": scores(profiles, alert, now), "versions": versions})


def _decide_one(
    memory: Memory,
    match: Match,
    matched: MatchedSignal,
    story: str,
    now: datetime,
    settings: AlertSettings,
    so_far: dict[str, Alert],
) -> tuple[str, Alert | None]:
    """Return the outcome of one signal, and the alert's next revision where there is one."""
    if matched.role is Role.MENTIONED:
        return "mentioned", None
    alert_id = stable_id("alert", match.account.id, matched.signal.type, story)
    known = so_far.get(alert_id) or memory.get(match.account.id, alert_id)
    late = not near(now, match.article.published, settings.age_most)
    if known is None:
        if not story:
            return "repeated", None
        if late:
            return "old", None
        return "new", _first(alert_id, story, match, matched, _related(memory, match, story, alert_id), now)
    if alert_id not in so_far and not _says_more(known, match, matched):
        return "duplicate", None
    if late and match.article.fetched < known.first_seen:
        # It was there before the alert and opened none: a replay must not bring it in now.
        return "old", None
    return "updated", _next(known, match, matched, now, settings, raised=alert_id not in so_far)


def _story(memory: Memory, match: Match, settings: AlertSettings) -> str:
    """Return the story that the match's article belongs to: a known one, the most alike one, or its own.

    Nothing is returned for an article that tells again, in nearly the same words, what is no longer open.
    """
    article, shelf = match.article, memory.shelf(match.account.id)
    if article.id in shelf.article:
        return shelf.article[article.id]
    places = [place for matched in match.signals for place in matched.places]
    reading, repeated = reading_of(article, places), False
    best, found = 0.0, ""
    for told in shelf.alike(reading):
        if not near(article.published, told.reading.published, settings.window):
            repeated = repeated or repeats(reading, told.reading)
        elif (score := probability(reading, told.reading)) > best and score >= _needed(match, places, told):
            best, found = score, told.story
    return found or ("" if repeated else stable_id("story", match.account.id, article.id))


def _needed(match: Match, places: Iterable[Place], told: Told) -> float:
    """Return the probability that joins the match to a story: more, when type or country speaks against."""
    other_type = told.types.isdisjoint(matched.signal.type for matched in match.signals)
    here = countries_of(places)
    elsewhere = bool(here and told.countries) and here.isdisjoint(told.countries)
    if elsewhere:
        return _SAME_ELSEWHERE
    return _SAME_OTHER_TYPE if other_type else SAME


def _related(memory: Memory, match: Match, story: str, alert_id: str) -> tuple[str, ...]:
    return tuple(other for other in memory.shelf(match.account.id).stories.get(story, ()) if other != alert_id)


def _says_more(known: Alert, match: Match, matched: MatchedSignal) -> bool:
    """Say whether the article is new to the alert, or was edited since into saying something else.

    Only a later fetch counts as an edit: a replay brings old revisions of an article after new ones.
    """
    before = next((other for other in known.articles if other.id == match.article.id), None)
    if before is None:
        return True
    if before.revision == match.article.revision or before.fetched >= match.article.fetched:
        return False
    evidence = {(e.article_id, e.text) for e in known.evidence}
    other_words = (match.article.id, matched.signal.evidence[0].text) not in evidence
    return other_words or _later(known.signal.status, matched.signal.status) is not known.signal.status


def _later(known: Status, new: Status) -> Status:
    return new if _ORDER[new] > _ORDER[known] else known


def _first(
    alert_id: str, story: str, match: Match, matched: MatchedSignal, related: tuple[str, ...], now: datetime
) -> Alert:
    signal = matched.signal
    return Alert(
        id=alert_id,
        revision=1,
        state=AlertState.NEW,
        account=match.account,
        signal=AlertSignal(**signal.model_dump(exclude={"evidence", "why"})),
        evidence=_evidence(match, matched),
        places=_places((), matched),
        facts=_facts((), matched),
        articles=(match.article,),
        story_id=story,
        related=related,
        published=match.article.published,
        first_seen=now,
        updated=now,
        why=_why(match, matched),
        versions=Versions(model=match.model, accounts=match.accounts_version, rules=match.rules),
    )


def _next(
    known: Alert, match: Match, matched: MatchedSignal, now: datetime, settings: AlertSettings, *, raised: bool
) -> Alert:
    """Return the alert with what the match adds; `raised` is False inside the same article, which is one revision."""
    signal, status = known.signal, _later(known.signal.status, matched.signal.status)
    changed = {"status": status, "probability": max(signal.probability, matched.signal.probability)}
    changed["by"] = ",".join(dict.fromkeys((*signal.by.split(","), matched.signal.by)))
    if status is not signal.status:
        changed["direction"] = matched.signal.direction
    others = tuple(other for other in known.articles if other.id != match.article.id)
    articles = (*others, match.article)[-settings.articles_most :]
    return known.model_copy(
        update={
            "revision": known.revision + raised,
            "state": AlertState.UPDATED if raised else known.state,
            "signal": signal.model_copy(update=changed),
            "evidence": _distinct((*known.evidence, *_evidence(match, matched)))[:_EVIDENCE_MOST],
            "places": _places(known.places, matched),
            "facts": _facts(known.facts, matched),
            "articles": articles,
            "published": min(known.published, match.article.published),
            "updated": now,
            "why": tuple(dict.fromkeys((*known.why, *_why(match, matched))))[:_EVIDENCE_MOST],
            "versions": Versions(model=match.model, accounts=match.accounts_version, rules=match.rules),
        }
    )


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


def _distinct(evidence: Iterable[AlertEvidence]) -> tuple[AlertEvidence, ...]:
    return tuple({(one.article_id, one.start, one.end, one.text): one for one in evidence}.values())


def _places(known: tuple[Place, ...], matched: MatchedSignal) -> tuple[Place, ...]:
    by_name = {(place.name or place.text, place.country): place for place in (*matched.places, *known)}
    return tuple(by_name.values())


def _facts(known: tuple[Fact, ...], matched: MatchedSignal) -> tuple[Fact, ...]:
    """Return the facts of all articles, the same figure or date once."""
    said: dict[object, Fact] = {}
    for fact in (*known, *matched.facts):
        figure = (fact.value, fact.currency, fact.unit, fact.date_from, fact.date_to)
        said.setdefault((fact.kind, figure if any(one is not None for one in figure) else fact.text.casefold()), fact)
    return tuple(said.values())[:_EVIDENCE_MOST]


def _why(match: Match, matched: MatchedSignal) -> tuple[str, ...]:
    return tuple(why for why in dict.fromkeys((matched.why, matched.signal.why, *match.why)) if why)
