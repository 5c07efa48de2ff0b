"""The push worker whole: real broker, sockets and sandbox, and a hub of our own, as no real one could reach a test."""

from __future__ import annotations

import asyncio
import hmac
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

from agents import control
from agents.http import listening
from agents.receive import receive
from agents.sources import Source
from deploy.children import Child
from pipeline import kafka, metrics
from pipeline.errors import NotReady
from pipeline.records import Article, How, PollState
from pipeline.settings import FetchSettings, PushSettings, Settings, WebsubSettings
from pipeline.topics import ARTICLES, POLLS, TOPICS
from tests.agents.conftest import Web

TOKEN = "kein-echtes-token-0123456789"
LONG = "Das Werk in Leuna wird um eine Anlage erweitert. " * 20


def feed(hub: str, *numbers: int) -> bytes:
    items = "".join(
        f"<item><title>Meldung {n}</title><link>https://werke.example/m/{n}</link><guid>{n}</guid>"
        f"<description>{LONG}</description><pubDate>Thu, 05 Mar 2026 09:{n:02}:00 GMT</pubDate></item>"
        for n in numbers
    )
    link = f'<atom:link rel="hub" href="{hub}"/>'
    head = f'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Werke</title>{link}'
    return f"{head}{items}</channel></rss>".encode()


