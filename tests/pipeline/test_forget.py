"""A person is forgotten on the real broker: what names them is found, taken out, counted, and does not come back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline import accounts, backup, kafka
from pipeline.alert.memory import Memory
from pipeline.cli import app
from pipeline.envelope import Out
from pipeline.errors import BadInput
from pipeline.records import Alert, AlertState, Article, Classified, Label, Match, Promotion
from pipeline.redact import Person
from pipeline.route.tree import Account, Accounts
from pipeline.settings import Settings
from pipeline.topics import (
    ACCOUNTS,
    ALERTS,
    ARTICLES,
    CLASSIFIED,
    DEAD_LETTERS,
    HELD,
    LABELS,
    MATCHES,
    PROMOTIONS,
    TOPICS,
    Topic,
    route_topic,
)
from tests.alert.making import PLANT, STRIKE, match, walk
from tests.conftest import Workers
from tests.pipeline.test_operating import environment, made, send

pytestmark = pytest.mark.broker
NOW = datetime.now(UTC).replace(microsecond=0)
NAME, PERSON = "Erika Dornfeld", Person.of(["Erika Dornfeld"])
SAYS = f"{PLANT}, sagt {NAME}"
BANK = route_topic("bank")


def article(id: str, title: str) -> Article:
    return Article(id=id, source_id="s", url="https://a.example/", title=title, published=NOW, fetched=NOW)


def judged(one: Article) -> Classified:
    return Classified(article=one, language="de", model="m")


def alerts() -> tuple[Alert, Alert, Alert]:
    """Return an alert that names the person, what it has collected since, and somebody else's."""
    (first,) = walk(Memory(), said())[0].alerts
    (other,) = walk(Memory(), match(STRIKE, account="other"))[0].alerts
    return first, first.model_copy(update={"why": (*first.why, "one more report")}), other


def said() -> Match:
    fresh = match(SAYS, id="a1", fetched=NOW)
    return fresh.model_copy(update={"article": fresh.article.model_copy(update={"published": NOW})})


async def run(settings: Settings, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["forget", NAME, *arguments], env=environment(settings))


def told(result: Result, what: str) -> dict[str, list[str]]:
    """Return the keys of the records that a command has found, deleted or left, by topic."""
    found: dict[str, list[str]] = {}
    for line in map(orjson.loads, result.stdout.splitlines()):
        if line["what"] == what:
            found.setdefault(line["topic"], []).append(line["key"])
    return found


async def values(settings: Settings, topic: Topic) -> list[bytes | None]:
    return [record.value async for record in kafka.whole(settings.kafka, topic)]


async def filled(settings: Settings) -> Settings:
    """Fill every topic that may name a person with records that do, and with some that do not."""
    async with kafka.Broker(await made(settings.kafka)) as broker:
        await broker.make((BANK,))
    first, held, other = alerts()
    n = kafka.partition_of(first.account.id.encode(), settings.kafka.partitions)
    one, two = article("a1", SAYS), article("a2", PLANT)
    label = Label(article_id="a1", author=NAME, at=NOW, account_right=True)
    letter = (("dead_stage", b"route"), ("dead_error", b"Unprocessable"))
    await send(
        settings.kafka,
        *(Out(ARTICLES, item.id.encode(), item.encode(), 0) for item in (two, one)),
        *(Out(CLASSIFIED, b.article.id.encode(), b.encode(), 1) for b in (judged(one), judged(two))),
        Out(MATCHES, first.account.id.encode(), said().encode(), n),
        *(Out(topic, first.id.encode(), first.encode(), n) for topic in (BANK, ALERTS)),
        Out(HELD, first.id.encode(), held.encode(), n),
        Out(ALERTS, other.id.encode(), other.encode(), n),
        Out(LABELS, b"a1", label.encode()),
        Out(LABELS, b"a1", label.model_copy(update={"author": "kim"}).encode()),
        Out(DEAD_LETTERS, b"a1", b'{"title": "Erika Dornfeld"', headers=letter),
        Out(DEAD_LETTERS, b"a9", b"{", headers=letter),
        Out(PROMOTIONS, b"classifier", Promotion(model="classifier", version="1", at=NOW, author=NAME).encode()),
    )  # fmt: skip
    await accounts.apply(settings.kafka, Accounts([Account("brueggenthal", "Brüggenthal", owner=NAME)]))
    return settings


async def test_looking_finds_all_and_changes_nothing(settings: Settings) -> None:
    """Every record that names the person is told with its topic and key, and with the day by which it is gone."""
    await filled(settings)
    before = {topic.name: await values(settings, topic) for topic in TOPICS}
    result = await run(settings, "--look", "--json")
    assert result.exit_code == 0, result.output
    first = alerts()[0]
    assert told(result, "found") == {
        "articles": ["a1"],
        "classified": ["a1"],
        "matches": ["brueggenthal"],
        "alerts": [first.id],
        "held": [first.id],
        "alerts.bank": [first.id],
        "dead-letters": ["a1"],
        "labels": ["a1"],
        "promotions": ["classifier"],
        "accounts": ["brueggenthal"],
    }
    until = {line["topic"]: line["until"] for line in map(orjson.loads, result.stdout.splitlines())}
    # Seven days, and as long again that a file of the log is written to.
    days = (datetime.fromisoformat(until["articles"]) - NOW) / timedelta(days=1)
    assert 14 <= days < 14.1
    assert until["labels"] is None
    assert {topic.name: await values(settings, topic) for topic in TOPICS} == before


