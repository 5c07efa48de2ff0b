"""Bluesky. The answers are our own small texts in the shapes of the lexicons `app.bsky.*`; none is a real account's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import bluesky
from agents.entries import Feed
from agents.errors import Blocked, NotAFeed
from agents.fetch import Door
from agents.social import joined
from agents.sources import Source
from pipeline.settings import FetchSettings
from tests.agents.conftest import Web

XRPC = "https://public.api.bsky.app/xrpc/app.bsky.feed"
AUTHOR = f"{XRPC}.getAuthorFeed?actor=werke.example&limit=100&filter=posts_and_author_threads"
DID = "did:plc:abcdefghijklmnopqrstuvwx"


def source(url: str = "bsky:werke.example") -> Source:
    return Source(id="werke", kind="bluesky", url=url, name="Beispielwerke")


def author(**more: Any) -> dict[str, Any]:
    return {"did": DID, "handle": "werke.example", "displayName": "Beispielwerke", "labels": [], **more}


def view(key: str = "3kaaa", text: str = "Wir bauen in Leuna. Es wird groß.", **more: Any) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-03-05T09:30:00.000Z", "langs": ["de-DE"]}
    record |= more.pop("record", {})
    return {
        "uri": f"at://{DID}/app.bsky.feed.post/{key}",
        "cid": "bafyexample",
        "author": author(),
        "record": record,
        "replyCount": 1,
        "repostCount": 0,
        "likeCount": 5,
        "indexedAt": "2026-03-05T09:30:05.000Z",
        "labels": [],
        **more,
    }


def facet(text: str, part: str, **feature: str) -> dict[str, Any]:
    start = len(text[: text.index(part)].encode())
    return {"index": {"byteStart": start, "byteEnd": start + len(part.encode())}, "features": [feature]}


def read(*items: Any) -> Feed:
    return bluesky.parse(orjson.dumps({"feed": list(items), "cursor": "x"}), AUTHOR, source())


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("bsky:werke.example", AUTHOR),
        ("https://bsky.app/profile/werke.example", AUTHOR),
        (f"bsky:{DID}", AUTHOR.replace("werke.example", DID)),
        ("bsky:#Stahl", f"{XRPC}.searchPosts?q=%23Stahl&sort=latest&limit=100"),
        ("https://bsky.app/hashtag/Stahl", f"{XRPC}.searchPosts?q=%23Stahl&sort=latest&limit=100"),
        (f"{XRPC}.getAuthorFeed?actor=a.example", f"{XRPC}.getAuthorFeed?actor=a.example"),
    ],
)
def test_sources_are_written_as_people_write_them(written: str, start: str) -> None:
    """Account, hashtag, page or API: each leads to where polling begins."""
    assert bluesky.start_url(source(written)) == start


def test_a_post_becomes_an_entry() -> None:
    """Words, facets (which count bytes), linked page, figures and language end up where they belong."""
    text = "Grüße aus Köln: @partner.example liefert. #Größe werke.example/m…"
    facets = [
        facet(text, "@partner.example", **{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:p"}),
        facet(text, "#Größe", **{"$type": "app.bsky.richtext.facet#tag", "tag": "Größe"}),
        facet(
            text, "werke.example/m…", **{"$type": "app.bsky.richtext.facet#link", "uri": "https://werke.example/m/1"}
        ),
    ]
    external = {"uri": "https://werke.example/m/1", "title": "Neuer Auftrag", "description": "Für drei Jahre"}
    embed = {"$type": "app.bsky.embed.external#view", "external": external}
    record = {"facets": facets, "tags": ["Köln"]}
    (entry,) = read({"post": view(text=text, record=record, embed=embed, repostCount=2)}).entries
    assert entry.title == "Grüße aus Köln: @partner.example liefert."
    assert entry.content == f"{text}\nNeuer Auftrag\nFür drei Jahre"
    assert entry.url == "https://bsky.app/profile/werke.example/post/3kaaa"
    assert (entry.author, entry.language, entry.tags) == ("Beispielwerke", "de", ("Größe", "Köln"))
    wanted = {
        "network": "bluesky",
        "handle": "@werke.example",
        "hashtags": ["Größe", "Köln"],
        "mentions": ["@partner.example"],
        "links": ["https://werke.example/m/1"],
        "likes": 5,
        "reposts": 2,
        "replies": 1,
    }
    assert {name: value for name, value in entry.extra.items() if name != "key"} == wanted


def test_a_repost_is_the_post_that_was_passed_on() -> None:
    """Address, author and date are the writer's; who passed it on is named."""
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": author(), "indexedAt": "2026-03-09T00:00:00Z"}
    other = view(author=author(handle="chef.example", displayName="Chefin"))
    (entry,) = read({"post": other, "reason": reason}).entries
    assert (entry.author, entry.extra["reposted_by"]) == ("Chefin", ["@werke.example"])
    assert entry.published is not None
    assert entry.published.day == 5


def test_a_pinned_post_is_a_post() -> None:
    """A pin has no `by`: nobody passed it on."""
    (entry,) = read({"post": view(), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}).entries
    assert "reposted_by" not in entry.extra


def test_a_post_is_no_newer_than_when_it_was_seen() -> None:
    """`createdAt` is what the author's program says, and may lie in the future."""
    (entry,) = read({"post": view(record={"createdAt": "2031-01-01T00:00:00Z"})}).entries
    assert entry.published is not None
    assert entry.published.isoformat() == "2026-03-05T09:30:05+00:00"


