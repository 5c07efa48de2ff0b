"""Articles of alerts are looked at again: on a web that answers byte by byte, and on the real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from agents.again import Again, Seen, look
from agents.fetch import Door
from agents.robots import Robots
from agents.sandbox import Sandbox
from pipeline import kafka
from pipeline.alert.memory import Memory
from pipeline.errors import Transient
from pipeline.records import AlertState, Withdrawal
from pipeline.settings import FetchSettings, Settings
from pipeline.topics import ALERTS, WITHDRAWALS
from tests.agents.conftest import Web
from tests.alert.making import PLANT, match, walk
from tests.conftest import Workers

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = (
    "<html><head><title>Werk in Görlitz</title></head><body><p>" + "Der Konzern baut ein Werk. " * 40 + "</p>"
).encode()


class Look:
    """Sees what a test says, and notes what it was asked."""

    def __init__(self, *seen: Seen) -> None:
        self.seen, self.asked = list(seen), list[str]()

    async def __call__(self, url: str) -> Seen:
        self.asked.append(url)
        return self.seen.pop(0) if self.seen else Seen.THERE


class Desk:
    """Articles of alerts, with a clock that a test sets."""

    def __init__(self, *seen: Seen, keep: timedelta = 7 * DAY) -> None:
        self.now, self.look, self.withdrawn, self.ours = NOW, Look(*seen), list[Withdrawal](), True
        self.again = Again(keep, lambda _: self.ours, self.look, self.withdraw, lambda: self.now)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        self.withdrawn.append(withdrawal)

    async def at(self, *after: timedelta) -> list[int]:
        """Go through these times after the beginning; return how many looks each brought."""
        brought = []
        for one in after:
            before, self.now = len(self.look.asked), NOW + one
            await self.again.round()
            brought.append(len(self.look.asked) - before)
        return brought


def alert(
    url: str = "https://z.example/a", fetched: datetime = NOW, state: AlertState = AlertState.NEW, id: str = "a1"
) -> bytes:
    """Return an alert's revision that stands on one article."""
    made = walk(Memory(), match(PLANT))[0].alerts[0]
    article = made.articles[0].model_copy(update={"id": id, "url": url, "fetched": fetched})
    return made.model_copy(update={"articles": (article,), "state": state}).encode()


async def test_looks_follow_the_calendar_and_end() -> None:
    """An article is looked at after one hour, six, a day, three and seven days, and then never again."""
    desk = Desk()
    desk.again.take(alert())
    assert await desk.at(HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY) == [0, 1, 0, 1, 1, 0, 1, 1]
    assert not desk.withdrawn
    assert len(desk.again) == 0


async def test_a_worker_that_starts_goes_on_where_the_last_one_was() -> None:
    """A look of the last hour is made; after two days those after three and seven are left; after eight none is."""
    desk = Desk()
    desk.again.take(alert(fetched=NOW - 1.5 * HOUR))
    assert await desk.at(timedelta(), HOUR) == [1, 0]
    desk = Desk()
    desk.again.take(alert(fetched=NOW - 2 * DAY))
    assert await desk.at(timedelta(), DAY, 5 * DAY, 6 * DAY) == [0, 1, 1, 0]
    desk.again.take(alert("https://z.example/b", fetched=NOW - 8 * DAY))
    assert len(desk.again) == 0


async def test_gone_is_withdrawn_at_once_and_missing_when_seen_twice() -> None:
    """410 withdraws; 404 does an hour later if it is still so, and not when the page is back."""
    gone, missing, back = Desk(Seen.GONE), Desk(Seen.MISSING, Seen.MISSING), Desk(Seen.MISSING, Seen.THERE)
    for desk in (gone, missing, back):
        desk.again.take(alert())
    assert await gone.at(HOUR, 6 * HOUR) == [1, 0]
    assert await missing.at(HOUR, 1.5 * HOUR, 2 * HOUR, 6 * HOUR) == [1, 0, 1, 0]
    assert await back.at(HOUR, 2 * HOUR, 6 * HOUR, DAY) == [1, 1, 1, 1]
    assert [one.reason for one in gone.withdrawn] == ["the server said 410, it is gone"]
    assert [one.fetched for one in missing.withdrawn] == [NOW + 2 * HOUR]
    assert not back.withdrawn


async def test_what_cannot_be_known_withdraws_nothing() -> None:
    """A server that does not answer for seven days takes nothing back."""
    desk = Desk(*[Seen.UNKNOWN] * 5)
    desk.again.take(alert())
    assert await desk.at(HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY) == [1, 1, 1, 1, 1]
    assert not desk.withdrawn


async def test_the_share_of_others_is_left_to_them_until_it_is_ours() -> None:
    """No look at what is not ours; where it becomes ours within an hour, the look is made, else the next one."""
    desk = Desk()
    desk.ours = False
    desk.again.take(alert())
    assert await desk.at(HOUR) == [0]
    desk.ours = True
    assert await desk.at(1.5 * HOUR, 2 * HOUR) == [1, 0]
    desk.ours = False
    assert await desk.at(6 * HOUR, 7.5 * HOUR) == [0, 0]
    desk.ours = True
    assert await desk.at(8 * HOUR, DAY) == [0, 1]


