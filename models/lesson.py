"""Learning from labelled items which words name a company (`companies`).

An item must not be read with names that its own labels taught: what trains the types would then know the companies
better than what is judged later. So the items are dealt into parts, and each part is read with what the others taught.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from models.companies import BUCKETS, ENDS, Companies, around, beginning, bucket, candidate, setting, traits
from models.corpus import Item
from models.lexicon import NAMES, concepts

PARTS: Final = 3
_ALPHA: Final = 1e-5
_INVENTED: Final = 0.5
_KNOWN: Final = NAMES.index("org")


class Lesson:
    """What labelled items teach about names: fitted whole, or without one part so that the part can be judged.

    Args:
        items: those with signals but no company in them teach nothing.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.part = np.arange(len(items)) % PARTS
        columns: list[int] = []
        ends, right, weight, part = [0], [], [], []
        for item, mine in zip(items, self.part.tolist(), strict=True):
            for found, is_name in _examples(item):
                columns.extend(map(bucket, found))
                ends.append(len(columns))
                right.append(is_name)
                weight.append(_INVENTED if item.seed else 1.0)
                part.append(mine)
        ones = np.ones(len(columns), dtype=np.float32)
        shape = (len(right), BUCKETS)
        self._rows = sparse.csr_matrix((ones, np.array(columns, dtype=np.int32), np.array(ends)), shape=shape)
        self._right, self._weight, self._of = np.array(right, dtype=np.int8), np.array(weight), np.array(part)

    def learn(self, without: int | None = None) -> Companies:
        """Return what is learnt from all items, or from those of the other parts."""
        mine = np.ones(len(self._of), dtype=np.bool_) if without is None else self._of != without
        if len(np.unique(self._right[mine])) < 2:
            return Companies(np.zeros(BUCKETS, dtype=np.float32), -10.0)
        model = SGDClassifier(loss="log_loss", alpha=_ALPHA, max_iter=10, tol=None, random_state=0, average=True)
        model.fit(self._rows[mine], self._right[mine], sample_weight=self._weight[mine])
        return Companies(model.coef_[0].astype(np.float16).astype(np.float32), float(model.intercept_[0]))


def _examples(item: Item) -> Iterable[tuple[list[str], bool]]:
    """Yield the traits of each word that could be a name, and whether it is in the name of a company that acts.

    A known name that does not act is passed over: it is a company all the same.
    """
    names = {signal.company.strip() for signal in item.signals}
    if item.signals and not any(names):
        return
    words, title = beginning(item.body)
    spans = [
        match.span() for name in sorted(names) if name for match in re.finditer(rf"(?<!\w){re.escape(name)}", item.body)
    ]
    for at, word in enumerate(words):
        if not candidate(word.text):
            continue
        is_name = any(word.start < end and word.end > start for start, end in spans)
        if is_name or _KNOWN not in concepts(word.text.lower()):
            place = word.start < title, at == 0 or words[at - 1].text in ENDS
            yield [*traits(word.text), *around(words, at), *setting(*place)], is_name
