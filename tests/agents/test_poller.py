"""A poll: what is published, what is remembered, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.fetch import Door
from agents.relevance import Aliases, Lookup, nobody
from agents.sandbox import Sandbox
from agents.schedule import Outcome
from agents.sources import Source
from agents.worker import Counts, Poller, run
from pipeline.errors import Transient
from pipeline.records import Article, How, PollState
from pipeline.settings import FetchSettings, Settings
from tests.agents.conftest import Web

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "Der Konzern baut in Köln ein neues Werk. " + " ".join(f"Halle {n} dient der Montage." for n in range(40))


def item(number: int | str, title: str = "", text: str = LONG, date: str = "Sun, 01 Mar 2026 10:00:00 GMT") -> str:
    """Return an RSS item."""
    return (
        f"<item><title>{title or f'Titel {number}'}</title><link>/a/{number}</link>"
        f"<description>{text}</description><pubDate>{date}</pubDate></item>"
    )


def rss(*items: str) -> bytes:
    """Return an RSS document."""
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


@dataclass
class Broker:
    """Takes articles and memory, in order; fails where told."""

    log: list[Article | PollState] = field(default_factory=list)
    failing: Callable[[Article | PollState], bool] = lambda _: False

    async def take(self, record: Article | PollState) -> None:
        """Keep a record, as after the broker's acknowledgement."""
        await asyncio.sleep(0)
        if self.failing(record):
            raise Transient("the broker is away")
        self.log.append(record)

    @property
    def articles(self) -> list[Article]:
        """What was published."""
        return [one for one in self.log if isinstance(one, Article)]

    @property
    def states(self) -> list[PollState]:
        """What was saved."""
        return [one for one in self.log if isinstance(one, PollState)]


@dataclass
class Bench:
    """A poller with its surroundings."""

    web: Web
    broker: Broker
    poller: Poller
    source: Source
    now: datetime = NOW

    def put(self, *items: str, **headers: str) -> None:
        """Let the feed answer with these items."""
        self.web.put("/feed", rss(*items), kind="application/rss+xml", **headers)

    @property
    def counts(self) -> Counts:
        """What was counted."""
        return self.poller.counts

    def check(self) -> None:
        """Every entry has had one outcome."""
        assert self.counts.offered == self.counts.articles + self.counts.dropped.total()


@pytest_asyncio.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """One parser for all tests."""
    async with Sandbox(1, 5.0) as made:
        yield made


Make = Callable[..., Bench]


@pytest_asyncio.fixture
async def make(web: Web, fetch_settings: FetchSettings, sandbox: Sandbox) -> AsyncIterator[Make]:
    """Make pollers of one loopback feed."""
    async with Door(fetch_settings) as door:

        def _make(states: dict[str, PollState] | None = None, aliases: Lookup = nobody, **changes: object) -> Bench:
            broker = Broker()
            source = Source.model_validate({"id": "s", "url": web.url("/feed"), "name": "News", **changes})
            clock: Callable[[], datetime] = lambda: bench.now  # noqa: E731
            poller = Poller(fetch_settings, door, sandbox, broker.take, broker.take, states or {}, clock, aliases)
            bench = Bench(web, broker, poller, source)
            return bench

        yield _make


@pytest.fixture
def bench(make: Make) -> Bench:
    """A poller of one loopback feed."""
    return make()


