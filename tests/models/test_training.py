"""Learning from a small sample."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from models import learn, registry
from models.corpus import READ, SEED, Item, gather, marks, seeds, texts
from models.evaluate import measure
from models.folds import folds, stories
from models.learn import calibrate, out_of_fold
from models.mixer import Mixer
from models.train import main, train
from pipeline.errors import BadInput
from pipeline.signals import SignalType, Status


@pytest.fixture(scope="module")
def sample() -> list[Item]:
    """A few of the items written for this project, taken as if they were real ones."""
    if not any(SEED.glob("*.jsonl")):
        pytest.skip("models/seed holds no items")
    return [Item(i.id, i.language, i.title, i.text, i.signals) for i in seeds()[::25]]


def test_training_is_deterministic(sample: list[Item]) -> None:
    """The same items give the same model and the same figures, to the last bit."""
    (one, figures), (other, again) = train(sample[:60]), train(sample[:60])
    assert figures == again
    assert one.version == other.version
    assert np.array_equal(one.weights.types, other.weights.types)
    assert np.array_equal(one.weights.thresholds, other.weights.thresholds)


def test_other_items_give_another_version(sample: list[Item]) -> None:
    """The version's name says what it learnt from."""
    assert train(sample[:30])[0].version != train(sample[:31])[0].version


def test_command_writes_a_version(sample: list[Item], tmp_path: Path) -> None:
    """The command line trains, saves with card and figures, and the version loads."""
    lines = [
        {
            "id": i.id,
            "lang": i.language,
            "title": i.title,
            "text": i.text,
            "signals": [
                {"type": s.kind, "status": s.status, "company": s.company, "evidence": i.body[s.start : s.end]}
                for s in i.signals
            ],
        }
        for i in sample[:60]
    ]
    (tmp_path / "items.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--no-seeds"]) == 0
    loaded = registry.load(tmp_path / "out")
    assert loaded.version in (tmp_path / "out" / registry.CARD).read_text()


def test_stories_stay_together() -> None:
    """Items that tell the same are never in two folds."""
    titles = [
        "Vossberg baut ein neues Werk in Ulm",
        "Vossberg baut ein neues Werk in Ulm und Neu-Ulm",
        "Kenmore names chief",
    ]
    items = [Item(str(n), "de", title, "", ()) for n, title in enumerate(titles * 2)]
    story = stories(items).tolist()
    assert story[0] == story[1] == story[3]
    assert story[0] != story[2]
    fold = folds(items, count=2)
    assert len({int(fold[n]) for n in (0, 1, 3, 4)}) == 1


def test_extra_items_are_never_scored(sample: list[Item]) -> None:
    """What is written for training has no say in the figures."""
    items = sample[:40]
    judged = out_of_fold(items, sample[40:60], folds(sample[:60], count=2))
    assert judged.margins.shape == (40, 24)
    assert len(judged.statuses) == sum(len(item.signals) for item in items)


def test_nets_that_decide_had_not_seen_the_item(sample: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    """Margins of a fold are mixed by nets of the others; what goes into service learnt from all."""
    monkeypatch.setattr(learn, "ENOUGH", 60)
    taught: list[int] = []

    def noted(margins: learn.Table, *_: learn.Table) -> Mixer:
        taught.append(len(margins))
        return Mixer.none()

    monkeypatch.setattr(learn, "blend", noted)
    fold = folds(sample[:60], count=2)
    assert out_of_fold(sample[:40], sample[40:60], fold).mixer.layers == []
    assert taught == [int((fold != 0).sum()), int((fold != 1).sum()), 60]


def test_texts_get_the_labels_of_the_table(tmp_path: Path) -> None:
    """The table names items of a file by id; those that the file lacks are passed over, the title is the passage."""
    table, file = tmp_path / "read.tsv", tmp_path / "news.jsonl"
    table.write_text("a\tlayoffs:planned:Aa: Werke|results:completed:\nb\t-\nc\t-\n")
    file.write_text('{"id": "b", "lang": "en", "title": "B", "text": ""}\n{"id": "a", "lang": "de", "title": "Aa"}\n')
    first, second = texts(file, table)
    assert [(s.kind, s.status, s.company, s.start, s.end) for s in first.signals] == [
        (SignalType.LAYOFFS, Status.PLANNED, "Aa: Werke", 0, 2),
        (SignalType.RESULTS, Status.COMPLETED, "", 0, 2),
    ]
    assert (second.id, second.language, second.signals, second.seed) == ("b", "en", (), False)
    table.write_text("a\tlayoff\n")
    with pytest.raises(BadInput, match=r"read\.tsv:1"):
        texts(file, table)


def test_every_label_that_ships_can_be_read() -> None:
    """Each line is an id, once, with types and statuses that exist."""
    lines = [line.split("\t") for line in READ.read_text().splitlines()]
    assert len({name for name, _ in lines}) == len(lines)
    parts = [part.split(":", 2) for _, said in lines if said != "-" for part in said.split("|")]
    assert {SignalType(kind) for kind, _, _ in parts} == set(SignalType)
    assert {Status(status) for _, status, _ in parts} == set(Status)


def test_calibration_keeps_the_order() -> None:
    """A higher margin never means a lower probability."""
    random = np.random.default_rng(1)
    margins = random.normal(size=(400, 24))
    right = (margins + random.normal(size=margins.shape) > 1.5).astype(np.int8)
    slope, _, thresholds = calibrate(margins, right, ["de"] * 200 + ["en"] * 200)
    assert (slope > 0).all()
    assert ((thresholds > 0.1) & (thresholds < 0.8)).all()


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    """The error says which file and line."""
    (tmp_path / "a.jsonl").write_text('{"id": "1", "lang": "de", "title": "x", "signals": []}\n{"id": "2"}\n')
    with pytest.raises(BadInput, match=r"a\.jsonl:2"):
        gather(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    """Nothing to learn from is an error, not an empty model."""
    with pytest.raises(BadInput, match="neither"):
        gather(tmp_path)


def test_marks_count_types_once() -> None:
    """Two companies with the same type make one mark."""
    items = seeds()[:50]
    assert marks(items).max() <= 1


def test_a_fixed_model_can_be_measured(sample: list[Item]) -> None:
    """A candidate and the champion are compared on the same items with the same figures."""
    scorer, _ = train(sample[:60])
    report = measure(scorer, sample[60:])
    assert set(report) == {"de", "en"}
    assert 0 <= report["de"]["micro"] <= 1
    assert set(report["en"]["types"]) == {kind.value for kind in SignalType}
