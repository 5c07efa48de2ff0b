"""From labelled items to weights: the learning itself, without files.

Types: one logistic regression each on title and lead. Status: one of five classes from the evidence sentence and the
type. Probabilities and thresholds come from scores on items that were not trained on (`out_of_fold`), per language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from models.blend import DECAY, HIDDEN, NETS, ROUNDS, blend
from models.corpus import STATUSES, TYPES, Item, marks
from models.cues import CUES
from models.features import LIKELY, SPAN, Features, told
from models.lesson import PARTS, Lesson
from models.lexicon import FINGERPRINT
from models.mixer import Mixer
from models.scorer import LANGUAGES, LinearScorer, Weights, surroundings
from models.tokens import LEAD, Document, tokens
from pipeline.classify.sentences import Sentence, sentences
from pipeline.classify.step import Prepared

STRENGTH: Final = 12.0
"""Inverse of the regularisation of a type's regression."""
STATUS_STRENGTH: Final = 3.0
ENOUGH: Final = 5000
"""Real items below which no nets are trained: they would only learn them by heart."""
INVENTED: Final = 0.5
"""What an item written for training weighs, where a real one weighs 1."""
LEAST: Final = 2
"""Items that must have a term before it enters the vocabulary."""
TITLE: Final = 1.0
"""What a title has ahead of the sentences below it: where both say it, the title is what people look at."""
LATER: Final = 0.3
_FEW: Final = 3
_FAR: Final = -4.0
"""Margin below which a cell is out of the question and would only blur the calibration of the others."""
_EVEN: Final = 7
"""Neighbouring thresholds whose F1 is taken together."""
_DRAWN: Final = 0.3
"""Below 1, the offset of a type is drawn towards that of all."""

RECIPE: Final = (
    f"{STRENGTH} {STATUS_STRENGTH} {INVENTED} {LEAST} {TITLE} {LATER} {_DRAWN} {_EVEN} {LEAD} {SPAN} {LIKELY} "
    f"{ENOUGH} {NETS} {HIDDEN} {DECAY} {ROUNDS} {FINGERPRINT}"
)
"""What, besides the items, decides what a version becomes."""

