"""Whose verdict counts, what is learnt from it, and the files that carry it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

from models import registry
from models.exchange import lines, read, tasks
from models.labels import Text, agreement, items, last, settle, tell
from pipeline.errors import BadInput
from pipeline.records import Label, Versions
from pipeline.signals import SignalType

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
SITE, JOBS, LEGAL = SignalType.NEW_SITE, SignalType.LAYOFFS, SignalType.LEGAL
TEXT = Text("Odenthal Pumpen errichtet neues Werk bei Posen", "Es kostet viel.", "de", "https://e.example/1", "")


def label(author: str, *types: SignalType, article: str = "a", hours: int = 0, judged: bool = True) -> Label:
    given = types if judged else None
    return Label(
        article_id=article, author=author, at=NOW + timedelta(hours=hours), types=given, versions=Versions(model="m1")
    )


def test_the_last_verdict_counts() -> None:
    """A person who changes their mind is counted once, with what they said last, whatever the order of the lines."""
    first, second = label("kim", SITE), label("kim", JOBS, hours=1)
    assert last([second, first]) == [second]
    assert settle([second, first]) == {"a": (JOBS,)}


def test_a_verdict_on_an_alert_takes_no_types_away() -> None:
    """Whoever says later that the account is wrong has still said which types are right."""
    alert = Label(article_id="a", author="kim", at=NOW + timedelta(hours=2), alert_id="x", account_right=False)
    assert last([label("kim", SITE), alert]) == [label("kim", SITE), alert]
    assert settle([label("kim", SITE), alert]) == {"a": (SITE,)}


def test_most_people_decide_and_a_tie_teaches_nothing() -> None:
    """Two of three give a type; one of two is a dispute."""
    three = [label("kim", SITE), label("lou", SITE, JOBS), label("max", JOBS, SITE, LEGAL)]
    assert settle(three) == {"a": (SITE, JOBS)}
    assert settle([label("kim", SITE), label("lou")]) == {}


def test_disagreement_is_told() -> None:
    """Where people differ is counted by type, and each dispute names who said what."""
    labels = [label("kim", SITE), label("lou"), label("kim", JOBS, article="b"), label("lou", JOBS, article="b")]
    found = agreement(labels)
    assert (found.articles, found.same) == (2, 1)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.split == {SITE: 1}
    assert found.disputed == {"a": {"kim": (SITE,), "lou": ()}}
    assert "disputed  a  kim: new_site; lou: none" in tell(labels)


def test_labels_become_items_that_point_into_the_text() -> None:
    """Status and sentence come from the model, offsets cut a sentence out of the body; unknown texts are left out."""
    settled = settle([label("kim", SITE), label("kim", SITE, article="gone"), label("kim", article="none")])
    found = items(settled, {"a": TEXT, "none": TEXT}, registry.load())
    by_id = {item.id: item for item in found}
    assert set(by_id) == {"a", "none"}
    assert by_id["none"].signals == ()
    (signal,) = by_id["a"].signals
    assert signal.kind is SITE
    assert by_id["a"].body[signal.start : signal.end] == TEXT.title


@pytest.mark.parametrize("form", ["jsonl", "label-studio"])
def test_what_is_exported_can_be_imported(form: str) -> None:
    """Author, time, types, answers and versions come back as they were, and the text with them."""
    given = [label("kim", SITE, JOBS), label("lou@example.org", hours=3)]
    given[0] = given[0].model_copy(update={"relevant": True, "account_right": False, "note": "zwei\nZeilen"})
    if form == "jsonl":
        content = b"\n".join(orjson.dumps(line) for line in lines(given, {"a": TEXT}))
    else:
        content = orjson.dumps(tasks(given, {"a": TEXT}), option=orjson.OPT_INDENT_2)
    entries = read(content, "f")
    assert [entry.label for entry in entries] == given
    assert all(entry.text == TEXT for entry in entries)


def test_label_studio_as_it_exports() -> None:
    """Authors by number, cancelled annotations, nothing chosen: as Label Studio writes them."""
    result = [{"id": "x", "from_name": "types", "to_name": "text", "type": "choices", "value": {"choices": ["legal"]}}]
    task = {
        "id": 7,
        "data": {"article_id": "a", "title": "T", "text": "x", "language": "de"},
        "annotations": [
            {"completed_by": 3, "created_at": "2026-11-01T09:00:00.000000Z", "was_cancelled": False, "result": result},
            {"completed_by": 4, "created_at": "2026-11-01T09:00:00.000000Z", "was_cancelled": True, "result": []},
            {"completed_by": {"id": 5, "email": "a@b.example"}, "created_at": "2026-11-01T10:00:00Z", "result": []},
        ],
    }
    one, two = (entry.label for entry in read(orjson.dumps([task]), "f"))
    assert (one.author, one.types) == ("label-studio-3", (LEGAL,))
    assert (two.author, two.types) == ("a@b.example", ())


GOOD = '{"article_id": "a", "author": "k", "at": "2026-11-01T09:00:00Z", "types": []}'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{", r"f:2: not JSON"),
        ("3", r"f:2: not a JSON object"),
        (GOOD.replace("author", "autor"), r"f:2: autor: no such field"),
        (GOOD.replace('"k"', '" "'), r"f:2: author: must not be empty"),
        (GOOD.replace("Z", ""), r"f:2: at: .*no zone"),
        (GOOD.replace("[]", '["werk"]'), r"f:2: types\.0: "),
        (GOOD.replace("[]", '[], "title": 3'), r"f:2: title: must be a string"),
    ],
)
def test_a_wrong_line_is_named(bad: str, said: str) -> None:
    """The error says file, line and field."""
    with pytest.raises(BadInput, match=said):
        read(f"{GOOD}\n{bad}\n".encode(), "f")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": {"title": "T"}}, r"f:3: data\.article_id: missing"),
        ({"annotations": 3}, r"f:3: annotations: must be a list"),
        ({"annotations": [3]}, r"f:3: annotations\[0\]: must be an object"),
        ({"annotations": [{"completed_by": 1, "created_at": "x", "result": []}]}, r"f:3: annotations\[0\]\.at: "),
        ({"annotations": [{"result": 1}]}, r"f:3: annotations\[0\]\.result: must be a list"),
        (
            {"annotations": [{"result": [{"from_name": "types", "value": {"choices": ["werk"]}}]}]},
            r"f:3: annotations\[0\]\.result\[0\]\.value\.choices: choices are new_site",
        ),
        ({"annotations": [{"result": [{"from_name": "colour"}]}]}, r"f:3: annotations\[0\]\.result\[0\]: from_name"),
    ],
)
def test_a_wrong_task_is_named(change: dict[str, object], said: str) -> None:
    """Label Studio's JSON too: the line that the task begins in, and the way to the field."""
    good = {"data": {"article_id": "a"}, "annotations": []}
    content = b"[\n" + orjson.dumps(good) + b",\n" + orjson.dumps({**good, **change}) + b"\n]"
    with pytest.raises(BadInput, match=said):
        read(content, "f")


def test_the_labelling_configuration_knows_all_types() -> None:
    """`label-studio.xml` offers exactly the types that there are, under the names that an import reads."""
    tree = ElementTree.parse(ROOT / "deploy" / "examples" / "label-studio.xml")
    choices = {one.get("name"): [c.get("value") for c in one] for one in tree.iter("Choices")}
    assert set(choices["types"]) == set(SignalType)
    assert choices["relevant"] == choices["account_right"] == ["yes", "no"]
    assert [one.get("name") for one in tree.iter("TextArea")] == ["note"]
