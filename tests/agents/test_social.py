"""What posts of all networks have in common. All texts are our own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.articles import to_article
from agents.social import Post, first_sentence, hashtags_in, joined, once, passed_on, timeline
from agents.sources import Source
from pipeline.records import Article

NOW = datetime(2026, 3, 6, tzinfo=UTC)


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
    source = Source(id="werke", kind="mastodon", url="@a@werke.example")
    made = [to_article(one.entry(), source, now=NOW) for one in (post(likes=1), post(likes=900), post(text="Anders."))]
    articles = [one for one in made if isinstance(one, Article)]
    assert len({one.id for one in articles}) == 1
    assert articles[0].revision == articles[1].revision != articles[2].revision
