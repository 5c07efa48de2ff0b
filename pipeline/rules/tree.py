"""A query as a tree: leaves that look into the article, and what joins them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Where(StrEnum):
    """The part of an article in which a word must stand."""

    BOTH = ""
    TITLE = "title"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `forms` are its spellings, folded, with `*` and `?` as given."""

    forms: tuple[str, ...]
    where: Where = Where.BOTH
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other; `slop` is how many places they may be moved altogether, as in Lucene."""

    words: tuple[Word, ...]
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Language:
    """The article's language, ISO 639-1."""

    code: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """The article's source: its id, its name or its host; folded, `*` and `?` as wildcards."""

    pattern: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """What must hold together."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Of which one is enough."""

    nodes: tuple[Node, ...]


Node = Word | Phrase | Language | Origin | Not | And | Or


def words(node: Node) -> Iterator[Word]:
    """Yield all words of a tree, those under NOT too."""
    if isinstance(node, Word):
        yield node
    elif isinstance(node, Phrase):
        yield from node.words
    elif isinstance(node, Not):
        yield from words(node.node)
    elif isinstance(node, And | Or):
        for one in node.nodes:
            yield from words(one)


def wordless(node: Node) -> tuple[str, int] | None:
    """Return what is wrong and where, if this can hold without any word in the text; else None."""
    if isinstance(node, Word | Phrase):
        return None
    if isinstance(node, And):
        faults = [wordless(one) for one in node.nodes]
        return None if None in faults else faults[0]
    if isinstance(node, Or):
        return next((fault for fault in map(wordless, node.nodes) if fault), None)
    if isinstance(node, Not):
        return "this only excludes: it would hit nearly every article; name a word that must be there", _place(node)
    return "no word that must stand in title or text; a field alone proves no signal", _place(node)


def _place(node: Node) -> int:
    """Return where the first leaf of a node stands in the query."""
    while not isinstance(node, Word | Language | Origin):
        node = node.node if isinstance(node, Not) else (node.words if isinstance(node, Phrase) else node.nodes)[0]
    return node.at
