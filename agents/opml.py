"""OPML, which feed readers exchange: outlines in, outlines out.

What OPML has no words for stands in attributes of a namespace of our own, which other programs leave alone; so a file
that was written here is read back whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

#: Names our attributes; nothing is fetched from there.
NAMESPACE: Final = "urn:stellwerk:opml"
_OURS: Final = f"{{{NAMESPACE}}}"
#: OPML's names for what has one.
_THEIRS: Final = {"xmlUrl": "url", "title": "name", "language": "language"}


class BadOutline(ValueError):
    """No OPML; `line` says where, where that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read(raw: bytes) -> list[tuple[int, dict[str, str]]]:
    """Return line and values of each outline that has a feed, from all levels, in the file's order.

    Raises:
        BadOutline: no XML, or XML of another kind, or with entities of its own.
    """
    if b"<!ENTITY" in raw:
        raise BadOutline("declares entities; write the texts out", 1)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise BadOutline(f"not XML: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise BadOutline(f"not XML: {error}") from None
    if root.tag != "opml":
        raise BadOutline(f"<{root.tag}> is no OPML; its first element must be <opml>", _line(root))
    found = [
        (_line(node), _values({str(name): str(text) for name, text in node.items()})) for node in root.iter("outline")
    ]
    return [(line, values) for line, values in found if values.get("url")]


def _line(node: etree._Element) -> int:
    return node.sourceline if isinstance(node.sourceline, int) else 1


def _values(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return what an outline says, by our names."""
    values = {ours: attributes[theirs].strip() for theirs, ours in _THEIRS.items() if attributes.get(theirs)}
    # Readers write `xmlurl`, `XmlUrl`; and a name under `text`, which alone is required.
    values.setdefault("url", next((text for name, text in attributes.items() if name.lower() == "xmlurl"), ""))
    values.setdefault("name", attributes.get("text", "").strip())
    # `en-us`, `unknown`: a hint and nothing to refuse a file for.
    language = values.pop("language", "").lower().replace("_", "-").partition("-")[0]
    if len(language) in (2, 3) and language.isascii() and language.isalpha():
        values["language"] = language
    ours = {name.removeprefix(_OURS): text for name, text in attributes.items() if name.startswith(_OURS)}
    values = {**values, **ours}
    values["name"] = " ".join(values["name"].split())[:200]
    return {name: text for name, text in values.items() if text}


def write(title: str, rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return an OPML 2.0 document, one outline per row.

    Args:
        title: of the document.
        rows: field name → text; at least `url` and `name`.
    """
    root = etree.Element("opml", nsmap={"stellwerk": NAMESPACE}, version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for row in rows:
        plain = {"text": row["name"], "title": row["name"], "type": "rss", "xmlUrl": row.get("url", "")}
        if row.get("language"):
            plain["language"] = row["language"]
        ours = {_OURS + name: text for name, text in row.items() if name not in ("url", "name", "language")}
        etree.SubElement(body, "outline", {**plain, **ours})
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
