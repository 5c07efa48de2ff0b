"""Mastodon. The answers are our own small texts in the shapes of docs.joinmastodon.org; none is a real account's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import mastodon
from agents.entries import Feed
from agents.errors import NotAFeed
from agents.fetch import Door
from agents.social import joined
from agents.sources import Source
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

API = "https://werke.example/api/v1"
TIMELINE = f"{API}/accounts/7/statuses?limit=40&exclude_replies=true"


def source(url: str = "@presse@werke.example") -> Source:
    return Source(id="werke", kind="mastodon", url=url, name="Beispielwerke")


def account(**more: Any) -> dict[str, Any]:
    made = {"id": "7", "username": "presse", "acct": "presse", "display_name": "Beispielwerke Presse", "noindex": False}
    return {**made, "url": "https://werke.example/@presse", "emojis": [], **more}


def status(
    id: str = "101", content: str = "<p>Wir bauen in Leuna ein neues Werk. Es kostet viel.</p>", **more: Any
) -> Any:
    return {
        "id": id,
        "created_at": "2026-03-05T09:30:00.000Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "de",
        "uri": f"https://werke.example/users/presse/statuses/{id}",
        "url": f"https://werke.example/@presse/{id}",
        "replies_count": 1,
        "reblogs_count": 0,
        "favourites_count": 4,
        "edited_at": None,
        "content": content,
        "reblog": None,
        "account": account(),
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
        **more,
    }


def read(*items: Any, url: str = TIMELINE) -> Feed:
    return mastodon.parse(orjson.dumps(list(items)), url, source())


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("@presse@werke.example", f"{API}/accounts/lookup?acct=presse"),
        ("presse@werke.example", f"{API}/accounts/lookup?acct=presse"),
        ("https://werke.example/@presse", f"{API}/accounts/lookup?acct=presse"),
        ("https://werke.example/@wir@fern.example", f"{API}/accounts/lookup?acct=wir@fern.example"),
        ("#Wärmepumpe@werke.example", f"{API}/timelines/tag/W%C3%A4rmepumpe?limit=40"),
        ("https://werke.example/tags/Stahl", f"{API}/timelines/tag/Stahl?limit=40"),
        (f"{API}/timelines/tag/Stahl", f"{API}/timelines/tag/Stahl"),
    ],
)
def test_sources_are_written_as_people_write_them(written: str, start: str) -> None:
    """Account, hashtag, page or API: each leads to where polling begins."""
    assert mastodon.start_url(source(written)) == start


def test_an_account_leads_to_its_timeline() -> None:
    """The look-up has no posts; it names the timeline without replies to others."""
    feed = mastodon.parse(orjson.dumps(account()), f"{API}/accounts/lookup?acct=presse", source())
    assert feed.entries == ()
    assert feed.offered == 0
    assert feed.more == (TIMELINE,)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"error": "Record not found"}, "Record not found"),
        (account(suspended=True), "suspended"),
        (account(noindex=True), "not to be indexed"),
        ({"hello": 1}, "no account"),
        ([{"hello": 1}], "no posts"),
        ("text", "no answer"),
    ],
)
def test_what_is_no_timeline_is_refused_with_its_reason(raw: Any, why: str) -> None:
    """An instance that says no is no empty timeline."""
    with pytest.raises(NotAFeed, match=why):
        mastodon.parse(orjson.dumps(raw), TIMELINE, source())


def test_a_page_is_refused() -> None:
    """A log-in page at the API's address is no timeline."""
    with pytest.raises(NotAFeed, match="HTML"):
        mastodon.parse(b"<!doctype html><html></html>", TIMELINE, source())


def test_a_post_becomes_an_entry() -> None:
    """Words, title, author, hashtags, mentions, links, figures and language end up where they belong."""
    content = (
        '<p><span class="h-card"><a href="https://fern.example/@wir" class="u-url mention">@<span>wir</span></a></span>'
        " Spatenstich in Leuna: 200 Mio. Euro fließen ins neue Werk. Mehr: "
        '<a href="https://werke.example/leuna?a=1&amp;b=2">'
        '<span class="invisible">https://</span><span>werke.example/leuna</span></a></p>'
        '<p><a href="https://werke.example/tags/chemie" class="mention hashtag">#<span>Chemie</span></a></p>'
    )
    more = {
        "tags": [{"name": "Chemie", "url": "https://werke.example/tags/chemie"}, {"name": "chemie"}],
        "mentions": [{"id": "9", "username": "wir", "acct": "wir@fern.example"}, {"acct": "nachbar"}],
        "card": {"url": "https://werke.example/leuna", "title": "Neues Werk", "description": "Baubeginn im Mai"},
        "reblogs_count": 3,
    }
    feed = read(status(content=content, **more))
    (entry,) = feed.entries
    assert entry.title == "Spatenstich in Leuna: 200 Mio. Euro fließen ins neue Werk."
    assert entry.content.splitlines()[-2:] == ["Neues Werk", "Baubeginn im Mai"]
    assert entry.url == "https://werke.example/@presse/101"
    assert (entry.author, entry.language, entry.tags) == ("Beispielwerke Presse", "de", ("Chemie",))
    assert entry.published is not None
    assert entry.published.isoformat() == "2026-03-05T09:30:00+00:00"
    wanted = {
        "network": "mastodon",
        "handle": "@presse@werke.example",
        "hashtags": ["Chemie"],
        "mentions": ["@wir@fern.example", "@nachbar@werke.example"],
        "links": ["https://werke.example/leuna?a=1&b=2", "https://werke.example/leuna"],
        "likes": 4,
        "reposts": 3,
        "replies": 1,
    }
    assert {name: value for name, value in entry.extra.items() if name != "key"} == wanted


