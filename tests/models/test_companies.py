"""Which words name a company."""

import numpy as np
import pytest

from models.companies import BUCKETS, Companies
from models.corpus import Item, Labelled, seeds
from models.features import told
from models.lesson import PARTS, Lesson
from pipeline.signals import SignalType, Status


@pytest.fixture(scope="module")
def learnt() -> Companies:
    return Lesson(seeds()).learn()


@pytest.mark.parametrize(
    ("body", "name", "other"),
    [
        ("Autozulieferer Zwerntal streicht 300 Stellen in Fulda\n", "zwerntal", "fulda"),
        ("Quorvane Foods to open plant in Leeds\n", "quorvane", "leeds"),
    ],
)
def test_a_name_that_no_list_has_is_told_by_where_it_stands(
    learnt: Companies, body: str, name: str, other: str
) -> None:
    """Companies that nobody has met are likelier names than towns."""
    chances = {found.word: found.chance for found in learnt.find(body)}
    assert chances[name] > 0.1 > chances[other]
    assert name in told(body, learnt).names


def test_words_are_given_with_their_places(learnt: Companies) -> None:
    """A start is where the word stands in the body; text beyond the first stretch is not searched."""
    body = f"Kenmore wächst\nSagt Vossberg. {'und ' * 100}Kenmore"
    assert [(found.word, found.start) for found in learnt.find(body)] == [
        ("kenmore", 0),
        ("sagt", 15),
        ("vossberg", 20),
    ]


def test_an_item_is_read_with_what_other_parts_taught() -> None:
    """What one part's labels say is not known where that part is left out."""
    title = "Xyqaba wächst"
    signal = Labelled(SignalType.RESULTS, Status.COMPLETED, "Xyqaba", 0, len(title))
    items = [
        Item("0", "de", title, "", (signal,)),
        *(Item(str(n), "de", f"Xyqab{'bcdefghij'[n - 1]} fällt", "", ()) for n in range(1, 10)),
    ]
    other = Item("10", "de", "Ufomat verliert", "", (Labelled(SignalType.RESULTS, Status.COMPLETED, "Ufomat", 0, 6),))
    lesson = Lesson([*items, other, other])
    assert lesson.part.tolist() == [at % PARTS for at in range(12)]
    whole, apart = lesson.learn(), lesson.learn(0)
    assert whole.find(title)[0].chance > 0.9
    assert apart.find(title)[0].chance < whole.find(title)[0].chance - 0.1


def test_nothing_learnt_names_nobody() -> None:
    """Items without companies give a regression that finds none."""
    learnt = Lesson([Item("0", "de", "Kenmore wächst", "", ())]).learn()
    assert not np.any(learnt.weights)
    assert learnt.weights.shape == (BUCKETS,)
    assert all(found.chance < 0.001 for found in learnt.find("Kenmore wächst\n"))
