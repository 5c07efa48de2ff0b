"""Text to numbers: words and pairs of words, and the pieces of words, each weighted by how rare it is.

Three blocks, each TF-IDF with dampened counts and unit length: `words` (words 1–2, numbers replaced by what they
measure), `chars` (3–5 letters within a word, which finds `abbau` in `Stellenabbau`) and `meanings` (concepts of the
lexicon and their pairs, the same for both languages). What a word brings is looked up once and remembered, because a
few thousand words make up most news; that is what makes scoring fast.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.lexicon import FINGERPRINT, NAMES, concepts

LEAD: Final = 1200
"""Characters of text, after the title, that are read: news says its news first, and training text is short."""
SPAN: Final = 8
"""Words within which two concepts are a pair."""
MEANINGS: Final = len(NAMES) * (len(NAMES) + 1)
_REMEMBER: Final = 200_000

_TOKEN = re.compile(
    r"""(?P<amount> (?:[$€£]|US\$|EUR|USD|CHF)\s?\d[\d.,]*(?:\s?(?:bn|billion|million|m|k|Mio|Mrd)\b\.?)?
          | \d[\d.,]*\s?(?:Mrd|Mio|Bio|Millionen|Milliarden?|Million|Billionen|billion|million|bn)\b\.?
            (?:\s?(?:Euro|Dollar|Franken|euros?|dollars?|pounds?|US-Dollar|EUR|USD|CHF|€|\$))?
          | \d[\d.,]*\s?(?:Euro|Dollar|Franken|€|euros?|dollars?)\b)
      | (?P<pct> \d[\d.,]*\s?(?:%|Prozent\b|percent\b|per\ cent\b))
      | (?P<year> \b(?:19|20)\d\d\b)
      | (?P<num> \d[\d.,]*)
      | (?P<word> [^\W\d_]\w{0,59})
      | (?P<quote> [„“"”»«])
      | (?P<mark> [?!:])""",
    re.VERBOSE,
)

Tokens = list[str]
Document = Sequence[Tokens]
"""Runs of tokens (title, lead); pairs of words never cross from one to the next."""


def tokens(text: str) -> Tokens:
    """Return the words in lower case, with `<amount>`, `<pct>`, `<year>`, `<num>`, `<quote>` for what varies."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        found.append(match.group().lower() if kind in ("word", "mark") else f"<{kind}>")
    return found


def document(body: str) -> Document:
    """Return title and lead of a body as the model reads them."""
    title, _, text = body.partition("\n")
    return (tokens(title), tokens(text[:LEAD]))


def word_terms(run: Tokens) -> Iterable[str]:
    """Yield words and pairs of neighbours."""
    return chain(run, (f"{left} {right}" for left, right in pairwise(run)))


def pieces(word: str) -> list[str]:
    """Return the stretches of 3 to 5 characters of a word with a blank on either side."""
    padded = f" {word} "
    return [padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1)]


class Block:
    """One kind of terms with their columns and weights.

    Args:
        terms: the vocabulary, in the order of the columns.
        idf: weight of each column.
        by_word: give the terms of one word; None: the terms are words and pairs of a run.
    """

    def __init__(
        self, terms: Sequence[str], idf: NDArray[np.float32], by_word: Callable[[str], list[str]] | None = None
    ) -> None:
        self.terms = list(terms)
        self.idf = idf
        self._column = {term: column for column, term in enumerate(self.terms)}
        self._by_word = by_word
        self._known: dict[str, list[int]] = {}

    def __contains__(self, term: str) -> bool:
        """Say whether the vocabulary has this term."""
        return term in self._column

    def matrix(self, documents: Sequence[Document]) -> sparse.csr_matrix:
        """Return one row of unit length for each document (shape: documents × terms, float32)."""
        return _weighted(documents, self._extend, self.idf)

    def _extend(self, columns: list[int], run: Tokens) -> None:
        """Add the columns of a run's terms that are in the vocabulary."""
        get = self._column.get
        if self._by_word is None:
            columns.extend(column for term in word_terms(run) if (column := get(term)) is not None)
            return
        if len(self._known) > _REMEMBER:
            self._known.clear()
        for word in run:
            known = self._known.get(word)
            if known is None:
                known = [column for term in self._by_word(word) if (column := get(term)) is not None]
                self._known[word] = known
            columns.extend(known)


class Meanings:
    """What the words mean (`lexicon`), and which meaning follows which within eight words.

    The first columns are the concepts, then every ordered pair: nothing of the training text is in this block.

    Args:
        idf: weight of each column.
    """

    def __init__(self, idf: NDArray[np.float32]) -> None:
        self.idf = idf

    def matrix(self, documents: Sequence[Document]) -> sparse.csr_matrix:
        """Return one row of unit length for each document (shape: documents × `MEANINGS`, float32)."""
        return _weighted(documents, meaning_columns, self.idf)


def meaning_columns(columns: list[int], run: Tokens) -> None:
    """Add the columns of the concepts of a run and of their pairs."""
    count = len(NAMES)
    before: list[tuple[int, tuple[int, ...]]] = []
    for at, word in enumerate(run):
        here = concepts(word)
        if not here:
            continue
        columns.extend(here)
        while before and at - before[0][0] > SPAN:
            before.pop(0)
        for _, earlier in before:
            for first in earlier:
                base = count * (first + 1)
                columns.extend([base + second for second in here])
        before.append((at, here))


def _weighted(
    documents: Sequence[Document], extend: Callable[[list[int], Tokens], None], idf: NDArray[np.float32]
) -> sparse.csr_matrix:
    """Return the documents' columns as rows of unit length, counts dampened and weighted."""
    columns: list[int] = []
    ends = [0]
    for item in documents:
        for run in item:
            extend(columns, run)
        ends.append(len(columns))
    ones = np.ones(len(columns), dtype=np.float32)
    shape = (len(documents), len(idf))
    rows = sparse.csr_matrix((ones, np.array(columns, dtype=np.int32), np.array(ends)), shape=shape)
    rows.sum_duplicates()
    rows.data = (1.0 + np.log(rows.data)) * idf[rows.indices]
    return _unit(rows)


class Features:
    """The blocks side by side.

    Args:
        words: words and pairs of words.
        chars: pieces of words.
        meanings: concepts and pairs of concepts.
    """

    def __init__(self, words: Block, chars: Block, meanings: Meanings) -> None:
        self.words, self.chars, self.meanings = words, chars, meanings

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.words.terms) + len(self.chars.terms) + MEANINGS

    @classmethod
    def fit(cls, documents: Sequence[Document], least: int = 2) -> Features:
        """Return features whose vocabulary is what at least `least` of these documents have."""
        words = _vocabulary(documents, least, word_terms)
        chars = _vocabulary(documents, least, lambda run: chain.from_iterable(map(pieces, run)))
        return cls(Block(*words), Block(*chars, by_word=pieces), Meanings(_meaning_weights(documents)))

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Features:
        """Return the features that `state` was called on.

        Raises:
            ValueError: trained with another lexicon.
        """
        if state["lexicon"] != FINGERPRINT:
            raise ValueError("trained with another lexicon than models/lexicon.py; train it again")
        words = Block(state["words"].split("\t"), state["words_idf"].astype(np.float32))
        chars = Block(state["chars"].split("\t"), state["chars_idf"].astype(np.float32), by_word=pieces)
        return cls(words, chars, Meanings(state["meanings_idf"].astype(np.float32)))

    def state(self) -> dict[str, Any]:
        """Return plain strings and arrays that say everything."""
        return {
            "words": "\t".join(self.words.terms),
            "words_idf": self.words.idf,
            "chars": "\t".join(self.chars.terms),
            "chars_idf": self.chars.idf,
            "meanings_idf": self.meanings.idf,
            "lexicon": FINGERPRINT,
        }

    def matrix(self, documents: Sequence[Document]) -> sparse.csr_matrix:
        """Return the blocks of each document in one row (float32)."""
        blocks = [block.matrix(documents) for block in (self.words, self.chars, self.meanings)]
        return sparse.hstack(blocks, format="csr")


