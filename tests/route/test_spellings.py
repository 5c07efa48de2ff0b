"""The table of all spellings: what it finds, and that a change is as good as building anew."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from pipeline.route.mentions import Finder
from pipeline.route.names import fold
from pipeline.route.spellings import Spellings
from pipeline.route.table import Table
from pipeline.route.tree import Account, Accounts, Level

_WORDS = ("Nordhaff", "Rhenovar", "Kessel & Brandt", "Quadrat", "Ostwick", "Merzau", "Holm", "Dreyling", "J.P. Tarn")
_TAILS = ("", " Group", " AG", " Logistik", " Energy", " Motor")


@given(st.lists(st.tuples(st.text("ab& ", min_size=1, max_size=6), st.booleans()), max_size=200))
def test_the_table_is_a_dictionary(steps: list[tuple[str, bool]]) -> None:
    """It says of every spelling what was put there and not removed, however many there are and however it grew."""
    table, truth = Table(1), dict[str, set[int]]()
    for number, (spelling, stays) in enumerate(steps):
        table.put(spelling, number)
        truth.setdefault(spelling, set()).add(number)
        if not stays:
            table.remove(spelling, frozenset((number,)))
            truth[spelling].discard(number)
    assert {spelling: set(table.get(spelling)) for spelling in truth} == truth


def test_names_end_where_words_may() -> None:
    """`Volkswagens`, `Volkswagentochter`, `Kessel&Brandt` begin with a name; `Volkswagenfahrer` does not."""
    found = Spellings(Accounts([Account("v", "Volkswagen"), Account("k", "Kessel & Brandt")]))

    def names(text: str) -> set[str]:
        return {text[start:end] for start, end, _ in found.find(fold(text))}

    assert names("Volkswagens Volkswagentochter") == {"Volkswagen"}
    assert names("Kessel&Brandt, Kessel & Brandt und Kessel und Brandts") >= {
        "Kessel&Brandt",
        "Kessel & Brandt",
        "Kessel und Brandt",
    }
    assert names("Volkswagenfahrer, XVolkswagen") == set()


def _some(chance: random.Random, number: int) -> Account:
    def name() -> str:
        return chance.choice(_WORDS) + chance.choice(_TAILS)

    aliases = tuple(name() for _ in range(chance.randrange(3)))
    parent = f"a{chance.randrange(10)}" if number >= 10 and chance.random() < 0.5 else ""
    level = Level.UNIT if parent else Level.GROUP
    return Account(f"a{number}", name(), parent, level, aliases, legal_name=chance.choice(("", name())))


def test_a_change_is_as_good_as_building_anew() -> None:
    """After any changes the same names mean the same accounts as in a finder built from the accounts as they are."""
    chance = random.Random(7)
    text = ". ".join(word + tail for word in _WORDS for tail in _TAILS)
    accounts = Accounts(_some(chance, number) for number in range(30))
    finder = Finder(accounts)
    for _ in range(150):
        number = chance.randrange(40)
        old = accounts.get(f"a{number}")
        new = _some(chance, number) if chance.random() < 0.8 else None
        if new:
            accounts.put(new)
        else:
            accounts.drop(f"a{number}")
        finder.change(old, new)
        anew = Accounts(accounts)
        assert accounts.version == anew.version
        assert finder.find(text) == Finder(anew).find(text)


def test_one_changed_account_of_many_is_in_use_at_once() -> None:
    """A change among 20,000 accounts costs milliseconds, where building takes seconds."""
    accounts = Accounts(Account(f"a{n}", f"Firma{n:05d}n Logistik", aliases=(f"Fn{n}",)) for n in range(20_000))
    finder = Finder(accounts)
    assert finder.find("Firma00777n Logistik baut")
    old, new = accounts["a777"], Account("a777", "Umbenannta Transport")
    began = time.process_time()
    accounts.put(new)
    finder.change(old, new)
    took = time.process_time() - began
    assert [one.account_id for one in finder.find("Umbenannta Transport baut")] == ["a777"]
    assert not finder.find("Firma00777n Logistik baut")
    assert took < 0.2
