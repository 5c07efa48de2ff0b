"""Which rules hit an article, and which sentences prove it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice, takewhile
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pipeline.records import Article, RuleFile, Signal, Span
from pipeline.rules.automaton import Automaton, Occurrence, View
from pipeline.rules.files import Rule, Rules, read_rules
from pipeline.rules.text import Folded, fold_word
from pipeline.rules.tree import And, Language, Node, Not, Or, Phrase, Word
from pipeline.signals import FAMILY, direction_of

MOST_EVIDENCE: Final = 5
"""Sentences of one hit; the words of a rule rarely stand in more."""
MOST_HITS: Final = 200
"""Rules that may hit one article, in the order of the file; more would be a record that no topic takes."""
_WWW = re.compile(r"^www\.")


class Term(NamedTuple):
    """A word as it stands in the body, at `[start, end)`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds in an article.

    Attributes:
        rule: which.
        terms: the words that made it hold, each once, in the order of the body.
        evidence: the sentences in which they stand, the one with most of them first.
    """

    rule: Rule
    terms: tuple[Term, ...]
    evidence: tuple[Span, ...]

    def signal(self) -> Signal:
        """Return the hit as a signal."""
        rule = self.rule
        return Signal(
            type=rule.type,
            family=FAMILY[rule.type],
            probability=rule.probability,
            status=rule.status,
            direction=rule.direction or direction_of(rule.type, rule.status),
            evidence=self.evidence,
            by=f"rule:{rule.id}",
            why=self.why(),
        )

    def why(self) -> str:
        """Return a sentence for people: which rule, which words, and what its author wrote."""
        found = ", ".join(dict.fromkeys(f"'{term.text}'" for term in self.terms))
        said = f": {self.rule.why}" if self.rule.why else ""
        return f"rule {self.rule.name or self.rule.id} found {found}{said}"


class Book:
    """All rules of a deployment, ready to be asked.

    Args:
        rules: as read from a file.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._automaton = Automaton([rule.node for rule in rules.rules])

    @property
    def version(self) -> str:
        """The version of the rule file; empty where there are no rules."""
        return self.rules.version if self.rules.rules else ""

    def signals(
        self, article: Article, language: str, body: str, sentences: Sequence[tuple[int, int]]
    ) -> tuple[Signal, ...]:
        """Return a signal for each rule that hits, in the order of the file.

        Args:
            article: for its source.
            language: ISO 639-1.
            body: title, line feed, text; may be cut at its end.
            sentences: starts and ends in the body, in order.
        """
        return tuple(hit.signal() for hit in self.hits(article, language, body, sentences))

    def hits(self, article: Article, language: str, body: str, sentences: Sequence[tuple[int, int]]) -> list[Hit]:
        """Return the rules that hit, in the order of the file; at most `MOST_HITS`. Arguments as for `signals`."""
        if not self.rules.rules:
            return []
        numbers, view = self._automaton.find(body, len(article.title))
        scene = _Scene(article, language, view)
        page = _Page(view.folded, body, sentences)
        judged = ((rule, scene.proof(rule.node)) for rule in map(self.rules.rules.__getitem__, numbers))
        hitting = ((rule, proof) for rule, proof in judged if proof is not None)
        return [page.hit(rule, proof) for rule, proof in islice(hitting, MOST_HITS)]


@dataclass(slots=True)
class _Scene:
    """One article, against which queries are judged."""

    article: Article
    language: str
    view: View
    _names: tuple[str, ...] = ()

    def proof(self, node: Node) -> list[list[Occurrence]] | None:
        """Return, for each word that makes the query hold, where it stands; None where it does not hold."""
        if isinstance(node, Word):
            found = self.view.occurrences(node)
            return [found] if found else None
        if isinstance(node, And):
            return self._all(node)
        if isinstance(node, Or):
            proofs = [proof for one in node.nodes if (proof := self.proof(one)) is not None]
            return [words for proof in proofs for words in proof] if proofs else None
        if isinstance(node, Not):
            return [] if self.proof(node.node) is None else None
        if isinstance(node, Phrase):
            rows = list(_together(node, self.view))
            return [list(column) for column in zip(*rows, strict=True)] if rows else None
        if isinstance(node, Language):
            return [] if node.code == self.language else None
        return [] if any(fnmatchcase(name, node.pattern) for name in self._origins()) else None

    def _all(self, node: And) -> list[list[Occurrence]] | None:
        made: list[list[Occurrence]] = []
        for one in node.nodes:
            proof = self.proof(one)
            if proof is None:
                return None
            made += proof
        return made

    def _origins(self) -> tuple[str, ...]:
        """Return the names by which a query may call the article's source."""
        if not self._names:
            host = _WWW.sub("", urlsplit(self.article.url).hostname or "") if "//" in self.article.url else ""
            given = (self.article.source_id, self.article.source, host)
            self._names = tuple(_plain(one) for one in given)
        return self._names


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """Return a source's name as queries write it."""
    return " ".join(fold_word(name.replace("*", " ").replace("?", " ")).split())


