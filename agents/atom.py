"""Atom of the two networks that give it, for what `feeds.py` has no place for: statistics, flair, what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from agents.errors import NotAFeed
from agents.sniff import check_root

ATOM: Final = "{http://www.w3.org/2005/Atom}"
MEDIA: Final = "{http://search.yahoo.com/mrss/}"

Element = Any


def root_of(body: bytes) -> Element:
    """Return the root of an Atom document.

    Raises:
        NotAFeed: it is another document, or broken beyond repair.
    """
    check_root(body)
    # No entities, no document type from elsewhere, no network, and none of libxml2's own limits lifted.
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None:
        raise NotAFeed("broken XML")
    if root.tag != f"{ATOM}feed":
        raise NotAFeed("XML, but no Atom feed")
    return root


def entries(root: Element) -> Iterator[Element]:
    """Yield the entries."""
    yield from root.iterchildren(f"{ATOM}entry")


def text(element: Element, *path: str) -> str:
    """Return the text at a path of tags below an element, "" where there is none."""
    for tag in path:
        element = element.find(tag) if element is not None else None
    return "".join(element.itertext()) if element is not None else ""


def link(element: Element) -> str:
    """Return the address of the page for people."""
    for one in element.iterchildren(f"{ATOM}link"):
        if one.get("rel", "alternate") == "alternate":
            return str(one.get("href", ""))
    return ""
