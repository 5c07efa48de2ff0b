"""The automaton against a reading of the queries that anybody can check: word by word, without any index."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.classify.sentences import sentences
from pipeline.records import Article
from pipeline.rules.files import Rule, Rules
from pipeline.rules.match import Book
from pipeline.rules.query import BadQuery, parse
from pipeline.rules.text import fold
from pipeline.rules.tree import And, Language, Node, Not, Or, Phrase, Where, Word
from pipeline.signals import SignalType

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FAR = 1000


def places(word: Word, title: list[str], text: list[str]) -> list[int]:
    """Return where a word stands, counting words; the text begins far behind the title."""
    found = []
    for where, offset, tokens in ((Where.TITLE, 0, title), (Where.TEXT, FAR, text)):
        if word.where in (Where.BOTH, where):
            found += [offset + n for n, token in enumerate(tokens) if any(fnmatchcase(token, f) for f in word.forms)]
    return found


def holds(node: Node, title: list[str], text: list[str]) -> bool:
    """Judge a query by its definition."""
    if isinstance(node, Word):
        return bool(places(node, title, text))
    if isinstance(node, Phrase):
        for chosen in product(*(places(word, title, text) for word in node.words)):
            moved = [place - n for n, place in enumerate(chosen)]
            if max(moved) - min(moved) <= node.slop and len(set(chosen)) == len(chosen):
                return True
        return False
    if isinstance(node, Not):
        return not holds(node.node, title, text)
    if isinstance(node, And):
        return all(holds(one, title, text) for one in node.nodes)
    if isinstance(node, Or):
        return any(holds(one, title, text) for one in node.nodes)
    return isinstance(node, Language) and node.code == "de"


WORDS = st.sampled_from("ab ba abba ab* *ba *bb* a?ba öl oel straße strasse ma*er".split())
LEAVES = st.one_of(
    WORDS,
    st.builds('"{} {}"'.format, WORDS, WORDS),
    st.builds('"{} {} {}"~{}'.format, WORDS, WORDS, WORDS, st.integers(0, 4)),
    st.builds("title:{}".format, WORDS),
    st.builds("text:{}".format, WORDS),
    st.sampled_from(["lang:de", "lang:en"]),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("({} AND NOT {})".format, inner, inner),
        st.builds("(+{} -{} {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
BODIES = st.lists(
    st.sampled_from("ab ba abba öl oel Öl Straße STRASSE Maier mayer ab. ab-ba b, xx \n".split(" ")), max_size=14
).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(QUERIES, min_size=1, max_size=5), BODIES)
def test_the_automaton_says_what_the_definition_says(queries: list[str], body: str) -> None:
    """Whatever the query and the text, exactly those rules hit that hold word by word."""
    rules = []
    for query in queries:
        try:
            rules.append(Rule(query, SignalType.EVENT, query, parse(query)))
        except BadQuery:
            continue
    title, _, text = body.partition("\n")
    article = Article(id="1", source_id="s", url="", title=title, text=text, published=NOW, fetched=NOW)
    found = Book(Rules(tuple(rules), "v")).hits(article, "de", article.body, sentences(article.body))
    title_words, text_words = fold(title).text.split(), fold(text).text.split()
    assert [hit.rule.id for hit in found] == [rule.id for rule in rules if holds(rule.node, title_words, text_words)]
