"""Places in texts: names, adjectives, datelines, and what is no place."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.route.places import Gazetteer

GAZETTEER = Gazetteer()


def _found(text: str) -> list[tuple[str, str, str]]:
    return [(place.text, place.country, place.kind) for place in GAZETTEER.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Der Konzern baut in Mailand ein Werk", [("Mailand", "IT", "city")]),
        ("Neue Fabrik in Deutschland und in Polen", [("Deutschland", "DE", "country"), ("Polen", "PL", "country")]),
        (
            "Der polnische Hersteller wächst in Österreich",
            [("polnische", "PL", "country"), ("Österreich", "AT", "country")],
        ),
        ("Der US-Konzern zieht nach Irland", [("US", "US", "country"), ("Irland", "IE", "country")]),
        ("Chinas Autobauer wollen nach Europa", [("Chinas", "CN", "country"), ("Europa", "", "group")]),
        ("Die EU-Kommission prüft die Übernahme", [("EU", "EU", "group")]),
        ("Ein Werk in Baden-Württemberg wird geschlossen", [("Baden-Württemberg", "DE", "admin")]),
        (
            "Der steirische Betrieb liefert nach Norddeutschland",
            [("steirische", "AT", "admin"), ("Norddeutschland", "DE", "admin")],
        ),
        ("Der Münchner Autobauer investiert", [("Münchner", "DE", "city")]),
        ("The plant in Oxnard, California will close", [("Oxnard", "US", "city"), ("California", "US", "admin")]),
        (
            "The company opens an office in Smackville, Ohio next year",
            [("Smackville", "US", "city"), ("Ohio", "US", "admin")],
        ),
        (
            "The Canadian miner expands across Latin America",
            [("Canadian", "CA", "country"), ("Latin America", "", "group")],
        ),
        ("Das Werk in Essen wird ausgebaut", [("Essen", "DE", "city")]),
    ],
)
def test_places_and_their_countries(text: str, expected: list[tuple[str, str, str]]) -> None:
    """Towns with exonyms, regions, countries, adjectives and groups are found with their country."""
    assert _found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Das Essen in der Kantine ist teurer",
        "die man ist und wie sie war",
        "Die Deutsche Bank und die Deutsche Telekom kooperieren",
        "Bayern München verlängert den Vertrag, sagt der FC Bayern",
        "Wie die New York Times berichtet, sinkt der Umsatz",
        "Reading is fun and Mobile is the future of Nice things",
        "Der Umsatz lag bei fünf Milliarden US-Dollar",
        "Das kostet fünf Millionen Franken im Jahr",
        "Auf Deutsch heißt das Werk",
    ],
)
def test_what_is_no_place(text: str) -> None:
    """Food, stop words, company, club and media names, currencies and languages are no places."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("body", "town"),
    [
        ("New plant announced\nHAMBURG, Nov. 3 /PRNewswire/ -- The company builds in Poland", "HAMBURG"),
        ("Werk wird gebaut\nKöln (dpa) - Der Konzern baut in Polen", "Köln"),
        ("Bank wächst.\nBank wächst. Wien – Die Bank wächst in Polen", "Wien"),
        ("New plant\nFORT WORTH, TX, June 23, 2025 /24-7PressRelease/ -- A plant in Poland", "FORT WORTH"),
    ],
)
def test_datelines_are_flagged(body: str, town: str) -> None:
    """Where an article was written is told apart from where things happen."""
    places = GAZETTEER.find(body)
    assert [place.text for place in places if place.dateline][:1] == [town]
    assert [place.country for place in places if not place.dateline] == ["PL"]


def test_a_country_in_the_text_decides_between_towns_of_one_name() -> None:
    """`London, Ontario` is not the capital of the United Kingdom."""
    assert [place.country for place in GAZETTEER.find("A new plant in London, Ontario opens")] == ["CA", "CA"]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=10),
            st.sampled_from(
                ["München", " Berlin", "/", ", TX", " – ", "US-", "\n", "Frankfurt am Main", " St. Louis", "İ"]
            ),
        ),
        max_size=15,
    ).map("".join)
)
@settings(max_examples=120, deadline=None)
def test_spans_always_cut_out_their_text(body: str) -> None:
    """Whatever the text, each place's offsets cut out its text; places do not overlap; the second run says the same."""
    places = GAZETTEER.find(body)
    assert all(body[place.start : place.end] == place.text and place.text for place in places)
    assert all(one.end <= two.start for one, two in pairwise(places))
    assert places == GAZETTEER.find(body)
