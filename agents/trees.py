"""XML from strangers to a tree, strictly: all of it or none.

Repairs change no meaning: characters by what they prove to be, stray ampersands, HTML's named entities, control
characters, what stands before and after the document. What still does not parse is not guessed at: libxml2's own
recovery drops what it does not understand, and nobody hears of it.
"""

from __future__ import annotations

import codecs
import re
from html.entities import html5
from typing import Final

from lxml import etree

from agents.chars import MEANT
from agents.sniff import stated

_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']")
_SECTION: Final = re.compile(rb"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
#: An ampersand that XML does not understand; with it the name of HTML's that it may begin.
_AMPERSAND: Final = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#x[0-9a-fA-F]{1,6}|#[0-9]{1,7});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?"
)
_NAMED: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]")
#: What XML 1.0 has no place for; the last three bytes of U+FFFE and U+FFFF, and surrogates in UTF-8.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
_REFERENCE: Final = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,12})|([0-9]{1,12}));")
_START: Final = re.compile(rb"<\?xml\s|<(?:[\w.-]+:)?(?:rss|rdf|feed|channel)[\s>]", re.IGNORECASE)
_END: Final = re.compile(rb"</(?:[\w.-]+:)?(?:rss|rdf|feed|channel|urlset|sitemapindex)\s*>", re.IGNORECASE)
#: A tag in which some value is not quoted; and its values, quoted ones to be passed over.
_LOOSE: Final = re.compile(rb"<[A-Za-z][^<>\"']*\s[\w.:-]+=[^\s\"'<>][^<>]*+>")
_VALUE: Final = re.compile(rb"\"[^\"]*\"|'[^']*'|(?<==)([^\s\"'<>/]+)")
#: Declared where a document uses the prefix and forgets to say what it means.
_SPACES: Final = {
    b"content": b"http://purl.org/rss/1.0/modules/content/",
    b"dc": b"http://purl.org/dc/elements/1.1/",
    b"dcterms": b"http://purl.org/dc/terms/",
    b"itunes": b"http://www.itunes.com/dtds/podcast-1.0.dtd",
    b"media": b"http://search.yahoo.com/mrss/",
    b"sy": b"http://purl.org/rss/1.0/modules/syndication/",
    b"atom": b"http://www.w3.org/2005/Atom",
    b"feedburner": b"http://rssnamespace.org/feedburner/ext/1.0",
    b"rss": b"http://backend.userland.com/rss2",
    b"rdf": b"http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    b"news": b"http://www.google.com/schemas/sitemap-news/0.9",
}


def tree(body: bytes, content_type: str = "", *, guess: bool = False) -> etree._Element | None:
    """Return the root of a document without entities of its own; None where it is no XML even after repairs.

    Args:
        body: in whatever encoding.
        content_type: the header; its charset counts where the bytes do not prove to be UTF-8.
        guess: take what libxml2 recovers; for those who can tell that nothing is missing.
    """
    text = in_utf8(body, content_type)
    # A document type that is not loaded leaves holes where its entities stand.
    holed = b"<!DOCTYPE" in text[:4096] and _NAMED.search(text)
    root = None
    if not holed and not guess:
        root = _parsed(text)
        if root is None and (trimmed := _trimmed(text)) != text:
            root = _parsed(trimmed)
    return root if root is not None else _parsed(_repaired(_trimmed(text)), guess)


def in_utf8(body: bytes, content_type: str = "") -> bytes:
    """Return the document in UTF-8: what it proves to be, else as header or document say, else Windows-1252."""
    for mark, name in ((codecs.BOM_UTF8, ""), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if body.startswith(mark):
            body = body[len(mark) :]
            return body.decode(name, "replace").encode() if name else body
    if body[:4] in (b"<\0?\0", b"<\0r\0", b"\0<\0?", b"\0<\0r"):
        return body.decode("utf-16-le" if body[1:2] == b"\0" else "utf-16-be", "replace").encode()
    if body.isascii():
        return body
    try:
        body.decode()
        return body
    except UnicodeDecodeError:
        pass
    declared = _DECLARED.search(body[:1000])
    for name in (stated(content_type), declared[1].decode("ascii") if declared else ""):
        try:
            codec = codecs.lookup(name).name if name else "utf-8"
            if not codec.startswith("utf"):
                return body.decode(MEANT.get(codec, codec)).encode()
        except (LookupError, UnicodeError):
            continue
    # A few broken bytes in UTF-8, or another encoding that says nothing or calls itself UTF-8?
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    other = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", text)))
    return (text if other > broken else body.decode("cp1252", "replace")).encode()


def _parsed(body: bytes, guess: bool = False) -> etree._Element | None:
    """Return the root of well-formed XML in UTF-8, whatever it declares."""
    parser = etree.XMLParser(
        recover=guess,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        return etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _trimmed(body: bytes) -> bytes:
    """Return the document without what stands before and after it."""
    start = _START.search(body, 0, 65_536)
    ends = [found.end() for found in _END.finditer(body, max(0, len(body) - 65_536))]
    return body[start.start() if start else 0 : ends[-1] if ends else len(body)]


def meant(body: bytes) -> bytes:
    """Return the document without references to characters that there are not; whole parsers fall over them."""
    return _REFERENCE.sub(_character, body) if b"&#" in body else body


def _character(found: re.Match[bytes]) -> bytes:
    """Return a reference, or nothing where XML has no such character."""
    number = int(found[1], 16) if found[1] else int(found[2])
    is_one = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0xFFFF < number < 0x110000
    return found[0] if is_one else b""


def _repaired(body: bytes) -> bytes:
    """Return the document with what is often wrong inside put right."""
    parts = _SECTION.split(meant(_CONTROL.sub(b"", body)))
    # Sections stand at odd places; what looks like an entity there is text.
    parts[::2] = [_LOOSE.sub(_quoted, _AMPERSAND.sub(_entity, part)) for part in parts[::2]]
    return _declared(b"".join(parts))


def _entity(found: re.Match[bytes]) -> bytes:
    """Return what stands for an ampersand and what follows it."""
    name = found[1]
    meant = html5.get(f"{name.decode()};") if name else None
    return meant.encode() if meant else b"&amp;" + found[0][1:]


def _quoted(found: re.Match[bytes]) -> bytes:
    """Return a tag with all values in quotes."""
    return _VALUE.sub(lambda value: b'"%s"' % value[1] if value[1] else value[0], found[0])


def _declared(body: bytes) -> bytes:
    """Return the document with the usual prefixes declared where it uses them without."""
    missing = [prefix for prefix in _SPACES if prefix + b":" in body and b"xmlns:" + prefix not in body]
    root = re.search(rb"(<[A-Za-z][\w.:-]*)([^<>]*+>)", body)
    if not root:
        return body
    said = b"".join(b' xmlns:%s="%s"' % (prefix, _SPACES[prefix]) for prefix in missing)
    return root[1] + said + root[2] + body[root.end() :]