async def test_articles_first_memory_last(bench: Bench) -> None:
    """Oldest first, all of them before what is remembered of them."""
    bench.put(item(2), item(1), ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 11:00:00 GMT")
    polled = await bench.poller.poll(bench.source)
    assert [type(one).__name__ for one in bench.broker.log] == ["Article", "Article", "PollState"]
    assert [article.title for article in bench.broker.articles] == ["Titel 1", "Titel 2"]
    (state,) = bench.broker.states
    assert (state.etag, state.last_modified, state.polls, state.failures) == (
        '"v1"',
        "Sun, 01 Mar 2026 11:00:00 GMT",
        1,
        0,
    )
    assert list(state.seen) == [article.id for article in bench.broker.articles]
    assert (polled.outcome, polled.state) == (Outcome.NEWS, state)
    assert timedelta(minutes=15) <= polled.due - NOW <= timedelta(hours=24)
    bench.check()


async def test_unchanged_feeds_cost_little(bench: Bench) -> None:
    """304 and the same body end before parsing; a body that says nothing new ends in counted entries."""
    bench.put(item(1), ETag='"v1"')
    await bench.poller.poll(bench.source)
    bench.web.put("/feed", b"", status=304)
    assert (await bench.poller.poll(bench.source)).outcome is Outcome.NOTHING
    assert bench.web.asked[-1][1]["if-none-match"] == '"v1"'
    bench.put(item(1), ETag='"v2"')
    assert (await bench.poller.poll(bench.source)).outcome is Outcome.NOTHING
    assert bench.broker.states[-1].etag == '"v2"'
    bench.put(item(1), "<!-- now -->")
    assert (await bench.poller.poll(bench.source)).outcome is Outcome.NOTHING
    assert (bench.counts.offered, bench.counts.articles) == (2, 1)
    assert bench.counts.dropped == {"unchanged": 1}
    assert [state.polls for state in bench.broker.states] == [1, 2, 3, 4]
    bench.check()


async def test_304_for_ever_is_found_out(bench: Bench) -> None:
    """A server that says 304 whatever it is asked looks like a quiet feed for nine polls at most."""
    bench.web.put("/feed", b"", status=304)
    assert (await bench.poller.poll(bench.source)).state.outcome == "garbled"
    bench.put(item(1), ETag='"v1"')
    await bench.poller.poll(bench.source)
    bench.web.put("/feed", b"", status=304)
    outcomes = [(await bench.poller.poll(bench.source)).state.outcome for _ in range(8)]
    assert outcomes == ["nothing"] * 7 + ["garbled"]


async def test_each_tenth_poll_asks_for_everything(bench: Bench) -> None:
    """A server whose validators lie is found out."""
    bench.put(item(1), ETag='"always"')
    for _ in range(20):
        await bench.poller.poll(bench.source)
    plain = [number for number, (_, headers) in enumerate(bench.web.asked, 1) if "if-none-match" not in headers]
    assert plain == [1, 10, 20]


async def test_edited_articles_come_again_under_their_id(bench: Bench) -> None:
    """A new text is a new revision of the same article."""
    bench.put(item(1), item(2))
    await bench.poller.poll(bench.source)
    bench.put(item(1, "Anders"), item(2))
    await bench.poller.poll(bench.source)
    _, first, again = bench.broker.articles
    assert (first.id, again.title) == (again.id, "Anders")
    assert first.revision != again.revision
    bench.check()


async def test_failed_publishing_repeats_the_poll(bench: Bench) -> None:
    """Nothing is remembered of a poll whose articles did not all arrive, also when the server then says 304."""
    bench.put(*(item(number) for number in range(40)), ETag='"v1"')
    bench.broker.failing = lambda one: isinstance(one, Article) and one.title == "Titel 7"
    with pytest.raises(Transient):
        await bench.poller.poll(bench.source)
    assert bench.broker.states == []
    assert bench.counts == Counts()
    bench.broker.failing = lambda _: False
    await bench.poller.poll(bench.source)
    assert "if-none-match" not in bench.web.asked[-1][1]
    assert {article.title for article in bench.broker.articles} == {f"Titel {number}" for number in range(40)}
    assert len(bench.broker.states) == 1
    bench.check()


async def test_failed_saving_repeats_the_poll(bench: Bench) -> None:
    """Articles may come twice then, under the same ids; none is missing."""
    bench.put(item(1))
    bench.broker.failing = lambda one: isinstance(one, PollState)
    with pytest.raises(Transient):
        await bench.poller.poll(bench.source)
    bench.broker.failing = lambda _: False
    await bench.poller.poll(bench.source)
    first, second = bench.broker.articles
    assert first.id == second.id
    bench.check()


async def test_restart_goes_on_where_memory_is(bench: Bench, make: Make) -> None:
    """Another process with the saved memory publishes only what is new."""
    bench.put(item(1), ETag='"v1"')
    await bench.poller.poll(bench.source)
    other = make({"s": PollState.decode(bench.broker.states[-1].encode())})
    other.put(item(2), item(1))
    await other.poller.poll(other.source)
    assert [article.title for article in other.broker.articles] == ["Titel 2"]
    assert other.web.asked[-1][1]["if-none-match"] == '"v1"'


async def test_faults_of_the_source_are_outcomes(bench: Bench) -> None:
    """Every kind of failure is counted, remembered and backed off from; what was seen is kept."""
    bench.put(item(1))
    await bench.poller.poll(bench.source)
    pauses = []
    for status, body, kind in ((503, b"", "soft"), (200, b"<html>", "not_a_feed"), (410, b"", "gone")):
        bench.web.put("/feed", body, status=status)
        polled = await bench.poller.poll(bench.source)
        assert polled.state.outcome == kind
        assert polled.state.seen == bench.broker.states[0].seen
        pauses.append(polled.due - NOW)
    assert bench.counts.failed == {"soft": 1, "gone": 1, "not_a_feed": 1}
    assert pauses == sorted(pauses)
    assert bench.broker.states[-1].failures == 3
    bench.put(item(1))
    assert (await bench.poller.poll(bench.source)).state.failures == 0
    bench.check()


async def test_teasers_get_their_pages(bench: Bench) -> None:
    """Short entries have their page fetched and read; long ones and old ones do not."""
    bench.web.put("/a/1", f"<html lang=de><body><article><p>{LONG}</p></article></body></html>".encode())
    bench.put(item(1, text="Kurz."), item(2), item(3, text="Alt.", date="Sun, 01 Feb 2026 10:00:00 GMT"))
    await bench.poller.poll(bench.source)
    by_title = {article.title: article for article in bench.broker.articles}
    assert [path for path, _ in bench.web.asked] == ["/feed", "/robots.txt", "/a/1"]
    assert (by_title["Titel 1"].how, by_title["Titel 1"].text) == (How.PAGE, LONG)
    assert (by_title["Titel 2"].how, by_title["Titel 3"].text) == (How.FEED, "Alt.")
    assert bench.counts.pages == {"text": 1}
    bench.put(item(1, text="Kurz."))
    await bench.poller.poll(bench.source)
    assert len(bench.broker.articles) == 3, "the page's text does not make the entry look edited"
    bench.check()


async def test_failing_pages_lose_no_article(bench: Bench) -> None:
    """Gone, walled, a picture, a lie, or not there: the teaser is the article then."""
    bench.web.put("/a/2", b"<p>Bitte einloggen, um weiterzulesen. Passwort vergessen? Hier zur Anmeldung gehen.</p>")
    bench.web.put("/a/3", b"\x89PNG", kind="image/png")
    bench.web.put("/a/4", b"x", Content_Encoding="br")
    bench.web.put("/a/5", b"", status=302, Location="http://10.0.0.1/")
    bench.put(*(item(number, text="Kurz.") for number in range(1, 6)))
    await bench.poller.poll(bench.source)
    assert [article.text for article in bench.broker.articles] == ["Kurz."] * 5
    assert bench.counts.pages == {"gone": 1, "wall": 1, "no_html": 1, "refused": 2}
    bench.check()


async def test_pages_that_all_fail_are_given_up(bench: Bench) -> None:
    """A hundred dead pages are not a hundred requests, and a hundred articles all the same."""
    bench.put(*(item(number, text="Kurz.") for number in range(100)))
    await bench.poller.poll(bench.source)
    assert len(bench.broker.articles) == 100
    assert bench.counts.pages == {"gone": 16, "given_up": 84}
    bench.check()


@pytest.mark.parametrize("changes", [{"pages": False}, {"rights": "link"}])
async def test_pages_are_left_alone_where_told(make: Make, changes: dict[str, object]) -> None:
    """No request for a page that may not be kept."""
    bench = make(**changes)
    bench.put(item(1, text="Kurz."))
    await bench.poller.poll(bench.source)
    assert len(bench.web.asked) == 1
    assert len(bench.broker.articles) == 1


@pytest.mark.parametrize(("rights", "most"), [("text", 5000), ("excerpt", 1000), ("link", 0)])
async def test_no_more_is_kept_than_a_source_allows(make: Make, rights: str, most: int) -> None:
    """Of a feed's own text as of a page's; the title and the link stay, and what is cut is cut between words."""
    bench = make(rights=rights)
    bench.web.put("/a/2", page(LONG * 3))
    bench.put(item(1, text=LONG * 3), item(2, text="Kurz."))
    await bench.poller.poll(bench.source)
    texts = [article.text for article in bench.broker.articles]
    assert len(texts) == 2
    assert all(len(text) <= most for text in texts)
    assert all(article.title and article.url for article in bench.broker.articles)
    if rights == "excerpt":
        assert all(len(text) > 700 and text.split()[-1] in LONG.split() for text in texts)
    if rights == "text":
        assert all(len(text) > 1000 for text in texts)


async def _names() -> Aliases:
    return Aliases(["Hallmann", "Brenntal"])


def page(words: str) -> bytes:
    """Return a page about something."""
    return f"<html lang=de><body><article><p>{words} {LONG}</p></article></body></html>".encode()


async def test_only_mentions_are_kept_where_told(make: Make) -> None:
    """A name in the entry or in the raw page keeps it; else it is not extracted, but counted, and not asked again."""
    bench = make(aliases=_names, keep="mentions")
    bench.web.put("/a/1", page("Brenntal wächst."))
    bench.web.put("/a/2", page("Niemand wächst."))
    bench.web.put("/a/3", page("Niemand wächst."))
    bench.put(
        item(1, text="Kurz."),
        item(2, text="Kurz."),
        item(3, "Hallmann baut", text="Kurz."),
        item(4),
        item(5, text=LONG + " Hallmann auch."),
        item(6, text="Kurz."),
    )
    for _ in range(2):
        await bench.poller.poll(bench.source)
    assert {article.title for article in bench.broker.articles} == {"Titel 1", "Hallmann baut", "Titel 5"}
    assert bench.counts.dropped == {"no_mention": 3}
    assert bench.counts.pages == {"text": 2, "skipped": 1, "gone": 1}
    assert [path for path, _ in bench.web.asked].count("/a/2") == 1
    bench.check()


@pytest.mark.parametrize("changes", [{"keep": "all"}, {"keep": "mentions", "accounts": ["a"]}])
async def test_own_newsrooms_keep_everything(make: Make, changes: dict[str, object]) -> None:
    """What an account says itself is about it, by whatever name."""
    bench = make(aliases=_names, **changes)
    bench.put(item(1))
    await bench.poller.poll(bench.source)
    assert len(bench.broker.articles) == 1


async def test_pages_are_asked_for_only_where_robots_may(bench: Bench) -> None:
    """A page that robots.txt closes is left alone, also behind a redirect; feeds are not asked about."""
    pytest.importorskip("protego", reason="protego, which reads robots.txt, is not installed")
    bench.web.put("/robots.txt", b"User-agent: *\nDisallow: /feed\nDisallow: /closed", kind="text/plain")
    bench.web.put("/a/1", b"", status=302, Location="/closed/1")
    bench.web.put("/closed/1", page("Zu."))
    bench.web.put("/a/2", page("Offen."))
    bench.put(item(1, text="Kurz."), item(2, text="Kurz."))
    await bench.poller.poll(bench.source)
    assert bench.counts.pages == {"robots": 1, "text": 1}
    assert "/closed/1" not in [path for path, _ in bench.web.asked]
    assert len(bench.broker.articles) == 2


async def test_one_article_in_two_feeds_is_extracted_once(make: Make) -> None:
    """Publishers offer an article in several feeds; an edited one is read again."""
    bench = make()
    bench.web.put("/a/1", page("Eins."))
    bench.put(item(1, text="Kurz."))
    other = bench.source.model_copy(update={"id": "other"})
    for source in (bench.source, other):
        await bench.poller.poll(source)
    assert bench.counts.pages == {"text": 1, "again": 1}
    assert [article.how for article in bench.broker.articles] == [How.PAGE, How.PAGE]
    bench.put(item(1, "Anders", text="Kurz."))
    await bench.poller.poll(bench.source)
    assert bench.counts.pages == {"text": 2, "again": 1}


async def test_memory_says_how_a_source_is(bench: Bench) -> None:
    """Health, reason, pace, days and when it is due, from failure to revival."""
    bench.put(item(1, date="Sun, 01 Mar 2026 08:00:00 GMT"), item(2, date="Sun, 01 Mar 2026 10:00:00 GMT"))
    state = (await bench.poller.poll(bench.source)).state
    assert (state.health, state.gap, state.days, state.entries) == ("ok", 7200.0, {"2026-03-01": 2}, 2)
    assert (state.first, state.good, state.newest) == (NOW, NOW, NOW - timedelta(hours=2))
    bench.web.put("/feed", b"<html>Bitte einloggen, um weiterzulesen. Passwort vergessen?</html>")
    bench.now += timedelta(hours=1)
    polled = await bench.poller.poll(bench.source)
    assert polled.state.health in ("wall", "parse_error")
    assert polled.state.reason
    assert (polled.state.good, polled.state.gap, polled.state.due) == (NOW, 7200.0, polled.due)
    bench.web.routes.pop("/feed")
    for _ in range(4):
        polled = await bench.poller.poll(bench.source)
    assert (polled.state.health, polled.due - bench.now) == ("gone", timedelta(hours=24))
    bench.put(item(3))
    polled = await bench.poller.poll(bench.source)
    assert (polled.state.health, polled.state.failures, polled.state.reason) == ("ok", 0, "")
    assert polled.due - bench.now < timedelta(hours=2)
    bench.put()
    assert (await bench.poller.poll(bench.source)).state.health == "empty"
    assert (await bench.poller.poll(bench.source)).state.health == "empty"


async def test_what_only_its_page_knows_is_not_lost(make: Make) -> None:
    """An entry of a sitemap whose page cannot be had now is asked for again, although the sitemap has not changed."""
    bench = make(kind="sitemap", rights="text")
    urls = "".join(f"<url><loc>{bench.web.url(f'/a/{n}')}</loc><lastmod>{datetime.now(UTC):%Y-%m-%d}</lastmod></url>"
                   for n in range(3))  # fmt: skip
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
    bench.web.put("/feed", sitemap, kind="application/xml", ETag='"v1"')
    titled = page("Eins.").replace(b"<body>", b"<head><title>Hallmann baut in Polen</title></head><body>")
    bench.web.put("/a/0", titled)
    bench.web.put("/a/1", b"", status=503)
    await bench.poller.poll(bench.source)
    assert len(bench.broker.articles) == 1
    assert bench.counts.dropped["later"] == 1
    bench.web.put("/a/1", titled)
    await bench.poller.poll(bench.source)
    assert "if-none-match" not in next(headers for path, headers in reversed(bench.web.asked) if path == "/feed")
    assert [article.url.rpartition("/")[2] for article in bench.broker.articles] == ["0", "1"]
    await bench.poller.poll(bench.source)
    assert bench.web.asked[-1][1]["if-none-match"] == '"v1"'
    bench.check()


async def test_lasting_moves_are_proposed(bench: Bench) -> None:
    """Three polls in a row that were sent on for good are counted; a temporary redirect is not."""
    bench.web.put("/feed", b"", status=301, Location="/new")
    bench.web.put("/new", rss(item(1)), kind="application/rss+xml")
    for _ in range(4):
        await bench.poller.poll(bench.source)
    assert bench.counts.moved == 2
    assert bench.broker.states[-1].moved == bench.web.url("/new")
    bench.web.put("/feed", b"", status=302, Location="/new")
    await bench.poller.poll(bench.source)
    assert (bench.broker.states[-1].moved, bench.broker.states[-1].moves) == ("", 0)


async def test_another_place_has_other_versions(bench: Bench) -> None:
    """A source that was given another URL is asked without the old one's validators; what was seen stays seen."""
    bench.put(item(1), ETag='"v1"')
    bench.web.put("/new", rss(item(1), item(2)), kind="application/rss+xml", ETag='"v1"')
    await bench.poller.poll(bench.source)
    await bench.poller.poll(bench.source.model_copy(update={"url": bench.web.url("/new")}))
    assert "if-none-match" not in bench.web.asked[-1][1]
    assert [article.title for article in bench.broker.articles] == ["Titel 1", "Titel 2"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(feeds=st.lists(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["", "A", "B"])), max_size=8), max_size=4))
