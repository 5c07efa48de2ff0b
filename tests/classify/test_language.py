"""Which language a text is in."""

import pytest

from pipeline.classify.language import UNKNOWN, language, languages

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


def test_many_at_once_are_what_each_is_alone() -> None:
    """All texts in step get the language that py3langid gives to each of them."""
    shouted, short = GERMAN.upper(), FRENCH[:60]
    leads = [GERMAN, FRENCH, shouted, GERMAN[:120] + FRENCH, "Ж" * 130, "1 a " * 40, "ä\u0308 e\u0301 " * 40]
    asked = [("", text[cut:], "") for text in leads for cut in range(10)] + [("", short, "fr"), ("", "1" * 200, "")]
    assert languages(asked) == [language(*one) for one in asked]
    assert set(languages(asked)) >= {"de", "fr", UNKNOWN}
