"""Queries: what they mean, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.query import DEEPEST, LONGEST, BadQuery, parse
from pipeline.rules.tree import And, Language, Node, Not, Or, Origin, Phrase, Where, Word


def shown(node: Node) -> str:
    """Return a tree as a line, every bracket written."""
    if isinstance(node, Word):
        return (f"{node.where}:" if node.where else "") + "/".join(node.forms)
    if isinstance(node, Phrase):
        return '"' + " ".join(map(shown, node.words)) + f'"~{node.slop}'
    if isinstance(node, Language):
        return f"lang:{node.code}"
    if isinstance(node, Origin):
        return f"source:{node.pattern}"
    if isinstance(node, Not):
        return f"!{shown(node.node)}"
    return "(" + (" & " if isinstance(node, And) else " | ").join(map(shown, node.nodes)) + ")"


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a", "a"),
        ("a b", "(a | b)"),
        ("a OR b AND c", "(a | (b & c))"),
        ("a AND b OR c AND d", "((a & b) | (c & d))"),
        ("a AND b AND c", "(a & b & c)"),
        ("a AND b NOT c", "((a & b) & !c)"),
        ("a AND b NOT c AND d", "((a & b & d) & !c)"),
        ("a OR b NOT c", "((a | b) & !c)"),
        ("a OR b -c -d", "((a | b) & !c & !d)"),
        ("NOT c AND d", "(d & !c)"),
        ("a AND NOT b OR c", "((a & !b) | c)"),
        ("a AND (NOT b)", "(a & !b)"),
        ("b AND (c OR (d OR lang:de))", "(b & (c | (d | lang:de)))"),
        ("+a b -c", "(a & !c)"),
        ("+a +b", "(a & b)"),
        ("a && !b || c", "((a & !b) | c)"),
        ("a NOT (b OR c)", "(a & !(b | c))"),
        ("((a))", "a"),
        ('"a b"~3 AND c', '("a b"~3 & c)'),
        ("„a b“", '"a b"~0'),
        ("title:a text:b", "(title:a | text:b)"),
        ("title: a", "title:a"),
        ('title:(a OR "b c") AND d', '((title:a | "title:b title:c"~0) & d)'),
        ("TITLE:(a text:b)", "(title:a | text:b)"),
        ("a AND lang:(DE OR en)", "(a & (lang:de | lang:en))"),
        ('a AND source:"Neue Zürcher*"', "(a & source:neue zürcher*)"),
        ("source:heise.de AND a", "(source:heise de & a)"),
        ("E.ON", '"e on"~0'),
        ("km/h", '"km h"~0'),
        (r"\(a\)", "a"),
        (r"a\:b", '"a b"~0'),
        (r"a\*", "a"),
        ("Yahoo!", "yahoo"),
        ("b2b", "b2b"),
        ('"and"', "and"),
        ('"Kommt das Werk?"', '"kommt das werk"~0'),
        ("Müller", "müller/mueller"),
        ("MUELLER", "mueller/müller"),
        ("Straße", "straße/strasse"),
        ("neue Bauer quer", "(neue | bauer | quer)"),
        ("Werk* *werk we?k", "(werk* | *werk | we?k)"),
    ],
)
def test_what_a_query_means(query: str, tree: str) -> None:
    """Operators, signs, brackets, fields and spellings, with every bracket written out."""
    assert shown(parse(query)) == tree


@pytest.mark.parametrize(
    ("query", "at", "said"),
    [
        ("", 0, "empty"),
        ("a AND", 5, "ends where a word is missing"),
        ("AND a", 0, "where a word is missing"),
        ("a AND OR b", 6, "'OR' where a word is missing"),
        ("a AND ()", 6, "nothing between"),
        ("(a AND )", 7, "where a word is missing"),
        ("(a OR (b AND c)", 0, "never closed"),
        ("a) b", 1, "without an opening"),
        ('a "b', 2, "never closed"),
        ("a and b", 2, "capitals: AND"),
        ("a oder b", 2, "capitals: OR"),
        ("a UND b", 2, "operators are English: AND"),
        ("NOT a", 4, "only excludes"),
        ("-a -b", 1, "only excludes"),
        ("lang:de", 5, "proves no signal"),
        ("a OR lang:de", 10, "proves no signal"),
        ("a OR NOT b", 5, "put brackets"),
        ("a AND NOT b OR NOT c", 15, "put brackets"),
        ("+a OR b", 0, "put brackets"),
        ("a OR b NOT c AND d", 13, "put brackets"),
        ("a AND b c", 8, "write AND or OR"),
        ("a --b", 3, "another sign"),
        ("autor:x", 0, "no field 'autor'"),
        ("a AND http://x.example", 6, "no field 'http'"),
        ("title:", 6, "ends where"),
        ("title:NOT a", 6, "where a word is missing"),
        ("a AND lang:deutsch", 11, "no language"),
        ("a AND source:***", 13, "no letter"),
        ("x AND a*", 6, "side by side"),
        ("*", 0, "side by side"),
        ("a & b", 2, "no letter"),
        ("a~", 1, "fuzzy"),
        ('"a b"~x', 5, "whole number"),
        ('"a b"~1000', 5, "whole number"),
        ('"a b"^2', 5, "not supported"),
        ("a [1 TO 2]", 2, "ranges"),
        ("a /b/", 2, "regular expressions"),
        ("(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1), DEEPEST, "brackets inside"),
        ('b AND "' + "a " * 60 + '"', 7, "more than 50 words"),
        ("a " * LONGEST, LONGEST, "longer than"),
    ],
)
def test_what_is_refused_and_where(query: str, at: int, said: str) -> None:
    """A wrong query is refused at the character that is wrong, and says what to write."""
    with pytest.raises(BadQuery) as caught:
        parse(query)
    assert said in caught.value.message
    assert caught.value.at == at


def fault(query: str) -> int:
    try:
        parse(query)
    except BadQuery as error:
        return error.at
    return 0


@given(st.text(alphabet='ab*?"()+-!~^:\\&|ANDORT äß„“ ', max_size=40))
def test_any_text_is_a_query_or_refused_by_place(query: str) -> None:
    """No text makes the parser raise anything but its own error, with a place inside the query."""
    assert 0 <= fault(query) <= len(query)


def test_fields_reach_only_as_far_as_their_brackets() -> None:
    """A field in front of a bracket holds inside it and not behind it."""
    tree = parse("title:(a OR (b)) AND c")
    assert isinstance(tree, And)
    inner, outer = tree.nodes
    assert isinstance(inner, Or)
    assert [word.where for word in inner.nodes if isinstance(word, Word)] == [Where.TITLE, Where.TITLE]
    assert isinstance(outer, Word)
    assert outer.where is Where.BOTH
