"""Subscriptions at hubs, by a clock of our own.

The hub here is made by us and runs on loopback: a real one cannot reach a test. What is shown is that both sides keep
to the Recommendation, not that a certain hub does.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

from agents.errors import Unreachable
from agents.fetch import Answer
from agents.http import listening, site
from agents.sources import Source
from agents.websub import State, Subscriber, Subscription
from pipeline.errors import Transient
from pipeline.settings import PushSettings, WebsubSettings

TOPIC = "https://werke.example/feed"
FEED = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>T</title>'
    f'<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="{TOPIC}"/></channel></rss>'
).encode()
SOURCE = Source(id="werke", url=TOPIC)
SETTINGS = WebsubSettings(callback="https://us.example/", secret=SecretStr("kein-echtes-geheimnis"), patience=0.5)


class World:
    """A clock, a source's server, a hub and a reader of what comes."""

    def __init__(self, settings: WebsubSettings = SETTINGS) -> None:
        self.now = datetime(2026, 3, 5, tzinfo=UTC)
        self.body, self.url = FEED, TOPIC
        self.down = False
        self.forms: list[tuple[str, Mapping[str, str]]] = []
        self.taken: list[Answer] = []
        self.fault: BaseException | None = None
        self.slow = asyncio.Event()
        self.slow.set()
        self.us = Subscriber(settings, self.look, self.ask, self.deliver, clock=lambda: self.now)

    async def look(self, source: Source) -> Answer:
        return Answer(self.url, 200, {}, self.body, "", "", False, 0.1, 0)

    async def ask(self, hub: str, form: Mapping[str, str]) -> None:
        if self.down:
            raise Unreachable("no hub")
        self.forms.append((hub, form))

    async def deliver(self, source: Source, answer: Answer) -> None:
        await self.slow.wait()
        if self.fault:
            raise self.fault
        self.taken.append(answer)

    async def later(self, **more: float) -> None:
        self.now += timedelta(**more)
        await self.us.turn()

    @property
    def one(self) -> Subscription:
        (found,) = self.us
        return found

    def back(self, **more: str) -> str | None:
        """The hub asks back."""
        form = self.forms[-1][1]
        query = {
            "hub.mode": "subscribe",
            "hub.topic": form["hub.topic"],
            "hub.challenge": "c1",
            "hub.lease_seconds": "1000",
        }
        return self.us.confirm(form["hub.callback"].rpartition("/")[2], {**query, **more})

    async def send(self, body: bytes = b"<rss/>", signature: str | None = None) -> int:
        """The hub sends, signed as it should be or otherwise."""
        form = self.forms[-1][1]
        made = "sha256=" + hmac.new(form["hub.secret"].encode(), body, "sha256").hexdigest()
        headers = {"x-hub-signature": made if signature is None else signature, "content-type": "application/rss+xml"}
        return await self.us.take(form["hub.callback"].rpartition("/")[2], headers, body)


@pytest.fixture
async def world() -> World:
    made = World()
    made.us.add(SOURCE)
    await made.us.turn()
    return made


async def test_a_hub_is_found_and_asked(world: World) -> None:
    """With an address and a secret of this subscription's own, which are the same after a restart."""
    ((hub, form),) = world.forms
    assert (hub, form["hub.topic"], form["hub.mode"]) == ("https://hub.example/", TOPIC, "subscribe")
    assert form["hub.callback"].startswith("https://us.example/websub/")
    assert form["hub.secret"] not in form["hub.callback"]
    again = World()
    again.us.add(SOURCE)
    await again.us.turn()
    assert again.forms == world.forms


async def test_the_lease_begins_when_the_hub_asks_back(world: World) -> None:
    """The challenge is given back, and the lease is renewed before it ends."""
    assert world.one.state is State.ASKED
    assert world.back() == "c1"
    assert world.one.state is State.LIVE
    await world.later(seconds=799)
    assert len(world.forms) == 1
    await world.later(seconds=2)
    assert len(world.forms) == 2
    assert world.one.state is State.LIVE
    assert world.back() == "c1"
    assert world.one.until == world.now + timedelta(seconds=1000)


