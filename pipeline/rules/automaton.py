"""Which rules can hold in a text, and where their words stand: one pass for all of them.

Each word of each query has a literal part; all of them make one Aho-Corasick automaton. A query also says which words
it cannot do without, as up to three lists of alternatives ("one of these must occur"). Each literal knows as bits of
one integer which queries it serves, list after list; so a pass ends with the integers of what was found put together,
what is left to judge has its bit in all three rows, and the cost hardly depends on the number of queries.
"""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, compress
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipeline.rules.text import Folded, fold
from pipeline.rules.tree import And, Node, Or, Phrase, Where, Word, words

LISTS: Final = 3
"""Lists of alternatives per query; more hardly keep out more."""
_LONGEST_WORD: Final = 100
"""Characters of a word in a text that a wildcard may span; what is longer is no word."""
_GAP: Final = 10_000
"""Places between the last word of a title and the first of its text: no phrase crosses that."""
_WILD = re.compile(r"[*?]+")

Occurrence = tuple[int, int]
"""Start and end of a word in the folded text."""
_Hit = tuple[int, int, int]
"""A literal's number, its start and end in the folded text."""


class _Form(NamedTuple):
    """One spelling of a word.

    Attributes:
        literal: what the automaton looks for; spaces stand for the word's ends.
        offset: from the literal's start to the word's start, where the literal holds the word's start; else None.
        whole: the literal is all of the word, so nothing has to be checked.
        pattern: what the whole word must look like; None where the literal says it all.
    """

    literal: str
    offset: int | None
    whole: bool
    pattern: re.Pattern[str] | None


def _form(text: str) -> _Form:
    """Return how to look for one spelling."""
    if not _WILD.search(text):
        return _Form(f" {text} ", 1, True, None)
    pieces = [(piece, found) for piece, found in _pieces(text) if piece]
    piece, at = max(pieces, key=lambda one: len(one[0]))
    begins, ends = at == 0, at + len(piece) == len(text)
    literal = f"{' ' * begins}{piece}{' ' * ends}"
    simple = text in (f"{piece}*", f"*{piece}", f"*{piece}*")
    return _Form(literal, 1 if begins else None, False, None if simple else re.compile(fnmatch.translate(text)))


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for found in _WILD.finditer(text):
        yield text[at : found.start()], at
        at = found.end()
    yield text[at:], at


class Automaton:
    """The words of many queries.

    Args:
        queries: in the order in which they are numbered.
    """

    def __init__(self, queries: Sequence[Node]) -> None:
        literals: dict[str, int] = {}
        self._words: dict[tuple[str, ...], tuple[tuple[int, _Form], ...]] = {}
        for query in queries:
            for word in words(query):
                if word.forms not in self._words:
                    forms = [_form(text) for text in word.forms]
                    numbered = [(literals.setdefault(form.literal, len(literals)), form) for form in forms]
                    self._words[word.forms] = tuple(numbered)
        self._count, self._queries = len(literals), len(queries)
        self._served, self._always = self._serve(queries, list(literals))
        self._search = AhoCorasick(
            list(literals),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA if literals else None,
            store_patterns=False,
        )

    def _serve(self, queries: Sequence[Node], literals: Sequence[str]) -> tuple[dict[int, int], int]:
        """Return the queries that each literal serves, and the queries that lack a list, as bits, list after list."""
        served: dict[int, int] = defaultdict(int)
        always = 0
        for number, query in enumerate(queries):
            needed = sorted(set(self._needed(query)), key=lambda one: _common(one, literals))
            for at in range(LISTS):
                bit = 1 << (at * self._queries + number)
                if at >= len(needed):
                    always |= bit
                    continue
                for literal in needed[at]:
                    served[literal] |= bit
        return dict(served), always

    def _needed(self, node: Node) -> list[frozenset[int]]:
        """Return lists of literals; where the node holds, at least one of each list occurs."""
        if isinstance(node, Word):
            # A literal in the title has a second number, so that rules about titles stay asleep otherwise.
            shift = self._count if node.where is Where.TITLE else 0
            return [frozenset(number + shift for number, _ in self._words[node.forms])]
        if isinstance(node, Phrase):
            return [one for word in node.words for one in self._needed(word)]
        if isinstance(node, And):
            return [one for part in node.nodes for one in self._needed(part)]
        if isinstance(node, Or):
            parts = [sorted(self._needed(part), key=len) for part in node.nodes]
            return [frozenset().union(*row) for row in zip(*parts, strict=False)]
        return []

    def find(self, body: str, title: int) -> tuple[Iterable[int], View]:
        """Return the numbers of the queries that are worth judging, and the text to judge them on.

        Args:
            body: title, line feed, text.
            title: the title's length in characters.
        """
        folded = fold(body)
        hits: dict[int, list[_Hit]] = {}
        for hit in self._search.find_matches_as_indexes(folded.text, overlapping=True):
            hits.setdefault(hit[0], []).append(hit)
        view = View(folded, title, hits, self._words)
        return self._worth(hits, view.split), view

    def _worth(self, hits: Mapping[int, Sequence[_Hit]], split: int) -> Iterator[int]:
        """Return the numbers of the queries of which each list has a literal in the text, lowest first."""
        served, count = self._served, self._count
        rows = self._always
        for number, found in hits.items():
            if number in served:
                rows |= served[number]
            if found[0][1] < split and number + count in served:
                rows |= served[number + count]
        bits = rows & ((1 << self._queries) - 1)
        for at in range(1, LISTS):
            bits &= rows >> (at * self._queries)
        return _numbers(bits)


