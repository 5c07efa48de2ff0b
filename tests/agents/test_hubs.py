"""Asking hubs goes through the one door: its checks hold for a form as for a document. Servers on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from agents.errors import Blocked, Fault, Refused, Soft, Unreachable
from agents.http import listening
from agents.receive import Hubs
from pipeline.settings import FetchSettings, PushSettings

FORM = {"hub.mode": "subscribe", "hub.topic": "https://werke.example/ä?a=1&b=2", "hub.secret": "geheim"}


class World:
    """A server that keeps what it was sent."""

    def __init__(self) -> None:
        self.base = ""
        self.got: list[tuple[str, str, dict[str, str]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.got.append((request.method, request.path, form))
        status = int(request.match_info["status"])
        place = {307: "/202", 308: "/202", 302: "http://10.0.0.1/"}.get(status)
        moved = {"Location": place} if place else {}
        return web.Response(status=status, headers=moved)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """The server."""
    made, app = World(), web.Application()
    app.add_routes([web.route("*", "/{status:\\d+}", made.answer)])
    async with listening(app, PushSettings(port=0)) as port:
        made.base = f"http://127.0.0.1:{port}"
        yield made


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_form_is_posted(world: World, fetch_settings: FetchSettings, status: int) -> None:
    """As a form, whole, and any kind of yes is one."""
    async with Hubs(fetch_settings) as hubs:
        await hubs.ask(f"{world.base}/{status}", FORM)
    assert world.got == [("POST", f"/{status}", FORM)]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_hub_that_has_moved_gets_the_form_there(
    world: World, fetch_settings: FetchSettings, status: int
) -> None:
    """The Recommendation asks for it."""
    async with Hubs(fetch_settings) as hubs:
        await hubs.ask(f"{world.base}/{status}", FORM)
    assert world.got[-1] == ("POST", "/202", FORM)


@pytest.mark.parametrize(
    ("status", "fault"), [(400, Blocked), (403, Blocked), (429, Soft), (500, Soft), (302, Refused)]
)
async def test_a_no_is_a_fault(world: World, fetch_settings: FetchSettings, status: int, fault: type[Fault]) -> None:
    """Of the kind that polling knows; a private address behind a redirect is refused."""
    async with Hubs(fetch_settings) as hubs:
        with pytest.raises(fault):
            await hubs.ask(f"{world.base}/{status}", FORM)
    assert len(world.got) == 1


@pytest.mark.parametrize(
    "hub", ["{base}/202", "http://169.254.169.254/", "file:///etc/passwd", "http://u:p@hub.example/"]
)
async def test_a_feed_cannot_make_us_ask_inside(world: World, hub: str) -> None:
    """Who writes a feed chooses the hub's address: private ones are refused, and nothing was sent."""
    async with Hubs(FetchSettings(total=2.0)) as hubs:
        with pytest.raises((Refused, Unreachable)):
            await hubs.ask(hub.format(base=world.base), FORM)
    assert world.got == []
