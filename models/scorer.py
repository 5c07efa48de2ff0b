"""A trained model in service: which types, how far, and which sentence says so.

Types are judged on title and lead together; the evidence is the sentence that by itself speaks most for the type, and
the status is read from that sentence. A version is strings and arrays only: nothing in it can run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.corpus import STATUSES, TYPES
from models.features import Features
from models.mixer import Mixer
from models.tokens import LEAD, Document, tokens
from pipeline.classify.step import Found, Prepared
from pipeline.errors import BadModel

LANGUAGES: Final = ("de", "en")
FORM: Final = 2
"""Rises when the state's form changes; a model of another form is refused."""
MOST_EVIDENCE: Final = 3
_NEXT: Final = 0.5
"""Share of the best sentence's pull from which another sentence is evidence too."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """What training found.

    Attributes:
        types: terms × 24, the pull of each term towards each type.
        types_bias: 24.
        slope: per language, scales a margin to log odds (2).
        offset: per language and type, added to the log odds (2 × 24).
        thresholds: probability from which a type counts, per language and type (2 × 24).
        statuses: (terms + 24) × 5, the last rows are the types.
        statuses_bias: 5.
        title: what the title has ahead of other sentences, as evidence.
        later: what each sentence loses to the one before it.
    """

    types: Floats
    types_bias: Floats
    slope: Floats
    offset: Floats
    thresholds: Floats
    statuses: Floats
    statuses_bias: Floats
    title: float = 0.0
    later: float = 0.0


class LinearScorer:
    """Scores prepared articles, many at once.

    Args:
        version: the version's name.
        features: as trained.
        weights: as trained.
        mixer: as trained; None: the regressions decide alone.
    """

    def __init__(self, version: str, features: Features, weights: Weights, mixer: Mixer | None = None) -> None:
        self._version, self.features, self.weights = version, features, weights
        self.mixer = mixer or Mixer.none()

    @property
    def version(self) -> str:
        """Name of the version."""
        return self._version

    def score(self, items: Sequence[Prepared]) -> list[list[Found]]:
        """Return the findings of each item, in the items' order, the most probable first."""
        if not items:
            return []
        chances = self.probabilities([self.document(item.body) for item in items], [item.language for item in items])
        over = chances >= self.thresholds([item.language for item in items])
        hits = [(row, kind) for row, kind in zip(*(side.tolist() for side in np.nonzero(over)), strict=True)]
        found: list[list[Found]] = [[] for _ in items]
        for (row, kind), (status, sentences) in zip(hits, self.judge(items, hits), strict=True):
            found[row].append(Found(TYPES[kind], float(chances[row, kind]), STATUSES[status], sentences))
        for findings in found:
            findings.sort(key=lambda finding: (-finding.probability, finding.kind))
        return found

    def document(self, body: str) -> Document:
        """Return a body as this version reads it."""
        return self.features.document(body)

    def margins(self, documents: Sequence[Document]) -> Floats:
        """Return what the regressions say, uncalibrated log odds (shape: documents × 24)."""
        return np.asarray(self.features.matrix(documents) @ self.weights.types + self.weights.types_bias)

    def probabilities(self, documents: Sequence[Document], languages: Sequence[str]) -> Floats:
        """Return calibrated probabilities (shape: documents × 24)."""
        which = _rows(languages)
        mixed = self.mixer.mix(self.margins(documents), surroundings(documents, languages))
        odds = mixed * self.weights.slope[which][:, None] + self.weights.offset[which]
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))

    def thresholds(self, languages: Sequence[str]) -> Floats:
        """Return the thresholds of each document (shape: documents × 24)."""
        return np.asarray(self.weights.thresholds[_rows(languages)])

    def judge(self, items: Sequence[Prepared], hits: Sequence[tuple[int, int]]) -> list[tuple[int, tuple[int, ...]]]:
        """Return for each hit (item, type) the status and the sentences, the best first."""
        if not hits:
            return []
        rows = sorted({row for row, _ in hits})
        early = {row: _early(items[row]) for row in rows}
        runs: list[Document] = []
        first: dict[int, int] = {}
        for row in rows:
            first[row] = len(runs)
            names = self.features.names(items[row].body)
            runs.extend(
                Document((tokens(items[row].body[start:end]),), names)
                for start, end in items[row].sentences[: early[row]]
            )
        matrix = self.features.matrix(runs)
        pulls = np.asarray(matrix @ self.weights.types)
        judged = []
        picked = []
        for row, kind in hits:
            pull = pulls[first[row] : first[row] + early[row], kind].copy()
            pull[0] += self.weights.title
            pull -= self.weights.later * np.arange(len(pull), dtype=np.float32)
            order = np.argsort(-pull, kind="stable")[:MOST_EVIDENCE].tolist()
            best = float(pull[order[0]])
            judged.append(tuple(at for at in order if at == order[0] or (pull[at] > 0 and pull[at] >= _NEXT * best)))
            picked.append(first[row] + order[0])
        statuses = self.statuses(matrix[picked], [kind for _, kind in hits])
        return list(zip(statuses.tolist(), judged, strict=True))

    def statuses(self, sentences: sparse.csr_matrix, kinds: Sequence[int]) -> NDArray[np.int64]:
        """Return the index of the status of each evidence sentence, given its type's index."""
        terms = len(self.weights.types)
        scores = sentences @ self.weights.statuses[:terms] + self.weights.statuses[terms:][list(kinds)]
        return np.asarray((scores + self.weights.statuses_bias).argmax(axis=1))

    def state(self) -> dict[str, Any]:
        """Return plain strings, numbers and arrays that say everything; coefficients in 16 bits, which is enough."""
        weights = self.weights
        return {
            "form": FORM,
            "version": self._version,
            "types": ",".join(TYPES),
            "features": self.features.state(),
            "coefficients": weights.types.astype(np.float16),
            "bias": weights.types_bias,
            "slope": weights.slope,
            "offset": weights.offset,
            "thresholds": weights.thresholds,
            "statuses": weights.statuses.astype(np.float16),
            "statuses_bias": weights.statuses_bias,
            "title": weights.title,
            "later": weights.later,
            "mixer": self.mixer.state(),
        }

    @classmethod
    def restore(cls, state: Any) -> LinearScorer:
        """Return the scorer that `state` was called on.

        Raises:
            BadModel: another form, or another list of types than this code's.
        """
        if not isinstance(state, dict) or state.get("form") != FORM:
            raise BadModel(f"a model of another form than {FORM}; train it again")
        if state.get("types") != ",".join(TYPES):
            raise BadModel("a model of other signal types than this code's; train it again")
        try:
            weights = Weights(
                types=np.asarray(state["coefficients"], dtype=np.float32),
                types_bias=np.asarray(state["bias"], dtype=np.float32),
                slope=np.asarray(state["slope"], dtype=np.float32),
                offset=np.asarray(state["offset"], dtype=np.float32),
                thresholds=np.asarray(state["thresholds"], dtype=np.float32),
                statuses=np.asarray(state["statuses"], dtype=np.float32),
                statuses_bias=np.asarray(state["statuses_bias"], dtype=np.float32),
                title=float(state["title"]),
                later=float(state["later"]),
            )
            features = Features.restore(state["features"])
            mixer = Mixer.restore(state["mixer"])
            _check(weights, len(features))
            return cls(str(state["version"]), features, weights, mixer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadModel(f"a model with a part missing or wrong: {error!r:.200}") from None


def _check(weights: Weights, terms: int) -> None:
    """Raise ValueError when an array has not the shape that its description says."""
    kinds, codes, stages = len(TYPES), len(LANGUAGES), len(STATUSES)
    shapes = {
        "types": (terms, kinds),
        "types_bias": (kinds,),
        "slope": (codes,),
        "offset": (codes, kinds),
        "thresholds": (codes, kinds),
        "statuses": (terms + kinds, stages),
        "statuses_bias": (stages,),
    }
    for name, shape in shapes.items():
        if (found := getattr(weights, name).shape) != shape:
            raise ValueError(f"{name} has shape {found}, not {shape}")


def surroundings(documents: Sequence[Document], languages: Sequence[str]) -> Floats:
    """Return each document's cues, its language among them (shape: documents × `CUES` + 1)."""
    cues = np.array([document.cues for document in documents], dtype=np.float32).reshape(len(documents), -1)
    return np.column_stack([cues, _rows(languages).astype(np.float32)])


def _rows(languages: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of each language; what is not English is read as German."""
    return np.array([int(code == "en") for code in languages], dtype=np.int64)


def _early(item: Prepared) -> int:
    """Return how many of the first sentences lie in what the types were judged on; at least one."""
    end = item.sentences[0].end + LEAD
    return max(1, sum(start < end for start, _ in item.sentences))
