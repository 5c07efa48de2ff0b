"""docker-compose.yml as an operator uses it: built, started, killed, scaled, upgraded, torn down; nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
import yaml

from agents import control
from deploy.broker import free_port
from deploy.demo.articles import load_articles, visible
from pipeline import kafka
from pipeline.access import script
from pipeline.client import alerts
from pipeline.records import Alert, Article, Classified, Record
from pipeline.settings import Settings
from pipeline.topics import ALERTS, ARTICLES, CLASSIFIED, SOURCES, Topic
from tests.conftest import jar_settings
from tests.deploy import stack as stacks
from tests.deploy.secure import PASSWORD, Papers, SecureBroker
from tests.deploy.stack import ENGINE, IMAGE, ROOT, Stack, run, stack
from tests.deploy.test_security import jars

pytestmark = [
    pytest.mark.compose,
    pytest.mark.slow,
    pytest.mark.skipif(bool(stacks.missing()), reason=stacks.missing()),
]
DEMO = load_articles(ROOT / "deploy" / "demo" / "articles.jsonl")
R = TypeVar("R", bound=Record)
WORKERS = ("ingest", "classify", "route", "alert", "notify")


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
    async with asyncio.timeout(240):
        await kafka.require(project.kafka, (ALERTS,))
        async with alerts(settings=project.kafka) as found:
            alert = await anext(found)
    print(f"first alert after {time.monotonic() - since:.0f} s: {alert.account.name} {alert.signal.type}")
    return alert


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


async def test_demo_raises_alerts_and_outlives_its_parts(image: str, tmp_path: Path) -> None:
    """The demo's alerts come at the host's port; killed and scaled, every article it offers is classified once."""
    shutil.copytree(ROOT / "deploy" / "demo", config := tmp_path / "config", ignore=shutil.ignore_patterns("*.py*"))
    async with stack(config) as project:
        began = time.monotonic()
        await project.compose("up", "-d", "--no-build", seconds=300)
        assert (await told(project, began)).evidence
        for service in WORKERS:
            await project.healthy(service)
        (classify,), (newsroom,) = await project.containers("classify"), await project.containers("newsroom")
        assert (await project.inside(classify, "id", "-u")).split()[-1] == "10001"
        for place in ("/opt/stellwerk/x", "/registry/x"):
            await project.inside(classify, "touch", place, good=False)

        for service in WORKERS:
            await project.crash(service)
            print(f"{service} killed, healthy {await project.healthy(service):.0f} s after its restart")
        if await project.broker_restarts():
            await project.compose("kill", "kafka")
        for service, count in (("classify", 4), ("ingest", 2)):
            await project.compose("up", "-d", "--no-build", "--scale", f"{service}={count}", seconds=300)
            print(f"{count} {service} healthy after {await project.healthy(service, count):.0f} s")
        await project.compose("restart", "route")
        for service in ("route", "alert"):
            await project.healthy(service)

        anchor = datetime.fromisoformat((await project.inside(newsroom, "cat", "/data/anchor")).split()[-1])
        await until(lambda: _all_there(project, anchor), 180)
        revisions = [alert async for alert in _each(project, Alert, ALERTS)]
        copies = len(revisions) - len({(alert.id, alert.revision) for alert in revisions})
        print(f"{len(await articles(project))} articles, {len(revisions)} alert revisions, {copies} of them twice")
        assert not copies
        assert "┌" in (tail := await project.compose("logs", "tail")) or "╭" in tail
        print(
            await run(
                ENGINE, "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *await project.containers()
            )
        )
        await _files_are_followed(project, config)
        assert await project.single("backup", "/tmp/backup")
        assert "can write" in await project.compose(
            "run", "--rm", "-T", "--entrypoint", "sh", "stellwerk", "-c", "touch /registry/x && echo can write",
            profiles=("tools",),
        )  # fmt: skip


async def _files_are_followed(project: Stack, config: Path) -> None:
    """A new account and a new source in the folder's files reach running workers when `init` runs again."""
    accounts, sources = config / "accounts.csv", config / "sources.toml"
    accounts.write_text(accounts.read_text() + "brandneu,Brandneu Anlagenbau" + "," * 12 + "\n")
    fifth = '\n[[source]]\nid = "fifth"\nurl = "http://newsroom:8000/halyard-wire/feed.json?again"\n'
    sources.write_text(sources.read_text() + fifth)
    assert "1 new" in await project.single("accounts", "diff", "/config/accounts.csv")
    said = await project.compose("run", "--rm", "-T", "init")
    assert said.count("1 new, 0 changed, 0 gone") == 2, said
    await until(lambda: _polled(project, "fifth"), 60)


async def _polled(project: Stack, source: str) -> bool:
    return source in await control.remembered(project.kafka, [source])


async def _all_there(project: Stack, anchor: datetime) -> bool:
    """Say whether exactly what the newsroom shows now stands on the topic, and all of it has been classified."""
    found = await articles(project)
    offered = {article.path for article in visible(DEMO, anchor, datetime.now(UTC))}
    return offered == {urlsplit(a.url).path for a in found.values()} and set(found) == await classified(project)


