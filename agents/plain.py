"""Markup from strangers to plain text that is safe to keep, to show and to count offsets in.

Blocks (`<p>`, `<li>`, `<br>` …) end up on lines of their own, everything else is folded to single blanks: a heading
must not run into the sentence below it. Entities are decoded once, because feeds that talk about HTML are not rare.
No tree is built: what a text is does not depend on how its elements nest, and a parser costs three times as much.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Final

_BLOCKS: Final = frozenset(
    "address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr li main nav ol p pre section summary table tr ul".split()
)
_CELLS: Final = frozenset("td th option img".split())
#: Elements whose text is not for readers.
_SILENT: Final = frozenset(
    "script style head template noscript noembed noframes iframe svg math textarea select object audio video"
    " canvas title".split()
)
#: Stands for the end of a block until lines are folded; control characters are gone by then, so it is free.
_BREAK: Final = "\x01"
#: Invisible characters that turn text round or split words: bidi controls, zero-width space, soft hyphen, BOM.
_UNSEEN: Final = r"\u00ad\u061c\u180e\u200b\u200e\u200f\ufeff\u202a-\u202e\u2060-\u206f"
#: Controls but white space, lone surrogates, and what is no character at all.
_BROKEN: Final = r"\x00\x02-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
_DROP: Final = re.compile(f"[{_UNSEEN}{_BROKEN}{_BREAK}]")
#: The same for text that already carries `_BREAK`: entities may have brought control characters back.
_DROP_AGAIN: Final = re.compile(f"[{_UNSEEN}{_BROKEN}]")


#: A tag, also one that breaks off; quoted values may hold `>`. Possessive, so that no text makes it go back.
_TAG: Final = re.compile(r"</?([a-zA-Z][^\s<>/\"']*+)(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|\"|')*+(?:>|\Z|(?=<))")
_OPEN: Final = re.compile(f"<({'|'.join(sorted(_SILENT))})(?=[\\s/>])", re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*+(?:>|\Z)", re.DOTALL)
#: What is plain already: printable ASCII and German letters, single blanks, nothing that could be markup.
_FINE: Final = re.compile(r"[!-%'-;=-~ÄÖÜäöüß–„“”’]+(?: [!-%'-;=-~ÄÖÜäöüß–„“”’]+)*+")
#: Entities that are none in a text about HTML only.
_SURE: Final = re.compile(
    r"&(?!(?:amp|lt|gt|#38|#60|#62|#x26|#x3[ce]);)(?:[a-z]{2,8}\d?|#\d{2,6}|#x[0-9a-f]{2,5});", re.IGNORECASE
)
_MARKED: Final = re.compile(r"<[a-zA-Z/!?]|&[a-zA-Z#]")


def plain(text: str, *, markup: bool = True) -> str:
    """Return the text without tags, control and bidi characters, in NFC, one line per block.

    Args:
        text: from a stranger, of any length.
        markup: False where the text was declared as plain: tags are dropped all the same (nobody shows them as such),
            and entities that nobody means as such are decoded (`&nbsp;`), but `&amp;` and `&lt;` stay as they are.
    """
    if not text.isprintable() and not _folded(text).isprintable():
        text = _DROP.sub("", text)
    again = False
    if _MARKED.search(text):
        if "<" in text:
            text = _untagged(text)
        again = "&" in text
        text = text if not again else unescape(text) if markup else _SURE.sub(lambda found: unescape(found[0]), text)
    text = " ".join(text.split())
    lines = [part for line in text.split(_BREAK) if (part := line.strip())]
    # Characters that must not be are gone, unless entities have brought them back.
    if again and not all(map(str.isprintable, lines)):
        lines = [part for line in lines if (part := _DROP_AGAIN.sub("", line).strip())]
    return unicodedata.normalize("NFC", "\n".join(lines))


def line(text: str, most: int, *, markup: bool = True) -> str:
    """Return `plain` on one line and cut to `most` characters; for titles, names and tags."""
    if not _FINE.fullmatch(text):
        text = " ".join(plain(text, markup=markup).split())
    return text[:most].rstrip()


def _folded(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").replace("\r", " ")


def _untagged(text: str) -> str:
    """Return the text between tags, with `_BREAK` between blocks."""
    if "<!" in text or "<?" in text:
        text = _COMMENT.sub("", text.replace("<![CDATA[", ""))
    if "]]>" in text:
        text = text.replace("]]>", "")
    parts = _TAG.split(text)
    gaps = {name: _gap(name.lower()) for name in set(parts[1::2])}
    if any(name.lower() in _SILENT for name in gaps):
        parts = _TAG.split(_spoken(text))
    parts[1::2] = map(gaps.__getitem__, parts[1::2])
    return "".join(parts)


def _gap(name: str) -> str:
    """Return what separates an element from its neighbours."""
    return _BREAK if name in _BLOCKS else " " if name in _CELLS else ""


def _spoken(text: str) -> str:
    """Return the text without silent elements; one that is never closed loses its tag only, a script all behind it."""
    parts: list[str] = []
    lower, at = text.lower(), 0
    if len(lower) != len(text):
        lower = text
    unclosed: set[str] = set()
    while found := _OPEN.search(text, at):
        name, start = found[1].lower(), found.start()
        parts.append(text[at:start])
        tag = _TAG.match(text, start)
        at = tag.end() if tag else found.end()
        if text.endswith("/>", start, at):
            continue
        # Looked for once and not found: not there for the next one either.
        end = -1 if name in unclosed else lower.find(f"</{name}", at)
        if end >= 0:
            at = lower.find(">", end) + 1 or len(text)
        elif name in ("script", "style"):
            return "".join(parts)
        else:
            unclosed.add(name)
    return "".join((*parts, text[at:]))
