"""Markup from strangers to plain text that is safe to keep, to show and to count offsets in.

Blocks (`<p>`, `<li>`, `<br>` …) end up on lines of their own, everything else is folded to single blanks: a heading
must not run into the sentence below it. Entities are decoded once, because feeds that talk about HTML are not rare.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from lxml import etree

_BLOCK_TAGS: Final = (
    "address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr li main nav ol p pre section summary table tr ul"
)
_BLOCKS: Final = frozenset(_BLOCK_TAGS.split())
_CELLS: Final = frozenset(("td", "th", "option", "img"))
_SILENT_TAGS: Final = (
    "script style head template noscript noembed noframes iframe svg math textarea select object embed audio"
    " video canvas title meta link"
)
_SILENT: Final = frozenset(_SILENT_TAGS.split())
#: Stands for the end of a block until lines are folded; control characters are gone by then, so it is free.
_BREAK: Final = "\x1e"
#: Invisible characters that turn text round or split words: bidi controls, zero-width space, soft hyphen, BOM.
_UNSEEN: Final = dict.fromkeys(
    [0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_CONTROL: Final = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r\x0b\x0c\x85"}
_LONE: Final = dict.fromkeys(range(0xD800, 0xE000))
_DROP: Final = {**_UNSEEN, **_CONTROL, **_LONE, 0xFFFE: None, 0xFFFF: None}
#: The same for text that already carries `_BREAK`: entities may have brought control characters back.
_DROP_AGAIN: Final = {code: None for code in _DROP if chr(code) != _BREAK}
_TAG: Final = re.compile(r"<(script|style)\b[^<]*</\1>|<[a-zA-Z/!?][^<>]{0,2000}>", re.IGNORECASE)
_MARKED: Final = re.compile(r"<[a-zA-Z/!?]|&[a-zA-Z#]")


def plain(text: str, *, markup: bool = True) -> str:
    """Return the text without tags, control and bidi characters, in NFC, one line per block.

    Args:
        text: from a stranger, of any length.
        markup: False where the text was declared as plain: tags are dropped all the same (nobody shows them as such),
            but `&amp;` stays as it is.
    """
    text = text.translate(_DROP)
    if _MARKED.search(text):
        text = text.replace("<![CDATA[", "").replace("]]>", "")
        text = _text_of(text if markup else text.replace("&", "&amp;")).translate(_DROP_AGAIN)
    lines = (" ".join(part.split()) for part in text.split(_BREAK))
    return unicodedata.normalize("NFC", "\n".join(part for part in lines if part))


def line(text: str, most: int, *, markup: bool = True) -> str:
    """Return `plain` on one line and cut to `most` characters; for titles, names and tags."""
    return " ".join(plain(text, markup=markup).split())[:most].rstrip()


def _text_of(markup: str) -> str:
    """Return the text nodes of a fragment, with `_BREAK` between blocks."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(f"<html><body><div>{markup}</div></body></html>".encode(), parser)
    except etree.LxmlError:
        root = None
    last = parser.error_log.last_error
    if root is None or (last is not None and last.type_name == "ERR_RESOURCE_LIMIT"):
        # libxml2 drops everything below 256 levels.
        return _TAG.sub(_BREAK, markup)
    parts: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        if event == "start":
            if node.tag in _SILENT:
                walk.skip_subtree()
                continue
            parts.append(_gap(node.tag))
            parts.append(node.text or "")
        else:
            parts.append(_gap(node.tag))
            parts.append(node.tail or "")
    return "".join(parts)


def _gap(tag: str) -> str:
    """Return what separates an element from its neighbours."""
    return _BREAK if tag in _BLOCKS else " " if tag in _CELLS else ""