@pytest.mark.parametrize(
    ("lease", "seconds"), [("5", 60), ("99999999999999", 30 * 86400), ("x", 864000), ("-3", 864000)]
)
async def test_leases_are_clamped(world: World, lease: str, seconds: int) -> None:
    """A hub may not keep us asking all day, nor let us forget it."""
    world.back(**{"hub.lease_seconds": lease})
    assert world.one.until == world.now + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "more",
    [
        {"hub.topic": "https://evil.example/"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "publish"},
        {"hub.challenge": ""},
        {"hub.challenge": "x" * 5000},
    ],
)
async def test_what_was_not_us_is_not_confirmed(world: World, more: dict[str, str]) -> None:
    """Another topic, an end that we never asked for, a challenge that is none."""
    assert world.back(**more) is None
    assert world.one.state is State.ASKED


async def test_unknown_addresses_are_not_confirmed(world: World) -> None:
    """Only who was told the address knows it; who sends to another is told to forget it."""
    query = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
    assert world.us.confirm("0" * 40, query) is None
    assert await world.us.take("0" * 40, {}, b"") == 410


async def test_a_refusal_holds_for_a_day(world: World) -> None:
    """`denied` is answered politely and not asked again before tomorrow; polling goes on meanwhile."""
    assert world.back(**{"hub.mode": "denied", "hub.reason": "no"}) == ""
    assert world.one.state is State.DENIED
    await world.later(hours=23)
    assert len(world.forms) == 1
    assert world.back() is None
    await world.later(hours=2)
    assert len(world.forms) == 2


async def test_failures_are_repeated_ever_more_rarely(world: World) -> None:
    """A hub that is away costs little."""
    world.down = True
    world.back()
    times = []
    for _ in range(4000):
        before = world.us.counts["failed_unreachable"]
        await world.later(minutes=5)
        if world.us.counts["failed_unreachable"] > before:
            times.append(world.now)
    gaps = [(later - earlier) / timedelta(minutes=1) for earlier, later in pairwise(times)]
    assert gaps[:4] == [10, 20, 40, 80]
    assert max(gaps) == 24 * 60
    world.down = False
    await world.later(days=1)
    world.back()
    assert world.one.failures == 0


async def test_a_hub_that_never_asks_back_is_asked_ever_more_rarely(world: World) -> None:
    """It took the form and forgot it."""
    for _ in range(30):
        await world.later(hours=1)
    assert 3 < len(world.forms) < 12


async def test_without_a_hub_there_is_nothing_to_do(world: World) -> None:
    """A document that names none is looked at again in a day."""
    bare = World()
    bare.body = b"<rss version='2.0'><channel/></rss>"
    bare.us.add(SOURCE)
    await bare.us.turn()
    assert bare.forms == []
    bare.body = FEED
    await bare.later(hours=25)
    assert len(bare.forms) == 1


async def test_a_hub_without_tls_is_asked_with_it(world: World) -> None:
    """The secret goes nowhere where it could be read on the way, unless a setting says so."""
    for settings, scheme in ((SETTINGS, "https"), (SETTINGS.model_copy(update={"plain": True}), "http")):
        other = World(settings)
        other.body = FEED.replace(b"https://hub", b"http://hub")
        other.us.add(SOURCE)
        await other.us.turn()
        assert other.forms[0][0] == f"{scheme}://hub.example/"


async def test_youtube_has_a_hub_that_its_feeds_do_not_name() -> None:
    """It stands in its documentation."""
    world = World()
    world.body, world.url = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        "https://www.youtube.com/feeds/videos.xml?channel_id=UCx",
    )
    world.us.add(Source(id="kanal", kind="youtube", url="UCabcdefghijklmnopqrstuv"))
    await world.us.turn()
    assert world.forms[0][0] == "https://pubsubhubbub.appspot.com/subscribe"
    assert world.forms[0][1]["hub.topic"] == world.url