async def test_an_article_fetched_again_begins_anew() -> None:
    """The same revision twice changes nothing; one fetched later begins the calendar again."""
    desk = Desk()
    desk.again.take(alert())
    desk.again.take(alert())
    assert await desk.at(HOUR) == [1]
    desk.again.take(alert(fetched=NOW + HOUR))
    assert await desk.at(2 * HOUR, 7 * HOUR) == [1, 1]


async def test_what_has_no_link_or_no_longer_stands_is_not_looked_at() -> None:
    """Articles from files, alerts taken back or merged, and records that are none."""
    desk = Desk()
    for one in (alert(""), alert(state=AlertState.RETRACTED), alert(state=AlertState.MERGED), b"{}", b"\xff"):
        desk.again.take(one)
    assert len(desk.again) == 0


async def test_a_withdrawal_that_the_broker_did_not_take_is_made_again() -> None:
    """Where sending fails, the round raises, and the next one looks and withdraws."""
    desk = Desk(Seen.GONE, Seen.GONE)
    refused = [Transient("away")]

    async def withdraw(withdrawal: Withdrawal) -> None:
        if refused:
            raise refused.pop()
        desk.withdrawn.append(withdrawal)

    desk.again = Again(DAY, lambda _: True, desk.look, withdraw, lambda: desk.now)
    desk.again.take(alert())
    with pytest.raises(Transient):
        await desk.at(HOUR)
    assert await desk.at(HOUR) == [1]
    assert len(desk.withdrawn) == 1


async def test_what_a_server_says(web: Web, fetch_settings: FetchSettings) -> None:
    """Pages, 410, 404, a page that says 404 with status 200, a broken server, robots.txt, a closed port."""
    web.put("/there", PAGE)
    web.put("/gone", b"", status=410)
    web.put("/soft", b"<title>404 - Seite nicht gefunden</title><p>Die Seite wurde nicht gefunden.")
    web.put("/broken", b"", status=503)
    web.put("/paper", b"%PDF-1.4", kind="application/pdf")
    web.put("/robots.txt", b"User-agent: *\nDisallow: /private\n", kind="text/plain")
    web.put("/private", b"", status=410)
    async with Door(fetch_settings) as door, Sandbox(1, 5.0) as sandbox:
        robots = Robots(fetch_settings, door, sandbox)
        seen = {path: await look(web.url(path), door, robots, sandbox) for path in (*web.routes, "/nowhere")}
        assert await look("http://127.0.0.1:1/", door, robots, sandbox) is Seen.UNKNOWN
        await robots.aclose()
    assert seen == {
        "/there": Seen.THERE,
        "/gone": Seen.GONE,
        "/soft": Seen.MISSING,
        "/broken": Seen.UNKNOWN,
        "/paper": Seen.THERE,
        "/robots.txt": Seen.THERE,
        "/private": Seen.UNKNOWN,
        "/nowhere": Seen.MISSING,
    }


@pytest_asyncio.fixture
async def ready(settings: Settings) -> AsyncIterator[Settings]:
    """Settings of a deployment whose topics are made."""
    async with kafka.Broker(settings.kafka) as broker:
        await broker.make()
    yield settings


async def withdrawals(settings: Settings) -> list[Withdrawal]:
    """Return what stands on the topic."""
    return [Withdrawal.decode(record.value) async for record in kafka.whole(settings.kafka, WITHDRAWALS)]


@pytest.mark.broker
async def test_a_worker_withdraws_what_is_gone(ready: Settings, web: Web, worker: Workers) -> None:
    """Of an alert that stood there before and one that comes later, the gone articles are withdrawn, each once."""
    web.put("/gone", b"", status=410)
    web.put("/there", PAGE)
    due = datetime.now(UTC) - HOUR
    name = kafka.full_name(ready.kafka, ALERTS)
    async with kafka.sending(ready.kafka) as producer:
        await producer.send_and_wait(name, alert(web.url("/gone"), due, id="first"), key=b"a")
        await producer.send_and_wait(name, alert(web.url("/there"), due, id="second"), key=b"b")
        child = worker("ingest", STELLWERK_FETCH__ALLOW='["127.0.0.0/8"]', STELLWERK_FETCH__INTERVAL="0")
        try:
            await child.start()
            await producer.send_and_wait(name, alert(web.url("/gone"), due, id="third"), key=b"c")
            async with asyncio.timeout(60):
                while len(found := await withdrawals(ready)) < 2 or "/there" not in {path for path, _ in web.asked}:
                    await asyncio.sleep(0.1)
        finally:
            await child.stop()
    assert sorted(one.article_id for one in found) == ["first", "third"]
    assert all(one.fetched > due for one in found)