Progress = Callable[[str], None]
Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What models said about items that they had not seen.

    Attributes:
        margins: items × 24, uncalibrated, mixed by nets that had not seen the items either.
        evidence: per gold signal, language, and whether the first and whether any sentence picked for it overlaps the
            labelled passage.
        statuses: per gold signal, (right index, said index).
        mixer: nets that learnt from all of them, for the version that goes into service.
    """

    margins: Table
    evidence: list[tuple[str, bool, bool]]
    statuses: list[tuple[str, int, int]]
    mixer: Mixer = field(default_factory=Mixer.none)


def fit(items: Sequence[Item], version: str = "unnamed", least: int = LEAST) -> LinearScorer:
    """Return a scorer trained on all items, not calibrated."""
    lesson = Lesson(items)
    taught = [lesson.learn(part) for part in range(PARTS)]
    documents = [told(item.body, taught[part]) for item, part in zip(items, lesson.part.tolist(), strict=True)]
    features = Features.fit(documents, lesson.learn(), least)
    weight = np.array([INVENTED if item.seed else 1.0 for item in items])
    with threadpool_limits(1):  # threads on vectors this short only wait for each other
        types, bias = _types(features.matrix(documents), marks(items), weight)
        statuses, statuses_bias = _statuses(features, items, documents)
    ones = np.ones(len(LANGUAGES), dtype=np.float32)
    even = np.full((len(LANGUAGES), len(TYPES)), 0.5, dtype=np.float32)
    weights = Weights(types, bias, ones, even * 0, even, statuses, statuses_bias, TITLE, LATER)
    return LinearScorer(version, features, weights)


def out_of_fold(
    items: Sequence[Item], extra: Sequence[Item], fold: NDArray[np.int64], progress: Progress = lambda _: None
) -> Judged:
    """Score every item by a model that saw neither it nor its story; of `extra` items nothing is measured.

    Args:
        items: what is measured.
        extra: what is learnt from only.
        fold: of the items, then of the extra ones (`folds` of both together).
        progress: is told each fold.
    """
    every = [*items, *extra]
    margins = np.zeros((len(every), len(TYPES)))
    cues = np.zeros((len(every), CUES + 1))
    evidence: list[tuple[str, bool, bool]] = []
    statuses: list[tuple[str, int, int]] = []
    for number in np.unique(fold).tolist():
        held = np.flatnonzero(fold == number)
        scorer = fit([every[at] for at in np.flatnonzero(fold != number).tolist()])
        documents = [scorer.document(every[at].body) for at in held.tolist()]
        margins[held] = scorer.margins(documents)
        cues[held] = surroundings(documents, [every[at].language for at in held.tolist()])
        for at in held[held < len(items)].tolist():
            judge(scorer, every[at], evidence, statuses)
        progress(f"fold {number + 1} of {len(np.unique(fold))}: {len(held)} items scored")
    mixed, mixer = _mixed(margins, cues, every, fold, len(items))
    return Judged(mixed, evidence, statuses, mixer)


def _mixed(
    margins: Table, cues: Table, items: Sequence[Item], fold: NDArray[np.int64], measured: int
) -> tuple[Table, Mixer]:
    """Return the margins of the measured items, mixed by nets that saw none of their fold, and nets that saw all."""
    right = marks(items)
    real = np.array([not item.seed for item in items])
    if real.sum() < ENOUGH:
        return margins[:measured], Mixer.none()
    mixed = np.zeros((measured, margins.shape[1]))
    for number in np.unique(fold).tolist():
        others, held = real & (fold != number), np.flatnonzero(fold[:measured] == number)
        mixer = blend(margins[others], cues[others], right[others])
        mixed[held] = mixer.mix(margins[held].astype(np.float32), cues[held].astype(np.float32))
    return mixed, blend(margins[real], cues[real], right[real])


def calibrated(scorer: LinearScorer, judged: Judged, items: Sequence[Item], version: str) -> LinearScorer:
    """Return the scorer with its nets, and with probabilities and thresholds learnt from out-of-fold margins."""
    slope, offset, thresholds = calibrate(judged.margins, marks(items), [item.language for item in items])
    weights = replace(scorer.weights, slope=slope, offset=offset, thresholds=thresholds)
    return LinearScorer(version, scorer.features, weights, judged.mixer)


def calibrate(
    margins: Table, right: NDArray[np.int8], languages: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return slope (2), offset (2 × 24) and thresholds (2 × 24) that suit these margins."""
    slope = np.ones(len(LANGUAGES), dtype=np.float32)
    offset = np.zeros((len(LANGUAGES), len(TYPES)), dtype=np.float32)
    thresholds = np.full((len(LANGUAGES), len(TYPES)), 0.4, dtype=np.float32)
    for row, code in enumerate(LANGUAGES):
        mine = np.array([language == code for language in languages])
        if right[mine].sum() < 2 * _FEW:
            continue
        slope[row], offset[row] = _platt(margins[mine], right[mine])
        chances = 1.0 / (1.0 + np.exp(-(margins[mine] * slope[row] + offset[row])))
        thresholds[row] = tune(chances, right[mine])
    return slope, offset, thresholds


