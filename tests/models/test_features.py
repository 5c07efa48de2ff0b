"""Text to numbers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.companies import BUCKETS, Companies
from models.counting import Batch
from models.features import MEANINGS, ORG, SPAN, Features, pieces, word_terms
from models.lexicon import NAMES, concepts
from models.tokens import Document, document, tokens

TEXTS = [
    "Vossberg baut Werk in Ulm\nEs kostet 30 Mio. Euro.",
    "Kenmore opens a plant in Ohio\n",
    "Brenntal schließt Werk\n",
]
NOBODY = Companies(np.zeros(BUCKETS, dtype=np.float32), -10.0)
FEATURES = Features.fit([document(text) for text in TEXTS], NOBODY, least=1)
WORDS = st.sampled_from("vossberg baut werk in ulm plant opens euro".split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 Mio. Euro", ["<amount>"]),
        ("€2.5bn", ["<amount>"]),
        ("12 Prozent", ["<pct>"]),
        ("7,5%", ["<pct>"]),
        ("bis 2028", ["bis", "<year>"]),
        ("5000 Stellen", ["<num>", "stellen"]),
        ("VW-Tochter", ["vw", "tochter"]),
        ("Wer baut?", ["wer", "baut", "?"]),
        ("die 2000er", ["die", "<num>", "er"]),
        ("US$\n5bn", ["<amount>"]),
        ("EUR 5", ["<amount>"]),
        ("- - -- „So“", ["<quote>", "so", "<quote>"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """Sums, shares and years become what they measure."""
    assert tokens(text) == expected


def test_pieces_know_where_a_word_ends() -> None:
    """A blank marks both ends."""
    assert pieces("ab") == [" ab", "ab ", " ab "]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("werksneubau", "build"),
        ("stellenabbau", "cut"),
        ("plant", "plant"),
        ("fabriken", "plant"),
        ("insolvenzantrag", "insolvent"),
    ],
)
def test_concepts(word: str, meaning: str) -> None:
    """Words of both languages mean the same things, compounds too."""
    assert meaning in [NAMES[index] for index in concepts(word)]


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    """Scoring many at once gives what scoring one gives."""
    together = FEATURES.matrix([document(text) for text in texts])
    alone = [FEATURES.matrix([document(text)]) for text in texts]
    assert together.shape == (len(texts), len(FEATURES))
    for row, one in zip(together.toarray(), alone, strict=True):
        assert np.allclose(row, one.toarray()[0], atol=1e-6)


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=12), max_size=3), st.frozensets(WORDS, max_size=3))
def test_counts_are_those_of_a_plain_count(runs: list[list[str]], names: frozenset[str]) -> None:
    """Each block counts what a loop over the words counts; what names a company is one, whatever else it means."""
    batch = Batch([Document((["werk"],)), Document(tuple(runs), names)])

    def meanings(word: str) -> set[int]:
        return {*concepts(word), ORG} if word in names else set(concepts(word))

    words = Counter(term for run in runs for term in word_terms(run))
    assert _counted(FEATURES.words.counts(batch), FEATURES.words.terms) == {
        term: count for term, count in words.items() if term in FEATURES.words
    }
    chars = Counter(piece for run in runs for word in run for piece in pieces(word))
    known = set(FEATURES.chars.terms)
    assert _counted(FEATURES.chars.counts(batch), FEATURES.chars.terms) == {
        term: count for term, count in chars.items() if term in known
    }
    meant = Counter(index for run in runs for word in run for index in meanings(word))
    meant.update(
        len(NAMES) * (first + 1) + second
        for run in runs
        for at, word in enumerate(run)
        for earlier in run[max(0, at - SPAN) : at]
        for first in meanings(earlier)
        for second in meanings(word)
    )
    assert _counted(FEATURES.meanings.counts(batch), range(MEANINGS)) == meant


def _counted(counts: Any, names: Sequence[Any]) -> dict[Any, float]:
    """Return what the second row counts, by name; columns stand in order."""
    row = counts[1]
    assert row.indices.tolist() == sorted(row.indices.tolist())
    return {names[column]: count for column, count in zip(row.indices, row.data, strict=True)}


def test_rows_have_unit_length_per_block() -> None:
    """Each of the three blocks weighs the same, however long the text."""
    row = FEATURES.matrix([document(TEXTS[0])]).toarray()[0]
    words, chars = len(FEATURES.words.terms), len(FEATURES.chars.terms)
    blocks = (row[:words], row[words : words + chars], row[words + chars :])
    assert len(blocks[2]) == MEANINGS
    assert [float(np.linalg.norm(block)) for block in blocks] == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)


def test_state_comes_back() -> None:
    """Restored features give the same rows."""
    restored = Features.restore(FEATURES.state())
    one, other = (features.matrix([document(TEXTS[1])]).toarray() for features in (FEATURES, restored))
    assert np.array_equal(one, other)
