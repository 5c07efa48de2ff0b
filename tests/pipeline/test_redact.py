"""A name in a record, and the record without it: found however it is written, and nothing else is touched."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.memory import Memory
from pipeline.records import Alert
from pipeline.redact import MARK, Person
from tests.alert.making import PLANT, match, walk

PERSON = Person.of(["Jörg Müller-Lü"])


@pytest.mark.parametrize(
    "text",
    [
        "Jörg Müller-Lü wird Vorstand",
        "JÖRG MÜLLER-LÜ wird Vorstand",
        "Joerg Mueller-Lue becomes CEO",
        "Jorg Muller-Lu becomes CEO",
        "Müller-Lü, Jörg",
        "Jörg Müller-Lüs Plan",
        "https://a.example/joerg-mueller-lue-wird-vorstand",
        "Jörg\nMüller-Lü",
    ],
)
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    """Umlauts and their other spellings, capitals, hyphens, genitives, the last name first, addresses of pages."""
    assert PERSON.named(orjson.dumps({"title": text}))
    masked = PERSON.masked(text)
    assert len(masked) == len(text)
    assert not PERSON.spans(masked)


@pytest.mark.parametrize("text", ["Jörg Müller", "Lü Müller", "Jörg Müller-Lünen", "MJörg Müller-Lü", ""])
def test_other_names_are_left(text: str) -> None:
    """A part of the name, or a longer one, is somebody else."""
    assert PERSON.masked(text) == text


@given(st.lists(st.one_of(st.text(), st.just("Erika Dornfeld"), st.just("Dornfeld, Erika"))))
def test_offsets_stay(pieces: list[str]) -> None:
    """Whatever stands around it, what is no name stands where it stood, and no name is left."""
    text, person = " ".join(pieces), Person.of(["Erika Dornfeld"])
    masked = person.masked(text)
    assert len(masked) == len(text)
    assert all(new in (old, MARK) for new, old in zip(masked, text, strict=True))
    assert not person.spans(masked)


def test_an_alert_stays_an_alert() -> None:
    """Ids, figures and offsets are as they were; title, evidence and reasons are without the name."""
    (alert,) = walk(Memory(), match(f"{PLANT}, sagt Erika Dornfeld", id="erika dornfeld"))[0].alerts
    person = Person.of(["Erika Dornfeld"])
    after = Alert.decode(person.without(alert.encode()))
    assert (after.id, after.articles[0].id, after.scores) == (alert.id, "erika dornfeld", alert.scores)
    evidence, title = after.evidence[-1], after.articles[0].title
    assert title == f"{PLANT}, sagt {MARK * 5} {MARK * 8}"
    assert title[evidence.start : evidence.end] == evidence.text
    assert after.updated == alert.updated


def test_of_an_address_with_the_name_the_host_stays() -> None:
    """Who prints it can still be told; a made-up address would be looked for, and what stands on it be withdrawn."""
    value = {"url": "https://www.a.example/erika-dornfeld-geht", "links": ["https://a.example/erika-dornfeld"]}
    after = orjson.loads(Person.of(["Erika Dornfeld"]).without(orjson.dumps(value)))
    assert after == {"url": "https://www.a.example/", "links": [f"https://a.example/{MARK * 14}"]}


def test_what_is_no_json_is_text() -> None:
    """A dead letter's bytes are masked too, and bytes that are no text come back as they were."""
    person = Person.of(["Erika Dornfeld"])
    assert person.without(b"\xff{Erika Dornfeld\x00") == b"\xff{" + f"{MARK * 5} {MARK * 8}".encode() + b"\x00"