async def test_upgrade_loses_no_article(image: str, tmp_path: Path) -> None:
    """From the previous release to this one under load: articles offered = articles on the topic = classified."""
    before = await stacks.previous(tmp_path)
    async with stack() as project:
        now, project.files = project.files, [before / "docker-compose.yml"]
        project.image = stacks.PREVIOUS
        four = ("up", "-d", "--no-build", "--scale", "classify=4")
        await project.compose(*four, seconds=300)
        await kafka.require(project.kafka, (ARTICLES, CLASSIFIED))
        stop = asyncio.Event()
        offering = asyncio.create_task(_offer(project, stop))
        await until(lambda: _some(project), 120)
        project.files, project.image, began = now, image, time.monotonic()
        await project.compose(*four, seconds=300)
        await project.healthy("classify", 4)
        pause = time.monotonic() - began
        done = len(await classified(project))
        await until(lambda: _more(project, done), 60)
        stop.set()
        offered = await offering
        await until(lambda: _classified_all(project, offered), 120)
        found = {id for id, article in (await articles(project)).items() if article.source_id == "offered"}
        judged = await classified(project) & offered
        print(f"upgrade {pause:.0f} s; offered {len(offered)}, on topic {len(found)}, classified {len(judged)}")
        assert offered == found == judged
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


async def _send_demo(project: Stack) -> None:
    """Send the demo's articles as if they had been polled."""
    name, now = kafka.full_name(project.kafka, ARTICLES), datetime.now(UTC)
    async with kafka.sending(project.kafka) as producer:
        for one in DEMO:
            text = "\n".join(one.body)
            article = Article(
                id=one.slug, source_id=one.outlet, url="", title=one.title, text=text, published=now, fetched=now
            )
            await producer.send_and_wait(name, article.encode(), key=one.slug.encode())


async def _some(project: Stack) -> bool:
    return len(await classified(project)) > 200


async def _more(project: Stack, before: int) -> bool:
    return len(await classified(project)) > before + 100


async def _classified_all(project: Stack, offered: set[str]) -> bool:
    return offered <= await classified(project)


async def test_pushed_articles_need_the_token(image: str, tmp_path: Path) -> None:
    """The profile `push` takes an article at the host's port from whoever bears the token, and from nobody else."""
    (tmp_path / "push_token").write_text(token := "a-token-of-more-than-sixteen")
    secret = {"environment": {"STELLWERK_PUSH__TOKEN_FILE": "/run/secrets/push_token"}, "secrets": ["push_token"]}
    (more := tmp_path / "more.yml").write_text(
        yaml.safe_dump(
            {"services": {"push": secret}, "secrets": {"push_token": {"file": str(tmp_path / "push_token")}}}
        )
    )
    async with stack() as project:
        project.files.append(more)
        services = ("kafka", "init", "push")
        await project.compose("up", "-d", "--no-build", *services, profiles=("push",), seconds=300)
        await project.healthy("push")
        url, line = f"http://127.0.0.1:{project.push}/articles", b'{"id": "one", "title": "Nordhaff baut"}\n'
        async with httpx2.AsyncClient() as web:
            assert (await web.post(url, content=line)).status_code == 401
            good = await web.post(url, content=line, headers={"Authorization": f"Bearer {token}"})
        assert good.status_code == 202, good.text
        assert len(await articles(project)) == 1


async def test_a_kafka_with_logins_takes_the_secrets(image: str, tmp_path: Path) -> None:
    """With `compose.secrets.yml` every role logs in by SCRAM over TLS, with password and authority in files."""
    papers = Papers.make(tmp_path / "secrets")
    tools = jars(tmp_path / "tools", "-Ptools")
    broker = SecureBroker(tmp_path / "kafka", jar_settings(), papers, ["stellwerk"])
    shutil.copy(papers.folder / "ca.pem", papers.folder / "kafka_ca.pem")
    (papers.folder / "kafka_password").write_text(f"{PASSWORD}\n")
    # The broker stands on this machine's loopback, and there only.
    services = {
        name: {"network_mode": "host", "environment": {"STELLWERK_METRICS__PORT": str(free_port())}}
        for name in ("init", *WORKERS)
    }
    (here := tmp_path / "here.yml").write_text(yaml.safe_dump({"services": services}))
    await broker.start()
    try:
        await broker.allow(script(("init", "operator"), "User:stellwerk", Settings()), tools)
        login = broker.scram("stellwerk").model_copy(update={"partitions": 4, "wait": 120.0})
        env = {"STELLWERK_SECRETS": str(papers.folder), "STELLWERK_KAFKA__BOOTSTRAP": login.bootstrap}
        async with stack(**env) as project:
            project.files += [ROOT / "deploy" / "compose.secrets.yml", here]
            await project.compose("up", "-d", "--no-build", "--no-deps", "init", *WORKERS, seconds=300)
            await kafka.require(login, (ARTICLES, ALERTS, SOURCES))
            for service in WORKERS:
                await project.healthy(service)
            project.kafka = login
            await _send_demo(project)
            assert (await told(project, time.monotonic())).evidence
    finally:
        await broker.stop()


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
