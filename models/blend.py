"""Training the nets of `mixer` on what the regressions said of items that they had not seen."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from models.mixer import Mixer

NETS: Final = 3
HIDDEN: Final = 48
DECAY: Final = 0.01
ROUNDS: Final = 25
_STEP: Final = 0.002

Table = NDArray[np.float64]


def blend(margins: Table, cues: Table, right: NDArray[np.int8]) -> Mixer:
    """Return nets that learnt from margins (items × 24) and cues (items × some) which types are right."""
    inputs = np.hstack([margins, cues])
    middle, wide = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    layers = []
    for seed in range(NETS):
        net = MLPClassifier(
            (HIDDEN,),
            alpha=DECAY,
            learning_rate_init=_STEP,
            batch_size=256,
            max_iter=ROUNDS,
            n_iter_no_change=ROUNDS,
            random_state=seed,
        )
        with threadpool_limits(1):
            _quietly(net, (inputs - middle) / wide, right)
        (first, second), (one, two) = net.coefs_, net.intercepts_
        layers.append(tuple(part.astype(np.float32) for part in (first, one, second, two)))
    return Mixer(middle.astype(np.float32), wide.astype(np.float32), layers)


def _quietly(net: MLPClassifier, inputs: Table, right: NDArray[np.int8]) -> None:
    """Train for the rounds that were asked for: stopping there is meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(inputs, right)
