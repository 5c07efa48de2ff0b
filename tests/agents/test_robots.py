"""robots.txt: who is asked, what counts, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from agents.errors import Disallowed, Unreachable
from agents.fetch import Door
from agents.robots import Robots, allowed
from agents.sandbox import Sandbox
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

pytest.importorskip("protego", reason="protego, which reads robots.txt, is not installed")

RULES = b"""
User-agent: *
Disallow: /private/
Allow: /private/open$
Disallow: /*.pdf

User-agent: other
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/", True),
        ("/private/x", False),
        ("/private/open", True),
        ("/private/open/x", False),
        ("/a/b.pdf?x", False),
        ("/Private/", True),
    ],
)
def test_the_longest_rule_counts(path: str, may: bool) -> None:
    """Prefixes, wildcards and ends as RFC 9309 has them; another agent's group is not ours."""
    assert allowed(RULES, "Stellwerk", f"https://a.example{path}") is may


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        (b"User-agent: *\nDisallow: /\n\nUser-agent: stellwerk\nDisallow:", True),
        (b"User-agent: *\nDisallow:\n\nUser-agent: STELLWERK\nDisallow: /", False),
        (b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /", False),
        (b"", True),
        (b"<html><body>Not found</body></html>", True),
        (b"\xff\xfe\x00", True),
        (b"#" * (500 * 1024) + b"\nUser-agent: *\nDisallow: /", True),
    ],
)
def test_our_group_goes_first(rules: bytes, may: bool) -> None:
    """Our own group beats the one for all; what is no robots.txt, or beyond its first 500 KiB, forbids nothing."""
    assert allowed(rules, "Stellwerk", "https://a.example/x") is may


@dataclass
class Bench:
    """Robots of one loopback host, with a clock."""

    web: Web
    robots: Robots
    now: float = 0.0

    async def may(self, path: str = "/x") -> bool:
        """Say whether a path may be fetched."""
        try:
            await self.robots.check(self.web.url(path))
        except (Disallowed, Unreachable):
            return False
        return True

    @property
    def asked(self) -> int:
        """How often the host was asked for its file."""
        return [path for path, _ in self.web.asked].count("/robots.txt")


@pytest_asyncio.fixture
async def bench(web: Web, fetch_settings: FetchSettings) -> AsyncIterator[Bench]:
    """Robots of one loopback host."""
    async with Door(fetch_settings) as door, Sandbox(1, 1.0) as sandbox:
        made = Bench(web, Robots(fetch_settings, door, sandbox, lambda: made.now))
        yield made
        await made.robots.aclose()


async def test_a_host_is_asked_once_a_day(bench: Bench) -> None:
    """Many who ask at once are one request; after a day the file is fetched again."""
    bench.web.put("/robots.txt", b"User-agent: *\nDisallow: /no", kind="text/plain")
    assert await asyncio.gather(*(bench.may(path) for path in ("/yes", "/no", "/yes/2"))) == [True, False, True]
    assert bench.asked == 1
    bench.now = 86_399.0
    assert not await bench.may("/no")
    assert bench.asked == 1
    bench.now = 86_401.0
    bench.web.put("/robots.txt", b"", kind="text/plain")
    assert await bench.may("/no")
    assert bench.asked == 2


@pytest.mark.parametrize(
    ("status", "may"), [(404, True), (410, True), (401, True), (403, True), (429, False), (500, False), (503, False)]
)
async def test_statuses_decide(bench: Bench, status: int, may: bool) -> None:
    """No file allows everything; a server in trouble forbids everything, and is asked again after an hour."""
    bench.web.put("/robots.txt", b"", status=status)
    assert await bench.may() is may
    bench.now = 3601.0
    await bench.may()
    assert bench.asked == (1 if may else 2)


async def test_redirects_are_followed(bench: Bench) -> None:
    """Up to five; beyond that there is no file."""
    for number in range(5):
        bench.web.put(f"/{number}", b"", status=302, Location=f"/{number + 1}")
    bench.web.put("/robots.txt", b"", status=301, Location="/1")
    bench.web.put("/5", b"User-agent: *\nDisallow: /", kind="text/plain")
    assert not await bench.may()
    bench.web.put("/5", b"", status=302, Location="/6")
    bench.now = 1e6
    assert await bench.may()


async def test_a_silent_host_forbids(bench: Bench) -> None:
    """No answer is no permission."""

    async def silence(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    bench.web.routes["/robots.txt"] = silence
    assert not await bench.may()


async def test_a_hostile_file_forbids_and_holds_up_nobody(bench: Bench) -> None:
    """A file made to be slow to read ends in the sandbox, once."""
    agents = b"".join(b"User-agent: a%d\n" % number for number in range(12_000))
    rules = b"".join(b"Disallow: /%d\n" % number for number in range(20_000))
    bench.web.put("/robots.txt", agents + rules, kind="text/plain")
    assert not await bench.may()
    assert not await bench.may("/other")


async def test_it_can_be_switched_off(web: Web, fetch_settings: FetchSettings) -> None:
    """A deployment that may do so asks nobody."""
    async with Door(fetch_settings) as door, Sandbox(1, 1.0) as sandbox:
        await Robots(fetch_settings.model_copy(update={"robots": False}), door, sandbox).check(web.url("/x"))
    assert web.asked == []