def _common(literals: Iterable[int], texts: Sequence[str]) -> float:
    """Return how often one of these is likely to occur: short ones do."""
    return sum(2.0 ** -len(texts[one % len(texts)]) for one in literals)


def _numbers(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class View:
    """One text with the words found in it.

    Args:
        folded: the text.
        title: the title's length in the original.
        hits: of each literal that occurs, in order.
        known: the forms of each word.
    """

    def __init__(
        self,
        folded: Folded,
        title: int,
        hits: Mapping[int, Sequence[_Hit]],
        known: dict[tuple[str, ...], tuple[tuple[int, _Form], ...]],
    ) -> None:
        self.folded = folded
        self._title, self._hits, self._known = title, hits, known
        self._found: dict[tuple[str, ...], list[Occurrence]] = {}

    def occurrences(self, word: Word) -> list[Occurrence]:
        """Return where a word stands, in order."""
        found = self._found.get(word.forms)
        if found is None:
            found = self._found[word.forms] = self._look(word)
        if not found or word.where is Where.BOTH:
            return found
        split = bisect_left(found, (self.split, 0))
        return found[:split] if word.where is Where.TITLE else found[split:]

    def _look(self, word: Word) -> list[Occurrence]:
        there = [(form, hits) for number, form in self._known[word.forms] if (hits := self._hits.get(number))]
        # Most words of most queries are not there: no need to start the search for them.
        return sorted({one for form, hits in there for one in self._bounds(form, hits)}) if there else []

    def _bounds(self, form: _Form, hits: Iterable[_Hit]) -> Iterator[Occurrence]:
        """Yield starts and ends of the words around a form's literal, if they look like the form."""
        text = self.folded.text
        for _, start, end in hits:
            if form.whole:
                yield start + 1, end - 1
                continue
            first = text.rfind(" ", 0, start + 1) + 1 if form.offset is None else start + form.offset
            last = text.find(" ", end - 1)
            if not form.pattern or (last - first <= _LONGEST_WORD and form.pattern.match(text[first:last])):
                yield first, last

    @cached_property
    def split(self) -> int:
        """Where the text begins in the folded spelling."""
        places = self.folded.places
        return self._title + 1 if places is None else bisect_left(places, self._title, 1)

    def place(self, start: int) -> int:
        """Return the place of a word among all, by its start; the text's words come long after the title's."""
        return bisect_left(self._starts, start) + _GAP * (start >= self.split)

    @cached_property
    def _starts(self) -> list[int]:
        words = self.folded.text.split(" ")
        # Two spaces side by side hold an empty word, which has no place.
        return list(compress(accumulate((len(word) + 1 for word in words), initial=0), words))