async def test_what_follows_is_without_the_name(settings: Settings, tmp_path: Path, worker: Workers) -> None:
    """Alerts get their next revision on all their topics, labels and letters are copied on, the rest has its day."""
    await filled(settings)
    first, held, other = alerts()
    await backup.save(settings.kafka, folder := tmp_path / "backup", backup.KEPT, lambda *_: None)
    result = await run(settings, "--yes", "--json", "--backup", str(folder))
    # The account's owner stands in a file of the deployment, and Kafka keeps the promotion until it compacts.
    assert result.exit_code == 1, result.output
    assert "row `*`" in result.stderr
    newest = [Alert.decode(value) for value in (await values(settings, ALERTS))[-1:]]
    newest += [Alert.decode(value) for value in (await values(settings, BANK))[-1:]]
    assert {(one.id, one.revision, one.state) for one in newest} == {(first.id, 2, AlertState.UPDATED)}
    collected = Alert.decode((await values(settings, HELD))[-1])
    assert (collected.revision, collected.why[: len(held.why)]) == (2, held.why)
    assert not any(PERSON.named(one.encode()) for one in (*newest, collected))
    labels = [Label.decode(value) for value in await values(settings, LABELS)]
    assert [(label.account_right, label.author == "kim") for label in labels] == [(True, False), (True, True)]
    assert not any(map(PERSON.named, await values(settings, LABELS)))
    letters = await values(settings, DEAD_LETTERS)
    assert (len(letters), letters[1], PERSON.named(letters[0])) == (2, b"{", False)
    there, _, _ = await accounts.read(settings.kafka)
    assert there.everybody
    assert there.everybody.ignore_people == (NAME,)
    left = told(result, "left")
    assert left.keys() == {
        "articles",
        "classified",
        "matches",
        "alerts",
        "held",
        "alerts.bank",
        "promotions",
        "accounts",
    }
    assert other.encode() in await values(settings, ALERTS)
    assert len(await values(settings, ARTICLES)) == 2
    assert f"backup {folder}: 4 records without the name" in result.stderr
    await check_backup(settings, folder)
    await check_worker(settings, worker, {first.id: 2, other.id: 1})


async def check_backup(settings: Settings, folder: Path) -> None:
    """The backup was written anew without the name; its sums are right, and it can be restored."""
    assert {topic for topic, value in backup.each(folder) if PERSON.named(value)} == {"accounts"}
    empty = settings.kafka.model_copy(update={"prefix": f"b{settings.kafka.prefix}"})
    counts = await backup.restore(await made(empty), folder, lambda *_: None)
    assert (counts["alerts"], counts["labels"]) == (2, 2)
    (folder / "alerts.jsonl.gz").write_bytes(b"")
    with pytest.raises(BadInput, match="sum differs"):
        backup.rewrite(folder, lambda _, value: value)


async def check_worker(settings: Settings, worker: Workers, revisions: dict[str, int]) -> None:
    """An alert worker that starts again, with the match that names the person still to be read, tells nothing new."""
    child = worker("alert", STELLWERK_ALERT__COOLDOWN="3600")
    await child.start()
    async with asyncio.timeout(60), kafka.Broker(settings.kafka) as broker:
        while await broker.lag("alert", MATCHES):
            await asyncio.sleep(0.1)
    await child.stop()
    told = [Alert.decode(value) for value in await values(settings, ALERTS)]
    assert {one.id: one.revision for one in told} == revisions
    assert sum(PERSON.named(one.encode()) for one in told) == 1


@pytest.mark.slow
async def test_now_means_that_nothing_is_left(settings: Settings) -> None:
    """Once stages have read it, all is deleted or compacted; what goes along is named, and topics are as they were."""
    await filled(settings)
    refused = await run(settings, "--now", "--yes", "--json")
    assert {"articles", "classified", "matches"} <= told(refused, "left").keys()
    assert "articles: not deleted where classify has not read it" in refused.stderr
    for group, topic in (("classify", ARTICLES), ("route", CLASSIFIED), ("alert", MATCHES)):
        await read_all(settings, group, topic)
    result = await run(settings, "--now", "--yes", "--json")
    assert told(result, "left") == {"accounts": ["brueggenthal"]}, result.output
    # The other article stood before it on the same partition.
    assert told(result, "deleted")["articles"] == ["a2", "a1"]
    assert told(result, "deleted")["classified"] == ["a1"]
    for topic in (*TOPICS, BANK):
        if topic is not ACCOUNTS:
            assert not any(map(PERSON.named, await values(settings, topic))), topic.name
    assert alerts()[2].encode() in await values(settings, ALERTS)
    async with kafka.Broker(settings.kafka) as broker:
        assert await broker.check() == []


async def read_all(settings: Settings, group: str, topic: Topic) -> None:
    """Commit a topic's ends, as a stage that has read it has."""
    name = kafka.full_name(settings.kafka, topic)
    places = [kafka.TopicPartition(name, n) for n in kafka.all_partitions(settings.kafka, topic)]
    async with kafka.reading(settings.kafka, group_id=settings.kafka.prefix + group) as consumer:
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))


async def test_a_running_alert_worker_is_in_the_way(settings: Settings) -> None:
    """Whoever remembers the alerts would write the name again: the command says what to stop, and changes nothing."""
    await filled(settings)
    name = kafka.full_name(settings.kafka, MATCHES)
    async with kafka.reading(settings.kafka, group_id=f"{settings.kafka.prefix}alert") as member:
        member.subscribe([name])
        async with asyncio.timeout(30):
            while not member.assignment():
                await member.getmany(timeout_ms=100)
        before = await values(settings, ALERTS)
        result = await run(settings, "--yes")
        assert result.exit_code == 1
        assert "stop its workers" in str(result.exception)
    assert await values(settings, ALERTS) == before


@pytest.mark.parametrize("name", ["", "E.", "- -"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """Two letters would be found everywhere."""
    assert CliRunner().invoke(app, ["forget", name]).exit_code == 2
