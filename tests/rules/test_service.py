"""Rules in service: the topic, the worker that follows it, the commands, and the alert at the end."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import applied, kafka
from pipeline.alert.memory import Memory
from pipeline.alert.step import decide
from pipeline.classify.step import classify
from pipeline.cli import app
from pipeline.errors import BadInput, NotReady
from pipeline.following import Following
from pipeline.process import open_path, process
from pipeline.records import Article, Classified, RuleFile
from pipeline.route.accounts import load_accounts
from pipeline.route.step import Router, route
from pipeline.rules.files import read_rules
from pipeline.rules.match import Book
from pipeline.settings import Settings
from pipeline.stream.rules import following as follow
from pipeline.topics import ARTICLES, CLASSIFIED, RULES
from tests.classify.test_step import Everything
from tests.conftest import Workers

NOW = datetime(2026, 1, 5, tzinfo=UTC)
RULE = "[[rule]]\nid = \"{}\"\ntype = 'tender'\nwhy = 'our trade'\nquery = '{}'\n"


def article(name: str, title: str) -> Article:
    return Article(
        id=name, source_id="s", url="", title=title, published=NOW, fetched=NOW, language_hint="de", revision="1"
    )


def test_model_and_rule_make_one_alert_that_names_both(tmp_path: Path) -> None:
    """Signals stand side by side; the same type is one alert with both names, the reason, and the rules' version."""
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,name\nv1,Vossberg\n")
    text = RULE.format("a", "Vossberg AND Werk").replace("tender", "new_site") + RULE.format("b", "Werk")
    book = Book(read_rules(text, "r"))
    (judged,) = classify(Everything(), [article("1", "Vossberg baut ein neues Werk")], book)
    assert [signal.by for signal in judged.signals] == ["model", "rule:a", "rule:b"]
    assert judged.rules == book.version
    (match,) = route(Router(load_accounts(file)), Classified.decode(judged.encode())).matches
    decided = decide(Memory(), match, now=NOW, settings=Settings().alert)
    by_type = {alert.signal.type.value: alert for alert in decided.alerts}
    assert by_type["new_site"].signal.by == "model,rule:a"
    assert by_type["tender"].signal.by == "rule:b"
    assert by_type["tender"].versions.rules == book.version
    assert any("rule b found 'Werk': our trade" in why for why in by_type["tender"].why)


def test_rules_are_asked_in_any_language() -> None:
    """The model reads German and English; a rule reads what its author can."""
    text = "Le groupe a annoncé mardi la construction d'une nouvelle usine dans le nord du pays, près de la mer."
    french = article("1", "Une usine").model_copy(update={"text": text, "language_hint": ""})
    (judged,) = classify(Everything(), [french], Book(read_rules(RULE.format("a", "usine AND lang:fr"), "r")))
    assert [signal.by for signal in judged.signals] == ["rule:a"]


def test_process_with_rules(tmp_path: Path) -> None:
    """`process --rules` adds the rules' signals, and every signal says whose it is."""
    (tmp_path / "a.csv").write_text("account_id,name\nv1,Vossberg\n")
    (tmp_path / "r.toml").write_text(RULE.format("a", "Grüffelo"))
    walk = open_path(tmp_path / "a.csv", Settings(), tmp_path / "r.toml")
    ((line, fine),) = process(walk, [b'{"id": "1", "title": "Vossberg und der Gr\\u00fcffelo"}'])
    assert fine
    assert {"by": "rule:a", "type": "tender"}.items() <= line["signals"][-1].items()
    (tmp_path / "r.toml").write_text(RULE.format("a", "und and"))
    with pytest.raises(BadInput, match=r"r\.toml:5:10: query"):
        open_path(tmp_path / "a.csv", Settings(), tmp_path / "r.toml")


