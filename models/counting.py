"""How often what stands in which document: the arithmetic under `features`, on whole batches.

Words are numbered within a batch, so that what depends on the word alone is asked once for each different word and
spread over all places where it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.tokens import Document

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]


class Batch:
    """Documents as arrays.

    Attributes:
        words: each different word, in order of its first place; those that name a company somewhere stand once more
            behind the others.
        named: which of `words` are meant as names.
        ids: for each place its index into `words`.
        rows: for each place the number of its document.
        runs: for each place the number of its run, counted through all documents.
        size: how many documents there are.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        number: defaultdict[str, int] = defaultdict(count().__next__)
        runs = [run for item in documents for run in item.runs]
        self.size = len(documents)
        self.ids = np.array([number[word] for run in runs for word in run], dtype=np.int64)
        self.words = list(number)
        self.runs = _numbered([len(run) for run in runs])
        self.rows = _numbered([len(item.runs) for item in documents])[self.runs]
        self.named = np.zeros(len(self.words), dtype=np.bool_)
        self._name(documents, number)

    def _name(self, documents: Sequence[Document], number: Mapping[str, int]) -> None:
        """Give words another number where they name a company."""
        known = len(number)
        keys = [
            row * known + number[word]
            for row, item in enumerate(documents)
            for word in sorted(item.names)
            if word in number
        ]
        places = np.flatnonzero(np.isin(self.rows * known + self.ids, np.array(keys, dtype=np.int64)))
        again, which = np.unique(self.ids[places], return_inverse=True)
        self.ids[places] = known + which
        self.words += [self.words[at] for at in again.tolist()]
        self.named = np.append(self.named, np.ones(len(again), dtype=np.bool_))

    def spread(self, brought: Sequence[Columns], width: int) -> sparse.csr_matrix:
        """Return how often each document has each column, where each of the different words brings some.

        Args:
            brought: for each of `words` its columns.
            width: how many columns there are.
        """
        held = tally(self.rows, self.ids, (self.size, len(self.words)))
        ends = np.zeros(len(brought) + 1, dtype=np.int32)
        np.cumsum([len(columns) for columns in brought], out=ends[1:])
        flat = np.concatenate(brought) if brought else np.zeros(0, dtype=np.int32)
        ones = np.ones(len(flat), dtype=np.float32)
        counts = held @ sparse.csr_matrix((ones, flat, ends), shape=(len(brought), width))
        return counts.tocsc().tocsr()  # to columns and back: a third of what sorting costs


def _numbered(lengths: Sequence[int]) -> Ints:
    """Return 0 as often as the first length says, then 1 as often as the second says, and so on."""
    return np.repeat(np.arange(len(lengths)), np.array(lengths, dtype=np.int64))


def tally(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return how often each pair of row and column stands here (float32, columns of a row in order)."""
    places = rows * shape[1] + columns
    places.sort()
    first = np.flatnonzero(np.diff(places, prepend=-1))
    counts = np.diff(first, append=len(places)).astype(np.float32)
    row, column = np.divmod(places[first], shape[1])
    ends = np.searchsorted(row, np.arange(shape[0] + 1))
    return sparse.csr_matrix((counts, column.astype(np.int32), ends.astype(np.int32)), shape=shape)


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Return `start, start + 1, …` of each length, one behind the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
