"""Which rules hit, where, and what stands in the signal; the table of `docs/rules.md` line by line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.classify.sentences import sentences
from pipeline.records import Article
from pipeline.rules.files import Rule, Rules
from pipeline.rules.match import MOST_EVIDENCE, MOST_HITS, Book, Hit
from pipeline.rules.query import BadQuery, parse
from pipeline.rules.text import _BYTES, _TABLE, fold, spellings
from pipeline.signals import Direction, SignalType, Status

DOCS = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def article(body: str, source: str = "", url: str = "") -> Article:
    title, _, text = body.partition("\n")
    return Article(id="1", source_id="s1", source=source, url=url, title=title, text=text, published=NOW, fetched=NOW)


def book(*queries: str) -> Book:
    rules = (Rule(f"r{n}", SignalType.NEW_SITE, query, parse(query)) for n, query in enumerate(queries))
    return Book(Rules(tuple(rules), "v1"))


def hits(query: str, body: str, *, language: str = "de", source: str = "", url: str = "") -> list[Hit]:
    return book(query).hits(article(body, source, url), language, body, sentences(body))


def _rows(heading: str) -> list[tuple[str, ...]]:
    part = DOCS.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return [(row[0].strip("`"), *row[1:]) for row in rows]


@pytest.mark.parametrize(("query", "yes", "no"), _rows("The syntax"))
def test_the_syntax_table(query: str, yes: str, no: str) -> None:
    """Every row of the documentation's table hits its first text and not its second."""
    assert hits(query, yes.replace(" ⏎ ", "\n"))
    assert not hits(query, no.replace(" ⏎ ", "\n"))


@pytest.mark.parametrize(("query", "why"), _rows("What is refused"))
def test_the_table_of_refusals(query: str, why: str) -> None:
    """Every refusal in the documentation is one, in these words."""
    with pytest.raises(BadQuery) as caught:
        parse(query)
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ('"a b"', "x a\nb y", False),  # a phrase does not reach from the title into the text
        ('"a b"~50', "x a\nb y", False),
        ('"a b"~1', "b a", False),
        ('"a b"~2', "b a", True),
        ('"a a"', "a", False),
        ('"a a"~3', "a", False),
        ('"a a"~3', "a b a", True),
        ('"ab ab* ba"~2', "abba ab ba", True),  # each word of the phrase needs a word of its own
        ('"a b c"~2', "a x b y c", True),
        ('"a b c"~1', "a x b y c", False),
        ("b*ck", "bakc", False),
        ("ba*k", "back", True),
        ("*ac*", "back", True),
        ("ba?k", "baack", False),
        ("ba??k", "baack", True),
        ("ba*", "ba", True),
        ("title:ba*", "x\nback", False),
        ("text:ba*", "x\nback", True),
        ("title:*ck", "back\nx", True),
        ("Werk", "BASF-Werk", True),
        ("Werk", "»Werk«", True),
        ("Werk", "Werk2", False),
        ("Werk AND fußball*", "Werk: FUSSBALLER", True),
        ("Menschen", "Men\u00adschen", True),
        ("Müller", "Mu\u0308ller", True),
        ("Łódź", "in Lodz", True),
        ("Straßenbahn", "STRASSENBAHN", True),
        ("straßenbahn", "STRAẞENBAHN", True),
        ("werk NOT title:sport", "Sport im Werk", False),
        ("werk NOT title:sport", "Werk\nSport", True),
        ('werk NOT "kein werk"', "kein Werk", False),
        ('werk NOT "kein werk"', "Werk, kein Büro", True),
        ("工場", "新しい 工場 です", True),
    ],
)
def test_what_hits(query: str, body: str, expected: bool) -> None:
    """Phrases, wildcards, spellings and exclusions at their edges."""
    assert bool(hits(query, body)) is expected


def test_language_and_source() -> None:
    """`lang:` asks for the article's language, `source:` for the source's id, name or host."""
    assert hits("werk AND lang:de", "Werk")
    assert not hits("werk AND lang:de", "Werk", language="en")
    assert hits('werk AND source:"neue zuercher" OR source:"Neue Zürcher" AND werk', "Werk", source="Neue Zürcher")
    assert hits("werk AND source:s1", "Werk")
    assert hits("werk AND source:heise.de", "Werk", url="https://www.heise.de/x")
    assert hits("werk AND source:*heise*", "Werk", source="Der Heise Dienst")
    assert not hits("werk NOT source:heise.de", "Werk", url="https://heise.de/")


def test_evidence_is_the_fewest_sentences_that_hold_all_words() -> None:
    """The sentence with most of the words is first; one that adds none is left out; offsets cut out the text."""
    body = "Neues aus Polen\nEin Werk. Ein Werk entsteht in Polen. Es kostet Geld. 300 Leute arbeiten dort."
    (hit,) = hits("Werk AND Polen AND Leute", body)
    assert [span.text for span in hit.evidence] == ["Ein Werk entsteht in Polen.", "300 Leute arbeiten dort."]
    assert [term.text for term in hit.terms] == ["Polen", "Werk", "Werk", "Polen", "Leute"]
    assert all(body[span.start : span.end] == span.text for span in (*hit.evidence, *hit.terms))