def test_commands_check_and_test(tmp_path: Path) -> None:
    """`check` prints all faults and exits with 1; `test --json` gives a line per hit with exact offsets."""
    good, bad, articles = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "a.jsonl"
    good.write_text(RULE.format("a", "werk AND title:neu*"))
    bad.write_text(RULE.format("A", "werk and") + RULE.format("b", "(werk"))
    articles.write_text(
        '{"id": "1", "title": "Neues Werk", "text": "Das Werk ist neu."}\n{"id": "2", "title": "Werk"}\n'
    )
    runner = CliRunner()
    result = runner.invoke(app, ["rules", "check", str(good)])
    assert (result.exit_code, "1 rules" in result.output) == (0, True)
    result = runner.invoke(app, ["rules", "check", str(good), str(bad), str(tmp_path / "none")])
    assert result.exit_code == 1
    assert [part in result.output for part in ("bad.toml:2: id", "bad.toml:5:15: query", "bad.toml:10:10")] == [
        True
    ] * 3
    assert "none: cannot be read" in result.output
    result = runner.invoke(app, ["rules", "test", "--json", str(good), str(articles)])
    (line,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (line["id"], line["rule"]) == ("1", "a")
    assert [(term["text"], term["start"]) for term in line["terms"]] == [("Neues", 0), ("Werk", 6), ("Werk", 15)]
    assert [span["text"] for span in line["evidence"]] == ["Neues Werk"]
    result = runner.invoke(app, ["rules", "test", str(good), str(articles)])
    assert "Neues Werk" in result.stdout
    assert "2 articles, 1 hits" in result.stderr


async def _put(settings: Settings, text: str) -> str:
    version = read_rules(text, "r.toml").version
    await applied.put(settings.kafka, RULES, RuleFile(name="r.toml", version=version, at=NOW, text=text))
    return version if text else ""


async def _until(following: Following[Book], version: str) -> None:
    async with asyncio.timeout(20):
        while following.value.version != version:
            await asyncio.sleep(0.02)


@pytest.mark.broker
async def test_following(settings: Settings) -> None:
    """The last file on the topic is in service at once, its successors without a restart; rubbish changes nothing."""
    with pytest.raises(NotReady, match="rules: missing"):
        await _put(settings, RULE.format("a", "werk"))
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    await _put(settings, RULE.format("a", "werk"))
    file = settings.folder / "r.toml"
    file.write_text(RULE.format("a", "werk OR halle"))
    broker_at = {
        "STELLWERK_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        "STELLWERK_KAFKA__PREFIX": settings.kafka.prefix,
    }
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["rules", "apply", str(file)], env=broker_at)
    second = read_rules(file.read_text(), "r.toml").version
    assert (ran.exit_code, f"applied 1 rules, version {second}" in ran.output) == (0, True)
    following = follow(settings.kafka)
    await following.prepare()
    assert following.value.version == second
    task = asyncio.create_task(following.follow())
    large = "".join(RULE.format(f"r{n}", f"werk AND ort{n} NOT fußball") for n in range(15_000))
    assert len(large) > 1_048_588
    await _until(following, await _put(settings, large))
    before = following.value.version
    async with kafka.sending(settings.kafka) as producer:
        name = kafka.full_name(settings.kafka, RULES)
        await producer.send_and_wait(name, b"rubbish", key=b"rules")
    await _until(following, before)
    await _until(following, await _put(settings, ""))
    assert following.value.rules.rules == ()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.broker
@pytest.mark.slow
async def test_a_worker_switches_without_a_restart(settings: Settings, worker: Workers) -> None:
    """A classify worker knows the rules before its first article, and takes new ones while it works."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    first = await _put(settings, RULE.format("first", "grüffelo"))
    child = worker("classify")
    await child.start()
    await child.announced()
    judged = await _judged(settings, "1")
    assert (judged.rules, [signal.by for signal in judged.signals]) == (first, ["rule:first"])
    second = await _put(settings, RULE.format("second", "grueffelo"))
    async with asyncio.timeout(30):
        number = 2
        while (judged := await _judged(settings, str(number))).rules != second:
            assert judged.rules == first
            number += 1
    assert [signal.by for signal in judged.signals] == ["rule:second"]
    assert await child.stop() is None
    assert "Unclosed" not in child.tail()
    print("\n" + child.tail())


async def _judged(settings: Settings, name: str) -> Classified:
    """Send an article and return what the worker makes of it."""
    async with kafka.sending(settings.kafka) as producer:
        value = article(name, "Der Grüffelo").encode()
        await producer.send_and_wait(kafka.full_name(settings.kafka, ARTICLES), value, key=name.encode())
    async with asyncio.timeout(30):
        while True:
            async for record in kafka.whole(settings.kafka, CLASSIFIED):
                if record.key == name.encode():
                    return Classified.decode(record.value)
