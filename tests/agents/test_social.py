"""What posts of all networks have in common. All texts are our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.articles import to_article
from agents.errors import Fault
from agents.kinds import KINDS
from agents.social import Post, first_sentence, hashtags_in, joined, once, passed_on, timeline
from agents.sources import Source
from pipeline.records import Article
from pipeline.records import Post as Kept
from tests.agents import test_bluesky, test_mastodon, test_reddit, test_youtube

NOW = datetime(2026, 3, 6, tzinfo=UTC)
SOURCE = Source(id="werke", kind="mastodon", url="@a@werke.example")


def post(id: str = "1", text: str = "Das Werk wächst. Und zwar schnell.", **more: Any) -> Post:
    made = {"network": "mastodon", "id": id, "url": f"https://werke.example/@a/{id}", "text": text}
    return Post(**{**made, "published": NOW, "author": "Werke", "handle": "@a@werke.example", **more})


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Das Werk wächst. Und zwar schnell.", "Das Werk wächst."),
        (
            "@chef@fern.example @b: Der Vertrag mit der Dr. Muster GmbH steht! Endlich.",
            "Der Vertrag mit der Dr. Muster GmbH steht!",
        ),
        ("#Stahl #Wien\nNeuer Auftrag über 3,5 Mrd. Euro.", "Neuer Auftrag über 3,5 Mrd. Euro."),
        ("Wir ziehen um. #Umzug https://werke.example/x", "Wir ziehen um."),
        ("https://werke.example/x", ""),
        ("#nur #hashtags", ""),
        ("", ""),
        ("Wort " * 60, ("Wort " * 27).rstrip() + " …"),
    ],
)
def test_title_is_the_first_sentence(text: str, title: str) -> None:
    """Without those it is addressed to, lines of hashtags and links; long ones end at a word."""
    assert first_sentence(text) == title


@given(st.text(max_size=3000))
def test_a_title_is_one_short_line(text: str) -> None:
    """Whatever is written."""
    title = first_sentence(text)
    assert len(title) <= 140
    assert "\n" not in title


def test_hashtags() -> None:
    """Words with a sharp in front, not numbers, not parts of links, each once whatever its case."""
    text = "#Stahl, #stahl (#KI-Werk) Platz #1 &#228; https://a.example/#oben x#y #Größe"
    assert once(hashtags_in(text)) == ("Stahl", "KI", "Größe")


def test_names_of_those_who_passed_on_reach_their_post() -> None:
    """Further documents of a poll say who did; they are no entries, and not offered."""
    first = timeline("T", [post("1", key="k1"), post("2", key="k2", reposted_by=("@a@x",))], more=("https://x/1",))
    feed = joined([first, passed_on("k2", ["@b@x", "@a@x"]), passed_on("gone", ["@c@x"])])
    assert [entry.extra.get("reposted_by") for entry in feed.entries] == [None, ["@a@x", "@b@x"]]
    assert feed.offered == len(feed.entries) == 2
    assert feed.more == ()


def test_one_document_alone_is_itself() -> None:
    """A feed that leads nowhere passes through, whatever its kind."""
    feed = timeline("T", [post("1")])
    assert joined([feed]) == feed


def test_likes_alone_are_no_revision() -> None:
    """Figures change all day; only words make a new revision of the article."""
    made = [to_article(one.entry(), SOURCE, now=NOW) for one in (post(likes=1), post(likes=900), post(text="Anders."))]
    articles = [one for one in made if isinstance(one, Article)]
    assert len({one.id for one in articles}) == 1
    assert articles[0].revision == articles[1].revision != articles[2].revision


def test_an_article_keeps_what_only_posts_have() -> None:
    """Handle, mentions, figures, who passed it on; hashtags are its tags. It goes through the topic and comes back."""
    said = {"mentions": ("@b@fern.example",), "links": ("https://werke.example/m/1",), "hashtags": ("Stahl",)}
    figures = {"likes": 4, "reposts": 2, "replies": 1, "views": 9}
    one = post(**said, **figures, reposted_by=("@c@fern.example",), reply_to="at://x", warning="Lang", sensitive=True)
    (entry,) = joined([timeline("T", [one])]).entries
    made = to_article(entry, SOURCE, now=NOW)
    assert isinstance(made, Article)
    assert made.tags == ("Stahl",)
    assert made.post == Kept(
        network="mastodon",
        handle="@a@werke.example",
        mentions=said["mentions"],
        links=said["links"],
        **figures,
        reposted_by=("@c@fern.example",),
        reply_to="at://x",
        warning="Lang",
        sensitive=True,
    )
    assert Article.decode(made.encode()) == made


def test_other_articles_have_no_post() -> None:
    """And older ones on the topic, which were written without, are read as before."""
    (entry,) = timeline("T", [post()]).entries
    made = to_article(replace(entry, extra={}), SOURCE, now=NOW)
    assert isinstance(made, Article)
    assert made.post is None
    before = orjson.loads(made.encode())
    del before["post"]
    assert Article.decode(orjson.dumps(before)) == made


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def bent(value: Any) -> st.SearchStrategy[Any]:
    """Return a value, or one of its shape in which anything may stand at any place."""
    same: st.SearchStrategy[Any] = st.just(value)
    if isinstance(value, dict):
        same |= st.fixed_dictionaries({}, optional={name: bent(one) for name, one in value.items()})
    elif isinstance(value, list):
        same |= st.tuples(*map(bent, value)).map(list) | st.lists(bent(value[0]), max_size=3) if value else same
    return same | JUNK


BLUESKY = test_bluesky.view(
    record={"facets": [test_bluesky.facet("Wir", "Wir", tag="a")], "reply": {"parent": {"uri": "x"}}},
    embed={"external": {"uri": "https://a.example", "title": "t"}, "record": {"value": {"text": "b"}}},
)
MASTODON = test_mastodon.status(
    reblog=test_mastodon.status("2"), mentions=[{"acct": "b"}], card={"url": "https://a.example", "title": "t"}
)
LISTING = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": test_reddit.link()}]}}
ANSWERS = {
    "bluesky": ({"feed": [{"post": BLUESKY, "reason": {"by": test_bluesky.author()}}]}, {"posts": [BLUESKY]}),
    "mastodon": ([MASTODON], test_mastodon.account()),
    "reddit": (LISTING, [LISTING, LISTING]),
}
WHERE = {"bluesky": test_bluesky.AUTHOR, "mastodon": test_mastodon.TIMELINE, "reddit": test_reddit.NEW}
ATOMS = {"youtube": test_youtube.BODY, "reddit": test_reddit.atom(("t3_a", "Titel", test_reddit.markup("Wort")))}


def reads(network: str, body: bytes) -> None:
    """Read an answer to its articles, or to one of our faults."""
    source = Source(id="s", kind=network, url="https://a.example/x")
    try:
        feed = KINDS[network].parse(body, WHERE.get(network, "https://a.example/x"), source)
    except Fault:
        return
    for entry in joined([feed]).entries:
        made = to_article(entry, source, now=NOW)
        assert not isinstance(made, Article) or Article.decode(made.encode()) == made


@pytest.mark.parametrize("network", ANSWERS)
@given(data=st.data())
def test_answers_of_any_shape_are_read_or_refused(network: str, data: st.DataObject) -> None:
    """Whatever stands at whatever place of an answer: posts or a named fault, never another exception."""
    for answer in ANSWERS[network]:
        reads(network, orjson.dumps(data.draw(bent(answer)), option=orjson.OPT_PASSTHROUGH_SUBCLASS))


@pytest.mark.parametrize("network", ATOMS)
@given(data=st.data())
def test_broken_atom_is_read_or_refused(network: str, data: st.DataObject) -> None:
    """Cut anywhere, with anything put in."""
    body = ATOMS[network]
    start, end = sorted((data.draw(st.integers(0, len(body))), data.draw(st.integers(0, len(body)))))
    reads(network, body[:start] + data.draw(st.binary(max_size=20)) + body[end:])
    reads(network, data.draw(st.binary(max_size=60)))