async def test_every_entry_ends_in_one_outcome(make: Make, feeds: list[list[tuple[int, str]]]) -> None:
    """Doubled, edited, empty, gone and come back: offered is what became articles or was dropped, always."""
    bench = make()
    latest: dict[str, str] = {}
    for entries in feeds:
        bench.put(
            *(item(number, title) if title else f"<item><link>/a/{number}</link></item>" for number, title in entries)
        )
        await bench.poller.poll(bench.source)
        bench.check()
        for number, title in reversed(entries):
            latest[f"/a/{number}"] = title
    assert bench.counts.articles == len(bench.broker.articles)
    assert bench.counts.failed == {}
    published = {article.url.partition("/a/")[2]: article.title for article in bench.broker.articles}
    assert all(published[path[3:]] == title for path, title in latest.items() if title)


async def test_too_many_entries_are_counted(web: Web, fetch_settings: FetchSettings, sandbox: Sandbox) -> None:
    """What is beyond the limit is no silent loss."""
    broker = Broker()
    few = fetch_settings.model_copy(update={"entries_most": 3})
    web.put("/feed", rss(*(item(number) for number in range(10))))
    async with Door(few) as door:
        poller = Poller(few, door, sandbox, broker.take, broker.take, {}, lambda: NOW)
        await poller.poll(Source(id="s", url=web.url("/feed")))
    assert (poller.counts.offered, poller.counts.articles, poller.counts.dropped) == (10, 3, {"too_many": 7})


