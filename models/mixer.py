"""What the regressions say of all types, weighed by who is named and what form the text has.

A few small neural nets look at the 24 margins and the cues of a text; their answer and the margins count half each.
They learn from margins of items that the regressions had not seen, as those in service will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Mixer:
    """The trained nets.

    Args:
        middle: what is taken from each input, margins first.
        wide: what it is divided by.
        layers: per net its weights and constants: inputs × hidden, hidden, hidden × 24, 24. No net: margins stay as
            they are.
    """

    def __init__(self, middle: Floats, wide: Floats, layers: Sequence[tuple[Floats, ...]]) -> None:
        self.middle, self.wide, self.layers = middle, wide, list(layers)
        for first, one, second, two in self.layers:
            if (len(middle), len(one), len(two)) != (*first.shape, second.shape[1]) or len(one) != len(second):
                raise ValueError("the layers of a net do not fit together")

    @classmethod
    def none(cls) -> Mixer:
        """Return one that mixes nothing."""
        return cls(np.zeros(0, dtype=np.float32), np.ones(0, dtype=np.float32), ())

    def mix(self, margins: Floats, cues: Floats) -> Floats:
        """Return log odds (items × 24)."""
        if not self.layers:
            return margins
        scaled = (np.hstack([margins, cues]) - self.middle) / self.wide
        said = [np.maximum(scaled @ first + one, 0.0) @ second + two for first, one, second, two in self.layers]
        return np.asarray((margins + np.mean(said, axis=0)) / 2, dtype=np.float32)

    def state(self) -> dict[str, Any]:
        """Return arrays that say everything."""
        parts = {f"{net}.{at}": part for net, layer in enumerate(self.layers) for at, part in enumerate(layer)}
        return {"middle": self.middle, "wide": self.wide, **parts}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Mixer:
        """Return the mixer that `state` was called on."""
        nets = sum(name.endswith(".0") for name in state)
        layers = [tuple(np.asarray(state[f"{net}.{at}"]) for at in range(4)) for net in range(nets)]
        return cls(np.asarray(state["middle"]), np.asarray(state["wide"]), layers)
