"""Sales regions: the narrowest that fits, and faults that say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.route.places import Gazetteer
from pipeline.route.regions import Regions

FILE = """
[[region]]
name = "DACH"
countries = ["DE", "Österreich", "CH"]
[[region]]
name = "South"
admin = ["Bayern", "Tirol"]
towns = ["Ulm"]
[[region]]
name = "Lone Star"
admin = ["Texas"]
[[region]]
name = "West"
countries = ["BE", "NL"]
groups = ["Benelux"]
"""


def _regions(folder: Path, text: str) -> Regions:
    (folder / "regions.toml").write_text(text)
    return Regions.load(folder / "regions.toml")


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Das Werk in Hamburg wächst.", "DACH"),
        ("Das Werk in München wächst.", "South"),
        ("Ein Lager in Bayern wird gebaut.", "South"),
        ("Das Werk in Innsbruck wächst.", "South"),
        ("Das Werk in Wien wächst.", "DACH"),
        ("Die Fabrik steht in Ulm.", "South"),
        ("A plant in Houston, Texas, is planned.", "Lone Star"),
        ("A plant in Denver, Colorado, is planned.", ""),
        ("Der Absatz in den Benelux-Ländern steigt.", "West"),
        ("The factory is in Antwerp.", "West"),
        ("Ein neues Werk entsteht in Polen.", ""),
    ],
)
def test_the_narrowest_region_counts(tmp_path: Path, text: str, region: str) -> None:
    """Town before province before country; a town is in its province's region; what is in none has none."""
    places = Gazetteer(_regions(tmp_path, FILE)).find(text)
    assert places
    assert {place.region for place in places} == {region}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1", r"regions\.toml: region: write each region as a table"),
        ('[[region]]\ncountries = ["DE"]', r"regions\.toml: name: missing in table 1"),
        ('[[region]]\nname = "A"\nland = ["DE"]', r"A\.land: unknown key; use countries, admin, towns, groups"),
        ('[[region]]\nname = "A"\ncountries = "DE"', r"A\.countries: must be a list of texts"),
        ('[[region]]\nname = "A"\ncountries = ["Atlantis"]', r"A\.countries: 'Atlantis' is no place of this kind"),
        ('[[region]]\nname = "A"\ncountries = ["QQ"]', r"A\.countries: 'QQ' is no place of this kind"),
        (
            '[[region]]\nname = "A"\ncountries = ["DE"]\n[[region]]\nname = "B"\ncountries = ["Germany"]',
            r"B\.countries: 'Germany' is in 'A' already",
        ),
    ],
)
def test_faults(tmp_path: Path, text: str, fault: str) -> None:
    """Each fault names file and field and says what to do."""
    with pytest.raises(BadInput, match=fault):
        _regions(tmp_path, text)


def test_without_a_file_places_carry_no_region() -> None:
    """No region file, no regions."""
    assert {place.region for place in Gazetteer().find("Werke in Hamburg und Wien")} == {""}
