"""Follow the alerts: each revision once, also over restarts, as a card to read or as one JSON line."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from pipeline import kafka
from pipeline.alert.profiles import best
from pipeline.errors import Undecodable
from pipeline.records import Alert
from pipeline.settings import KafkaSettings
from pipeline.topics import ALERTS

_COLOURS = {"growth": "green", "decline": "red", "neutral": "cyan"}


async def follow(settings: KafkaSettings, *, group: str = "", start: str = "earliest") -> AsyncIterator[Alert]:
    """Yield alert revisions as they come; ends when the caller stops.

    Args:
        settings: which broker.
        group: name under which the place is remembered; empty remembers nothing.
        start: where to begin without a remembered place: `earliest` or `latest`.
    """
    named = f"{settings.prefix}{group}" if group else None
    async with kafka.reading(settings, group_id=named, auto_offset_reset=start, fetch_max_wait_ms=200) as consumer:
        name = kafka.full_name(settings, ALERTS)
        consumer.assign([TopicPartition(name, n) for n in kafka.all_partitions(settings, ALERTS)])
        async for record in consumer:
            if (alert := _decoded(record)) is not None:
                yield alert
            if named:
                # After the reader is done with it: a crash shows an alert again rather than never.
                await consumer.commit({TopicPartition(name, record.partition): record.offset + 1})


def _decoded(record: ConsumerRecord[bytes, bytes]) -> Alert | None:
    try:
        return Alert.decode(record.value)
    except Undecodable:
        return None


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
