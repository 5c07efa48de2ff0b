"""Public posts through the poller: from a source as it is written to articles. All answers are our own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import orjson

from agents.fetch import Door
from agents.poller import Poller
from agents.sandbox import Sandbox
from agents.schedule import Outcome
from agents.sources import Source
from pipeline.records import Article, PollState
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web
from tests.agents.test_bluesky import view
from tests.agents.test_mastodon import account, status
from tests.agents.test_reddit import atom, markup
from tests.agents.test_youtube import BODY

NOW = datetime(2026, 3, 6, tzinfo=UTC)


async def test_posts_of_every_network_become_articles(web: Web, fetch_settings: FetchSettings) -> None:
    """Each post once, no page behind it; a second poll with more likes brings nothing, an edited post its revision."""
    made: list[Article] = []

    async def publish(article: Article) -> None:
        made.append(article)

    async def save(state: PollState) -> None:
        await asyncio.sleep(0)

    def put(path: str, value: object) -> None:
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        web.put(path, body, kind="application/json")

    lookup = "/api/v1/accounts/lookup?acct=presse"
    timeline = "/api/v1/accounts/7/statuses?limit=40&exclude_replies=true"
    author = "/xrpc/app.bsky.feed.getAuthorFeed?actor=werke.example"
    put(lookup, account())
    put(timeline, [status("1", reblogs_count=1), status("2", content="<p>Zweite Meldung.</p>")])
    put("/api/v1/statuses/1/reblogged_by?limit=80", [account(acct="chef@fern.example")])
    put(author, {"feed": [{"post": view()}]})
    put("/r/beispiel/new/.rss", atom(("t3_abc", "Neues Werk", markup("Baubeginn im Mai."))))
    put("/feeds/videos.xml", BODY)
    told = {"mastodon": lookup, "bluesky": author, "reddit": "/r/beispiel/new/.rss", "youtube": "/feeds/videos.xml"}
    sources = [Source(id=kind, kind=kind, url=web.url(path)) for kind, path in told.items()]
    async with Door(fetch_settings) as door, Sandbox(1, 5.0) as sandbox:
        poller = Poller(fetch_settings, door, sandbox, publish, save, {}, clock=lambda: NOW)
        first = [(await poller.poll(source)).outcome for source in sources]
        brought = {(article.source_id, article.title) for article in made}
        put(timeline, [status("1", reblogs_count=1, favourites_count=900), status("2", content="<p>Zweite, neu.</p>")])
        second = [(await poller.poll(source)).outcome for source in sources]
        await poller.aclose()
    assert first == [Outcome.NEWS] * 4
    assert brought == {
        ("mastodon", "Wir bauen in Leuna ein neues Werk."),
        ("mastodon", "Zweite Meldung."),
        ("bluesky", "Wir bauen in Leuna."),
        ("reddit", "Neues Werk"),
        ("youtube", "Spatenstich in Leuna & Bitterfeld"),
    }
    assert second == [Outcome.NEWS, Outcome.NOTHING, Outcome.NOTHING, Outcome.NOTHING]
    assert made[-1].title == "Zweite, neu."
    assert made[-1].id in {article.id for article in made[:-1]}
    assert [article.edited for article in made] == [False] * 5 + [True]
    assert {article.post.network for article in made if article.post} == set(told)
    assert ("@chef@fern.example",) in {article.post.reposted_by for article in made if article.post}
    # Nothing but the sources themselves: neither the posts' own pages nor what they link to.
    assert {path for path, _ in web.asked} <= {*told.values(), timeline, "/api/v1/statuses/1/reblogged_by?limit=80"}
