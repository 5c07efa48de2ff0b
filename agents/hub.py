"""WebSub as far as it is words: who the hub is, whether it is the hub that speaks, what is asked of it. Pure.

https://www.w3.org/TR/websub/
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

import orjson

from agents.links import clean

#: Bytes of a document that are looked at for links; they stand before the first entry.
_HEAD: Final = 65_536
_LINK_HEADER: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s,;\"]*))?)*)")
_PARAMETER: Final = re.compile(r";\s*([\w*-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s,;\"]*)))?")
_LINK: Final = re.compile(rb"<(?:[\w.-]+:)?link\b([^<>]{0,2000})>", re.IGNORECASE)
_BELOW: Final = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry|body)[\s>]", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_SIGNED: Final = re.compile(r"(sha1|sha256|sha384|sha512)=([0-9A-Fa-f]{40,128})")

Found = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to be told of what.

    Attributes:
        hub: the hub's address.
        topic: the document's own address, as its publisher calls it.
    """

    hub: str
    topic: str


def discover(headers: Mapping[str, str], body: bytes, url: str) -> Place | None:
    """Return hub and topic that an answer names, None where it names no hub.

    Link headers go before what stands in the document (section 4 of the Recommendation). A document that does not say
    its own address is known by the one it was fetched from.

    Args:
        headers: names in lower case.
        body: feed, JSON Feed or page.
        url: where it came from.
    """
    hub = topic = ""
    for rel, target in (*_in_headers(headers.get("link", "")), *_in_body(body)):
        if rel == "hub":
            hub = hub or clean(target, url)
        elif rel == "self":
            topic = topic or clean(target, url)
    return Place(hub, topic or clean(url)) if hub else None


def _in_headers(link: str) -> Iterator[Found]:
    """Yield relation and target of each link in a Link header."""
    for found in _LINK_HEADER.finditer(link[:10_000]):
        rels = [quoted or bare for name, quoted, bare in _PARAMETER.findall(found[2]) if name.lower() == "rel"]
        # A second `rel` does not count (RFC 8288).
        for rel in rels[0].lower().split() if rels else ():
            yield rel, found[1].strip()


def _in_body(body: bytes) -> Iterator[Found]:
    """Yield relation and target of the links of a document as a whole."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        yield from _in_json(body)
        return
    head = body[:_HEAD].replace(b"\0", b"")
    below = _BELOW.search(head)
    for found in _LINK.finditer(head, 0, below.start() if below else len(head)):
        raw = found[1].decode("utf-8", "replace")
        named = {name.lower(): unescape(one or two) for name, one, two in _ATTRIBUTE.findall(raw)}
        for rel in named.get("rel", "").lower().split():
            yield rel, named.get("href", "")


def _in_json(body: bytes) -> Iterator[Found]:
    """Yield the links of a JSON Feed."""
    try:
        raw: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    hubs = raw.get("hubs")
    for hub in hubs if isinstance(hubs, list) else []:
        if isinstance(hub, dict) and str(hub.get("type", "")).lower() == "websub":
            yield "hub", str(hub.get("url") or "")
    yield "self", str(raw.get("feed_url") or "")


def derived(secret: bytes, *parts: str) -> str:
    """Return 40 characters that only who knows the secret can make: no list of secrets has to be kept."""
    return hmac.new(secret, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()[:40]


def signed(body: bytes, header: str, secret: str) -> bool:
    """Say whether a body bears the signature of who knows the secret.

    Args:
        body: as it came.
        header: `X-Hub-Signature`, `method=hex`.
        secret: of the subscription.
    """
    found = _SIGNED.fullmatch(header.strip())
    if not found:
        return False
    made = hmac.new(secret.encode(), body, found[1]).hexdigest()
    return hmac.compare_digest(made, found[2].lower())


def asked(place: Place, callback: str, secret: str, lease: float, mode: str = "subscribe") -> dict[str, str]:
    """Return the form that asks a hub to begin or to end telling."""
    form = {"hub.mode": mode, "hub.topic": place.topic, "hub.callback": callback}
    return form | ({"hub.secret": secret, "hub.lease_seconds": str(int(lease))} if mode == "subscribe" else {})
