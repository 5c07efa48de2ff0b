"""Which language a text is in."""

import pytest

from pipeline.classify.language import UNKNOWN, language

GERMAN = (
    "Der bekannte Maschinenbauer will schon im kommenden Jahr ein zweites Werk errichten, "
    "wie das Unternehmen am Dienstag in Ulm mitteilte."
)
FRENCH = (
    "Le groupe a annoncé mardi la construction d'une nouvelle usine dans le nord du pays, "
    "avec deux cents emplois créés d'ici un an."
)


@pytest.mark.parametrize(
    ("title", "text", "hint", "expected"),
    [
        ("Vossberg baut", GERMAN, "", "de"),
        ("Vossberg baut", GERMAN, "en-GB", "de"),
        ("Vossberg", FRENCH, "de", "fr"),
        ("Vossberg", "", "en-GB", "en"),
        ("Brenntal schließt Werk in Ulm", "", "", "de"),
        ("Kenmore opens a plant in Ohio", "", "", "en"),
        ("Nordwerke meldet Insolvenz an", "", "", "de"),
        ("Tarnwick names new chief executive", "", "", "en"),
        ("", "", "", UNKNOWN),
        ("12345 !!", "", "", UNKNOWN),
    ],
)
def test_language(title: str, text: str, hint: str, expected: str) -> None:
    """Enough text decides; a headline goes by hint, then by its words."""
    assert language(title, text, hint) == expected