def test_a_boost_is_the_post_that_was_boosted() -> None:
    """Address, author and date are the writer's; who passed it on is named; the post itself stays one entry."""
    other = account(id="9", acct="chef@fern.example", display_name="Chefin")
    first = status("55", account=other, url="https://fern.example/@chef/1", uri="https://fern.example/users/chef/1")
    outer = status("102", content="", url=None, reblog=first, created_at="2026-03-06T00:00:00Z")
    feed = read(outer, first)
    (entry,) = feed.entries
    assert entry.url == "https://fern.example/@chef/1"
    assert (entry.author, entry.extra["handle"]) == ("Chefin", "@chef@fern.example")
    assert entry.extra["reposted_by"] == ["@presse@werke.example"]
    assert entry.published is not None
    assert entry.published.day == 5


def test_a_warning_is_the_title_and_a_mark() -> None:
    """The line above a collapsed post is its subject; a sensitive post is kept and marked."""
    (entry,) = read(status(spoiler_text="Unfall im Werk", sensitive=True)).entries
    assert entry.title == "Unfall im Werk"
    assert entry.content.startswith("Wir bauen")
    assert (entry.extra["warning"], entry.extra["sensitive"]) == ("Unfall im Werk", 1)


def test_what_is_not_for_everybody_is_no_entry() -> None:
    """Private posts and those of accounts that ask not to be indexed are left alone, boosted ones as well."""
    private = status("1", visibility="private")
    shy = status("2", account=account(noindex=True))
    boosted = status("3", reblog=shy)
    assert read(private, shy, boosted, status("4", visibility="unlisted")).offered == 1


def test_replies_say_what_they_reply_to() -> None:
    """A reply to somebody else is marked; a thread of one's own is not."""
    reply = status("1", in_reply_to_id="90", in_reply_to_account_id="9")
    thread = status("2", in_reply_to_id="1", in_reply_to_account_id="7")
    first, second = read(reply, thread).entries
    assert first.extra["reply_to"] == "90"
    assert "reply_to" not in second.extra


def test_emoji_of_the_instance_are_left_out() -> None:
    """`:werke:` is a picture and no word."""
    emojis = [{"shortcode": "werke", "url": "https://werke.example/w.png"}]
    (entry,) = read(status(content="<p>:werke: Neuer Auftrag aus Wien!</p>", emojis=emojis)).entries
    assert entry.title == "Neuer Auftrag aus Wien!"


def test_a_quoted_post_is_read_with_it() -> None:
    """What is quoted stands below what is said; a quote that is not shown does not."""
    quoted = status("9", content="<p>Wir stellen 300 Leute ein.</p>")
    (entry,) = read(
        status(content="<p>Gute Nachricht.</p>", quote={"state": "accepted", "quoted_status": quoted})
    ).entries
    assert entry.content == "Gute Nachricht.\nWir stellen 300 Leute ein."
    (entry,) = read(status(content="<p>Gute Nachricht.</p>", quote={"state": "revoked", "quoted_status": None})).entries
    assert entry.content == "Gute Nachricht."


def test_only_the_newest_boosted_posts_are_asked_about() -> None:
    """Who boosted costs a request per post: five at most, none where nobody did, none for a hashtag."""
    posts = [status(str(n), reblogs_count=n % 2) for n in range(20)]
    assert len(read(*posts).more) == 5
    assert read(*posts).more[0] == f"{API}/statuses/1/reblogged_by?limit=80"
    assert read(*posts, url=f"{API}/timelines/tag/Stahl?limit=40").more == ()


async def test_one_poll_from_handle_to_boosters(web: Web, fetch_settings: FetchSettings) -> None:
    """Look-up, timeline and boosters from a server give one feed with everything in it."""
    base = "/api/v1"
    web.put(f"{base}/accounts/lookup?acct=presse", orjson.dumps(account()), kind="application/json")
    timeline = [status("101", reblogs_count=2), status("102", content="<p>Zweite Meldung.</p>")]
    web.put(
        f"{base}/accounts/7/statuses?limit=40&exclude_replies=true", orjson.dumps(timeline), kind="application/json"
    )
    who = [account(id="11", acct="chef@fern.example"), account(id="12", acct="leise", noindex=True)]
    web.put(f"{base}/statuses/101/reblogged_by?limit=80", orjson.dumps(who), kind="application/json")
    one = source(web.url(f"{base}/accounts/lookup?acct=presse"))
    async with Door(fetch_settings) as door:
        todo, feeds = [mastodon.start_url(one)], []
        while todo:
            answer = await door.get(todo.pop(0))
            feeds.append(mastodon.parse(answer.body, answer.url, one))
            todo += feeds[-1].more
    feed = joined(feeds)
    assert len(web.asked) == 3
    assert (feed.title, feed.offered, feed.more) == ("Beispielwerke Presse", 2, ())
    assert [entry.title for entry in feed.entries] == ["Wir bauen in Leuna ein neues Werk.", "Zweite Meldung."]
    assert feed.entries[0].extra["reposted_by"] == ["@chef@fern.example"]
    assert all("key" not in entry.extra for entry in feed.entries)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**60) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(status())), inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(status())), JUNK, max_size=12))
def test_members_of_any_kind_break_nothing(more: dict[str, Any]) -> None:
    """Whatever a server puts into a status, it is an entry or it is none."""
    feed = read(status(**more))
    assert feed.offered == len(feed.entries) <= 1
