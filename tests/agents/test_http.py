"""The server that takes articles, asked over real sockets."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from agents.http import Intake, Meter, listening, site
from pipeline.errors import NotReady, Transient
from pipeline.records import Article
from pipeline.settings import PushSettings

TOKEN = "kein-echtes-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Topic:
    """Stands for the broker: keeps what it is given, or refuses, or waits."""

    def __init__(self) -> None:
        self.articles: list[Article] = []
        self.away = False
        self.open = asyncio.Event()
        self.open.set()

    async def publish(self, articles: Sequence[Article]) -> None:
        await self.open.wait()
        if self.away:
            raise Transient("the broker did not take it")
        self.articles += articles


@asynccontextmanager
async def running(topic: Topic, meter: Meter | None = None, **more: Any) -> AsyncIterator[tuple[ClientSession, str]]:
    settings = PushSettings(port=0, token=SecretStr(TOKEN), **{"seconds": 2.0, **more})
    intake = Intake(settings, topic.publish, meter=meter)
    async with listening(site(intake), settings) as port, ClientSession() as session:
        yield session, f"http://127.0.0.1:{port}"


def jsonl(*articles: dict[str, Any]) -> bytes:
    return b"\n".join(orjson.dumps({"title": "T", **one}) for one in articles)


async def posted(session: ClientSession, base: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], Any]:
    async with session.post(f"{base}/articles", data=body, headers={**BEARER, **headers}) as got:
        return got.status, orjson.loads(await got.read() or b"{}"), got.headers


@pytest.mark.parametrize(
    "body",
    [
        jsonl({"id": "1"}, {"id": "2"}) + b"\n\n",
        orjson.dumps([{"id": "1", "title": "T"}, {"id": "2", "title": "T"}]),
        b"\r\n".join((jsonl({"id": "1"}), jsonl({"id": "2"}))),
    ],
)
async def test_lines_and_arrays_are_taken(body: bytes) -> None:
    """202 with the count, when the broker has them."""
    topic = Topic()
    async with running(topic) as (session, base):
        status, said, headers = await posted(session, base, body)
    assert (status, said) == (202, {"articles": 2})
    assert [one.id for one in topic.articles] == ["1", "2"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "stellwerk"


async def test_no_answer_before_the_broker_has_it() -> None:
    """202 waits for the acknowledgement."""
    topic = Topic()
    topic.open.clear()
    async with running(topic) as (session, base):
        asked = asyncio.create_task(posted(session, base, jsonl({"id": "1"})))
        done, _ = await asyncio.wait([asked], timeout=0.3)
        assert not done
        topic.open.set()
        assert (await asked)[0] == 202


async def test_one_fault_and_nothing_is_taken() -> None:
    """400 with line and field of every fault; the good lines can be sent again with the mended ones."""
    topic = Topic()
    async with running(topic) as (session, base):
        body = jsonl({"id": "1"}, {"id": "2", "published": "gestern"}) + b"\n{\n"
        status, said, _ = await posted(session, base, body)
        assert status == 400
        assert said["error"] == "2 of 3 are wrong; nothing was taken"
        assert [(one["line"], one["field"]) for one in said["faults"]] == [(2, "published"), (3, "")]
        _, said, _ = await posted(session, base, jsonl(*({"id": "1", "x": 1} for _ in range(150))))
        assert (len(said["faults"]), said["more"]) == (100, 50)
        assert (await posted(session, base, b" \n"))[0] == 400
        assert (await posted(session, base, b"[]"))[0] == 400
        assert (await posted(session, base, b'[{"id": 1}'))[1]["faults"][0]["message"].startswith("not JSON")
    assert topic.articles == []


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer ü"],
)
async def test_without_the_token_nothing_is_taken(header: str) -> None:
    """401, whatever else is borne."""
    topic = Topic()
    async with running(topic) as (session, base):
        status, _, headers = await posted(session, base, jsonl({"id": "1"}), Authorization=header)
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
        assert (await posted(session, base, jsonl({"id": "1"}), Authorization=f"bearer {TOKEN}"))[0] == 202
    assert len(topic.articles) == 1


async def test_too_large_is_413_whether_announced_or_not() -> None:
    """Neither a length nor its absence lets more through than is taken."""
    topic = Topic()

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 100

    async with running(topic, body_most=2000) as (session, base):
        assert (await posted(session, base, b" " * 4000))[0] == 413
        assert (await posted(session, base, unannounced()))[0] == 413
        assert (await posted(session, base, jsonl({"id": "1"})))[0] == 202


@pytest.mark.parametrize("one", [b"1", b'{"id":1,"title":"T"}'])
async def test_too_many_in_one_request_is_413(one: bytes) -> None:
    """Small as bytes and large as objects, right or wrong: nothing is taken."""
    topic = Topic()
    async with running(topic) as (session, base):
        assert (await posted(session, base, b"\n".join([one] * 10_001)))[0] == 413
        assert (await posted(session, base, b"[" + b",".join([one] * 20_000) + b"]"))[0] == 413
    assert topic.articles == []


async def test_compressed_is_415() -> None:
    """A small body could become a large one."""
    async with running(Topic()) as (session, base):
        body = gzip.compress(jsonl({"id": "1"}))
        assert (await posted(session, base, body, **{"Content-Encoding": "gzip"}))[0] == 415


async def test_a_body_that_does_not_come_is_408() -> None:
    """A sender that stops holds its place for so long and no longer."""

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with running(Topic(), seconds=0.2) as (session, base):
        assert (await posted(session, base, stuck()))[0] == 408


async def test_too_many_at_once_is_429() -> None:
    """So many are worked on; the next one is told to come again."""
    topic = Topic()
    topic.open.clear()
    async with running(topic, at_once=1) as (session, base):
        first = asyncio.create_task(posted(session, base, jsonl({"id": "1"})))
        await asyncio.wait([first], timeout=0.2)
        status, _, headers = await posted(session, base, jsonl({"id": "2"}))
        assert status == 429
        assert int(headers["Retry-After"]) > 0
        topic.open.set()
        assert (await first)[0] == 202
        assert (await posted(session, base, jsonl({"id": "2"})))[0] == 202


async def test_too_much_in_the_long_run_is_429() -> None:
    """Ten at once, then one a second: the clock decides, and says when."""
    time = [0.0]
    meter = Meter(rate=1.0, burst=10, clock=lambda: time[0])
    async with running(Topic(), meter) as (session, base):
        many = jsonl(*({"id": str(number)} for number in range(15)))
        assert (await posted(session, base, many))[0] == 202
        status, _, headers = await posted(session, base, jsonl({"id": "x"}))
        assert (status, int(headers["Retry-After"])) == (429, 7)
        time[0] = 7.0
        assert (await posted(session, base, jsonl({"id": "x"})))[0] == 202


async def test_a_broker_that_is_away_is_503() -> None:
    """Refused or silent: send it again."""
    topic = Topic()
    topic.away = True
    async with running(topic, seconds=0.3) as (session, base):
        assert (await posted(session, base, jsonl({"id": "1"})))[0] == 503
        topic.away = False
        topic.open.clear()
        status, _, headers = await posted(session, base, jsonl({"id": "1"}))
        assert (status, headers["Retry-After"]) == (503, "5")


async def test_other_ways_in_are_closed() -> None:
    """Other methods and paths are refused in the same form; hubs and articles only where they are wanted."""
    settings = PushSettings(port=0)
    async with listening(site(), settings) as port, ClientSession() as session:
        base = f"http://127.0.0.1:{port}"
        async with session.get(f"{base}/ready") as got:
            assert got.status == 204
        for method, path in (("POST", "/articles"), ("GET", "/websub/x"), ("GET", "/"), ("POST", "/ready")):
            async with session.request(method, f"{base}{path}") as got:
                assert got.status in (404, 405)
                assert got.content_type == "application/json"


async def test_a_port_that_is_taken_is_said() -> None:
    """With the setting to change."""
    settings = PushSettings(port=0)
    async with listening(site(), settings) as port:
        with pytest.raises(NotReady, match=f"{port}.*STELLWERK_PUSH__"):
            async with listening(site(), PushSettings(port=port)):
                raise AssertionError
