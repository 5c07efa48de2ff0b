"""Is a candidate worse? Intervals, refusals, and what people read of it. Really trained, on a small sample."""

import random
from dataclasses import replace
from xml.etree import ElementTree

import orjson
import pytest

from models import page
from models.compare import LEAST, compare, refusals
from models.corpus import TYPES, Item, fingerprint, seeds
from models.drift import drift, profile, stability, unknown, word
from models.labels import Text
from models.learn import fit
from models.scorer import LinearScorer
from models.suggest import suggest
from models.tokens import document
from models.train import apart, train, unseen


@pytest.fixture(scope="module")
def sample() -> list[Item]:
    """Some of the items written for this project, taken as if they were real ones, in an order of their own."""
    found = [replace(item, seed=False) for item in seeds()]
    random.Random(1).shuffle(found)
    return found[:1600]


@pytest.fixture(scope="module")
def tested(sample: list[Item]) -> list[Item]:
    return sample[1000:]


@pytest.fixture(scope="module")
def champion(sample: list[Item]) -> LinearScorer:
    return train(sample[:800], parts=2)[0]


def flipped(items: list[Item], share: float) -> list[Item]:
    """Return the items, this share of them with labels that are wrong: none where there were some, others elsewhere."""
    chance, found = random.Random(2), []
    for item in items:
        if chance.random() >= share:
            found.append(item)
            continue
        others = [kind for kind in TYPES if kind not in {signal.kind for signal in item.signals}]
        wrong = tuple(replace(signal, kind=chance.choice(others)) for signal in item.signals)
        found.append(replace(item, signals=wrong))
    return found


def test_thirty_percent_flipped_labels_are_refused(
    sample: list[Item], tested: list[Item], champion: LinearScorer
) -> None:
    """A candidate trained on the same items with 30 % wrong labels must not go into service."""
    candidate, _ = train(flipped(sample[:800], 0.3), parts=2)
    report = compare(champion, candidate, tested)
    refused = refusals(report)
    assert any(reason.startswith("de micro") for reason in refused), page.text({"test": report}, refused)
    assert any(reason.startswith("en micro") for reason in refused), page.text({"test": report}, refused)


def test_more_of_the_same_is_not_refused(sample: list[Item], tested: list[Item]) -> None:
    """A candidate that has learnt from twice as many items is nowhere worse beyond the interval."""
    (before, _), (candidate, _) = (train(sample[:count], parts=2) for count in (500, 1000))
    report = compare(before, candidate, tested)
    assert refusals(report) == [], page.text({"test": report}, [])


def test_the_same_model_differs_in_nothing(tested: list[Item], champion: LinearScorer) -> None:
    """No difference, no interval, no refusal; and the figures are those that `measure` gives."""
    report = compare(champion, champion, tested, rounds=200)
    for one in report["languages"].values():
        for row in [*one["overall"].values(), *one["types"].values()]:
            assert (row["difference"], row["low"], row["high"], row["worse"]) == (0, 0, 0, False)
        assert one["overall"]["micro"]["champion"] == pytest.approx(one["champion"]["micro"])
        assert one["overall"]["macro"]["champion"] == pytest.approx(one["champion"]["macro"])
        assert one["overall"]["any"]["champion"] == pytest.approx(one["champion"]["any"])


def test_comparing_is_deterministic(sample: list[Item], tested: list[Item], champion: LinearScorer) -> None:
    """The same seed draws the same stories."""
    other = fit(sample[:300], "other")
    assert compare(champion, other, tested[:150], rounds=100) == compare(champion, other, tested[:150], rounds=100)


def test_too_few_items_tell_nothing(tested: list[Item], champion: LinearScorer) -> None:
    """A test set that could not show anything is a reason to refuse, in each language."""
    german = [item for item in tested if item.language == "de"][: LEAST + 5]
    refused = refusals(compare(champion, champion, german, rounds=100))
    assert refused == ["en: 0 items are too few to tell; 100 are needed that neither has learnt from"]