def test_a_phrase_proves_itself_where_it_stands() -> None:
    """A word of a phrase elsewhere is no proof; what must not be there proves nothing."""
    (hit,) = hits('"neues Werk"~1 NOT Fußball', "Werk und Werk\nNeues dort. Ein neues großes Werk.")
    assert [term.text for term in hit.terms] == ["neues", "Werk"]
    assert [span.text for span in hit.evidence] == ["Ein neues großes Werk."]


def test_evidence_has_a_limit() -> None:
    """A rule of many words does not make the whole article its evidence."""
    (hit,) = hits(" AND ".join(f"w{n}" for n in range(9)), "Titel\n" + " ".join(f"Das W{n}." for n in range(9)))
    assert len(hit.evidence) == MOST_EVIDENCE


def test_many_rules_on_one_article() -> None:
    """The first rules of the file are kept, so that the record fits into its topic."""
    queries = [f"werk NOT x{n}" for n in range(MOST_HITS + 20)]
    found = book(*queries).hits(article("Werk"), "de", "Werk", sentences("Werk"))
    assert [hit.rule.id for hit in found] == [f"r{n}" for n in range(MOST_HITS)]


def test_no_rules_no_version() -> None:
    """Without rules there is nothing to be found and no version to be named."""
    empty = Book(Rules())
    assert empty.version == ""
    assert empty.signals(article("Werk"), "de", "Werk", sentences("Werk")) == ()


_QUERIES = st.sampled_from(
    ["ab", "ba*", "*ab", "ab?b", "a*ba", '"ab ba"', '"ab ba"~2', "ß", "title:ab", "text:ba", "ä", "aba OR oe"]
)
_JOINS = st.sampled_from([" AND ", " OR ", " NOT "])
_BODIES = st.text(alphabet="ab äßABüoe.\n-\u00ad\u0308„漢", max_size=60)


@hypothesis_settings(max_examples=300)
@given(st.lists(st.tuples(_QUERIES, _QUERIES, _JOINS), min_size=1, max_size=6), _BODIES)
def test_many_rules_find_what_each_finds_alone(parts: list[tuple[str, str, str]], body: str) -> None:
    """Sharing one automaton changes nothing; every word and sentence cuts itself out; each word lies in the text."""
    queries = [f"({left}){join}({right})" for left, right, join in parts]
    split = sentences(body)
    together = book(*queries).hits(article(body), "de", body, split) if split else []
    alone = [n for n, query in enumerate(queries) if split and hits(query, body)]
    assert [hit.rule.id for hit in together] == [f"r{n}" for n in alone]
    for hit in together:
        assert hit.terms
        assert all(body[span.start : span.end] == span.text for span in (*hit.terms, *hit.evidence))


def test_fast_and_slow_folding_agree() -> None:
    """The quick way for western text gives what the slow way gives, character by character."""
    for code in range(256):
        if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D):
            character = bytes([code]).decode("cp1252")
            assert bytes([_BYTES[code]]).decode("latin-1") == character.translate(_TABLE), repr(character)


@given(st.text(max_size=80))
def test_folding_keeps_places(body: str) -> None:
    """Every word of the folded text stands for a stretch of the original, in order."""
    folded = fold(body)
    ends = [(folded.place(found.start()), folded.place(found.end())) for found in re.finditer(r"[^ ]+", folded.text)]
    assert all(0 <= start < end <= len(body) for start, end in ends)
    assert ends == sorted(ends)


def test_spellings_of_many_umlauts_do_not_explode() -> None:
    """A word with many umlauts has its three usual spellings and not all mixtures."""
    assert len(spellings("größeüberläufermäßig")) <= 3
    assert set(spellings("öl")) == {"öl", "oel"}


def test_signal() -> None:
    """A signal carries rule, status, probability, direction and a reason for people."""
    rule = Rule(
        "pl", SignalType.RESULTS, "werk", parse("werk"), Status.COMPLETED, Direction.DECLINE, 0.7, "Polen", "our area"
    )
    (signal,) = Book(Rules((rule,), "v")).signals(article("Das Werk"), "fr", "Das Werk", sentences("Das Werk"))
    assert (signal.by, signal.type, signal.family) == ("rule:pl", "results", "money")
    assert (signal.status, signal.direction, signal.probability) == ("completed", "decline", 0.7)
    assert signal.why == "rule Polen found 'Werk': our area"
    assert signal.evidence[0].text == "Das Werk"
    plain = Rule("pl", SignalType.LAYOFFS, "werk", parse("werk"))
    (signal,) = Book(Rules((plain,), "v")).signals(article("Das Werk"), "de", "Das Werk", sentences("Das Werk"))
    assert (signal.status, signal.direction, signal.probability) == ("planned", "decline", 1.0)
    assert signal.why == "rule pl found 'Werk'"
