"""The end of an alert, and its way back: people's labels, articles that are taken back, alerts that are one.

    label: not this account, not this type      -> retracted, for `account` or `signal`
    label: right after all                      -> updated again
    an article withdrawn, or edited             -> goes on without it; without any it is retracted, for `source`
    two alerts of one type, and one story       -> the younger is merged into the older

Everything here asks what an alert should be and compares it with what it is, so asking twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pipeline.alert.grow import MOST
from pipeline.records import Alert, AlertState, ArticleRef, Label, Match, Withdrawal, short

_BY_LABEL: Final = ("account", "signal")


@dataclass(slots=True)
class Verdicts:
    """What people and publishers say, the newest word on each thing.

    Attributes:
        alerts: labels by alert.
        articles: labels by article, those that judge the types.
        withdrawn: withdrawals by article.
    """

    alerts: dict[str, Label] = field(default_factory=dict)
    articles: dict[str, Label] = field(default_factory=dict)
    withdrawn: dict[str, Withdrawal] = field(default_factory=dict)

    def label(self, label: Label) -> None:
        """Take up a label; one that judges neither account nor types says nothing here."""
        if label.account_right is None and label.types is None:
            return
        if label.alert_id:
            _newest(self.alerts, label.alert_id, label)
        elif label.types is not None:
            _newest(self.articles, label.article_id, label)

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Take up a withdrawal."""
        known = self.withdrawn.get(withdrawal.article_id)
        if known is None or known.fetched <= withdrawal.fetched:
            self.withdrawn[withdrawal.article_id] = withdrawal


def _newest(labels: dict[str, Label], key: str, label: Label) -> None:
    if key not in labels or labels[key].at <= label.at:
        labels[key] = label


def judged(alert: Alert, verdicts: Verdicts, now: datetime) -> Alert | None:
    """Return the revision that people and publishers make of an alert, or nothing when it is as they say."""
    if alert.state is AlertState.MERGED:
        return None
    label = verdicts.alerts.get(alert.id)
    if wrong := _wrong(alert, label):
        by = f"{label.author}: " if label else ""
        return None if alert.retracted_for in _BY_LABEL else retracted(alert, wrong, by + _said(wrong), now)
    if alert.retracted_for in _BY_LABEL:
        right = label is not None or not _denied(alert, verdicts)
        return revived(alert, "a label says that it is right after all", now) if right else None
    if alert.state is AlertState.RETRACTED:
        return None
    return _without_denied(alert, verdicts, now) or _without_withdrawn(alert, verdicts.withdrawn, now)


def _wrong(alert: Alert, label: Label | None) -> str:
    if label is None:
        return ""
    if label.account_right is False:
        return "account"
    return "signal" if label.types is not None and alert.signal.type not in label.types else ""


def _said(wrong: str) -> str:
    return "not this account" if wrong == "account" else "not this kind of signal"


def _without_denied(alert: Alert, verdicts: Verdicts, now: datetime) -> Alert | None:
    """Return the alert without the articles of which a person says that they do not carry its type."""
    denied = _denied(alert, verdicts)
    if not denied:
        return None
    why = f"{verdicts.articles[next(iter(denied))].author}: {_said('signal')}"
    return without(alert, denied, "signal", why, now)


def _denied(alert: Alert, verdicts: Verdicts) -> dict[str, ArticleRef]:
    judged = ((one, verdicts.articles.get(one.id)) for one in alert.articles)
    return {one.id: one for one, label in judged if label and alert.signal.type not in (label.types or ())}


def _without_withdrawn(alert: Alert, withdrawn: Mapping[str, Withdrawal], now: datetime) -> Alert | None:
    found = [
        withdrawn[one.id] for one in alert.articles if one.id in withdrawn and _taken(alert, one, withdrawn[one.id])
    ]
    if not found:
        return None
    # From now on only what is fetched later counts: a replay of the old text must not bring it back.
    at = {one.article_id: one.fetched for one in found}
    gone = {one.id: one.model_copy(update={"fetched": at[one.id]}) for one in alert.articles if one.id in at}
    return without(alert, gone, "source", f"withdrawn by the source: {found[0].reason or 'no longer there'}", now)


def _taken(alert: Alert, article: ArticleRef, said: Withdrawal) -> bool:
    return article.fetched < said.fetched and alert.account.id not in said.accounts


def without(alert: Alert, gone: Mapping[str, ArticleRef], what: str, why: str, now: datetime) -> Alert:
    """Return the alert's next revision without some articles; retracted when no evidence is left.

    Facts and status stay: they do not say which article they are from.

    Args:
        alert: as it stands.
        gone: the articles, by id, as they are to be remembered.
        what: for what it is retracted when nothing is left.
        why: for people.
        now: the time of the revision.
    """
    evidence = tuple(one for one in alert.evidence if one.article_id not in gone)
    articles = tuple(one for one in alert.articles if one.id not in gone)
    if not evidence or not articles:
        refs = tuple(gone.get(one.id, one) for one in alert.articles)
        return retracted(alert.model_copy(update={"articles": refs}), what, why, now)
    more = dict.fromkeys((*alert.more, *map(short, gone)))
    return _next(alert, why, now, state=AlertState.UPDATED, evidence=evidence, articles=articles, more=tuple(more))


def retracted(alert: Alert, what: str, why: str, now: datetime) -> Alert:
    """Return the revision that takes an alert back; its evidence stays, so that people see what was taken back."""
    return _next(alert, why, now, state=AlertState.RETRACTED, retracted_for=what)


def revived(alert: Alert, why: str, now: datetime) -> Alert:
    """Return the revision that brings a retracted alert back."""
    return _next(alert, why, now, state=AlertState.UPDATED, retracted_for="")


def merged(alert: Alert, into: Alert, now: datetime) -> Alert:
    """Return the last revision of an alert that goes on as another."""
    why = "one story with an older alert"
    return _next(alert, why, now, state=AlertState.MERGED, merged_into=into.id, story_id=into.story_id)


def moved(alert: Alert, story: str, related: Iterable[str], now: datetime) -> Alert:
    """Return the revision of an alert whose story turned out to be another one."""
    others = tuple(one for one in dict.fromkeys((*alert.related, *related)) if one != alert.id)[:MOST]
    return _next(
        alert, "its story turned out to be another one", now, state=AlertState.UPDATED, story_id=story, related=others
    )


def _next(alert: Alert, why: str, now: datetime, **changes: Any) -> Alert:
    reasons = tuple(dict.fromkeys((*alert.why, why)))
    kept = reasons if len(reasons) <= MOST else (reasons[0], *reasons[1 - MOST :])
    return alert.model_copy(update={"revision": alert.revision + 1, "updated": now, "why": kept, **changes})


def allowed(match: Match, verdicts: Verdicts) -> Match:
    """Return the match without the signals that a person has denied its article."""
    label = verdicts.articles.get(match.article.id)
    if label is None or label.types is None:
        return match
    kept = tuple(one for one in match.signals if one.signal.type in label.types)
    return match if len(kept) == len(match.signals) else match.model_copy(update={"signals": kept})
