"""Labels in files: JSON lines of our own, and Label Studio's JSON, in and out.

A line is a `Label` and the text that it is about. A task of Label Studio has the same text as `data` (with the versions
that were judged) and each person's verdict as an annotation; `deploy/examples/label-studio.xml` is the labelling
configuration that goes with it: choices `types`, `relevant`, `account_right`, a text area `note`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from models.labels import Text
from pipeline.errors import BadInput
from pipeline.lines import numbered, read_object
from pipeline.records import Label, Versions
from pipeline.signals import SignalType

_TEXT: Final = tuple(field.name for field in fields(Text))
_LINE: Final = frozenset((*Label.model_fields, *_TEXT))
_YES_NO: Final = {"yes": True, "no": False}
_ANSWERS: Final = ("types", "relevant", "account_right", "note")


class Entry(NamedTuple):
    """A label, and its text where the file has it."""

    label: Label
    text: Text | None


def lines(labels: Iterable[Label], texts: Mapping[str, Text]) -> Iterator[dict[str, Any]]:
    """Yield one JSON line per label, with its article's text where that is known."""
    for label in labels:
        text = texts.get(label.article_id)
        yield {**label.model_dump(mode="json"), **(asdict(text) if text else {})}


def tasks(labels: Iterable[Label], texts: Mapping[str, Text]) -> list[dict[str, Any]]:
    """Return one Label Studio task per article, each verdict on types an annotation.

    Verdicts on alerts alone have no place there: a task without types chosen says that there is no signal.
    """
    by_article: dict[str, list[Label]] = {}
    for label in labels:
        if label.types is None:
            continue
        by_article.setdefault(label.article_id, []).append(label)
    made = []
    for article, given in by_article.items():
        newest = given[-1].versions
        task = task_of(article, texts.get(article, Text("")), newest)
        made.append({**task, "annotations": [_annotation(label) for label in given]})
    return made


def task_of(article: str, text: Text, versions: Versions) -> dict[str, Any]:
    """Return a task of Label Studio without annotations: work to be done."""
    judged = {name: value for name, value in versions.model_dump().items() if value}
    return {"data": {"article_id": article, **asdict(text), "versions": judged}}


def choices(name: str, values: Iterable[str]) -> dict[str, Any]:
    """Return a choice as Label Studio writes it."""
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(values)}}


def read(content: bytes, file: str) -> list[Entry]:
    """Return the labels in a file; what begins with `[` is Label Studio's, all else JSON lines.

    Raises:
        BadInput: with file, line and field; nothing of the file should be used then.
    """
    if content.lstrip()[:1] == b"[":
        return [entry for line, task in _array(content, file) for entry in _from_task(task, file, line)]
    return [_from_line(line, file, number) for number, line in numbered(content.splitlines())]


def _from_line(line: bytes, file: str, number: int) -> Entry:
    raw = read_object(line, number, file)
    for name in raw:
        if name not in _LINE:
            raise BadInput(f"no such field; one of {', '.join(sorted(_LINE))}", file=file, line=number, field=name)
    return Entry(_label(raw, file, number), _text(raw, file, number))


def _label(raw: dict[str, Any], file: str, line: int, at: str = "") -> Label:
    try:
        label = Label.model_validate({name: raw[name] for name in Label.model_fields if name in raw})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = at + ".".join(str(step) for step in first["loc"])
        raise BadInput(first["msg"], file=file, line=line, field=where) from None
    for name in ("article_id", "author"):
        if not getattr(label, name).strip():
            raise BadInput("must not be empty", file=file, line=line, field=at + name)
    return label


def _text(raw: Mapping[str, Any], file: str, line: int) -> Text | None:
    given = {name: raw[name] for name in _TEXT if raw.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, str):
            raise BadInput("must be a string", file=file, line=line, field=name)
    return Text(**given) if given.get("title") or given.get("text") else None


def _array(content: bytes, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON array with the lines that they begin in."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8: {error}", file=file) from None
    decoder, at, line = json.JSONDecoder(), text.index("[") + 1, 1 + text[: text.index("[")].count("\n")
    while True:
        begin = at
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        line += text.count("\n", begin, at)
        if text[at : at + 1] == "]":
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise BadInput(f"not JSON: {error.msg}", file=file, line=error.lineno) from None
        if not isinstance(found, dict):
            raise BadInput("not a JSON object: tasks of Label Studio are expected", file=file, line=line)
        yield line, found
        line, at = line + text.count("\n", at, end), end


def _from_task(task: dict[str, Any], file: str, line: int) -> Iterator[Entry]:
    """Yield the labels of a task; annotations that a person cancelled say nothing."""
    data = task.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("article_id"), str):
        raise BadInput("missing; tasks carry the article's id", file=file, line=line, field="data.article_id")
    text = _text(data, file, line)
    annotations = task.get("annotations", [])
    if not isinstance(annotations, list):
        raise BadInput("must be a list", file=file, line=line, field="annotations")
    for number, one in enumerate(annotations):
        at = f"annotations[{number}]."
        if not isinstance(one, dict):
            raise BadInput("must be an object", file=file, line=line, field=at[:-1])
        if one.get("was_cancelled"):
            continue
        raw = {
            "article_id": data["article_id"],
            "author": _author(one.get("completed_by")),
            "at": one.get("updated_at") or one.get("created_at"),
            "versions": data.get("versions") or {},
            **_answers(one.get("result"), file, line, at),
        }
        yield Entry(_label(raw, file, line, at), text)


def _author(said: Any) -> str:
    """Return who annotated: Label Studio gives a number, or an object with an e-mail address."""
    if isinstance(said, dict):
        return str(said.get("email") or said.get("id") or "")
    return said if isinstance(said, str) else f"label-studio-{said}" if said is not None else ""


def _answers(result: Any, file: str, line: int, at: str) -> dict[str, Any]:
    """Return what was chosen; no type chosen means that there is no signal: the configuration says so to people."""
    if not isinstance(result, list):
        raise BadInput("must be a list", file=file, line=line, field=f"{at}result")
    found: dict[str, Any] = {}
    for number, one in enumerate(result):
        field = f"{at}result[{number}]"
        name, value = (one.get("from_name"), one.get("value")) if isinstance(one, dict) else (None, None)
        if name not in _ANSWERS or not isinstance(value, dict):
            raise BadInput(f"from_name is one of {', '.join(_ANSWERS)}", file=file, line=line, field=field)
        if name == "note":
            words = value.get("text")
            found["note"] = "\n".join(map(str, words)) if isinstance(words, list) else str(words or "")
            continue
        chosen = value.get("choices")
        wanted = tuple(SignalType) if name == "types" else tuple(_YES_NO)
        if not isinstance(chosen, list) or not all(one in wanted for one in chosen) or not chosen:
            raise BadInput(f"choices are {', '.join(wanted)}", file=file, line=line, field=f"{field}.value.choices")
        found[name] = chosen if name == "types" else _YES_NO[chosen[0]]
    return {"types": [], **found}


def _annotation(label: Label) -> dict[str, Any]:
    result = [choices("types", label.types)] if label.types else []
    for name in ("relevant", "account_right"):
        value = getattr(label, name)
        if value is not None:
            result.append(choices(name, ["yes" if value else "no"]))
    if label.note:
        result.append({"from_name": "note", "to_name": "text", "type": "textarea", "value": {"text": [label.note]}})
    return {
        "completed_by": {"email": label.author},
        "created_at": label.at.isoformat(),
        "was_cancelled": False,
        "result": result,
    }
