"""WebSub's words: who the hub is, and whether it is the hub that speaks. All documents are our own."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.hub import Place, asked, derived, discover, signed

URL = "https://werke.example/feed"
HUB, TOPIC = "https://hub.example/", "https://werke.example/topic"
ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>
<link rel="hub" href="{HUB}"/><link href='{TOPIC}' rel='self alternate'/>
<entry><link rel="hub" href="https://evil.example/"/></entry></feed>""".encode()
RSS = f"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>https://werke.example</link>
<atom:link rel="hub" href="{HUB}"/><atom:link rel="self" href="/topic"/><item/></channel></rss>""".encode()
JSON = b"""{"version": "https://jsonfeed.org/version/1.1", "feed_url": "https://werke.example/topic",
"hubs": [{"type": "rssCloud", "url": "https://x.example"}, {"type": "WebSub", "url": "https://hub.example/"}]}"""
PAGE = f"""<html><head><link rel=stylesheet href="/x.css"><link rel="hub" href="{HUB}"><link rel="self" href="{TOPIC}">
</head><body><link rel="hub" href="https://evil.example/"></body></html>""".encode()


@pytest.mark.parametrize("body", [ATOM, RSS, JSON, PAGE], ids=["atom", "rss", "json", "page"])
def test_documents_name_their_hub(body: bytes) -> None:
    """In their head; what stands in an entry or a body is somebody else's word."""
    assert discover({}, body, URL) == Place(HUB, TOPIC)


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', Place(HUB, TOPIC)),
        (f"<{HUB}>;rel=hub,<{TOPIC}>;type=x;rel=self", Place(HUB, TOPIC)),
        (f'<{HUB}>; title="a, b; rel=\'x\'"; rel="next hub"', Place(HUB, URL)),
        (f'<{HUB}>; rel="hub", <https://second.example/>; rel="hub"', Place(HUB, URL)),
        (f"<{TOPIC}>; rel=self", None),
        ("<javascript:x>; rel=hub", None),
        ("", None),
    ],
)
def test_headers_name_the_hub(link: str, place: Place | None) -> None:
    """In any of the ways in which Link headers are written; without a topic it is the document's address."""
    assert discover({"link": link}, b"", URL) == place


def test_headers_go_first() -> None:
    """What the server says beats what the document says, each for itself."""
    found = discover({"link": "<https://other.example/>; rel=hub"}, ATOM, URL)
    assert found == Place("https://other.example/", TOPIC)


@given(st.binary(max_size=300), st.text(max_size=100))
def test_anything_may_stand_there(body: bytes, link: str) -> None:
    """Strangers' bytes name a hub or none, and never break."""
    for junk in (body, b"{" + body, b'<link rel="hub" ' + body + b">"):
        found = discover({"link": link}, junk, URL)
        assert found is None or found.hub.startswith("http")


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_signatures(method: str) -> None:
    """Each method of the Recommendation is known; another body, secret or method is not signed."""
    made = hmac.new(b"geheim", b"body", method).hexdigest()
    assert signed(b"body", f"{method}={made}", "geheim")
    assert signed(b"body", f"{method}={made.upper()}", "geheim")
    assert not signed(b"body!", f"{method}={made}", "geheim")
    assert not signed(b"body", f"{method}={made}", "anders")
    assert not signed(b"body", f"{method}={made[:-1]}0" if made[-1] != "0" else f"{method}={made[:-1]}1", "geheim")
    assert not signed(b"body", f"md5={hashlib.md5(b'x').hexdigest()}", "geheim")


@pytest.mark.parametrize("header", ["", "sha256", "sha256=", "sha256=zz", "=", "sha1=ü", "SHA1=" + "0" * 40])
def test_what_is_no_signature(header: str) -> None:
    """A header of another form signs nothing."""
    assert not signed(b"body", header, "geheim")


def test_addresses_and_secrets_are_made_of_one() -> None:
    """The same again after a restart, different for each use, and nothing to guess."""
    made = {derived(b"s", "address", "a"), derived(b"s", "secret", "a"), derived(b"s", "address", "b")}
    made |= {derived(b"t", "address", "a"), derived(b"s", "address\x1fa"[:7], "a")}
    assert len({*made}) == 4
    assert all(len(one) == 40 for one in made)


def test_the_form() -> None:
    """What the Recommendation asks for, and nothing else."""
    form = asked(Place(HUB, TOPIC), "https://us.example/websub/k", "geheim", 864000.0)
    assert form["hub.lease_seconds"] == "864000"
    assert set(form) == {"hub.mode", "hub.topic", "hub.callback", "hub.secret", "hub.lease_seconds"}
    assert "hub.secret" not in asked(Place(HUB, TOPIC), "https://us.example/websub/k", "geheim", 1.0, "unsubscribe")