async def test_what_is_signed_is_delivered(world: World) -> None:
    """As an answer of the topic's own address."""
    assert await world.send() == 202
    (answer,) = world.taken
    assert (answer.url, answer.body, answer.headers["content-type"]) == (TOPIC, b"<rss/>", "application/rss+xml")


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, "sha256", "md5=" + "0" * 32])
async def test_what_is_not_signed_is_left_alone(world: World, signature: str) -> None:
    """And the sender does not learn it, so that nothing can be tried out."""
    assert await world.send(signature=signature) == 202
    assert world.taken == []
    assert world.us.counts["unsigned"] == 1


async def test_what_was_not_kept_may_be_sent_again(world: World) -> None:
    """503 where the broker is away, so that the hub repeats."""
    world.fault = Transient("no broker")
    assert await world.send() == 503
    world.fault = None
    assert await world.send() == 202
    assert len(world.taken) == 1


async def test_a_hub_does_not_wait_for_what_takes_long(world: World) -> None:
    """It is told yes after a while, and the work goes on; at the end it is waited for."""
    world.slow.clear()
    assert await world.send() == 202
    assert world.us.counts["slow"] == 1
    stop = asyncio.Event()
    running = asyncio.create_task(world.us.run(stop))
    stop.set()
    await asyncio.sleep(0)
    world.slow.set()
    await running
    assert len(world.taken) == 1


class Hub:
    """A hub on loopback: takes forms, asks back, sends signed documents."""

    def __init__(self) -> None:
        self.forms: list[Mapping[str, Any]] = []
        self.asked_back: list[tuple[int, str]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.status = 202
        self.met = asyncio.Event()

    async def subscribe(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.forms.append(form)
        task = asyncio.create_task(self.back(form))
        self.tasks.add(task)
        return web.Response(status=self.status)

    async def back(self, form: Mapping[str, Any]) -> None:
        query = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"]}
        query |= {"hub.challenge": "prüf&mich", "hub.lease_seconds": "3600"}
        async with ClientSession() as session, session.get(form["hub.callback"], params=query) as got:
            self.asked_back.append((got.status, await got.text()))
        self.met.set()

    async def send(self, body: bytes, secret: str = "", **headers: str) -> int:
        form = self.forms[-1]
        made = hmac.new((secret or form["hub.secret"]).encode(), body, "sha512").hexdigest()
        told = {"X-Hub-Signature": f"sha512={made}", "Content-Type": "application/atom+xml", **headers}
        async with ClientSession() as session, session.post(form["hub.callback"], data=body, headers=told) as got:
            return got.status


@asynccontextmanager
async def served(made: web.Application) -> AsyncIterator[int]:
    async with listening(made, PushSettings(port=0)) as port:
        yield port


async def test_over_real_sockets() -> None:
    """A hub takes the form, asks back with an odd challenge, sends; other methods and sizes are refused."""
    hub = Hub()
    app = web.Application()
    app.add_routes([web.post("/hub", hub.subscribe)])
    world = World()
    async with served(app) as there, served(site(hubs=world.us.routes())) as here, ClientSession() as session:
        world.us._base = f"http://127.0.0.1:{here}"

        async def ask(url: str, form: Mapping[str, str]) -> None:
            async with session.post(f"http://127.0.0.1:{there}/hub", data=form) as got:
                assert got.status == 202

        world.us._ask = ask
        world.us._most = 1000
        world.us.add(SOURCE)
        await world.us.turn()
        await hub.met.wait()
        assert hub.asked_back == [(200, "prüf&mich")]
        assert await hub.send(b"<feed/>") == 202
        assert await hub.send(b"<feed/>", secret="falsch") == 202
        assert await hub.send(b"<feed/>" * 200) == 413
        assert await hub.send(b"<feed/>", **{"Content-Encoding": "gzip"}) == 415
        assert [answer.body for answer in world.taken] == [b"<feed/>"]
        async with session.post(f"http://127.0.0.1:{here}/websub/{'0' * 40}", data=b"") as got:
            assert got.status == 410
        async with session.get(f"http://127.0.0.1:{here}/websub/{'0' * 40}") as got:
            assert got.status == 404