async def test_memory_is_bounded_and_forgets_the_oldest(bench: Bench) -> None:
    """Ids long out of the feed are forgotten; a pinned entry never is, however long it stays."""
    for start in range(0, 3000, 600):
        bench.put(item("pinned"), *(item(number, text=LONG) for number in range(start, start + 600)))
        await bench.poller.poll(bench.source)
    state = bench.broker.states[-1]
    assert len(state.seen) == 601 + 1000
    assert sum(article.title == "Titel pinned" for article in bench.broker.articles) == 1
    assert len(state.encode()) < 200_000
    bench.check()


def _all(settings: FetchSettings, **changes: object) -> Settings:
    return Settings(fetch=settings.model_copy(update=changes))


def _sources(web: Web, number: int, **changes: object) -> list[Source]:
    return [Source.model_validate({"id": f"s{n}", "url": web.url(f"/f{n}"), **changes}) for n in range(number)]


async def test_run_once_polls_all(web: Web, fetch_settings: FetchSettings) -> None:
    """Each source once, also when some fail or the broker refuses one."""
    broker = Broker(failing=lambda one: isinstance(one, Article) and one.title == "Titel 3")
    for number in range(5):
        web.put(f"/f{number}", rss(item(number)))
    web.routes.pop("/f1")
    with structlog.testing.capture_logs() as logs:
        counts = await run(
            _sources(web, 5), _all(fetch_settings), broker.take, broker.take, {}, asyncio.Event(), once=True
        )
    assert (counts.polls, counts.articles, counts.failed) == (5, 3, {"gone": 1, "fault": 1})
    assert {state.source_id for state in broker.states} == {"s0", "s1", "s2", "s4"}
    health = {"health_gone": 1, "health_ok": 3}
    assert counts.flat() == {"polls": 5, "offered": 3, "articles": 3, "failed_fault": 1, "failed_gone": 1, **health}
    assert {entry["event"] for entry in logs} == {"polled", "poll failed", "poll not kept"}


