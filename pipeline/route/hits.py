"""Spellings found in a text, shaped into words: boundary, case and separators decide what may be a name at all.

A hit carries its whole word form: genitive (`Teslas`), compound (`VW-Tochter`), legal form (`Linde plc`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pipeline.route.names import LEGAL_AFTER, Form

_REST = re.compile(r"[^\W_]*")
_COMPOUND = re.compile(r"[-‐‑][^\W_][\w‐‑-]{0,60}")
_PREFIX = re.compile(r"(?:^|(?<=[\s(„“\"‚‘»«/]))[A-ZÄÖÜa-zäöü]{2,12}[-‐‑]$")
_GENITIVE = re.compile(r"['’‘`´]s?(?!\w)")
_TICKER_AFTER = re.compile(r"\s?\((?:[^()]{0,40}?[,;] ?)?[A-Za-z][A-Za-z .]{1,18}: ?\$?[A-Z0-9][A-Z0-9.-]{0,7}[),;/ ]")
TICKER_BEFORE = re.compile(r"\([^()]{0,60}:\s?\$?$")
_FORBIDDEN: Final = frozenset('\n,;:()[]/"„“”!?…–—|·•»«')
_LONGEST: Final = 5
_CLOSING: Final = frozenset((")", '"', "“", "”", "'"))
_DEFINED: Final = re.compile(r"([A-ZÄÖÜ][\w-]+)[®™]? \([„“\"‚‘']?$")


class Hit(NamedTuple):
    """A spelling found at word boundaries: `[start, end)` is the name, `[left, right)` the whole word form."""

    start: int
    end: int
    left: int
    right: int
    forms: tuple[Form, ...]
    exact: bool
    legal: bool
    ticker: bool


def shape(body: str, start: int, end: int, entries: tuple[Form, ...]) -> Hit | None:
    """Return the hit with its whole word form; None where case, separators or surroundings say no."""
    name = body[start:end]
    fitting = tuple(form for form in entries if _fits(form, name))
    if not fitting or _in_address(body, start, end):
        return None
    right = end + len(_REST.match(body, end).group())  # type: ignore[union-attr]
    suffix = body[end:right].lower()
    if suffix not in ("", "s"):
        fitting = tuple(form for form in fitting if not form.ordinary and len(form.text) > 3)
        if not fitting:
            return None
    elif suffix == "s":
        fitting = tuple(
            form
            for form in fitting
            if form.ordinary < 2 and not (form.ordinary and form.text.isupper() and not name.isupper())
        )
        if not fitting:
            return None
    left = start
    prefix = _PREFIX.search(body, max(0, start - 14), start) if body[start - 1 : start] in ("-", "‐", "‑") else None
    if prefix:
        left = prefix.start()
    legal = ticker = False
    compound = _COMPOUND.match(body, right)
    genitive = _GENITIVE.match(body, right)
    if compound:
        right = compound.end()
    elif genitive:
        right = genitive.end()
    elif body[right : right + 1] == "." and any(form.text.endswith(".") for form in fitting):
        right += 1
    else:
        form = LEGAL_AFTER.match(body, right)
        if form and not (
            form.group() == ", Company"
            or (form.group().isupper() and form.group().strip(" ,") in ("AS", "SA", "CO") and body[:start].isupper())
        ):
            legal, right = True, form.end()
    ticker = bool(_TICKER_AFTER.match(body, right)) or (
        body[start:end].isupper() and bool(TICKER_BEFORE.search(body, max(0, start - 60), start))
    )
    exact = any(form.text.replace(" ", "") == name.replace(" ", "") for form in fitting)
    legal = legal or any(
        form.kind == "legal" and form.text != form.text.split(" ")[0] and LEGAL_AFTER.search(name) for form in fitting
    )
    return Hit(start, end, left, right, fitting, exact, bool(legal), ticker)


def longest(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that no longer one covers, in order; forms of the same stretch are put together."""
    merged: dict[tuple[int, int], Hit] = {}
    for hit in hits:
        other = merged.get((hit.start, hit.end))
        merged[hit.start, hit.end] = hit._replace(forms=other.forms + hit.forms) if other else hit
    kept: list[Hit] = []
    reach = -1
    for hit in sorted(merged.values(), key=lambda one: (one.start, -one.end)):
        if hit.start >= reach:
            kept.append(hit)
            reach = hit.end
    return kept


def redefined(hits: Sequence[Hit], body: str) -> frozenset[str]:
    """Return the abbreviations to which the text gives another meaning: `das Arbeitsmarktservice (AMS)`.

    Args:
        hits: in the order of the text.
        body: the text.
    """
    found: set[str] = set()
    for index, hit in enumerate(hits):
        name = body[hit.start : hit.end]
        if len(name) > _LONGEST or not name.isupper() or hit.ticker or body[hit.end : hit.end + 1] not in _CLOSING:
            continue
        before = _DEFINED.search(body, max(0, hit.start - 40), hit.start)
        if (
            not before
            or before.group(1) == name
            or all(form.kind == "name" and len(form.text) > 3 for form in hit.forms)
        ):
            continue
        last = hits[index - 1] if index else None
        ids = {form.account_id for form in hit.forms}
        ours = last and last.right >= before.end(1) - 1 and ids & {form.account_id for form in last.forms}
        phrase = body[max(0, before.start() - 60) : before.end(1)].split()[-len(name) - 1 :]
        if not ours and any(word[0] == name[0] for word in phrase):
            found.add(name)
    return frozenset(found)


def _fits(form: Form, name: str) -> bool:
    """Say whether the name is written in a way that the form allows: separators, then capitals."""
    text = form.text
    if name == text:
        return True
    if any(character in _FORBIDDEN and character not in text for character in name):
        return False
    if len(text) > 1 and not text[1].isalnum() and text[1] != "&" and name.count(" ") > text.count(" "):
        return False
    if text.islower():
        return name[0].isupper() and name[1:].islower() and len(text) > 3
    if not any(character.isupper() or character.isdigit() for character in name[:1]):
        return False
    if text.isupper() and len(text) <= 3 and not name.isupper() and form.ordinary:
        return False
    capitals = [word[0] for word in re.split(r"[ \-]", text) if word and word[0].isalpha()]
    written = [word[0] for word in re.split(r"[ \-]", name) if word and word[0].isalpha()]
    if len(capitals) == len(written):
        return all(there.isupper() or not here.isupper() for here, there in zip(capitals, written, strict=True))
    return True


def _in_address(body: str, start: int, end: int) -> bool:
    """Say whether the name is part of a web or mail address."""
    before, after = body[max(0, start - 2) : start], body[end : end + 2]
    if before[-1:] in ("/", "@", "_") and (before[:1] != " " or before[-1:] == "@"):
        return before[-1:] == "@" or before == "//" or body[max(0, start - 8) : start].count("/") > 1
    if before[-1:] == "." and before[:1].isalnum() and before[:1].islower():
        return True
    return after[:1] == "@" or (after[:1] == "." and after[1:2].isalpha() and after[1:2].islower())