def test_what_is_not_for_everybody_is_no_entry() -> None:
    """Not shown: hidden posts, authors for members only, posts without their record."""
    members = author(labels=[{"val": "!no-unauthenticated"}])
    hidden = view(labels=[{"val": "!hide"}])
    gone = {"uri": f"at://{DID}/app.bsky.feed.post/3k", "notFound": True}
    assert read({"post": view(author=members)}, {"post": hidden}, {"post": gone}).offered == 0


def test_warnings_are_marks() -> None:
    """A post with a moderation label is kept and says so."""
    (entry,) = read({"post": view(labels=[{"val": "graphic-media"}, {"val": "odd"}])}).entries
    assert (entry.extra["warning"], entry.extra["sensitive"]) == ("graphic-media", 1)


def test_replies_say_what_they_reply_to() -> None:
    """A reply to somebody else is marked; a thread of one's own is not."""
    other = {"uri": "at://did:plc:other/app.bsky.feed.post/1"}
    own = {"uri": f"at://{DID}/app.bsky.feed.post/3kaaa"}
    feed = read(
        {"post": view("1", record={"reply": {"root": other, "parent": other}})},
        {"post": view("2", record={"reply": {"root": own, "parent": own}})},
    )
    assert [entry.extra.get("reply_to", "") for entry in feed.entries] == [other["uri"], ""]


@pytest.mark.parametrize(
    ("record", "below"),
    [
        (
            {"$type": "app.bsky.embed.record#viewRecord", "author": author(), "value": {"text": "300 neue Stellen."}},
            True,
        ),
        ({"$type": "app.bsky.embed.record#viewNotFound", "uri": "at://x", "value": {"text": "Weg."}}, False),
        ({"$type": "app.bsky.embed.record#viewBlocked", "uri": "at://x", "value": {"text": "Weg."}}, False),
    ],
)
def test_a_quoted_post_is_read_while_it_is_there(record: dict[str, Any], below: bool) -> None:
    """What is quoted stands below what is said; deleted and blocked quotes do not. Pictures beside change nothing."""
    plain = {"$type": "app.bsky.embed.record#view", "record": record}
    both = {"$type": "app.bsky.embed.recordWithMedia#view", "record": {"record": record}, "media": {"images": []}}
    for embed in (plain, both):
        (entry,) = read({"post": view(text="Seht her.", embed=embed)}).entries
        assert entry.content == ("Seht her.\n300 neue Stellen." if below else "Seht her.")


def test_an_account_without_handle_is_known_by_its_identifier() -> None:
    """`handle.invalid` says that the handle does not resolve just now."""
    (entry,) = read({"post": view(author=author(handle="handle.invalid"))}).entries
    assert entry.url == f"https://bsky.app/profile/{DID}/post/3kaaa"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"error": "InvalidRequest", "message": "Profile not found"}, "Profile not found"),
        ({"hello": 1}, "no posts"),
        ([], "no answer"),
    ],
)
def test_what_is_no_timeline_is_refused_with_its_reason(raw: Any, why: str) -> None:
    """An AppView that says no is no empty timeline."""
    with pytest.raises(NotAFeed, match=why):
        bluesky.parse(orjson.dumps(raw), AUTHOR, source())


async def test_one_poll_with_reposters(web: Web, fetch_settings: FetchSettings) -> None:
    """Author feed and reposters from a server give one feed with everything in it."""
    path = "/xrpc/app.bsky.feed.getAuthorFeed?actor=werke.example"
    post = view(repostCount=1)
    web.put(path, orjson.dumps({"feed": [{"post": post}]}), kind="application/json")
    asked = f"/xrpc/app.bsky.feed.getRepostedBy?uri={post['uri'].replace(':', '%3A').replace('/', '%2F')}&limit=100"
    who = {"uri": post["uri"], "repostedBy": [author(handle="chef.example")]}
    web.put(asked, orjson.dumps(who), kind="application/json")
    one = source(web.url(path))
    async with Door(fetch_settings) as door:
        todo, feeds = [bluesky.start_url(one)], []
        while todo:
            answer = await door.get(todo.pop(0))
            feeds.append(bluesky.parse(answer.body, answer.url, one))
            todo += feeds[-1].more
    (entry,) = joined(feeds).entries
    assert entry.extra["reposted_by"] == ["@chef.example"]


async def test_a_search_that_is_closed_is_blocked(web: Web, fetch_settings: FetchSettings) -> None:
    """The AppView answers 403 to a search without log-in: that is its word, and we do not go round it."""
    web.put("/xrpc/app.bsky.feed.searchPosts?q=%23Stahl", b"<html>Forbidden</html>", status=403)
    async with Door(fetch_settings) as door:
        with pytest.raises(Blocked):
            await door.get(web.url("/xrpc/app.bsky.feed.searchPosts?q=%23Stahl"))
    assert len(web.asked) == 1


def test_a_search_gives_posts() -> None:
    """`searchPosts` has the posts without the lines of a feed round them."""
    body = orjson.dumps({"posts": [view("1"), view("2")], "hitsTotal": 2})
    assert bluesky.parse(body, f"{XRPC}.searchPosts?q=%23Stahl", source("bsky:#Stahl")).offered == 2


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**60) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(view())), inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(view())), JUNK, max_size=12))
def test_members_of_any_kind_break_nothing(more: dict[str, Any]) -> None:
    """Whatever a server puts into a post, it is an entry or it is none."""
    feed = read({"post": {**view(), **more}, "reason": more.get("author")})
    assert feed.offered == len(feed.entries) <= 1
