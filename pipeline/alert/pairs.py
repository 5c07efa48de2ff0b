"""Pairs of articles as lines of a file, judged: the same story or not.

In: one JSON object per line with `a` and `b`, each with `id`, `title`, `text`, `date`, and where known `lang`.
Out: one line each, in the same order: `a` and `b` (the ids), `same`, `score`, `why`; or `error`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from pipeline.alert.story import Reading, compare, read
from pipeline.errors import BadInput
from pipeline.lines import read_object


def judge(lines: Iterable[bytes], file: str = "-") -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield each line's answer, and whether it went well; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            pair = read_object(line, number, file)
            one, other = (_reading(pair, side, file, number) for side in ("a", "b"))
        except BadInput as error:
            yield {"error": str(error)}, False
            continue
        likeness = compare(one, other)
        ids = {side: pair[side].get("id") for side in ("a", "b")}
        yield {**ids, "same": likeness.same, "score": round(likeness.score, 4), "why": list(likeness.why)}, True


def _reading(pair: dict[str, Any], side: str, file: str, number: int) -> Reading:
    item = pair.get(side)
    if not isinstance(item, dict):
        raise BadInput("missing, or not a JSON object", file=file, line=number, field=side)
    texts = {name: item.get(name) or "" for name in ("title", "text", "date", "lang")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise BadInput("must be a string", file=file, line=number, field=f"{side}.{name}")
    if not (texts["title"] or texts["text"]):
        raise BadInput("title and text are both empty", file=file, line=number, field=f"{side}.title")
    try:
        published = datetime.fromisoformat(texts["date"])
    except ValueError:
        raise BadInput("no ISO 8601 time", file=file, line=number, field=f"{side}.date") from None
    if published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    return read(texts["title"], texts["text"], language=_language(texts), published=published)


def _language(texts: dict[str, str]) -> str:
    """Return the language as said; else German where its small words stand, else English."""
    if texts["lang"]:
        return texts["lang"][:2].lower()
    found = f" {texts['title']} {texts['text']} ".casefold().split()
    german = sum(word in _GERMAN or not word.isascii() for word in found)
    return "en" if sum(word in _ENGLISH for word in found) > german else "de"


_GERMAN = frozenset("der die das und ist im in den von für mit nach bei wird will ein eine zu auf aus".split())
_ENGLISH = frozenset("the and is of for with after by will a an to on from as its at".split())
