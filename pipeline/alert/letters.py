"""What receivers read: short, in German or English, with the sentence that proves it, the link, why and the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.alert.profiles import best
from pipeline.records import Alert, AlertState, Fact, FactKind
from pipeline.signals import SignalType, Status

#: Alerts written out in one message; of further ones only the headline.
FULL: Final = 10
_TYPES: Final[dict[SignalType, str]] = {
    SignalType.NEW_SITE: "neuer Standort",
    SignalType.SITE_EXPANSION: "Ausbau eines Standorts",
    SignalType.CAPITAL_INVESTMENT: "Investition",
    SignalType.MARKET_ENTRY: "Markteintritt",
    SignalType.SITE_CLOSURE: "Schließung eines Standorts",
    SignalType.CONTRACT_WIN: "Auftrag gewonnen",
    SignalType.PROJECT: "Projekt",
    SignalType.TENDER: "Ausschreibung",
    SignalType.PRODUCT_LAUNCH: "neues Produkt",
    SignalType.TECHNOLOGY: "Technologie",
    SignalType.PARTNERSHIP: "Kooperation",
    SignalType.ACQUISITION: "Übernahme",
    SignalType.DIVESTMENT: "Verkauf eines Teils",
    SignalType.FUNDING: "Finanzierung",
    SignalType.RESULTS: "Geschäftszahlen",
    SignalType.INSOLVENCY: "Insolvenz",
    SignalType.HIRING: "Einstellungen",
    SignalType.LAYOFFS: "Stellenabbau",
    SignalType.LEADERSHIP_CHANGE: "Wechsel in der Führung",
    SignalType.EVENT: "Veranstaltung",
    SignalType.STRATEGY: "Strategie",
    SignalType.AWARD: "Auszeichnung",
    SignalType.LEGAL: "Rechtsfall",
    SignalType.DISRUPTION: "Störung",
}
_STATUS: Final[dict[Status, str]] = {
    Status.RUMOURED: "Gerücht",
    Status.PLANNED: "geplant",
    Status.UNDER_WAY: "im Gange",
    Status.COMPLETED: "abgeschlossen",
    Status.CANCELLED: "abgesagt",
}
_STATES: Final = {
    "de": {AlertState.UPDATED: "Neues dazu", AlertState.RETRACTED: "Zurückgezogen"},
    "en": {AlertState.UPDATED: "Update", AlertState.RETRACTED: "Retracted"},
}
_WORDS: Final = {
    "de": {
        "why": "Warum", "sure": "sicher", "sources": "Quellen", "alerts": "Meldungen", "jobs": "Stellen",
        "more": "und weitere", "score": "Bewertung",
    },
    "en": {
        "why": "Why", "sure": "sure", "sources": "sources", "alerts": "alerts", "jobs": "jobs",
        "more": "and more", "score": "Score",
    },
}  # fmt: skip


def subject(alerts: Sequence[Alert], language: str) -> str:
    """Return one line that says what a message is about."""
    first = headline(alerts[0], language)
    others = len({alert.account.name for alert in alerts[1:]} - {alerts[0].account.name})
    if len(alerts) == 1:
        return first
    word = _WORDS[language]
    names = ", ".join(list(dict.fromkeys(alert.account.name for alert in alerts))[:3])
    return f"{len(alerts)} {word['alerts']}: {names}" + (f" {word['more']}" if others > 2 else "")


def body(alerts: Sequence[Alert], language: str) -> str:
    """Return the text of a message."""
    written = [_written(alert, language) for alert in alerts[:FULL]]
    rest = [f"{headline(alert, language)}\n{alert.evidence[-1].url}" for alert in alerts[FULL:]]
    return "\n\n".join([*written, *rest]) + "\n"


def headline(alert: Alert, language: str) -> str:
    """Return account, what and how far, in one line."""
    signal, path = alert.signal, " › ".join(alert.account.path)
    german = language == "de"
    kind = _TYPES[signal.type] if german else signal.type.replace("_", " ")
    status = _STATUS[signal.status] if german else signal.status.replace("_", " ")
    state = _STATES[language].get(alert.state)
    return f"{f'{state}: ' if state else ''}{path}: {kind}, {status}"


def _written(alert: Alert, language: str) -> str:
    newest, word = alert.evidence[-1], _WORDS[language]
    date = next((one.published for one in alert.articles if one.id == newest.article_id), alert.published)
    day = f"{date:%d.%m.%Y}" if language == "de" else f"{date.day} {date:%b %Y}"
    quoted = f"„{newest.text.strip()}“" if language == "de" else f"“{newest.text.strip()}”"
    favourite = best(alert)
    score = f"{word['score']}: {favourite[0]} {favourite[1]:.0f}/100" if favourite else ""
    about = [
        score,
        f"{alert.signal.probability:.0%} {word['sure']}",
        _sources(alert, word),
        _places(alert),
        _sum(alert, word),
    ]
    return "\n".join(
        [
            headline(alert, language),
            quoted,
            f"{newest.source}, {day}: {newest.title}",
            newest.url,
            f"{word['why']}: {alert.why[-1] if alert.why else '-'}",
            " · ".join(part for part in about if part),
        ]
    )


def _sources(alert: Alert, word: dict[str, str]) -> str:
    count = len({article.publisher for article in alert.articles})
    return f"{count} {word['sources']}" if count > 1 else ""


def _places(alert: Alert) -> str:
    names = (
        f"{one.name or one.text} ({one.country})" if one.country else one.text
        for one in alert.places
        if not one.dateline
    )
    return ", ".join(list(dict.fromkeys(names))[:3])


def _sum(alert: Alert, word: dict[str, str]) -> str:
    """Return the largest sum and the most jobs, in the text's own words."""
    amount, jobs = _most(alert, FactKind.AMOUNT), _most(alert, FactKind.JOBS)
    said = [amount.text] if amount else []
    return ", ".join([*said, f"{jobs.value:.0f} {word['jobs']}"] if jobs else said)


def _most(alert: Alert, kind: FactKind) -> Fact | None:
    found = [one for one in alert.facts if one.kind is kind and one.value]
    return max(found, key=lambda one: one.value or 0, default=None)
