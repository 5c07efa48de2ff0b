"""Text to numbers: words and pairs of words, and the pieces of words, each weighted by how rare it is.

Three blocks, each TF-IDF with dampened counts and unit length: `words` (words 1–2, numbers replaced by what they
measure), `chars` (3–5 letters within a word, which finds `abbau` in `Stellenabbau`) and `meanings` (concepts of the
lexicon and their pairs, the same for both languages). A few thousand words make up most news: what a word brings is
asked once in a batch, however often it stands there, and the rest is arithmetic on whole arrays (`counting`). That is
what makes scoring fast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray
from scipy import sparse

from models.companies import Companies, Name
from models.counting import Batch, Columns, ranges, tally
from models.cues import cues
from models.lexicon import FINGERPRINT, NAMES, concepts
from models.tokens import Document, Tokens, document

SPAN: Final = 8
"""Words within which two concepts are a pair."""
MEANINGS: Final = len(NAMES) * (len(NAMES) + 1)
ORG: Final = NAMES.index("org")
LIKELY: Final = 0.1
"""Chance from which a word is taken for the name of a company."""
_REMEMBER: Final = 200_000


def word_terms(run: Tokens) -> Iterable[str]:
    """Yield words and pairs of neighbours."""
    return chain(run, (f"{left} {right}" for left, right in pairwise(run)))


def pieces(word: str) -> list[str]:
    """Return the stretches of 3 to 5 characters of a word with a blank on either side."""
    padded = f" {word} "
    return [padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1)]


class Words:
    """Words and pairs of neighbours, with their columns and weights.

    Args:
        terms: the vocabulary, in the order of the columns.
        idf: weight of each column.
    """

    def __init__(self, terms: Sequence[str], idf: NDArray[np.float32]) -> None:
        self.terms = list(terms)
        self.idf = idf
        self._column = {term: column for column, term in enumerate(self.terms)}
        pairs = [term.split(" ", 1) for term in self.terms if " " in term]
        self._number = {word: at for at, word in enumerate(dict.fromkeys(chain.from_iterable(pairs)))}
        ends = np.array([self._number[word] for pair in pairs for word in pair], dtype=np.int64)
        keys = self._key(ends[::2], ends[1::2])
        columns = np.array([column for term, column in self._column.items() if " " in term], dtype=np.int64)
        order = np.argsort(keys)
        # The last one is for what stands behind all others.
        self._keys = np.append(keys[order], np.iinfo(np.int64).max)
        self._of_key = np.append(columns[order], -1)

    def _key(self, left: Any, right: Any) -> Any:
        """Return one number for two words' numbers."""
        return left * len(self._number) + right

    def __contains__(self, term: str) -> bool:
        """Say whether the vocabulary has this term."""
        return term in self._column

    def counts(self, batch: Batch) -> sparse.csr_matrix:
        """Return how often each document has each term (shape: documents × terms)."""
        single = np.array([self._column.get(word, -1) for word in batch.words], dtype=np.int64)[batch.ids]
        number = np.array([self._number.get(word, -1) for word in batch.words], dtype=np.int64)[batch.ids]
        near = (number[:-1] >= 0) & (number[1:] >= 0) & (batch.runs[:-1] == batch.runs[1:])
        keys = self._key(number[:-1][near], number[1:][near])
        at = np.searchsorted(self._keys, keys)
        pair = np.where(self._keys[at] == keys, self._of_key[at], -1)
        rows = np.concatenate([batch.rows[single >= 0], batch.rows[:-1][near][pair >= 0]])
        columns = np.concatenate([single[single >= 0], pair[pair >= 0]])
        return tally(rows, columns, (batch.size, len(self.terms)))


class Pieces:
    """Pieces of words (`pieces`), with their columns and weights.

    Args:
        terms: the vocabulary, in the order of the columns.
        idf: weight of each column.
    """

    def __init__(self, terms: Sequence[str], idf: NDArray[np.float32]) -> None:
        self.terms = list(terms)
        self.idf = idf
        self._search = AhoCorasick(self.terms, implementation=Implementation.ContiguousNFA)
        self._known: dict[str, Columns] = {}

    def counts(self, batch: Batch) -> sparse.csr_matrix:
        """Return how often each document has each term (shape: documents × terms)."""
        if len(self._known) > _REMEMBER:
            self._known.clear()
        return batch.spread([self._columns(word) for word in batch.words], len(self.terms))

    def _columns(self, word: str) -> Columns:
        """Return the columns of a word's pieces."""
        known = self._known.get(word)
        if known is None:
            found = self._search.find_matches_as_indexes(f" {word} ", overlapping=True)
            known = self._known[word] = np.array([column for column, *_ in found], dtype=np.int32)
        return known


