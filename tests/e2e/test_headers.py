"""CloudEvents headers on everything: on every topic after a run of the whole path, and at every place that sends."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from agents import control
from agents.outbox import Outbox
from agents.sources import Source
from deploy.local import DEMO
from pipeline import accounts, applied, kafka, retrain
from pipeline.dead import DeadLetter, again
from pipeline.envelope import Out, headers_for
from pipeline.records import Article, Label, PollState, ProfileFile, Promotion, RouteFile, RuleFile
from pipeline.route.accounts import load_accounts
from pipeline.settings import Settings
from pipeline.topics import (
    ALERTS,
    ARTICLES,
    DEAD_LETTERS,
    HELD,
    NOTIFICATIONS,
    PROFILES,
    ROUTES,
    RULES,
    TOPICS,
    WITHDRAWALS,
    Topic,
    route_topic,
)
from tests.e2e.world import World

ROOT = Path(__file__).parents[2]
EXAMPLE = Article.decode((ROOT / "docs" / "contract" / "examples" / "articles.json").read_bytes())
#: Nothing stands there after one article; what sends to them is held by `test_every_place_that_sends_has_headers`.
EMPTY = {HELD, WITHDRAWALS, NOTIFICATIONS}
_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]")


def check(topic: Topic, record: ConsumerRecord) -> str:
    """Check the headers of a record as a CloudEvents library would read them; return its trace."""
    names = [name for name, _ in record.headers]
    told = {name: value.decode() for name, value in record.headers}
    assert len(names) == len(set(names)), names
    assert told["ce_specversion"] == "1.0"
    assert told["ce_type"] == f"stellwerk.{topic.name}.v1"
    assert told["ce_source"].startswith("/stellwerk/")
    assert re.fullmatch("[0-9a-f]{32}", told["ce_id"])
    assert abs(datetime.fromisoformat(told["ce_time"]) - datetime.now(UTC)) < timedelta(minutes=10)
    assert told["content-type"] == ("application/octet-stream" if topic is DEAD_LETTERS else "application/json")
    assert told.get("ce_subject", "") == (record.key or b"").decode(errors="ignore")
    found = _TRACE.fullmatch(told["traceparent"])
    assert found
    return found[1]


@pytest.mark.broker
@pytest.mark.slow
async def test_every_topic_after_a_run(settings: Settings) -> None:
    """Whoever sends, to whatever topic: the headers are there, ids differ, one trace leads to the alert."""
    world = World(settings, DEMO / "accounts.csv")
    async with world.running(), kafka.sending(settings.kafka) as producer:
        outbox = Outbox(producer, settings, "/stellwerk/ingest")
        await outbox.publish(EXAMPLE)
        await outbox.save(PollState(source_id="s", polled=datetime.now(UTC)))
        await producer.send_and_wait(kafka.full_name(settings.kafka, ARTICLES), b"rubbish", key=b"\xff")
        await world.quiet()
    await _control(settings)

    traces: dict[Topic, set[str]] = {}
    for topic in TOPICS:
        records = [record for record in await world.records(topic) if record.key != b"\xff" or topic is DEAD_LETTERS]
        traces[topic] = {check(topic, record) for record in records}
        ids = [dict(record.headers)["ce_id"] for record in records]
        assert len(ids) == len(set(ids))
    assert {topic.name for topic, found in traces.items() if not found} <= {topic.name for topic in EMPTY}
    assert traces[ARTICLES] == traces[ALERTS]
    (letter,) = await world.records(DEAD_LETTERS)
    await _replayed(settings, world, letter)


async def _control(settings: Settings) -> None:
    """Send what people send: sources, accounts, rules, profiles, routes, a label, a promotion."""
    now = datetime.now(UTC)
    await control.apply(settings.kafka, [Source(id="s", url="https://example.com/feed")])
    await accounts.apply(settings.kafka, load_accounts(DEMO / "accounts.csv"))
    for topic, file in ((RULES, RuleFile), (PROFILES, ProfileFile), (ROUTES, RouteFile)):
        await applied.put(settings.kafka, topic, file(name="file.toml", version="1", at=now, text=""))
    await retrain.send_labels(settings, [Label(article_id="a", author="kam", at=now)])
    await retrain._serve(settings, Promotion(model="classifier", version="1", at=now, author="kam"))


async def _replayed(settings: Settings, world: World, letter: ConsumerRecord) -> None:
    """A dead letter that is sent again has the headers of where it goes, and its own trace."""
    async with kafka.sending(settings.kafka) as producer:
        await producer.send_and_wait(**again(DeadLetter.of(letter), settings.kafka.prefix))
    sent = [record for record in await world.records(ARTICLES) if record.key == b"\xff"][-1]
    assert check(ARTICLES, sent) == check(DEAD_LETTERS, letter)
    assert dict(sent.headers)["replayed_from"] == b"0"


def test_an_id_is_of_what_is_said() -> None:
    """Two revisions are two events; the same record sent twice is one, also on a route's topic, of one type there."""

    def told(out: Out) -> dict[str, bytes]:
        return dict(headers_for(out, source="/stellwerk/alert", trace=b"-"))

    first, second = told(Out(ALERTS, b"a", b"1")), told(Out(ALERTS, b"a", b"2"))
    assert first["ce_id"] != second["ce_id"]
    assert first["ce_subject"] == second["ce_subject"] == b"a"
    copy = told(Out(route_topic("bank"), b"a", b"1"))
    assert (copy["ce_id"], copy["ce_type"]) == (first["ce_id"], b"stellwerk.alerts.v1")
    assert "ce_subject" not in told(Out(DEAD_LETTERS, b"\xff", b""))


def _sends() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of the project that hands something to a producer, and where it stands."""
    for room in ("pipeline", "agents", "models", "deploy"):
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    owner = ast.unparse(node.func.value)
                    if (
                        node.func.attr in ("send", "send_and_wait")
                        and owner.rpartition(".")[2].strip("_") == "producer"
                    ):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def test_every_place_that_sends_has_headers() -> None:
    """No record leaves without: each call of a producer passes headers, those that a run does not reach too."""
    calls = list(_sends())
    assert len(calls) >= 6
    for place, call in calls:
        # Faust's producer takes them as its sixth argument; `again` and a backup bring their own.
        named = {keyword.arg for keyword in call.keywords}
        assert "headers" in named or len(call.args) == 6 or None in named, place
