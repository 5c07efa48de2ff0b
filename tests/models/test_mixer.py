"""Margins and cues, weighed by small nets."""

import numpy as np
import pytest

from models.blend import blend
from models.mixer import Mixer


def _sample(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins, one cue, and types that are right where the margin is high and the cue is there."""
    random = np.random.default_rng(0)
    margins, cues = random.normal(size=(count, 24)) * 2, random.integers(0, 2, size=(count, 1)).astype(float)
    return margins, cues, ((margins > 1) & (cues > 0)).astype(np.int8)


def test_a_cue_decides_what_a_margin_is_worth() -> None:
    """The same margin counts for less where nobody is named: no sum of the two could say that."""
    margins, cues, right = _sample(3000)
    mixer = blend(margins, cues, right)
    high = np.full((1, 24), 2.0, dtype=np.float32)
    named, nobody = (mixer.mix(high, np.array([[cue]], dtype=np.float32)) for cue in (1.0, 0.0))
    assert (named > nobody + 1).all()


def test_without_nets_margins_stay_what_they_are() -> None:
    """A version that learnt from few items has no nets."""
    margins, cues, _ = _sample(10)
    assert np.array_equal(Mixer.none().mix(margins, cues), margins)


def test_layers_that_do_not_fit_are_refused() -> None:
    """A state with a part of another size is no mixer."""
    state = blend(*_sample(300)).state()
    with pytest.raises(ValueError, match="fit together"):
        Mixer.restore(state | {"1.2": state["1.2"][:-1]})


def test_state_comes_back() -> None:
    """Restored nets say the same."""
    margins, cues, right = _sample(1200)
    mixer = blend(margins, cues, right)
    inputs = margins[:5].astype(np.float32), cues[:5].astype(np.float32)
    assert np.array_equal(Mixer.restore(mixer.state()).mix(*inputs), mixer.mix(*inputs))
