"""What ingest tells of itself: its counts as metrics, bounded whatever its sources are, and whether it is stuck."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from prometheus_client.parser import text_string_to_metric_families

from agents.figures import Overdue, readers
from agents.memory import Memory
from agents.sources import Source
from agents.worker import working
from pipeline import metrics
from pipeline.records import Article, PollState
from pipeline.settings import FetchSettings, Settings
from tests.agents.test_poller import NOW


def scraped() -> dict[tuple[str, str], float]:
    """Return every sample of ingest's that /metrics shows now, by its name and its labels' values."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, ",".join(one.labels.values())): one.value for family in families for one in family.samples}


async def test_a_thousand_hostile_feeds_add_no_series() -> None:
    """A thousand failing sources with markup for names: not one series more than with ten, and all are counted."""

    async def publish(article: Article) -> None:
        raise AssertionError("nothing comes of these")

    async def save(state: PollState) -> None:
        pass

    # Loopback is not allowed: each is refused by our own address check.
    settings, sizes = Settings(fetch=FetchSettings(interval=0)), []
    async with working(settings, publish, save) as worker:
        with ExitStack() as reading:
            for metric, reader in readers(worker):
                reading.enter_context(metric.read(reader))
            for number in (10, 990):
                for n in range(number):
                    name = f'<b>{n}"}} 1\nstellwerk_records_total 9'
                    worker.put(Source(id=f"h{number}-{n}", name=name, url=f"http://127.0.0.1:{n + 1}/{n}"))
                await worker.run(asyncio.Event(), once=True)
                sizes.append(len(scraped()))
            shown = scraped()
    assert sizes[0] == sizes[1]
    assert shown["stellwerk_polls_total", "blocked"] == 1000
    assert shown["stellwerk_poll_failures_total", "refused"] == 1000
    assert shown["stellwerk_sources", "blocked"] == 1000
    assert shown["stellwerk_sources", "new"] == 0


def test_health_follows_the_memory() -> None:
    """Sources are counted by the health in their newest memory, and not any more when it is given up."""

    def state(health: str) -> PollState:
        return PollState(source_id="a", polled=NOW, health=health)

    memory = Memory({"a": state("ok"), "b": state("gone")})
    memory.put("a", state("wall").encode())
    memory.put("c", b"not a memory")
    assert +memory.health == {"wall": 1, "gone": 1, "new": 1}
    memory.put("c", None)
    memory.put("b", None)
    assert +memory.health == {"wall": 1}


def test_polling_is_stuck_when_work_is_due_and_none_ends() -> None:
    """Due sources and no poll that ends: stuck after the patience; a poll that ends, or nothing due, begins it anew."""
    overdue = Overdue(60.0)
    assert not overdue.look(polls=5, late=0.0, now=0.0)
    assert not overdue.look(polls=5, late=0.0, now=1000.0)
    assert not overdue.look(polls=5, late=959.0, now=1059.0)
    assert "for 61 s" in overdue.look(polls=5, late=961.0, now=1061.0)
    assert not overdue.look(polls=6, late=962.0, now=1062.0)
    overdue.forget()
    assert not overdue.look(polls=6, late=5000.0, now=9000.0)