class Hub:
    """A hub: takes forms, asks back, sends signed documents."""

    def __init__(self) -> None:
        self.form: Mapping[str, Any] = {}
        self.live = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    async def subscribe(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-www-form-urlencoded"
        self.form = dict(await request.post())
        self.tasks.add(asyncio.create_task(self.back()))
        return web.Response(status=204)

    async def back(self) -> None:
        query = {"hub.mode": "subscribe", "hub.topic": self.form["hub.topic"], "hub.challenge": "c"}
        async with ClientSession() as session, session.get(self.form["hub.callback"], params=query) as got:
            assert (got.status, await got.text()) == (200, "c")
        self.live.set()

    async def send(self, body: bytes, secret: str = "") -> int:
        made = hmac.new((secret or self.form["hub.secret"]).encode(), body, "sha256").hexdigest()
        headers, place = {"X-Hub-Signature": f"sha256={made}"}, self.form["hub.callback"]
        async with ClientSession() as session, session.post(place, data=body, headers=headers) as got:
            return got.status


@asynccontextmanager
async def hub_running() -> AsyncIterator[tuple[Hub, str]]:
    hub, made = Hub(), web.Application()
    made.add_routes([web.post("/hub", hub.subscribe)])
    async with listening(made, PushSettings(port=0)) as port:
        yield hub, f"http://127.0.0.1:{port}/hub"


@asynccontextmanager
async def working(settings: Settings, *sources: Source | None) -> AsyncIterator[int]:
    """The worker, until the block ends."""
    told = None if None in sources else [one for one in sources if one]
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    work = asyncio.create_task(receive(settings, told, ready=ready.set_result, stop=stop))
    done, _ = await asyncio.wait({work, ready}, return_when=asyncio.FIRST_COMPLETED)
    if work in done:
        await work
    try:
        yield await ready
    finally:
        stop.set()
        await work


async def free_port() -> int:
    async with listening(web.Application(), PushSettings(port=0)) as port:
        return port


async def made_for(settings: Settings, **more: Any) -> Settings:
    """Settings of a worker, with its topics made."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make(TOPICS)
    fetch = FetchSettings(allow=("127.0.0.0/8",), total=5.0)
    push = PushSettings(port=await free_port(), token=SecretStr(TOKEN))
    return settings.model_copy(update={"fetch": fetch, "push": push, **more})


async def articles_of(settings: Settings) -> list[Article]:
    return [Article.decode(record.value) async for record in kafka.whole(settings.kafka, ARTICLES)]


@pytest.mark.broker
async def test_brought_articles_are_on_the_topic_when_202_is_said(settings: Settings) -> None:
    """From the request to the broker and back."""
    ours = await made_for(settings)
    async with working(ours) as port, ClientSession() as session:
        body = b"\n".join(orjson.dumps({"url": f"https://werke.example/m/{n}", "title": f"M {n}"}) for n in range(300))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.post(f"http://127.0.0.1:{port}/articles", data=body, headers=headers) as got:
            assert (got.status, await got.json()) == (202, {"articles": 300})
        found = await articles_of(ours)
    assert len({one.id for one in found}) == 300
    assert {one.how for one in found} == {How.PUSH}


@pytest.mark.broker
async def test_what_a_hub_sends_goes_the_way_of_a_polled_feed(settings: Settings, web: Web) -> None:
    """Subscribed, confirmed, delivered, remembered; the forged is left alone; after a restart nothing comes twice."""
    async with hub_running() as (hub, address):
        web.put("/feed", feed(address, 1), kind="application/rss+xml")
        source = Source(id="werke", url=web.url("/feed"), name="Beispielwerke", language="de")
        told = {"callback": "http://127.0.0.1:1", "secret": SecretStr("kein-echtes-geheimnis"), "plain": True}
        ours = await made_for(settings)
        callback = f"http://127.0.0.1:{ours.push.port}"
        ours = ours.model_copy(update={"websub": WebsubSettings(**{**told, "callback": callback})})
        async with working(ours, source):
            await asyncio.wait_for(hub.live.wait(), 10)
            assert hub.form["hub.topic"] == source.url
            assert await hub.send(feed(address, 1, 2, 3)) == 202
            assert await hub.send(feed(address, 66), secret="falsch") == 202
            assert await hub.send(feed(address, 2, 3, 4)) == 202
            assert await hub.send(b"<html>no feed</html>") == 202
            figures = metrics.text().decode()
        assert 'stellwerk_hubs_total{outcome="delivered"} 3.0' in figures
        assert 'stellwerk_hubs_total{outcome="unsigned"} 1.0' in figures
        assert 'stellwerk_subscriptions{state="live"} 1.0' in figures
        assert 'stellwerk_push_requests_total{code="202",of="hubs"}' in figures
        hub.live.clear()
        async with working(ours, source):
            await asyncio.wait_for(hub.live.wait(), 10)
            assert await hub.send(feed(address, 3, 4, 5)) == 202
    found = await articles_of(ours)
    assert sorted(one.title for one in found) == [f"Meldung {n}" for n in (1, 2, 3, 4, 5)]
    assert {(one.source_id, one.source, one.how) for one in found} == {("werke", "Beispielwerke", How.FEED)}
    kept = [PollState.decode(record.value) async for record in kafka.whole(ours.kafka, POLLS)]
    assert {one.source_id for one in kept} == {"websub:werke"}


@pytest.mark.broker
async def test_what_was_polled_before_is_not_news(settings: Settings, web: Web) -> None:
    """The memory of the polling worker is read at the start, and not written to."""
    from agents.worker import run

    async with hub_running() as (hub, address):
        web.put("/feed", feed(address, 1, 2), kind="application/rss+xml")
        source = Source(id="werke", url=web.url("/feed"))
        ours = await made_for(settings)
        callback = f"http://127.0.0.1:{ours.push.port}"
        secret = SecretStr("kein-echtes-geheimnis")
        ours = ours.model_copy(update={"websub": WebsubSettings(callback=callback, secret=secret, plain=True)})
        async with kafka.sending(ours.kafka) as producer:

            async def send(topic: str, key: str, value: bytes) -> None:
                await producer.send_and_wait(ours.kafka.prefix + topic, value, key=key.encode())

            await run(
                [source],
                ours,
                lambda article: send("articles", article.id, article.encode()),
                lambda state: send("polls", state.source_id, state.encode()),
                {},
                asyncio.Event(),
                once=True,
            )
        async with working(ours, source):
            await asyncio.wait_for(hub.live.wait(), 10)
            assert await hub.send(feed(address, 1, 2, 3)) == 202
    found = await articles_of(ours)
    assert sorted(one.title for one in found) == ["Meldung 1", "Meldung 2", "Meldung 3"]


@pytest.mark.broker
async def test_sources_are_followed_on_their_topic(settings: Settings, web: Web) -> None:
    """What is applied while the worker runs is subscribed at once; what is taken off is answered with 410."""
    async with hub_running() as (hub, address):
        web.put("/feed", feed(address, 1), kind="application/rss+xml")
        source = Source(id="werke", url=web.url("/feed"))
        ours = await made_for(settings)
        callback = f"http://127.0.0.1:{ours.push.port}"
        secret = SecretStr("kein-echtes-geheimnis")
        ours = ours.model_copy(update={"websub": WebsubSettings(callback=callback, secret=secret, plain=True)})
        async with working(ours, None):
            await control.apply(ours.kafka, [source])
            await asyncio.wait_for(hub.live.wait(), 10)
            assert await hub.send(feed(address, 7)) == 202
            await control.apply(ours.kafka, [])
            async with asyncio.timeout(10):
                while await hub.send(feed(address, 8)) != 410:
                    await asyncio.sleep(0.05)
    titles = {one.title for one in await articles_of(ours)}
    assert "Meldung 7" in titles


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"push": PushSettings()}, "STELLWERK_PUSH__TOKEN"),
        ({"push": PushSettings(token=SecretStr("kurz"))}, "shorter than 16"),
        ({"websub": WebsubSettings(callback="https://us.example")}, "STELLWERK_WEBSUB__SECRET"),
    ],
)
async def test_a_secret_that_can_be_guessed_is_refused(more: dict[str, Any], said: str) -> None:
    """Before anything listens, with the setting to change."""
    with pytest.raises(NotReady, match=said):
        await receive(Settings(**more))


#: Serves as the push worker does, while a piece of work never ends.
_STUCK = """
import asyncio
from agents.figures import telling
from pipeline.heart import Heart
from pipeline.probe import Probe
from pipeline.settings import load

async def main():
    settings = load()
    heart = Heart(settings, "push")
    async with heart.beating(), telling(settings, Probe("push", "broker", "topics"), heart=heart):
        with heart.work():
            await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.broker
@pytest.mark.slow
async def test_a_sending_that_never_ends_ends_the_worker(settings: Settings) -> None:
    """The broker answers, and what was to be sent is under way for too long: one line, exit code 1."""
    await made_for(settings)
    where = {"BOOTSTRAP": settings.kafka.bootstrap, "PREFIX": settings.kafka.prefix}
    told = {f"STELLWERK_KAFKA__{name}": value for name, value in where.items()}
    told |= {"STELLWERK_STREAM__STUCK": "4", "STELLWERK_FOLDER": str(settings.folder)}
    child = Child("push", [sys.executable, "-c", _STUCK], log=settings.folder / "push.log", environment=told)
    await child.start()
    async with asyncio.timeout(60):
        assert await child.ended() == 1
    assert "stuck: ends itself" in child.tail()
    assert "under way for" in child.tail()
