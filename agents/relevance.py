"""Can this page be about one of our accounts? Asked of its raw bytes, before anything is extracted.

Extraction is most of what ingest costs, and most pages name none of the accounts. So all spellings of all names go into
one automaton over bytes, and a page in which none of them stands need not be read any further. It may say yes where
routing will later say no (names stand in menus too), and hardly ever no where routing would say yes.

    page ─ scripts, tags, entities ─ Latin-1, the rest as &#…; ─ accents and punctuation gone, case kept ─ automaton
         ─ does a word end there, and does it begin with a capital?
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from html import unescape
from pathlib import Path
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from pipeline.route.accounts import load_accounts
from pipeline.route.names import fold, forms, keys
from pipeline.route.words import CLOSED_HEADS

#: The outcome of an entry that is not kept because it names nobody (`keep = "mentions"`).
NO_MENTION: Final = "no_mention"
#: Bytes of a page that are looked at; extraction looks at as many.
_LARGEST: Final = 2_000_000
#: What nobody reads, and what of it is left: the text of an article may be in JSON-LD and nowhere else.
_UNREAD: Final = ((b"<script", b"</script"), (b"<style", b"</style"))
_KEPT: Final = b"ld+json"
_TAG: Final = re.compile(rb"<[^>]*>")
_UPPER: Final = frozenset(code for code in range(256) if chr(code).isupper() or chr(code).isdigit())


def _folded(code: int) -> int:
    """Return a Latin-1 character without accent, in its own case; a space for what is neither letter nor digit."""
    folded = fold(chr(code))
    if folded == "&" or ord(folded) > 255 or not folded.isalnum():
        return 0x20
    return ord(folded.upper()) if chr(code).isupper() and ord(folded.upper()[:1]) < 256 else ord(folded)


_FOLD: Final = bytes(_folded(code) for code in range(256))
_LOWER: Final = bytes(ord(chr(code).lower()) for code in range(256))


class Aliases:
    """All names of all accounts, to be looked for in raw pages.

    Args:
        written: names as they are written, each once or more often.
    """

    def __init__(self, written: Iterable[str]) -> None:
        low: dict[bytes, str] = {}
        for name in written:
            for pattern in _patterns(name):
                # A name that begins with a capital is looked for with one: `orange` is a colour.
                if name[:1].islower() or pattern not in low:
                    low[pattern] = name
        self._names = list(low.values())
        self._heads = frozenset(_plain(head).strip() for head in CLOSED_HEADS) | {b"s"}
        self._search = BytesAhoCorasick(
            list(low), matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA
        )

    def named_in(self, text: str) -> bool:
        """Say whether a text names an account."""
        return next(self._found(_plain(text)), None) is not None

    def named_on(self, page: bytes, charset: str = "") -> bool:
        """Say whether the source of a page names an account.

        Args:
            page: as fetched.
            charset: of the header; counts where the page is not UTF-8.
        """
        return next(self.names_on(page, charset), None) is not None

    def names_on(self, page: bytes, charset: str = "") -> Iterator[str]:
        """Yield the names that are found on a page, as often as they are; see `named_on`."""
        shown = page[:_LARGEST]
        for opening, closing in _UNREAD:
            shown = _without(shown, opening, closing)
        yield from self._found(_plain(unescape(_text(_TAG.sub(b" ", shown), charset))))

    def _found(self, plain: bytes) -> Iterator[str]:
        low = plain.translate(_LOWER)
        for index, start, end in self._search.find_matches_as_indexes(low, overlapping=True):
            name = self._names[index]
            if (plain[start + 1] in _UPPER or name[:1].islower()) and self._ends(low, end):
                yield name

    def _ends(self, low: bytes, at: int) -> bool:
        """Say whether a name may end here: at a word's end, or before an ending that names take."""
        return low[at] == 0x20 or low[at : low.find(b" ", at)] in self._heads


Lookup = Callable[[], Awaitable[Aliases | None]]


async def nobody() -> None:
    """Stand for the names where there is no account file: then everything is kept."""


class Names:
    """The names in an account file, read when they are first needed: with many accounts that takes a while.

    Args:
        path: the account file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading: asyncio.Task[Aliases] | None = None

    async def __call__(self) -> Aliases:
        """Return the names."""
        if self._reading is None:
            self._reading = asyncio.create_task(asyncio.to_thread(load_aliases, self._path))
        return await asyncio.shield(self._reading)


def load_aliases(path: Path) -> Aliases:
    """Return the names in an account file.

    Raises:
        BadInput: it is no account file.
    """
    accounts = load_accounts(path)
    return Aliases(form.text for account in accounts for form in forms(account))


def _patterns(name: str) -> Iterator[bytes]:
    """Yield what is looked for, for one name: every spelling of it."""
    for spelling in {name, name.lower(), name.upper(), *keys(name)}:
        plain = _plain(spelling).translate(_LOWER).rstrip()
        if plain:
            yield plain


def _without(page: bytes, opening: bytes, closing: bytes) -> bytes:
    """Return a page without all that stands between two tags; what is not closed is read."""
    low, parts, at = page.lower(), [], 0
    while (start := low.find(opening, at)) >= 0 and (end := low.find(closing, start)) >= 0:
        kept = _KEPT in low[start : start + 200]
        parts.append(page[at : end if kept else start])
        at = end
    return b" ".join((*parts, page[at:]))


def _text(page: bytes, charset: str) -> str:
    """Return the characters of a page; wrong ones in other alphabets do not matter here."""
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut at the limit may have split the last character.
        if error.start > len(page) - 4:
            return page[: error.start].decode("utf-8")
    if page.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    try:
        return page.decode(charset or "cp1252", "replace")
    except (LookupError, UnicodeError):
        return page.decode("cp1252", "replace")


def _plain(text: str) -> bytes:
    """Return words between single spaces, one at each end, in Latin-1 without accents; umlauts and case are kept."""
    # Soft hyphens are inside words; line feeds are written so in JSON.
    raw = text.encode("latin-1", "xmlcharrefreplace").replace(b"\xad", b"").replace(b"\\n", b" ")
    return b" " + b" ".join(raw.translate(_FOLD).split()) + b" "
