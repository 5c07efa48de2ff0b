"""Retraining as the data team does it: every command in turn, on a real broker."""

from __future__ import annotations

import asyncio
import csv
import random
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from models import registry
from models.corpus import Item, seeds
from models.promotion import trail
from pipeline import kafka
from pipeline.cli import app
from pipeline.errors import BadInput, BadModel, NotReady
from pipeline.records import Article
from pipeline.settings import Settings
from pipeline.topics import ARTICLES, LABELS

NOW = datetime.now(UTC)
FIRST = registry.load().version


@pytest.fixture
def place(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A deployment that the commands find in their environment, topics made."""
    monkeypatch.setenv("STELLWERK_KAFKA__BOOTSTRAP", settings.kafka.bootstrap)
    monkeypatch.setenv("STELLWERK_KAFKA__PREFIX", settings.kafka.prefix)
    monkeypatch.setenv("STELLWERK_FOLDER", str(settings.folder))
    monkeypatch.setenv("STELLWERK_LOG__LEVEL", "ERROR")

    async def make() -> None:
        async with kafka.Broker(settings.kafka) as broker:
            await broker.make()

    asyncio.run(make())
    return settings


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def sample(count: int, *, begin: int = 0) -> list[Item]:
    """Items written for this project, each a little longer: what the champion has learnt from is not tested on."""
    found = [replace(item, text=f"{item.text} (ulm)") for item in seeds()]
    random.Random(3).shuffle(found)
    return found[begin : begin + count]


def gold(file: Path, items: Sequence[Item]) -> Path:
    """Write items as labelled items in a file."""
    lines = [
        {
            "id": item.id,
            "lang": item.language,
            "title": item.title,
            "text": item.text,
            "signals": [
                {"type": s.kind, "status": s.status, "company": s.company, "evidence": item.body[s.start : s.end]}
                for s in item.signals
            ],
        }
        for item in items
    ]
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    return file


def verdicts(file: Path, items: Sequence[Item], author: str = "kim") -> Path:
    """Write what a person said of items as a file of labels."""
    lines = [
        {
            "article_id": item.id,
            "author": author,
            "at": NOW.isoformat(),
            "types": sorted({signal.kind for signal in item.signals}),
            "title": item.title,
            "text": item.text,
            "language": item.language,
        }
        for item in items
    ]
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    return file


@pytest.mark.broker
def test_labels_in_and_out(place: Settings, tmp_path: Path) -> None:
    """Imported labels stand on the topic and come out again, the last of each person; disagreement is told."""
    file = verdicts(tmp_path / "labels.jsonl", sample(5))
    run("labels", "import", file)
    run("labels", "import", file)
    other = [item for item in sample(5) if item.signals][:1]
    silent = [Item(one.id, one.language, one.title, one.text, ()) for one in other]
    run("labels", "import", verdicts(tmp_path / "lou.jsonl", silent, "lou"))
    result = run("labels", "export")
    lines = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 6
    assert "1 judged by several: 0 alike" in result.stderr
    assert f"disputed  {other[0].id}" in result.stderr
    assert "6 articles without text" not in result.stderr
    assert len(run("labels", "export", "--all").stdout.splitlines()) == 11
    tasks = orjson.loads(run("labels", "export", "--form", "label-studio").stdout)
    assert sum(len(task["annotations"]) for task in tasks) == 6


@pytest.mark.broker
def test_a_wrong_file_sends_nothing(place: Settings, tmp_path: Path) -> None:
    """One wrong line, and none of the others is sent either."""
    file = verdicts(tmp_path / "labels.jsonl", sample(3))
    file.write_bytes(file.read_bytes() + b'\n{"article_id": "x"}\n')
    with pytest.raises(BadInput, match=r"labels\.jsonl:4: author: "):
        run("labels", "import", file)
    assert done(count(place)) == 0
    run("labels", "import", "--dry-run", verdicts(file, sample(3)))
    assert done(count(place)) == 0


async def count(settings: Settings) -> int:
    return len([record async for record in kafka.whole(settings.kafka, LABELS)])


@pytest.mark.broker
@pytest.mark.slow
def test_from_labels_to_service_and_back(place: Settings, tmp_path: Path) -> None:
    """Train, evaluate, a promotion refused, one forced with its reason kept, the shadow of it, and the way back."""
    file, test = gold(tmp_path / "gold.jsonl", sample(90)), gold(tmp_path / "test.jsonl", sample(240, begin=200))
    labels = verdicts(tmp_path / "labels.jsonl", sample(40, begin=100))
    run("labels", "import", labels)
    arguments = ("train", file, "--labels", labels, "--frozen", test, "--no-seeds")
    trained = run(*arguments)
    version = trained.stdout.strip()
    assert run(*arguments).stdout.strip() == version
    figures = registry.metrics(registry.place(registry.root(place), version))
    assert {str(file), str(labels), f"left out: {test}"} == set(figures["lineage"]["inputs"])
    card = Path(registry.place(registry.root(place), version), registry.CARD).read_text()
    assert figures["lineage"]["inputs"][str(file)] in card

    page, recent = tmp_path / "page.html", tmp_path / "recent.jsonl"
    recent.write_bytes(b'{"id": "1", "title": "Das Wetter bleibt in Ulm auch morgen k\xc3\xbchl", "text": ""}\n')
    judged = run("evaluate", version, "--test", test, "--json", "--html", page, "--drift", recent)
    assert judged.exit_code == 1
    found = orjson.loads(judged.stdout)
    assert found["refused"]
    assert found["drift"]["articles"][1] == 1
    assert "<svg" in page.read_text()
    assert "promotion refused:" in run("evaluate", version, "--test", test, "--labels", "topic").stdout

    with pytest.raises(BadModel, match=rf"{version} is not promoted:\s+test: .*worse by"):
        run("promote", version, "--test", test)
    with pytest.raises(BadModel, match="no frozen test set given"):
        run("promote", version)
    assert run("promote", version, "--force").exit_code == 2
    forced = run("promote", version, "--test", test, "--force", "--reason", "a trial", "--author", "kim")
    assert forced.stdout.strip() == f"in service: {version}"
    (before, kept) = trail(registry.root(place))
    assert (before.version, kept.version, kept.author) == (FIRST, version, "kim")
    assert kept.reason.startswith("forced: a trial (in spite of: test: ")
    assert FIRST in registry.versions(registry.root(place))
    assert run("rollback", "--reason", "worse").stdout.strip() == f"in service: {FIRST}"
    with pytest.raises(BadModel, match="nothing to go back to"):
        run("rollback")


@pytest.mark.broker
@pytest.mark.slow
def test_the_shadow_of_a_candidate(place: Settings, tmp_path: Path) -> None:
    """Alerts that come and go are shown, those of keyword rules stay; the same model changes none."""
    accounts = tmp_path / "accounts.csv"
    with accounts.open("w", newline="") as handle:
        csv.writer(handle).writerows([["id", "name"], ["odenthal", "Odenthal Pumpen"]])
    titles = ["Odenthal Pumpen errichtet neues Werk bei Posen", "Odenthal Pumpen streicht jede fünfte Stelle"]
    articles = [
        Article(id=str(n), source_id="s", url=f"https://e.example/{n}", title=title, published=NOW, fetched=NOW)
        for n, title in enumerate(titles)
    ]
    done(feed(place, articles))
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nid = 'east'\ntype = 'market_entry'\nquery = 'Posen'\n")
    run("rules", "apply", rules)
    signed = [item for item in sample(700) if item.signals]
    none = [Item(f"{n}", item.language, item.title, item.text, ()) for n, item in enumerate(signed[:60])]
    version = run("train", gold(tmp_path / "none.jsonl", none), "--no-seeds").stdout.strip()
    result = run("shadow", version, "--since", "1h", "--accounts", accounts, "--json")
    changes = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [(one["change"], one["account"], one["type"]) for one in changes] == [
        ("goes", "Odenthal Pumpen", "new_site"),
        ("goes", "Odenthal Pumpen", "layoffs"),
    ]
    assert "2 articles: 1 alerts stay, 0 come, 2 go" in result.stderr
    registry.copy(registry.CHAMPION, registry.place(registry.root(place), FIRST))
    same = run("shadow", FIRST, "--since", "1h", "--accounts", accounts)
    assert same.stdout == ""
    assert "3 alerts stay" in same.stderr
    assert "0 articles" in run("shadow", FIRST, "--since", "0s", "--accounts", accounts).stderr


async def feed(settings: Settings, articles: Sequence[Article]) -> None:
    async with kafka.sending(settings.kafka) as producer:
        for one in articles:
            name = kafka.full_name(settings.kafka, ARTICLES)
            await producer.send_and_wait(name, one.encode(), key=one.id.encode())


def test_suggestions_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a broker, articles of a file are ranked; what is labelled in a file is not suggested again."""
    monkeypatch.setenv("STELLWERK_FOLDER", str(tmp_path))
    items = sample(30)
    file = tmp_path / "articles.jsonl"
    lines = [{"id": i.id, "title": i.title, "text": i.text, "language": i.language} for i in items]
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    labels = verdicts(tmp_path / "labels.jsonl", items[:10])
    result = run("labels", "suggest", file, "-n", "12", "--labels", labels)
    found = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == 12
    assert not {one["article_id"] for one in found} & {item.id for item in items[:10]}
    tasks = orjson.loads(run("labels", "suggest", file, "-n", "3", "--form", "label-studio").stdout)
    assert [task["data"]["versions"] for task in tasks] == [{"model": FIRST}] * 3
    with pytest.raises(NotReady, match="no broker"):
        run("labels", "suggest")


def test_too_little_to_learn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of items makes no version."""
    monkeypatch.setenv("STELLWERK_FOLDER", str(tmp_path))
    with pytest.raises(BadInput, match="3 items to learn from"):
        run("train", gold(tmp_path / "gold.jsonl", sample(3)))
    assert run("shadow", "x", "--since", "soon").exit_code == 2
