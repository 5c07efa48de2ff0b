"""Which words of a text could be places: each stretch with all its meanings, the longest name first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from pipeline.route.gazetteer import Entry, Names, names, states

_TOKEN: Final = re.compile(r"(?:[A-Z]\.){2,}[A-Z]?\.?|U\.S(?=[ ,])|[^\W\d_]+")
_GAP: Final = re.compile(r"[ \u00a0]|[-‐‑]|\. |['’]|\.")
_PREFIX: Final = re.compile(r"(nordost|nordwest|südost|südwest|nord|süd|ost|west|mittel|zentral)(\w{4,})")
_CLOSED: Final = re.compile(
    r"\b(?:(?:Deutschland|Europa|China|Amerika|Asien|Österreich|Schweiz|Afrika|Russland|Indien|Frankreich|Bayern|"
    r"Berlin)"
    r"(?=geschäft|chef|sitz|zentrale|start|tochter|handel|premiere|reise|verkehr|tournee|pläne|strategie|fonds)|"
    r"(?:deutschland|europa|bayern|österreich|hessen|berlin)weit)"
)
_REMEMBERED: Final = 50_000
_CASE_PARTS: Final = frozenset("am an der im of upon de do da del la le el bei ob den die das and und von the".split())


class Found(NamedTuple):
    """A stretch of a text and what it could mean; `after_comma` for a state's abbreviation (`Tulsa, OK`)."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    after_comma: bool = False


class Lookup:
    """Looks words up in the gazetteer, which it reads at first use."""

    __slots__ = ("_dull", "_longest", "_names")

    def __init__(self) -> None:
        """Read nothing yet."""
        self._names: Names | None = None
        self._longest: dict[str, int] = {}
        self._dull: set[str] = set()

    def _load(self) -> Names:
        if self._names is None:
            self._names = names()
            for key in self._names:
                first, _, rest = key.partition(" ")
                if rest:
                    self._longest[first] = max(self._longest.get(first, 0), rest.count(" ") + 2)
        return self._names

    def find(self, body: str, *, german: bool) -> list[Found]:
        """Return every stretch that could be a place, in order; `german` says which language's names count."""
        known = self._load()
        tokens = list(_TOKEN.finditer(body))
        found = self._look(body, tokens, known, german)
        found += [Found(match.start(), match.end(), _closed(known, match.group())) for match in _CLOSED.finditer(body)]
        found.sort(key=lambda one: one.start)
        return found

    def _look(self, body: str, tokens: Sequence[re.Match[str]], known: Names, german: bool) -> list[Found]:
        """Return every stretch of words that could be a place."""
        found: list[Found] = []
        after = 0
        for at, match in enumerate(tokens):
            token = match[0]
            if token in self._dull or at < after:
                continue
            used, one = self._begun(body, tokens, at, known, german)
            after = at + used
            if one:
                found.append(one)
            elif self._means_nothing(token, known):
                self._note(token)
        return found

    def _begun(
        self, body: str, tokens: Sequence[re.Match[str]], at: int, known: Names, german: bool
    ) -> tuple[int, Found | None]:
        """Return what begins with one word, and how many words it has."""
        (start, end), token = tokens[at].span(), tokens[at][0]
        for count in range(min(self._longest.get(token.lower(), 1), len(tokens) - at), 1, -1):
            entries = _several(body, tokens[at : at + count], known)
            if entries:
                return count, Found(start, tokens[at + count - 1].end(), entries)
        entries = self._single(body, end, token, known, german)
        if entries:
            return 1, Found(start, end, entries)
        state = _state(body, start, end, token)
        return 1, Found(start, *state, after_comma=True) if state else None

    def _means_nothing(self, token: str, known: Names) -> bool:
        """Say whether a word is no place and begins none, wherever it stands."""
        low = token.lower()
        spelt = (low, low.replace(".", " ").strip(), low.removesuffix("s"))
        return not (
            any(one in known for one in spelt)
            or low in self._longest
            or _prefixed(low, True, known)
            or any(one in states() for one in (token, f"{token}."))
        )

    def _note(self, token: str) -> None:
        if len(self._dull) >= _REMEMBERED:
            self._dull.clear()
        self._dull.add(token)

    @staticmethod
    def _single(body: str, end: int, token: str, known: Names, german: bool) -> tuple[Entry, ...]:
        low = token.lower()
        entries = known.get(low) or known.get(low.replace(".", " ").strip())
        capital = token[0].isupper()
        if not entries and german and capital and len(low) > 4 and low.endswith("s"):
            entries = [one for one in known.get(low[:-1], ()) if not one.adjective]
        if not entries:
            return _prefixed(low, capital, known)
        language, bare = "de" if german else "en", token.replace(".", "")
        out = []
        for one in entries:
            begins = one.language == "stem"
            if (one.language and not begins and one.language != language) or one.written not in ("", bare):
                continue
            if begins:
                fits = body.startswith("-", end) and body[end + 1 : end + 2].islower()
            else:
                fits = capital or (one.adjective and one.kind != "city" and one.language == "de")
            if fits:
                out.append(one)
        return tuple(out)


def _several(body: str, tokens: Sequence[re.Match[str]], known: Names) -> tuple[Entry, ...]:
    """Return the meanings of several words in a row; empty where they are none, or other things stand between them."""
    key = " ".join(token[0].lower() for token in tokens)
    entries = known.get(key)
    if not entries and key.endswith("s"):
        entries = known.get(key[:-1])
    if not entries:
        return ()
    for one, other in pairwise(tokens):
        if not _GAP.fullmatch(body, one.end(), other.start()):
            return ()
    if not all(token[0][0].isupper() or token[0] in _CASE_PARTS for token in tokens) and not entries[0].adjective:
        return ()
    return tuple(one for one in entries if one.language != "stem")


def _prefixed(low: str, capital: bool, known: Names) -> tuple[Entry, ...]:
    """Return the part of a country that `Norddeutschland` or `ostukrainisch` names."""
    match = _PREFIX.fullmatch(low)
    if not match:
        return ()
    rest = match.group(2)
    entries = known.get(rest) or known.get(rest.removesuffix("s")) or ()
    for one in entries:
        if one.kind == "country" and (one.adjective or capital):
            return (one._replace(kind="admin", name=f"{match.group(1)} {one.name}", written=""),)
    return ()


def _closed(known: Names, text: str) -> tuple[Entry, ...]:
    return tuple(
        one for one in known[text.removesuffix("weit").lower()] if one.kind != "city" or one.population > 1_000_000
    )[:1]


def _state(body: str, start: int, end: int, token: str) -> tuple[int, tuple[Entry, ...]] | None:
    """Return a state's abbreviation after `Town, `: where it ends, and what it means."""
    if body[max(0, start - 2) : start] != ", " or not token[0].isupper():
        return None
    dotted = f"{token}." if body.startswith(".", end) else token
    entry = (
        states().get(dotted)
        or (states().get(token) if token.isupper() else None)
        or states().get(token if token.endswith(".") else "")
    )
    if entry is None:
        return None
    return (end + 1 if dotted != token and dotted in states() else end), (entry,)
