"""Words that are names of companies."""

from models.lexicon import NAMES, concepts
from models.names import FILE, find


def test_where_only_companies_stand() -> None:
    """A word counts when newsrooms write it where companies stand, often enough, and never as a common word."""
    texts = [
        "Quandtner-Chef geht",
        "Quandtner-Aktie steigt",
        "Autobauer Felswerk liefert, Felswerk AG wächst",
        "Haus-Manager und Haus-Chef: das haus",
        "Messe-Chef redet, " + "Messe " * 40,
    ]
    assert find(texts, set()) == ["felswerk", "quandtner"]


def test_a_list_is_believed_unless_the_word_is_common() -> None:
    """What a list of companies has needs no news; a word that is written small is none."""
    assert find(["das ziel ist klar", "Ziel AG"], {"ziel", "vossberg"}) == ["vossberg"]


def test_the_list_that_ships() -> None:
    """Single words in lower case, in order, each of them a company to the lexicon."""
    words = FILE.read_text().split()
    assert words == sorted(set(words))
    assert all(word == word.lower() for word in words)
    assert all("org" in [NAMES[index] for index in concepts(word)] for word in words)