def _together(phrase: Phrase, view: View) -> Iterator[tuple[Occurrence, ...]]:
    """Yield the places where a phrase's words stand as near as it asks, each as one occurrence per word.

    As in Lucene: every word is moved back by its place in the phrase; the moved places must not differ by more than
    `slop`.
    """
    found = list(takewhile(bool, map(view.occurrences, phrase.words)))
    if len(found) < len(phrase.words):
        return
    moved = [[view.place(one[0]) - at for one in occurrences] for at, occurrences in enumerate(found)]
    for low in sorted({place for places in moved for place in places}):
        near = [
            one[bisect_left(places, low) : bisect_right(places, low + phrase.slop)]
            for one, places in zip(found, moved, strict=True)
        ]
        if all(near) and (row := _distinct(near)):
            yield row


def _distinct(choices: Sequence[Sequence[Occurrence]]) -> tuple[Occurrence, ...] | None:
    """Return one occurrence for each word of a phrase, none of them for two words; None where that cannot be."""
    taken: dict[Occurrence, int] = {}

    def seat(word: int, tried: set[Occurrence]) -> bool:
        for one in choices[word]:
            if one not in tried:
                tried.add(one)
                if one not in taken or seat(taken[one], tried):
                    taken[one] = word
                    return True
        return False

    if not all(seat(word, set()) for word in range(len(choices))):
        return None
    return tuple(sorted(taken, key=lambda one: taken[one]))


class _Page:
    """One article, out of which words and sentences are cut.

    Args:
        folded: the body in folded spelling.
        body: title, line feed, text.
        sentences: starts and ends in the body, in order.
    """

    def __init__(self, folded: Folded, body: str, sentences: Sequence[tuple[int, int]]) -> None:
        self._folded, self._body, self._sentences = folded, body, sentences
        self._starts = [start for start, _ in sentences]
        self._spans: dict[int, Span] = {}

    def hit(self, rule: Rule, proof: Sequence[Sequence[Occurrence]]) -> Hit:
        """Return the hit with its words and the fewest sentences that hold each of them."""
        place = self._folded.place
        places = [[(place(start), place(end)) for start, end in found] for found in proof]
        terms = sorted({one for occurrences in places for one in occurrences})
        return Hit(
            rule,
            tuple(Term(self._body[start:end], start, end) for start, end in terms),
            tuple(map(self._span, _fewest(places, self._starts))),
        )

    def _span(self, at: int) -> Span:
        """Return one sentence; rules that hit an article often stand in the same ones."""
        if at not in self._spans:
            start, end = self._sentences[at]
            self._spans[at] = Span(text=self._body[start:end], start=start, end=end)
        return self._spans[at]


def _fewest(places: Sequence[Sequence[tuple[int, int]]], starts: Sequence[int]) -> list[int]:
    """Return the indexes of sentences that together hold every word once: the fullest first, then the earliest."""
    inside: dict[int, set[int]] = {}
    for word, occurrences in enumerate(places):
        for start, _ in occurrences:
            inside.setdefault(max(0, bisect_right(starts, start) - 1), set()).add(word)
    chosen: list[int] = []
    missing = set(range(len(places)))
    while missing and len(chosen) < MOST_EVIDENCE:
        best = max(inside, key=lambda at: (len(inside[at] & missing), -at))
        chosen.append(best)
        missing -= inside[best]
    return chosen


def opened(value: bytes | None) -> Book:
    """Return the rules in a record; a record without value (a tombstone) takes all rules away.

    Raises:
        Permanent: no rule file, or one that this version cannot read.
    """
    if value is None:
        return Book(Rules())
    file = RuleFile.decode(value)
    return Book(read_rules(file.text, file.name))
