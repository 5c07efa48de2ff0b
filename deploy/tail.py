"""An alert on a terminal: a card to read."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from pipeline.alert.profiles import best
from pipeline.records import Alert

_COLOURS = {"growth": "green", "decline": "red", "neutral": "cyan"}


def show(console: Console, alert: Alert) -> None:
    """Print an alert as a card: who, what, how far, the words that say so, and why it is this account's."""
    signal, newest = alert.signal, alert.evidence[-1]
    colour = _COLOURS[signal.direction]
    who = (" › ".join(alert.account.path), "bold")
    what = (signal.type.replace("_", " "), f"bold {colour}")
    places = ", ".join(dict.fromkeys(place.name or place.text for place in alert.places))
    facts = [places, f"{signal.probability:.0%} sure", _score(alert), _sources(alert)]
    body = Text.assemble(
        (f"“{newest.text.strip()}”\n", "italic"),
        f"{newest.source}: {newest.title}\n",
        (f"{newest.url}\n", "dim"),
        " · ".join(fact for fact in facts if fact),
        (f"\n{alert.why[-1]}", "dim"),
    )
    grown = "" if alert.revision == 1 else f" (revision {alert.revision})"
    console.print(
        Panel(
            body,
            title=Text.assemble(who, "  ", what, f"  {signal.status.replace('_', ' ')}"),
            title_align="left",
            subtitle=" · ".join(part for part in (f"{alert.state}{grown}", alert.account.owner) if part),
            subtitle_align="right",
            border_style=colour,
        )
    )


def _score(alert: Alert) -> str:
    """Return the profile that wants it most, and how much of 100."""
    favourite = best(alert)
    return f"{favourite[0]} {favourite[1]:.0f}" if favourite else ""


def _sources(alert: Alert) -> str:
    names = dict.fromkeys(article.source for article in alert.articles)
    return f"{len(alert.articles)} article{'s' if len(alert.articles) > 1 else ''} from {', '.join(names)}"
