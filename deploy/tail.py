"""Follow the alerts: each revision once, also over restarts, as a card to read or as one JSON line."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from pipeline import kafka
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
    """Print an alert as a card: who, what, how far, why, and the words that say so."""
    signal, first = alert.signal, alert.evidence[-1]
    colour = _COLOURS[signal.direction]
    what = signal.type.replace("_", " ")
    head = Text.assemble(
        (" › ".join(alert.account.path), "bold"), "  ", (what, f"bold {colour}"), f"  {signal.status.replace('_', ' ')}"
    )
    places = ", ".join(dict.fromkeys(place.name or place.text for place in alert.places))
    body = Text.assemble(
        (f"“{first.text.strip()}”\n", "italic"),
        (f"{first.source}: {first.title}\n{first.url}\n", "dim"),
        f"{places + ' · ' if places else ''}{signal.probability:.0%} sure · {_sources(alert)} · {alert.why[0]}",
    )
    grown = "" if alert.revision == 1 else f" (revision {alert.revision})"
    console.print(
        Panel(
            body,
            title=head,
            title_align="left",
            subtitle=f"{alert.state}{grown} · {alert.account.owner}",
            subtitle_align="right",
            border_style=colour,
        )
    )


def _sources(alert: Alert) -> str:
    names = dict.fromkeys(article.source for article in alert.articles)
    return f"{len(alert.articles)} article{'s' if len(alert.articles) > 1 else ''} from {', '.join(names)}"
