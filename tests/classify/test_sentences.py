"""Where sentences end, and that offsets always fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classify.sentences import LONGEST, sentences


def cut(body: str) -> list[str]:
    return [body[start:end] for start, end in sentences(body)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Es kostet 3 Mrd. Euro. Das ist viel.", ["Es kostet 3 Mrd. Euro.", "Das ist viel."]),
        ("Firmen, z. B. Vossberg, bauen. Andere nicht.", ["Firmen, z. B. Vossberg, bauen.", "Andere nicht."]),
        ("Im 3. Quartal stieg der Umsatz. Es war warm.", ["Im 3. Quartal stieg der Umsatz.", "Es war warm."]),
        ("Am 24. Dezember schließt das Werk. Für immer.", ["Am 24. Dezember schließt das Werk.", "Für immer."]),
        ("Chefin ist Dr. Anna Holm. Sie bleibt.", ["Chefin ist Dr. Anna Holm.", "Sie bleibt."]),
        ("Kenmore Inc. The company said no.", ["Kenmore Inc.", "The company said no."]),
        ("Kenmore Inc. Chairman Lee said no. He left.", ["Kenmore Inc. Chairman Lee said no.", "He left."]),
        ("It opened in 2024. The plant is big.", ["It opened in 2024.", "The plant is big."]),
        ("„Wir bauen.“ Dann ging er.", ["„Wir bauen.“", "Dann ging er."]),
        ('"Why now?" Nobody knows! All laughed.', ['"Why now?"', "Nobody knows!", "All laughed."]),
        ("Mr. J. Smith of the U.S. Navy left. We stay.", ["Mr. J. Smith of the U.S. Navy left.", "We stay."]),
        ("Umsatz: 12.500 Stück. Preis: 1,5 Mio. Euro", ["Umsatz: 12.500 Stück.", "Preis: 1,5 Mio. Euro"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("wait ... and see. Then go.", ["wait ... and see.", "Then go."]),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    """Abbreviations, ordinals and quotes do not end a sentence; stops do."""
    assert cut(f"Titel\n{text}") == ["Titel", *expected]


def test_title_is_one_sentence() -> None:
    """A title is never cut, whatever stops it has."""
    assert cut("Wer kauft? Wer baut? Vossberg.\nText.") == ["Wer kauft? Wer baut? Vossberg.", "Text."]


def test_nothing_in_white_space() -> None:
    """A body of white space has no sentences."""
    assert sentences(" \n \n") == []


@given(st.text(alphabet=st.sampled_from("aB. ?\n„“3zÄß…)'\"\t"), max_size=400) | st.text(max_size=200))
def test_offsets_fit(body: str) -> None:
    """Sentences are in order, do not overlap, are not blank, and leave nothing but white space out."""
    spans = sentences(body)
    at = 0
    for start, end in spans:
        assert body[at:start].strip() == ""
        assert start < end <= len(body)
        assert body[start:end] == body[start:end].strip()
        at = end
    assert body[at:].strip() == ""


def test_endless_text_is_cut() -> None:
    """A table without a stop becomes pieces of bearable length."""
    spans = sentences("t\n" + "wort " * 1000)
    assert max(end - start for start, end in spans) <= LONGEST
    assert len(spans) > 5
