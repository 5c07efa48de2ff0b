"""What is saved comes back; what was touched is refused."""

import hashlib
import io
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from models import registry
from models.corpus import Item, Labelled
from models.learn import fit
from models.packed import unpack
from models.scorer import LinearScorer
from pipeline.classify.sentences import sentences
from pipeline.classify.step import Prepared
from pipeline.errors import BadModel
from pipeline.signals import SignalType, Status


def items() -> list[Item]:
    texts = [
        ("Vossberg baut Werk in Ulm", SignalType.NEW_SITE, Status.PLANNED),
        ("Vossberg streicht Stellen in Ulm", SignalType.LAYOFFS, Status.UNDER_WAY),
        ("Vossberg feiert in Ulm", None, None),
    ]
    found = []
    for number in range(12):
        title, kind, status = texts[number % 3]
        signals = (Labelled(kind, status, "Vossberg", 0, len(title)),) if kind and status else ()
        found.append(Item(str(number), "de", f"{title} {number}", "", signals))
    return found


@pytest.fixture(scope="module")
def scorer() -> LinearScorer:
    return fit(items(), "small-1")


@pytest.fixture
def saved(scorer: LinearScorer, tmp_path: Path) -> Path:
    folder = tmp_path / "version"
    registry.save(scorer, folder, "# card\n", {"micro": 1.0})
    return folder


def sign(folder: Path) -> None:
    """Write right sums for whatever is there now."""
    names = (registry.MODEL, registry.CARD, registry.METRICS)
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / registry.SUMS).write_text("".join(lines))


def test_a_version_comes_back_the_same(scorer: LinearScorer, saved: Path) -> None:
    """Saved and loaded, a model says the same."""
    body = "Vossberg baut Werk in Ulm\nMehr dazu morgen."
    item = Prepared("de", body, tuple(sentences(body)))
    loaded = registry.load(saved)
    assert loaded.version == "small-1"
    one, other = scorer.score([item])[0], loaded.score([item])[0]
    assert [found.kind for found in one] == [found.kind for found in other] == [SignalType.NEW_SITE]
    assert one[0].probability == pytest.approx(other[0].probability, abs=0.01)


@pytest.mark.parametrize("name", [registry.MODEL, registry.CARD, registry.METRICS])
def test_a_changed_byte_is_refused(saved: Path, name: str) -> None:
    """One byte more and the version is not what was saved."""
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BadModel, match="SHA-256 differs"):
        registry.load(saved)


@pytest.mark.parametrize("name", [registry.MODEL, registry.CARD, registry.METRICS, registry.SUMS])
def test_a_missing_file_is_refused(saved: Path, name: str) -> None:
    """No card, no sums, no model: no version."""
    (saved / name).unlink()
    with pytest.raises(BadModel, match="is missing"):
        registry.load(saved)


def test_an_unlisted_file_is_refused(saved: Path) -> None:
    """Sums that leave out the model vouch for nothing."""
    lines = (saved / registry.SUMS).read_text().splitlines()
    (saved / registry.SUMS).write_text("\n".join(line for line in lines if registry.MODEL not in line))
    with pytest.raises(BadModel, match="does not list"):
        registry.load(saved)


def test_a_pickle_is_refused_without_being_read(saved: Path) -> None:
    """Even with right sums a pickle stays shut."""
    (saved / registry.MODEL).write_bytes(pickle.dumps({"form": 1}))
    sign(saved)
    with pytest.raises(BadModel, match="no skops file"):
        registry.load(saved)


def test_an_untrusted_type_is_refused(saved: Path) -> None:
    """A model may hold strings, numbers and arrays, nothing that could act."""
    skops.io.dump({"form": 1, "version": Path("x").exists}, saved / registry.MODEL)
    sign(saved)
    with pytest.raises(BadModel):
        registry.load(saved)


def test_another_kind_of_model_is_refused(saved: Path) -> None:
    """A classifier of somebody else's is not ours."""
    other = LogisticRegression().fit(np.array([[0.0], [1.0]]), [0, 1])
    skops.io.dump(other, saved / registry.MODEL)
    sign(saved)
    with pytest.raises(BadModel):
        registry.load(saved)


def test_a_state_with_a_part_missing_is_refused(scorer: LinearScorer, saved: Path) -> None:
    """Half a model is none."""
    state = scorer.state()
    del state["thresholds"]
    skops.io.dump(state, saved / registry.MODEL)
    sign(saved)
    with pytest.raises(BadModel, match="missing or wrong"):
        registry.load(saved)


def test_another_lexicon_is_refused(scorer: LinearScorer, saved: Path) -> None:
    """The columns would mean something else."""
    state = scorer.state()
    state["features"] = {**state["features"], "lexicon": "0"}
    skops.io.dump(state, saved / registry.MODEL)
    sign(saved)
    with pytest.raises(BadModel, match="another lexicon"):
        registry.load(saved)


def test_a_bomb_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to gigabytes is not unpacked."""
    monkeypatch.setattr(registry, "MOST", 100_000)
    with zipfile.ZipFile(saved / registry.MODEL, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"{number}.npy", bytes(100_000))
    sign(saved)
    with pytest.raises(BadModel, match="unpacks to"):
        registry.load(saved)


def test_the_reader_finds_what_skops_finds() -> None:
    """The champion read by skops itself, with everything that it knows, is the same to the last number."""
    content = (registry.CHAMPION / registry.MODEL).read_bytes()
    ours, theirs = unpack(content, 8 * registry.MOST), skops.io.loads(content)

    def flat(state: object, at: str = "") -> dict[str, object]:
        if isinstance(state, dict):
            return {name: value for key in state for name, value in flat(state[key], f"{at}.{key}").items()}
        return {at: (state.dtype, state.shape, state.tobytes()) if isinstance(state, np.ndarray) else state}

    assert flat(ours) == flat(theirs)


plain = st.recursive(
    st.text() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    lambda inner: st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(plain)
def test_strings_and_numbers_come_back(state: object) -> None:
    """Whatever plain state skops writes is read as it was."""
    assert unpack(skops.io.dumps(state), 10**9) == state


@pytest.mark.parametrize(
    "strange",
    [
        [1],
        (1,),
        {1},
        None,
        {1: "a"},
        np.float32(1.0),
        np.array([{}], dtype=object),
        np.array(["a"]),
        sparse.csr_matrix([[1.0]]),
        np.random.default_rng(1),
        print,
        Path,
    ],
    ids=str,
)
def test_what_no_model_needs_is_refused(strange: object) -> None:
    """A list that is closed: what skops would take, and what it would not, is refused all the same."""
    with pytest.raises(ValueError, match=r"not trusted|written as JSON"):
        unpack(skops.io.dumps({"here": strange}), 10**9)


def test_an_array_is_no_larger_than_its_file() -> None:
    """A header that asks for terabytes gets what is there."""
    content = skops.io.dumps({"here": np.zeros(3)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, value in files.items():
            archive.writestr(name, value.replace(b"(3,), }            ", b"(9999999999999,), }"))
    with pytest.raises(ValueError, match="cannot reshape"):
        unpack(changed.getvalue(), 10**9)


def test_loading_a_model_does_not_load_scikit_learn() -> None:
    """A worker reads its model without the CPU and the memory of what trained it."""
    code = "import sys; from models import registry; registry.load(); print({'sklearn', 'skops'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
