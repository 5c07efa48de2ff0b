"""Polls of several documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pytest
import pytest_asyncio

from agents import documents
from agents.documents import Documents, Read
from agents.entries import Entry, Feed
from agents.errors import Gone, Refused
from agents.fetch import Door
from agents.kinds import KINDS, Kind
from agents.robots import Robots
from agents.sandbox import Sandbox
from agents.sources import Source
from pipeline.records import PollState
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(body: bytes, url: str, source: Source) -> Feed:
    """Read a list of titles, and of URLs to go on to."""
    raw = orjson.loads(body)
    entries = tuple(Entry(title, f"https://a.example/{title}", title, "", "", None, "", (), "") for title in raw["say"])
    return Feed("", "", None, entries, len(entries), tuple(raw.get("more", ())))


@dataclass
class Bench:
    """Documents of one source, and what was remembered of them."""

    web: Web
    documents: Documents
    source: Source
    state: PollState = field(default_factory=lambda: PollState(source_id="s", polled=NOW))

    def put(self, path: str, *say: str, more: tuple[str, ...] = ()) -> None:
        """Let a document say something and lead on."""
        body = orjson.dumps({"say": say, "more": [self.web.url(one) for one in more]})
        self.web.put(path, body, kind="application/json", ETag=f'"{hash((say, more)):x}"')

    async def read(self) -> Read:
        """Read once, and remember the versions."""
        read = await self.documents.read(self.source, self.state)
        version = {name: getattr(read.version, name) for name in ("etag", "last_modified", "body_hash")}
        changes = {**version, "more": read.more, "polls": self.state.polls + 1}
        self.state = PollState.decode(self.state.model_copy(update=changes).encode())
        return read

    async def said(self) -> list[str] | None:
        """Return the titles of one poll; None where nothing had changed."""
        feed = (await self.read()).feed
        return None if feed is None else [entry.title for entry in feed.entries]

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for since last time."""
        paths = [path for path, _ in self.web.asked]
        self.web.asked.clear()
        return paths


@pytest_asyncio.fixture(params=[True, False], ids=["apart", "together"])
async def bench(
    request: pytest.FixtureRequest, web: Web, fetch_settings: FetchSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """A source of a kind whose documents lead on; read apart or together."""
    monkeypatch.setattr(documents, "KINDS", {"feed": Kind(parse, apart=request.param)})
    async with Door(fetch_settings) as door, Sandbox(1, 5.0) as sandbox:
        source = Source(id="s", url=web.url("/0"))
        robots = Robots(fetch_settings, door, sandbox)
        yield Bench(web, Documents(fetch_settings, door, sandbox, robots), source)


async def test_documents_lead_on(bench: Bench) -> None:
    """One document names two, one of those a third; all are one feed, and each is asked for once."""
    bench.put("/0", "a", more=("/1", "/2"))
    bench.put("/1", "b", more=("/3", "/1", "/0"))
    bench.put("/2", "c")
    bench.put("/3", "d")
    assert await bench.said() == ["a", "b", "c", "d", "a"]
    assert bench.asked == ["/0", "/1", "/2", "/3", "/0"]


async def test_what_changes_is_seen(bench: Bench) -> None:
    """A change in a further document is found although the first one is the same."""
    bench.put("/0", more=("/1", "/2"))
    bench.put("/1", "b")
    bench.put("/2", "c")
    assert await bench.said() == ["b", "c"]
    bench.put("/2", "c", "d")
    apart = await bench.said()
    assert apart in (["c", "d"], ["b", "c", "d"])
    if apart == ["c", "d"]:
        assert await bench.said() is None


async def test_there_are_not_too_many(bench: Bench) -> None:
    """Ten further documents in a poll, and no circle."""
    bench.put("/0", more=tuple(f"/{number}" for number in range(1, 40)))
    for number in range(1, 40):
        bench.put(f"/{number}", str(number), more=("/0", "/1"))
    assert await bench.said() == [str(number) for number in range(1, 11)]


async def test_one_that_fails_spoils_nothing(bench: Bench) -> None:
    """The others count, and it is asked again next time; only when all fail has the poll failed."""
    bench.put("/0", more=("/1", "/2"))
    bench.put("/1", "b")
    assert await bench.said() == ["b"]
    bench.put("/2", "c")
    assert "c" in (await bench.said() or ())
    bench.web.routes.pop("/1")
    bench.web.routes.pop("/2")
    with pytest.raises(Gone):
        await bench.read()


async def test_every_kind_begins_somewhere() -> None:
    """What a source of each kind asks first; a name that says no place is refused."""
    for kind in KINDS.values():
        assert kind.join is not None
    assert KINDS["mastodon"].url(Source(id="m", kind="mastodon", url="@a@b.example")).startswith("https://b.example/")
    assert KINDS["feed"].url(Source(id="f", url="https://a.example/feed")) == "https://a.example/feed"
    bad = Source.model_construct(id="m", kind="mastodon", url="nonsense")
    with pytest.raises(Refused):
        KINDS["mastodon"].url(bad)