def test_what_was_learnt_is_no_test(sample: list[Item]) -> None:
    """A version remembers fingerprints of its texts, so that a test never holds them; its stories can be left out."""
    _, metrics = train(sample[:60], sample[60:70], parts=2, inputs={"gold.jsonl": "0" * 64})
    assert metrics["lineage"]["inputs"] == {"gold.jsonl": "0" * 64}
    assert unseen(sample[:80], metrics) == [
        item for item in sample[70:80] if fingerprint(item) not in set(map(fingerprint, sample[:70]))
    ]
    twin = replace(sample[0], id="twin", text=sample[0].text + " Mehr dazu morgen.")
    assert twin not in apart([twin, *sample[1:40]], [sample[0]])
    assert apart(sample[:40], []) == sample[:40]


def test_people_can_read_it(sample: list[Item], tested: list[Item], champion: LinearScorer) -> None:
    """Text, JSON and page say the same; the page is well-formed, loads nothing and escapes what it shows."""
    report = compare(champion, fit(sample[:200], "<b>bad</b>"), tested, rounds=100)
    refused = refusals(report)
    assert "promotion refused:" in page.text({"test": report}, refused)
    assert orjson.loads(orjson.dumps(report))["languages"].keys() == {"de", "en"}
    made = page.page({"test": report, "labels": report}, refused, "drift: <none>")
    assert "<b>" not in made
    assert "http" not in made
    assert "<script" not in made
    tree = ElementTree.fromstring(made.replace("<!doctype html>", "").replace('<meta charset="utf-8">', ""))
    assert len(list(tree.iter("svg"))) == 8


def test_suggestions_are_uncertain_and_unlike_each_other(tested: list[Item], champion: LinearScorer) -> None:
    """One story told ten times is suggested once before anything else, and each suggestion says why."""
    texts = [(item.id, Text(item.title, item.text, item.language)) for item in tested[:100]]
    (first,) = suggest(champion, texts, 1)
    copies = [(f"copy-{n}", first.text) for n in range(10)]
    found = suggest(champion, [*texts, *copies], 20)
    assert len({one.text.title for one in found}) == 20
    assert found[0].likeness == 0
    assert all("threshold" in one.why for one in found)
    assert suggest(champion, [], 5) == []
    assert len(suggest(champion, texts[:3], 5)) == 3


def test_unknown_words_are_worth_more(champion: LinearScorer) -> None:
    """Of two texts of which the model thinks nothing, the one in new words comes first."""
    strange = ("new", Text("Quarx flombt zwirgel", "", "de"))
    found = suggest(champion, [("old", Text("Die Stadt und das Wetter", "", "de")), strange], 2)
    assert found[0].id == "new"
    assert "unknown words" in found[0].why
    assert unknown(champion, document("Quarx flombt zwirgel\n")) == 1.0
    assert unknown(champion, document("\n")) == 0.0


def test_drift_is_seen_and_calm_is_not(tested: list[Item], champion: LinearScorer) -> None:
    """Halves of one set are steady; other languages and other news have drifted."""
    texts = [Text(item.title, item.text, item.language) for item in tested]
    calm = drift(profile(champion, texts[::2]), profile(champion, texts[1::2]))
    assert word(calm["languages"]) == "steady"
    assert all(one["scores"] < 0.25 for one in calm["per_language"].values())
    weather = [Text(f"Das Wetter am {day}. bleibt kühl", "Regen fällt.", "de") for day in range(300)]
    moved = drift(profile(champion, texts), profile(champion, weather))
    assert word(moved["languages"]) == "drifted"
    assert word(moved["per_language"]["de"]["scores"]) == "drifted"


def test_stability_index() -> None:
    """Nothing for the same shares, the same in both directions, finite for an empty bin."""
    assert stability([10, 90], [100, 900]) == pytest.approx(0, abs=0.01)
    assert stability([50, 50], [90, 10]) == pytest.approx(stability([90, 10], [50, 50]))
    assert 0.25 < stability([100, 0], [0, 100]) < 100
