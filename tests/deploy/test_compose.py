"""docker-compose.yml as an operator uses it: built, started, killed, scaled, upgraded, torn down; nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from deploy.demo.articles import load_articles, visible
from deploy.tail import follow
from pipeline import kafka
from pipeline.records import Alert, Article, Classified, Record
from pipeline.topics import ALERTS, ARTICLES, CLASSIFIED, Topic
from tests.deploy import stack as stacks
from tests.deploy.stack import ENGINE, IMAGE, ROOT, Stack, run, stack

pytestmark = [
    pytest.mark.compose,
    pytest.mark.slow,
    pytest.mark.skipif(bool(stacks.missing()), reason=stacks.missing()),
]
DEMO = load_articles(ROOT / "deploy" / "demo" / "articles.jsonl")
R = TypeVar("R", bound=Record)
WORKERS = ("ingest", "classify", "route", "alert")


@pytest_asyncio.fixture(scope="module")
async def image() -> str:
    """The image of these sources; it stays, so that its layers are found again the next time."""
    await stacks.build(IMAGE, ROOT)
    return IMAGE


async def until(true: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(1.0)


async def told(project: Stack, since: float) -> Alert:
    """Return the first alert that can be read at the port of this machine."""
    async with asyncio.timeout(120):
        await kafka.require(project.kafka, (ALERTS,))
        async for alert in follow(project.kafka):
            print(f"first alert after {time.monotonic() - since:.0f} s: {alert.account.name} {alert.signal.type}")
            return alert
    raise AssertionError


async def articles(project: Stack) -> dict[str, Article]:
    return {a.id: a async for a in _each(project, Article, ARTICLES)}


async def classified(project: Stack) -> set[str]:
    return {c.article.id async for c in _each(project, Classified, CLASSIFIED)}


async def _each(project: Stack, record: type[R], topic: Topic) -> AsyncIterator[R]:
    async for found in kafka.whole(project.kafka, topic):
        yield record.decode(found.value)


async def test_image_is_small_and_has_no_rights(image: str) -> None:
    """The image runs as an ordinary user, has no pip, and works on a file system that cannot be written."""
    said = await run(ENGINE, "image", "inspect", "--format", "{{.Size}} {{.Config.User}}", image)
    size, user = said.split()[-2:]
    print(f"image {int(size) / 1e6:.0f} MB")
    assert (user, int(size) < 700e6) == ("10001", True)
    tight = [ENGINE, "run", "--rm", "--read-only", "--cap-drop=ALL", "--network=none"]
    assert "STELLWERK_KAFKA__WAIT" in await run(*tight, image, "settings")
    await run(*tight, "--entrypoint", "python", image, "-m", "pip", "--version", good=False)


async def test_demo_raises_alerts_and_outlives_its_parts(image: str) -> None:
    """The demo's alerts come at the host's port; killed and scaled, every article it offers is classified once."""
    async with stack() as project:
        began = time.monotonic()
        await project.compose("up", "-d", "--no-build", seconds=300)
        assert (await told(project, began)).evidence
        for service in WORKERS:
            await project.healthy(service)
        (classify,), (newsroom,) = await project.containers("classify"), await project.containers("newsroom")
        assert (await project.inside(classify, "id", "-u")).split()[-1] == "10001"
        await project.inside(classify, "touch", "/opt/stellwerk/x", good=False)

        for service in WORKERS:
            await project.crash(service)
            print(f"{service} killed, healthy {await project.healthy(service):.0f} s after its restart")
        if await project.broker_restarts():
            await project.compose("kill", "kafka")
        await project.compose("up", "-d", "--no-build", "--scale", "classify=4", seconds=300)
        print(f"four classify healthy after {await project.healthy('classify', 4):.0f} s")
        await project.compose("restart", "route")
        for service in ("ingest", "route", "alert"):
            await project.healthy(service)

        anchor = datetime.fromisoformat((await project.inside(newsroom, "cat", "/data/anchor")).split()[-1])
        await until(lambda: _all_there(project, anchor), 180)
        alerts = [alert async for alert in _each(project, Alert, ALERTS)]
        copies = len(alerts) - len({(alert.id, alert.revision) for alert in alerts})
        print(f"{len(await articles(project))} articles, {len(alerts)} alert revisions, {copies} of them twice")
        assert not copies
        assert "┌" in (tail := await project.compose("logs", "tail")) or "╭" in tail


async def _all_there(project: Stack, anchor: datetime) -> bool:
    """Say whether exactly what the newsroom shows now stands on the topic, and all of it has been classified."""
    found = await articles(project)
    offered = {article.path for article in visible(DEMO, anchor, datetime.now(UTC))}
    return offered == {urlsplit(a.url).path for a in found.values()} and set(found) == await classified(project)


async def test_upgrade_loses_no_article(image: str, tmp_path: Path) -> None:
    """From the previous image to this one under load: articles offered = articles on the topic = classified."""
    async with stack() as project:
        project.image = await stacks.previous(tmp_path)
        four = ("up", "-d", "--no-build", "--scale", "classify=4")
        await project.compose(*four, seconds=300)
        await kafka.require(project.kafka, (ARTICLES, CLASSIFIED))
        stop = asyncio.Event()
        offering = asyncio.create_task(_offer(project, stop))
        await until(lambda: _some(project), 120)
        project.image, began = image, time.monotonic()
        await project.compose(*four, seconds=300)
        await project.healthy("classify", 4)
        pause = time.monotonic() - began
        before = len(await classified(project))
        await until(lambda: _more(project, before), 60)
        stop.set()
        offered = await offering
        await until(lambda: _classified_all(project, offered), 120)
        found = {id for id, article in (await articles(project)).items() if article.source_id == "offered"}
        done = await classified(project)
        print(f"upgrade {pause:.0f} s; offered {len(offered)}, on topic {len(found)}, classified {len(done & offered)}")
        assert offered == found == done & offered
        named = [await run(ENGINE, "inspect", "--format", "{{.Config.Image}}", c) for c in await project.containers()]
        assert {name.strip() for name in named} == {image, "docker.io/apache/kafka:4.3.0"}


async def _offer(project: Stack, stop: asyncio.Event) -> set[str]:
    """Send articles at a steady pace until told to stop; return the ids that the broker has taken."""
    taken: set[str] = set()
    name = kafka.full_name(project.kafka, ARTICLES)
    async with kafka.sending(project.kafka) as producer:
        while not stop.is_set():
            id, now = f"offered-{len(taken)}", datetime.now(UTC)
            one = Article(
                id=id, source_id="offered", url="", title=f"Werk {len(taken)}", text="Nordhaff baut ein Werk. " * 20,
                published=now, fetched=now,
            )  # fmt: skip
            await producer.send_and_wait(name, one.encode(), key=id.encode())
            taken.add(id)
            await asyncio.sleep(0.01)
    return taken


async def _some(project: Stack) -> bool:
    return len(await classified(project)) > 200


async def _more(project: Stack, before: int) -> bool:
    return len(await classified(project)) > before + 100


async def _classified_all(project: Stack, offered: set[str]) -> bool:
    return offered <= await classified(project)


async def test_secrets_reach_a_worker_as_files(image: str, tmp_path: Path) -> None:
    """A password in a file is read; a file that is missing is named."""
    (tmp_path / "password").write_text("s3cret\n")
    (tmp_path / "password").chmod(0o444)
    tight = [ENGINE, "run", "--rm", "--network=none", "-v", f"{tmp_path}:/run/secrets:ro"]
    code = "from pipeline.settings import load; print(len(load().kafka.password.get_secret_value()))"
    tight += ["-e", "STELLWERK_KAFKA__PASSWORD_FILE=/run/secrets/password", "--entrypoint", "python", image, "-c", code]
    tmp_path.chmod(0o755)
    assert (await run(*tight)).split()[-1] == "6"
    (tmp_path / "password").unlink()
    with pytest.raises(AssertionError, match="PASSWORD_FILE"):
        await run(*tight)