def _vocabulary(
    documents: Sequence[Document], least: int, terms_of: Callable[[Tokens], Iterable[str]]
) -> tuple[list[str], NDArray[np.float32]]:
    """Return the terms of at least `least` documents in alphabetical order, and their inverse document frequency."""
    seen: Counter[str] = Counter()
    for item in documents:
        seen.update({term for run in item for term in terms_of(run)})
    terms = sorted(term for term, count in seen.items() if count >= least)
    frequency = np.array([seen[term] for term in terms], dtype=np.float64)
    return terms, (np.log((1 + len(documents)) / (1 + frequency)) + 1).astype(np.float32)


def _meaning_weights(documents: Sequence[Document]) -> NDArray[np.float32]:
    """Return the inverse document frequency of every column of `Meanings`."""
    frequency = np.zeros(MEANINGS)
    for item in documents:
        columns: list[int] = []
        for run in item:
            meaning_columns(columns, run)
        frequency[list(set(columns))] += 1
    return (np.log((1 + len(documents)) / (1 + frequency)) + 1).astype(np.float32)


def _unit(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale each row to length 1; an empty row stays empty."""
    squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    length = np.sqrt(np.where(squares == 0, 1.0, squares)).astype(np.float32)
    rows.data /= np.repeat(length, np.diff(rows.indptr))
    return rows
