"""A person's name in a record, and the record without it; decides, and sends nothing.

Texts are compared as routing compares them: folded, so that `Müller-Lü` and `MÜLLER LÜ` are one. A name that is taken
out leaves as many `█` as it had characters: offsets still cut out what they did, and people see that something was
there; of an address that has it the host stays. Ids and keys stay as they are, because other records lead to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from pipeline.route.names import fold

#: What a character of a name becomes.
MARK: Final = "█"
_EXPANDED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae"})
_STRIPPED: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "æ": "ae"})
#: Between two words of a name: a space, a hyphen, a comma and a space.
_GAP: Final = " {1,3}"
#: Fields by which records find each other.
_LEADS: Final = re.compile(r"(?:.*_)?id|related|more|merged_into")


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody is called.

    Attributes:
        names: as they were given.
        pattern: finds them in a folded text.
    """

    names: tuple[str, ...]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Person:
        """Return a person; `First Last` also stands for `Last, First`, umlauts for their other spellings."""
        given = tuple(" ".join(name.split()) for name in names)
        ways = sorted({way for name in given for way in _ways(name)}, key=len, reverse=True)
        return cls(given, re.compile(rf"\b(?:{'|'.join(ways)})s?\b"))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where a text names the person."""
        return [found.span() for found in self.pattern.finditer(fold(text))]

    def masked(self, text: str) -> str:
        """Return the text without the name, as long as it was."""
        made = list(text)
        for start, end in self.spans(text):
            made[start:end] = [one if one.isspace() else MARK for one in text[start:end]]
        return "".join(made)

    def named(self, value: bytes | None) -> bool:
        """Say whether a record's value names the person, in whatever field."""
        return any(self.pattern.search(fold(text)) for text in _texts(_read(value)))

    def without(self, value: bytes) -> bytes:
        """Return a record's value without the name; what is no JSON is taken for text."""
        read = _read(value)
        if isinstance(read, str):
            return self.masked(read).encode(errors="surrogateescape")
        return orjson.dumps(self._walked(read))

    def _walked(self, value: Any, field: str = "") -> Any:
        if isinstance(value, str):
            if field == "url" and self.spans(value):
                return self.masked(_host(value))
            return value if _LEADS.fullmatch(field) else self.masked(value)
        if isinstance(value, list):
            return [self._walked(one, field) for one in value]
        if isinstance(value, dict):
            return {name: self._walked(one, name) for name, one in value.items()}
        return value


def _host(url: str) -> str:
    """Return the front page: half an address would be looked for in vain, and what stands on it be withdrawn."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _ways(name: str) -> Iterator[str]:
    """Yield the patterns of a name's spellings."""
    words = name.split()
    for order in (words, [words[-1], *words[:-1]], [*words[1:], words[0]]):
        folded = fold(" ".join(order)).split()
        for table in ({}, _EXPANDED, _STRIPPED):
            yield _GAP.join(re.escape(word.translate(table)) for word in folded)


def _read(value: bytes | None) -> Any:
    """Return the JSON in a record's value, or its text."""
    try:
        return orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return (value or b"").decode(errors="surrogateescape")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names of fields too: some of them are ids."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _texts(one)