class Meanings:
    """What the words mean (`lexicon`), and which meaning follows which within eight words.

    The first columns are the concepts, then every ordered pair: nothing of the training text is in this block.

    Args:
        idf: weight of each column.
    """

    def __init__(self, idf: NDArray[np.float32]) -> None:
        self.idf = idf

    @staticmethod
    def counts(batch: Batch) -> sparse.csr_matrix:
        """Return how often each document has each concept and each pair (shape: documents × `MEANINGS`)."""
        meant = [concepts(word) for word in batch.words]
        for name in np.flatnonzero(batch.named).tolist():
            meant[name] = tuple(sorted({*meant[name], ORG}))
        many = np.array([len(one) for one in meant], dtype=np.int64)
        at = np.flatnonzero(many[batch.ids])
        each = many[batch.ids[at]]
        flat = np.fromiter(chain.from_iterable(meant), dtype=np.int64)
        concept = flat[ranges((np.cumsum(many) - many)[batch.ids[at]], each)]
        # Runs are set so far apart that no pair reaches from one to the next.
        place = np.repeat(at + SPAN * batch.runs[at], each)
        row = np.repeat(batch.rows[at], each)
        low, high = np.searchsorted(place, place - SPAN), np.searchsorted(place, place)
        pairs = len(NAMES) * (concept[ranges(low, high - low)] + 1) + np.repeat(concept, high - low)
        rows, columns = np.concatenate([row, np.repeat(row, high - low)]), np.concatenate([concept, pairs])
        return tally(rows, columns, (batch.size, MEANINGS))


class Features:
    """The blocks side by side.

    Args:
        words: words and pairs of words.
        chars: pieces of words.
        meanings: concepts and pairs of concepts.
        companies: says which words name a company.
    """

    def __init__(self, words: Words, chars: Pieces, meanings: Meanings, companies: Companies) -> None:
        self.words, self.chars, self.meanings, self.companies = words, chars, meanings, companies

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.words.terms) + len(self.chars.terms) + MEANINGS

    @classmethod
    def fit(cls, documents: Sequence[Document], companies: Companies, least: int = 2) -> Features:
        """Return features whose vocabulary is what at least `least` of these documents have."""
        words = _vocabulary(documents, least, word_terms)
        chars = _vocabulary(documents, least, lambda run: chain.from_iterable(map(pieces, run)))
        return cls(Words(*words), Pieces(*chars), Meanings(_meaning_weights(documents)), companies)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Features:
        """Return the features that `state` was called on.

        Raises:
            ValueError: trained with another lexicon.
        """
        if state["lexicon"] != FINGERPRINT:
            raise ValueError("trained with another lexicon than models/lexicon.py; train it again")
        words = Words(state["words"].split("\t"), state["words_idf"].astype(np.float32))
        chars = Pieces(state["chars"].split("\t"), state["chars_idf"].astype(np.float32))
        companies = Companies(state["companies"].astype(np.float32), float(state["companies_bias"]))
        return cls(words, chars, Meanings(state["meanings_idf"].astype(np.float32)), companies)

    def state(self) -> dict[str, Any]:
        """Return plain strings and arrays that say everything."""
        return {
            "words": "\t".join(self.words.terms),
            "words_idf": self.words.idf,
            "chars": "\t".join(self.chars.terms),
            "chars_idf": self.chars.idf,
            "meanings_idf": self.meanings.idf,
            "companies": self.companies.weights.astype(np.float16),
            "companies_bias": self.companies.bias,
            "lexicon": FINGERPRINT,
        }

    def document(self, body: str) -> Document:
        """Return a body as the model reads it."""
        return told(body, self.companies)

    def names(self, body: str) -> frozenset[str]:
        """Return the words of a body, in lower case, that name a company."""
        return _likely(self.companies.find(body))

    def matrix(self, documents: Sequence[Document]) -> sparse.csr_matrix:
        """Return the blocks of each document in one row, each of unit length (shape: documents × terms, float32)."""
        batch = Batch(documents)
        blocks = (self.words, self.chars, self.meanings)
        return sparse.hstack([_weighted(block.counts(batch), block.idf) for block in blocks], format="csr")


def told(body: str, companies: Companies) -> Document:
    """Return title and lead of a body, the names in it, and its cues."""
    found = companies.find(body)
    plain = document(body)
    return plain._replace(names=_likely(found), cues=cues(body, plain, found))


def _likely(found: Iterable[Name]) -> frozenset[str]:
    """Return the words that are taken for names."""
    return frozenset(name.word for name in found if name.chance >= LIKELY)


def _vocabulary(
    documents: Sequence[Document], least: int, terms_of: Callable[[Tokens], Iterable[str]]
) -> tuple[list[str], NDArray[np.float32]]:
    """Return the terms of at least `least` documents in alphabetical order, and their inverse document frequency."""
    seen: Counter[str] = Counter()
    for item in documents:
        seen.update({term for run in item.runs for term in terms_of(run)})
    terms = sorted(term for term, count in seen.items() if count >= least)
    frequency = np.array([seen[term] for term in terms], dtype=np.float64)
    return terms, (np.log((1 + len(documents)) / (1 + frequency)) + 1).astype(np.float32)


def _meaning_weights(documents: Sequence[Document]) -> NDArray[np.float32]:
    """Return the inverse document frequency of every column of `Meanings`."""
    frequency = Meanings.counts(Batch(documents)).getnnz(axis=0)
    return np.asarray(np.log((1 + len(documents)) / (1 + frequency)) + 1, dtype=np.float32)


def _weighted(counts: sparse.csr_matrix, idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """Dampen the counts, weigh them, and scale each row to length 1; an empty row stays empty."""
    counts.data = (1.0 + np.log(counts.data)) * idf[counts.indices]
    filled = np.flatnonzero(np.diff(counts.indptr))
    squares = np.ones(counts.shape[0], dtype=np.float32)
    squares[filled] = np.add.reduceat(counts.data * counts.data, counts.indptr[filled]) if len(filled) else ()
    counts.data /= np.repeat(np.sqrt(squares), np.diff(counts.indptr))
    return counts