def tune(chances: Table, right: NDArray[np.int8]) -> float:
    """Return the threshold with the best F1 over all types: probabilities are calibrated, so one suits all."""
    grid = np.arange(0.15, 0.75, 0.02)
    scores = np.array([_f1(chances >= at, right > 0) for at in grid])
    # The curve is flat at its top, and where exactly it is highest is chance: the middle of what is high is meant.
    even = np.convolve(np.pad(scores, _EVEN // 2, mode="edge"), np.ones(_EVEN), mode="valid")
    return float(grid[int(np.argmax(even))])


def _f1(said: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """Return the F1 of yes and no over all cells."""
    return float(2 * (said & right).sum() / max(1, said.sum() + right.sum()))


def _platt(margins: Table, right: NDArray[np.int8]) -> tuple[float, NDArray[np.float64]]:
    """Return one slope and an offset per type by a small logistic regression over the cells that matter."""
    rows, kinds = margins.shape
    near = margins.ravel() > _FAR
    if len(np.unique(right.ravel()[near])) < 2:
        return 1.0, np.zeros(kinds)
    which = np.tile(np.eye(kinds) * _DRAWN, (rows, 1))
    cells = np.hstack([margins.reshape(-1, 1), which])[near]
    model = LogisticRegression(C=1.0, solver="liblinear", random_state=0)
    with threadpool_limits(1):
        model.fit(cells, right.ravel()[near])
    return max(float(model.coef_[0, 0]), 0.1), model.coef_[0, 1:] * _DRAWN + model.intercept_[0]


def _types(
    matrix: sparse.csr_matrix, right: NDArray[np.int8], weight: Table
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return coefficients (terms × 24) and intercepts; a type with too few items is never found."""
    weights = np.zeros((matrix.shape[1], len(TYPES)), dtype=np.float32)
    bias = np.full(len(TYPES), -10.0, dtype=np.float32)
    for kind in range(len(TYPES)):
        if right[:, kind].sum() < _FEW:
            continue
        model = LogisticRegression(C=STRENGTH, solver="liblinear", dual=True, random_state=0).fit(
            matrix, right[:, kind], sample_weight=weight
        )
        weights[:, kind], bias[kind] = model.coef_[0], model.intercept_[0]
    return weights, bias


def _statuses(
    features: Features, items: Sequence[Item], documents: Sequence[Document]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return coefficients ((terms + 24) × 5) and intercepts of the status regression on evidence sentences."""
    runs, kinds, right = [], [], []
    for item, document in zip(items, documents, strict=True):
        spans = sentences(item.body)
        for signal in item.signals:
            start, end = spans[_nearest(spans, signal.start, signal.end)]
            runs.append(Document((tokens(item.body[start:end]),), document.names))
            kinds.append(TYPES.index(signal.kind))
            right.append(STATUSES.index(signal.status))
    weights = np.zeros((len(features) + len(TYPES), len(STATUSES)), dtype=np.float32)
    bias = np.full(len(STATUSES), -10.0, dtype=np.float32)
    if not runs:
        return weights, bias
    which = sparse.csr_matrix(np.eye(len(TYPES), dtype=np.float32)[kinds])
    matrix = sparse.hstack([features.matrix(runs), which], format="csr")
    for status in sorted(set(right)):
        mine = np.array([one == status for one in right])
        if mine.all():
            bias[status] = 10.0
            continue
        model = LogisticRegression(C=STATUS_STRENGTH, solver="liblinear", random_state=0).fit(matrix, mine)
        weights[:, status], bias[status] = model.coef_[0], model.intercept_[0]
    return weights, bias


def _nearest(spans: Sequence[Sentence], start: int, end: int) -> int:
    """Return the index of the sentence that shares most characters with a passage."""
    return max(range(len(spans)), key=lambda at: min(spans[at].end, end) - max(spans[at].start, start))


def judge(
    scorer: LinearScorer, item: Item, evidence: list[tuple[str, bool, bool]], statuses: list[tuple[str, int, int]]
) -> None:
    """Ask for evidence and status of the labelled types and note what is right."""
    if not item.signals:
        return
    spans = tuple(sentences(item.body))
    prepared = Prepared(item.language, item.body, spans)
    answers = scorer.judge([prepared], [(0, TYPES.index(signal.kind)) for signal in item.signals])
    for signal, (status, picked) in zip(item.signals, answers, strict=True):
        meets = [min(spans[at].end, signal.end) > max(spans[at].start, signal.start) for at in picked]
        evidence.append((item.language, meets[0], any(meets)))
        statuses.append((item.language, STATUSES.index(signal.status), status))
