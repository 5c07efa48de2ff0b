"""Queries in Lucene syntax, as a tree; what is wrong is refused with its place.

    query   one after another: clauses; one of them must hold      Werk Fabrik, Werk OR Fabrik
    clause  +must  -must_not  NOT must_not, or members of AND      Werk AND Polen NOT Fußball
    member  word  "phrase"  "near each other"~5  (query)  field:member

A query that could hold without any word in the text is refused: nothing would prove its signal, and no word could tell
which articles it is worth looking at. What Lucene reads and this does not (fuzzy, boost, ranges, regular expressions)
is refused too, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipeline.errors import Permanent
from pipeline.rules.text import fold_word, spellings
from pipeline.rules.tree import And, Language, Node, Not, Or, Origin, Phrase, Where, Word, wordless

LONGEST: Final = 20_000
"""Characters of one query."""
DEEPEST: Final = 40
"""Brackets inside brackets."""
LITERAL: Final = 2
"""Letters or digits that must stand side by side in a word with wildcards."""
WORDS: Final = 50
"""Words in one phrase."""
SLOP: Final = 100
"""The widest proximity."""


class BadQuery(Permanent):
    """A query that cannot be used.

    Args:
        message: what is wrong and what to write instead.
        at: the character at fault, counted from 0.
    """

    def __init__(self, message: str, at: int) -> None:
        self.message, self.at = message, at
        super().__init__(f"{message} (character {at + 1})")


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<open>\() | (?P<close>\))
      | (?P<phrase>["“”„](?:\\.|[^"“”„\\])*["“”])
      | (?P<quote>["“”„])
      | (?P<and>AND(?=[\s()"]|$)|&&) | (?P<or>OR(?=[\s()"]|$)|\|\|)
      | (?P<not>NOT(?=[\s()"]|$)|!(?=\S)) | (?P<must>\+(?=\S)) | (?P<mustnot>-(?=\S))
      | (?P<slop>~[^\s()]*) | (?P<boost>\^[^\s()]*)
      | (?P<range>[\[\]{}]) | (?P<regex>/)
      | (?P<field>\w+:)
      | (?P<word>(?:\\.|[^\s()"“”„:^~\[\]{}\\])+)
      | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED: Final = {
    "close": "a closing bracket without an opening one",
    "quote": "a quotation mark that is never closed",
    "slop": "'~' goes right after a phrase, with a number: \"new plant\"~5; fuzzy words are not supported, use * or ?",
    "boost": "'^' is not supported: a rule hits or does not",
    "range": "ranges are not supported; put the character into quotes if it is meant",
    "regex": "regular expressions are not supported, use * and ?",
    "other": "a character that means nothing here; put it into quotes",
}
_LOWER: Final = {"and": "AND", "or": "OR", "not": "NOT", "und": "AND", "oder": "OR", "nicht": "NOT"}
_WILD = re.compile(r"[*?]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIGNS: Final = ("must", "mustnot", "not")
_STARTS: Final = frozenset((*_SIGNS, "open", "phrase", "field", "word"))


def parse(query: str) -> Node:
    """Return the query as a tree.

    Raises:
        BadQuery: what is wrong, and at which character.
    """
    if len(query) > LONGEST:
        raise BadQuery(f"longer than {LONGEST} characters; make several rules of it", LONGEST)
    if not query.strip():
        raise BadQuery("an empty query", 0)
    return _Parser(query).whole()


def _tokens(query: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(query):
        kind = str(found.lastgroup)
        if kind != "space":
            yield _Token(kind, found.group(), found.start())


@dataclass(slots=True)
class _Clauses:
    """The clauses of one level while it is read."""

    groups: list[list[Node]] = field(default_factory=list)
    must: list[Node] = field(default_factory=list)
    never: list[Node] = field(default_factory=list)
    loose: int | None = None  # where two clauses stood side by side without an operator
    joined: int | None = None  # where an AND stood


class _Parser:
    """Reads one query; `field` is the field whose brackets we are in."""

    def __init__(self, query: str) -> None:
        self._tokens = [*_tokens(query), _Token("end", "", len(query))]
        self._next = 0
        self._depth = 0
        self._field = ""

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def whole(self) -> Node:
        """Return the tree of the whole query."""
        node = self._query()
        if self._token.kind != "end":
            raise self._unexpected()
        if (fault := wordless(node)) is not None:
            raise BadQuery(fault[0], fault[1])
        return node

    def _unexpected(self) -> BadQuery:
        token = self._token
        if token.kind == "end":
            return BadQuery("the query ends where a word is missing", token.at)
        told = "" if token.kind == "close" and self._depth else _REFUSED.get(token.kind, "")
        told = told or f"{token.text!r} where a word is missing"
        return BadQuery(told, token.at)

    def _query(self) -> Node:
        """Read clauses up to the closing bracket or the end."""
        level, operator = _Clauses(), self._token
        self._clause(level, "first", operator)
        while self._token.kind in _STARTS or self._token.kind in ("and", "or"):
            operator = self._token
            join = self._take().kind if operator.kind in ("and", "or") else "loose"
            self._clause(level, join, operator)
        if level.loose is not None and level.joined is not None:
            raise BadQuery("nothing between two words, beside an AND: write AND or OR between them", level.loose)
        return _tree(level)

    def _clause(self, level: _Clauses, join: str, operator: _Token) -> None:
        """Read one clause and put it where it belongs."""
        sign = self._token if self._token.kind in _SIGNS else None
        node = self._signed() if sign else self._member()
        if join == "and":
            level.joined = operator.at
            self._and(level, Not(node) if sign and sign.kind != "must" else node, operator)
            return
        after_or = join == "or" or self._token.kind == "or"
        if sign and after_or:
            raise BadQuery(f"{sign.text!r} beside OR: put brackets, as in (a OR b) NOT c", sign.at)
        if sign:
            (level.must if sign.kind == "must" else level.never).append(node)
            return
        if join == "loose" and level.groups:
            level.loose = operator.at if level.loose is None else level.loose
        level.groups.append([node])

    def _and(self, level: _Clauses, node: Node, operator: _Token) -> None:
        """Join to the group before; behind `NOT c` that must be the only one there is."""
        if (level.must or level.never) and len(level.groups) > 1:
            raise BadQuery("AND behind a word with a sign, beside OR: put brackets", operator.at)
        if level.groups:
            level.groups[-1].append(node)
        else:
            level.groups.append([node])

    def _signed(self) -> Node:
        """Read what follows one sign; two of them cancel nobody."""
        self._take()
        if self._token.kind in _SIGNS:
            raise BadQuery(f"{self._token.text!r} right after another sign", self._token.at)
        return self._member()

    def _member(self) -> Node:
        """Read a word, a phrase, brackets, or any of them behind a field."""
        token = self._token
        if token.kind == "open":
            return self._brackets()
        if token.kind == "phrase":
            return self._phrase(self._take())
        if token.kind == "field":
            return self._in_field(self._take())
        if token.kind == "word":
            return self._word(self._take())
        raise self._unexpected()

    def _brackets(self) -> Node:
        opening = self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadQuery(f"more than {DEEPEST} brackets inside one another", opening.at)
        if self._token.kind == "close":
            raise BadQuery("nothing between the brackets", opening.at)
        node = self._query()
        if self._token.kind == "end":
            raise BadQuery("a bracket that is never closed", opening.at)
        if self._token.kind != "close":
            raise self._unexpected()
        self._take()
        self._depth -= 1
        return node

    def _in_field(self, name: _Token) -> Node:
        known, before = _FIELDS.get(name.text[:-1].lower()), self._field
        if known is None:
            told = f"no field {name.text[:-1]!r}; fields are {', '.join(_FIELDS)}; put it into quotes if it is a word"
            raise BadQuery(told, name.at)
        if self._token.kind not in ("open", "phrase", "word"):
            raise self._unexpected()
        self._field = known
        node = self._member()
        self._field = before
        return node

    def _word(self, token: _Token) -> Node:
        if token.text in _LOWER:
            told = f"operators are written in capitals: {_LOWER[token.text]}; put the word itself into quotes"
            raise BadQuery(told, token.at)
        if token.text in ("UND", "ODER", "NICHT"):
            raise BadQuery(f"operators are English: {_LOWER[token.text.lower()]}", token.at)
        self._no_slop(self._token)
        return self._leaf(_ESCAPED.sub(_literal, token.text), token.at, 0)

    def _no_slop(self, token: _Token) -> None:
        if token.kind in ("slop", "boost"):
            raise BadQuery(_REFUSED[token.kind], token.at)

    def _phrase(self, token: _Token) -> Node:
        slop = 0
        if self._token.kind == "slop":
            number = self._take()
            if not number.text[1:].isdecimal() or int(number.text[1:]) > SLOP:
                raise BadQuery(f"'~' needs a whole number up to {SLOP}", number.at)
            slop = int(number.text[1:])
        self._no_slop(self._token)
        # Titles are pasted into quotes, so a question mark is one there.
        text = _ESCAPED.sub(_literal, token.text[1:-1]).replace("?", " ")
        return self._leaf(text, token.at + 1, slop)

    def _leaf(self, text: str, at: int, slop: int) -> Node:
        """Return a word or phrase as the field that we are in reads it."""
        if self._field == "lang":
            if not re.fullmatch("[A-Za-z]{2,3}", text):
                raise BadQuery(f"{text!r} is no language; write its code, such as lang:de", at)
            return Language(text.lower(), at)
        folded = fold_word(text)
        if self._field == "source":
            if not folded.strip(" *?"):
                raise BadQuery("no letter or digit in the source's name", at)
            return Origin(" ".join(folded.split()), at)
        made = tuple(_checked(word, text, at, Where(self._field)) for word in folded.split())
        if not made:
            raise BadQuery("no letter or digit to look for", at)
        if len(made) > WORDS:
            raise BadQuery(f"a phrase of more than {WORDS} words", at)
        return made[0] if len(made) == 1 else Phrase(made, slop)


_FIELDS: Final = {"title": "title", "text": "text", "lang": "lang", "source": "source"}


def _literal(found: re.Match[str]) -> str:
    """Return an escaped character; an escaped wildcard is a character that no word has."""
    return " " if found[1] in "*?" else found[1]


def _checked(word: str, written: str, at: int, where: Where) -> Word:
    """Return one folded word; refuse wildcards that leave too little to look for."""
    if _WILD.search(word) and max(map(len, _WILD.split(word))) < LITERAL:
        told = f"{written!r}: wildcards need {LITERAL} letters or digits side by side"
        raise BadQuery(told, at)
    return Word(spellings(word), where, at)


def _tree(level: _Clauses) -> Node:
    """Return the tree of one level: what must, what must not, and one of the rest where nothing must."""
    positive: list[Node] = list(level.must)
    groups: list[Node] = [_one(And, group) for group in level.groups]
    if level.joined is not None and len(groups) == 1:
        positive += groups
    elif groups and not positive:
        positive.append(_one(Or, groups))
    return _one(And, [*positive, *(Not(node) for node in level.never)])


def _one(kind: Callable[[tuple[Node, ...]], Node], nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))