async def test_run_repeats_until_stopped(web: Web, fetch_settings: FetchSettings) -> None:
    """Sources come back in their pace, and stopping ends at once even with a poll under way."""
    web.put("/f0", rss(item(0)))

    async def hang(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    web.routes["/f1"] = hang
    broker, stop = Broker(), asyncio.Event()

    async def save(state: PollState) -> None:
        await broker.take(state)
        if len(broker.states) == 3:
            stop.set()

    sources = _sources(web, 2, poll_min=0.01, poll_max=0.02)
    async with asyncio.timeout(5.0):
        await run(sources, _all(fetch_settings, total=60.0, read=60.0), broker.take, save, {}, stop)
    assert [state.source_id for state in broker.states] == ["s0"] * 3


async def test_cancelling_ends_cleanly(web: Web, fetch_settings: FetchSettings) -> None:
    """A cancelled run leaves no task behind and saves nothing half."""
    started = asyncio.Event()

    async def publish(article: Article) -> None:
        started.set()
        await asyncio.Event().wait()

    web.put("/f0", rss(item(0)))
    broker, before = Broker(), asyncio.all_tasks()
    task = asyncio.create_task(run(_sources(web, 1), _all(fetch_settings), publish, broker.take, {}, asyncio.Event()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert broker.states == []
    assert {
        one for one in asyncio.all_tasks() - before if "serve" not in repr(one) and "one(" not in repr(one)
    } == set()


async def test_memory_keeps_a_restart_from_polling_all_at_once(web: Web, fetch_settings: FetchSettings) -> None:
    """A source that was polled a moment ago is not due because the process is new."""
    web.put("/f0", rss(item(0)))
    web.put("/f1", rss(item(1)))
    states = {"s0": PollState(source_id="s0", polled=datetime.now(UTC), polls=3)}
    broker, stop = Broker(), asyncio.Event()

    async def save(state: PollState) -> None:
        await broker.take(state)
        stop.set()

    await run(_sources(web, 2), _all(fetch_settings), broker.take, save, states, stop)
    assert [path for path, _ in web.asked] == ["/f1"]


async def test_logs_hold_no_secrets(bench: Bench) -> None:
    """Keys in a feed's query stay out of the log, also when it fails."""
    secret = bench.source.model_copy(update={"url": bench.web.url("/feed?key=s3cret")})
    with structlog.testing.capture_logs() as logs:
        await bench.poller.poll(secret)
    assert logs
    assert "s3cret" not in repr(logs)
