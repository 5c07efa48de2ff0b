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
_UNSEEN: Final = r"\u00ad\u061c\u180e\u200b\u200e\u200f\ufeff\u202a-\u202e\u2060-\u206f"
#: Controls but white space, lone surrogates, and what is no character at all.
_BROKEN: Final = r"\x00-\x08\x0e-\x1d\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
_DROP: Final = re.compile(f"[{_UNSEEN}{_BROKEN}{_BREAK}]")
#: The same for text that already carries `_BREAK`: entities may have brought control characters back.
_DROP_AGAIN: Final = re.compile(f"[{_UNSEEN}{_BROKEN}]")
_TAG: Final = re.compile(r"<(script|style)\b[^<]*</\1>|<[a-zA-Z/!?][^<>]{0,2000}>", re.IGNORECASE)
_MARKED: Final = re.compile(r"<[a-zA-Z/!?]|&[a-zA-Z#]")


def plain(text: str, *, markup: bool = True) -> str:
    """Return the text without tags, control and bidi characters, in NFC, one line per block.

    Args:
        text: from a stranger, of any length.
        markup: False where the text was declared as plain: tags are dropped all the same (nobody shows them as such),
            but `&amp;` stays as it is.
    """
    text = _DROP.sub("", text)
    if _MARKED.search(text):
        text = text.replace("<![CDATA[", "").replace("]]>", "")
        text = _DROP_AGAIN.sub("", _text_of(text if markup else text.replace("&", "&amp;")))
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
